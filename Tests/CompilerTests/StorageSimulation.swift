import Bundle
import IR
import IngotCompiler
import MemoryPlanner
import Tensors

/// The first function of a module lowered as it stands, and a check of its memory that knows nothing of how
/// places were chosen.
struct LoweredGraph {
  let graph: Graph
  /// What the graph runs.
  let functions: [Graph]
  let program: Program
  let memory: ProgramMemory
  /// What the compiler says no plan can be smaller than.
  let arenaLowerBound: Int

  init(_ module: Module) throws {
    graph = module.functions[0]
    functions = module.functions
    (program, arenaLowerBound) = try lowerAlone(graph, functions: functions)
    memory = ProgramMemory(program)
  }

  init(_ graph: Graph) throws { try self.init(Module([graph])) }

  init(_ text: String) throws { try self.init(parseModule(text, file: "test.graph")) }

  /// The kernel calls by opcode.
  var operations: [String] { program.instructions.map(\.operation) }

  /// Buffer of the first tensor of this name, and where it lies in it.
  func place(_ name: String) throws -> Place {
    guard let view = program.tensors.first(where: { $0.name == name }) else {
      throw SimulationError("no kernel call reads or writes '\(name)'")
    }
    return Place(buffer: view.buffer, offset: view.offset)
  }

  struct Place: Equatable {
    var buffer: Int
    var offset: Int
  }

  /// Everything that must hold of any lowered graph.
  func check() throws {
    try checkPlan()
    let trace = try SymbolTrace(graph, functions)
    for isBound in [false, true] {
      var simulation = try StorageSimulation(trace, program, portsAreBound: isBound)
      try simulation.run()
    }
  }

  private func checkPlan() throws {
    for memory in program.memories.indices { try checkPlan(of: memory) }
  }

  private func checkPlan(of memoryIndex: Int) throws {
    var buffers: [Buffer] = []
    var offsets: [Int] = []
    for (index, buffer) in program.buffers.enumerated() where buffer.memory == memoryIndex {
      guard let steps = memory.bufferSteps[index], let address = buffer.address else { continue }
      buffers.append(
        Buffer(
          id: index, size: buffer.bytes, alignment: 64, firstStep: steps.lowerBound,
          lastStep: steps.upperBound))
      offsets.append(address)
    }
    let problem = try Problem(buffers)
    let peak = program.memories[memoryIndex].bytes ?? 0
    let violations = validate(problem, Plan(offsets: offsets, peak: peak))
    guard violations.isEmpty else { throw SimulationError("\(violations)") }
    guard problem.lowerBound == memory.lowerBounds[memoryIndex] else {
      throw SimulationError(
        "lower bound is \(memory.lowerBounds[memoryIndex]), the planner's \(problem.lowerBound)")
    }
  }
}

struct SimulationError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Runs a program on symbols in place of numbers: every byte of memory holds which byte of which element was
/// written there last.
///
/// Each kernel call, in every step of the loops around it, must find in memory the symbols that its node's
/// operands have in that run by the module alone.
struct StorageSimulation {
  private let trace: SymbolTrace
  private let program: Program
  /// Runs of each node so far.
  private var counts: [String: Int] = [:]
  /// The program's memories, then the memory of ports that the caller has bound, then the weights.
  private var memory: [[Int64]]
  /// Where each buffer lies.
  private var places: [(memory: Int, offset: Int)] = []

  init(_ trace: SymbolTrace, _ program: Program, portsAreBound: Bool) throws {
    self.trace = trace
    self.program = program
    memory = program.memories.map { [Int64](repeating: -1, count: $0.bytes ?? 0) }
    for buffer in program.buffers {
      switch buffer.kind {
      case .input where portsAreBound, .output where portsAreBound, .weight:
        places.append((memory.count, 0))
        memory.append([Int64](repeating: -1, count: buffer.bytes))
      default: places.append((buffer.memory, buffer.address ?? 0))
      }
    }
    for (index, symbols) in trace.inputs.enumerated() { try write(index, symbols.bytes) }
    for (index, tensor) in program.tensors.enumerated() {
      guard case .weight = program.buffers[tensor.buffer].kind else { continue }
      guard let weight = trace.weights[tensor.name] else { throw SimulationError("weight '\(tensor.name)'") }
      try write(index, weight.bytes)
    }
  }

