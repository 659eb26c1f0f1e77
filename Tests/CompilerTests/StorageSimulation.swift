import Bundle
import IR
import IngotCompiler
import MemoryPlanner
import Tensors

/// A graph lowered as it stands, and a check of its memory that knows nothing of how places were chosen.
struct LoweredGraph {
  let graph: Graph
  let program: Program
  let memory: ProgramMemory
  /// What the compiler says no plan can be smaller than.
  let arenaLowerBound: Int

  init(_ graph: Graph) throws {
    self.graph = graph
    (program, arenaLowerBound) = try lowerAlone(graph)
    memory = ProgramMemory(program)
  }

  init(_ text: String) throws { try self.init(parseGraph(text, file: "test.graph")) }

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
    for isBound in [false, true] {
      var simulation = try StorageSimulation(graph, program, portsAreBound: isBound)
      try simulation.run()
    }
  }

  private func checkPlan() throws {
    var buffers: [Buffer] = []
    var offsets: [Int] = []
    for (index, buffer) in program.buffers.enumerated() {
      guard let steps = memory.bufferSteps[index] else { continue }
      buffers.append(
        Buffer(
          id: index, size: buffer.bytes, alignment: 64, firstStep: steps.lowerBound,
          lastStep: steps.upperBound))
      offsets.append(buffer.offset)
    }
    let problem = try Problem(buffers)
    let violations = validate(problem, Plan(offsets: offsets, peak: program.arenaBytes))
    guard violations.isEmpty else { throw SimulationError("\(violations)") }
    guard problem.lowerBound == memory.lowerBound else {
      throw SimulationError("lower bound is \(memory.lowerBound), the planner's \(problem.lowerBound)")
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
/// Every element that a graph computes has a symbol of its own; what only moves elements (reshape, slice,
/// concat) moves symbols. Each kernel call must find in memory the symbols that its node's operands have by
/// the graph alone. Nodes need names of their own.
struct StorageSimulation {
  private let graph: Graph
  private let program: Program
  private let nodes: [String: Node]
  /// Symbols of each value's elements, by the graph.
  private var symbols: [ValueID: [Int64]] = [:]
  /// The arena, then the memory of ports that the caller has bound, then the weights.
  private var memory: [[Int64]]
  /// Where each buffer lies.
  private var places: [(memory: Int, offset: Int)] = []

  init(_ graph: Graph, _ program: Program, portsAreBound: Bool) throws {
    self.graph = graph
    self.program = program
    nodes = Dictionary(
      graph.order.map { (graph[$0].name, graph[$0]) }, uniquingKeysWith: { first, _ in first })
    memory = [[Int64](repeating: -1, count: program.arenaBytes)]
    try defineSymbols()
    for buffer in program.buffers {
      switch buffer.kind {
      case .input where portsAreBound, .output where portsAreBound, .weight:
        places.append((memory.count, 0))
        memory.append([Int64](repeating: -1, count: buffer.bytes))
      default: places.append((0, buffer.offset))
      }
    }
    for (index, port) in graph.inputs.enumerated() { write(index, bytes(of: port.value)) }
    for (index, tensor) in program.tensors.enumerated() {
      guard case .weight = program.buffers[tensor.buffer].kind else { continue }
      guard let weight = graph.findWeight(tensor.name) else {
        throw SimulationError("weight '\(tensor.name)'")
      }
      write(index, bytes(of: weight))
    }
  }

  mutating func run() throws {
    for instruction in program.instructions {
      try checkOverlaps(instruction)
      if instruction.operation == "copy" {
        guard let source = instruction.inputs[0] else { throw SimulationError("a copy of nothing") }
        write(instruction.results[0], read(source))
        continue
      }
      guard let node = nodes[instruction.name] else { throw SimulationError("no node '\(instruction.name)'") }
      for (operand, tensor) in zip(node.operands, instruction.inputs) {
        guard let tensor, read(tensor) == bytes(of: operand) else {
          throw SimulationError(
            "\(node.op.name) '\(node.name)' does not find '\(graph[operand].name)' in memory")
        }
      }
      for (result, tensor) in zip(node.results, instruction.results) { write(tensor, bytes(of: result)) }
    }
    for (index, port) in graph.outputs.enumerated() {
      guard read(program.inputCount + index) == bytes(of: port.value) else {
        throw SimulationError("output '\(port.name)' does not hold '\(graph[port.value].name)'")
      }
    }
  }

  private mutating func defineSymbols() throws {
    var next: Int64 = 0
    func fresh(_ value: ValueID) -> [Int64] {
      let count = Int64(graph.shape(of: value).elementCount)
      defer { next += count }
      return Array(next..<(next + count))
    }
    for port in graph.inputs { symbols[port.value] = fresh(port.value) }
    for weight in graph.weights { symbols[weight] = fresh(weight) }
    for id in graph.order {
      let node = graph[id]
      switch node.op {
      case .reshape, .slice, .concat:
        let operands = node.operands.map { Tensor(symbols[$0] ?? [], shape: graph.shape(of: $0)) }
        symbols[node.results[0]] = try node.op.evaluate(operands)[0].integers
      default: for result in node.results { symbols[result] = fresh(result) }
      }
    }
  }

  private func bytes(of value: ValueID) -> [Int64] {
    let size = Int64(graph.type(of: value).element.byteCount)
    return (symbols[value] ?? []).flatMap { symbol in (0..<size).map { symbol * 8 + $0 } }
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

  private mutating func write(_ tensor: Int, _ symbols: [Int64]) {
    let place = range(tensor)
    guard symbols.count == place.bytes.count, place.bytes.upperBound <= memory[place.memory].count else {
      return
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