  mutating func run() throws {
    try run(program.instructions.indices, step: 0, of: 1)
    for (name, runs) in trace.runs {
      switch runs[0].op {
      // What moves elements may need no kernel.
      case .reshape, .slice, .concat: guard counts[name] != nil else { continue }
      default: break
      }
      guard counts[name] == runs.count else {
        throw SimulationError("'\(name)' runs \(counts[name] ?? 0) times, expected \(runs.count)")
      }
    }
    for (index, symbols) in trace.outputs.enumerated() {
      guard read(program.inputCount + index) == symbols.bytes else {
        throw SimulationError("output \(index) does not hold what the module gives")
      }
    }
  }

  private mutating func run(_ range: Range<Int>, step: Int, of count: Int) throws {
    var index = range.lowerBound
    while index < range.upperBound {
      let instruction = program.instructions[index]
      index += 1
      guard let loop = instruction.loop else {
        try execute(instruction, step, count)
        continue
      }
      let body = index..<(index + loop.length)
      guard body.upperBound <= range.upperBound else {
        throw SimulationError("a loop leaves the one around it")
      }
      for step in 0..<loop.count { try run(body, step: step, of: loop.count) }
      index = body.upperBound
    }
  }

  private mutating func execute(_ instruction: Program.Instruction, _ step: Int, _ count: Int) throws {
    try checkOverlaps(instruction)
    switch instruction.operation {
    case "copy": try write(instruction.results[0], read(source(instruction)))
    case "take":
      let whole = read(try source(instruction))
      let size = whole.count / count
      try write(instruction.results[0], Array(whole[(step * size)..<((step + 1) * size)]))
    case "put":
      let part = read(try source(instruction))
      var whole = read(instruction.results[0])
      guard whole.count == part.count * count else {
        throw SimulationError("'\(instruction.name)' puts too much")
      }
      whole.replaceSubrange((step * part.count)..<((step + 1) * part.count), with: part)
      try write(instruction.results[0], whole)
    default: try call(instruction)
    }
  }

  private mutating func call(_ instruction: Program.Instruction) throws {
    let name = instruction.name
    let count = counts[name, default: 0]
    guard let runs = trace.runs[name], count < runs.count else {
      throw SimulationError("node '\(name)' runs \(count + 1) times")
    }
    counts[name] = count + 1
    for (index, operand) in runs[count].operands.enumerated() {
      guard instruction.inputs.indices.contains(index), let tensor = instruction.inputs[index],
        read(tensor) == operand.bytes
      else {
        throw SimulationError(
          "run \(count) of \(runs[count].op.name) '\(name)' does not find operand \(index) in memory")
      }
    }
    for (result, tensor) in zip(runs[count].results, instruction.results) { try write(tensor, result.bytes) }
  }

  private func source(_ instruction: Program.Instruction) throws -> Int {
    guard instruction.inputs.count == 1, let source = instruction.inputs[0] else {
      throw SimulationError("\(instruction.operation) '\(instruction.name)' of nothing")
    }
    return source
  }

  private func range(_ tensor: Int) -> (memory: Int, bytes: Range<Int>) {
    let view = program.tensors[tensor]
    let start = places[view.buffer].offset + view.offset
    let count = view.shape.elementCount * view.element.byteCount
    return (places[view.buffer].memory, start..<(start + count))
  }

  private func read(_ tensor: Int) -> [Int64] {
    let place = range(tensor)
    guard place.bytes.lowerBound >= 0, place.bytes.upperBound <= memory[place.memory].count else {
      return [-2]
    }
    return Array(memory[place.memory][place.bytes])
  }

  private mutating func write(_ tensor: Int, _ symbols: [Int64]) throws {
    let place = range(tensor)
    guard symbols.count == place.bytes.count, place.bytes.upperBound <= memory[place.memory].count else {
      throw SimulationError("\(symbols.count) bytes do not fit tensor %\(tensor)")
    }
    memory[place.memory].replaceSubrange(place.bytes, with: symbols)
  }

  /// Results may overlap operands only as elementwise kernels allow it, and inputs and weights are never
  /// written.
  private func checkOverlaps(_ instruction: Program.Instruction) throws {
    for result in instruction.results {
      let view = program.tensors[result]
      switch program.buffers[view.buffer].kind {
      case .input, .weight: throw SimulationError("'\(instruction.name)' writes to an input or weight")
      case .arena, .output: break
      }
      let target = range(result)
      for case let operand? in instruction.inputs {
        let source = range(operand)
        guard source.memory == target.memory, source.bytes.overlaps(target.bytes) else { continue }
        let other = program.tensors[operand]
        guard instruction.operation == "elementwise", source.bytes == target.bytes, other.shape == view.shape
        else {
          throw SimulationError("\(instruction.operation) '\(instruction.name)' overwrites what it reads")
        }
      }
    }
  }
}
