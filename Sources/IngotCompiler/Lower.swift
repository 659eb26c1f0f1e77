import Bundle
import CBundleFormat
import IR
import MemoryPlanner
import Tensors

/// A function as a program, with what is known of its memory.
struct LoweredFunction {
  var program: Program
  /// The value that each instruction computes; nil for the head of a loop.
  var values: [ValueID?]
  /// Largest sum of live bytes at any step: no plan can be smaller.
  var arenaLowerBound: Int
}

/// Turns a function without calls into a program: places values, plans the arena, and writes one kernel call
/// for each node that computes something.
func lower(_ function: FlatFunction, weights: inout WeightPool) throws(Diagnostic) -> LoweredFunction {
  let graph = function.graph
  let storage = StorageAssignment(function)
  let (offsets, arena, bound) = try planArena(storage.blocks, function: graph.name)
  var emitter = Emitter(graph, storage, offsets, arenaBytes: arena)
  var loops = function.loops[...]
  var open: [(end: Int, instruction: Int)] = []
  for (position, id) in graph.order.enumerated() {
    while let loop = loops.first, loop.range.lowerBound == position {
      open.append((loop.range.upperBound, emitter.beginLoop(loop.count)))
      loops.removeFirst()
    }
    if !storage.views.contains(id) { try emitter.emit(id, &weights) }
    while let loop = open.last, loop.end == position + 1 {
      emitter.endLoop(loop.instruction)
      open.removeLast()
    }
  }
  try emitter.emitOutputCopies(&weights)
  return LoweredFunction(program: emitter.program, values: emitter.values, arenaLowerBound: bound)
}

private func planArena(
  _ blocks: [StorageAssignment.Block], function: String
) throws(Diagnostic) -> (offsets: [Int], arena: Int, bound: Int) {
  let buffers = blocks.enumerated().map { index, block in
    Buffer(
      id: index, size: block.bytes, alignment: Int(INGOT_TENSOR_ALIGNMENT), firstStep: block.firstStep,
      lastStep: max(block.firstStep, block.lastStep))
  }
  do {
    let problem = try Problem(buffers)
    let solution = plan(problem)
    let violations = validate(problem, solution)
    guard violations.isEmpty else {
      throw Diagnostic("the memory plan is invalid: \(violations[0])", at: .pass("plan-memory"))
    }
    return (solution.offsets, solution.peak, problem.lowerBound)
  } catch let error as Diagnostic {
    throw error
  } catch {
    throw Diagnostic("function '\(function)' can't be planned: \(error)", at: .pass("plan-memory"))
  }
}

/// Writes a program's tables.
private struct Emitter {
  private(set) var program: Program
  /// The value that each instruction computes; nil for the head of a loop.
  private(set) var values: [ValueID?] = []
  private let graph: Graph
  private let storage: StorageAssignment
  /// Tensor of each value, by value index.
  private var tensors: [Int?]
  private var weightBuffers: [Int: Int] = [:]

  init(_ graph: Graph, _ storage: StorageAssignment, _ offsets: [Int], arenaBytes: Int) {
    self.graph = graph
    self.storage = storage
    program = Program(name: graph.name)
    program.arenaBytes = arenaBytes
    tensors = [Int?](repeating: nil, count: graph.valueCapacity)
    for (block, offset) in zip(storage.blocks, offsets) {
      let kind: Program.Buffer.Kind =
        switch block.kind {
        case .arena: .arena
        case .input(let index): .input(index)
        case .output(let index): .output(index)
        }
      program.buffers.append(Program.Buffer(kind, offset: offset, bytes: block.bytes))
    }
    addPorts()
  }

  private mutating func addPorts() {
    for (index, port) in graph.inputs.enumerated() {
      addTensor(port.value, buffer: index, offset: 0, name: port.name)
      tensors[port.value.index] = index
    }
    program.inputCount = graph.inputs.count
    for (index, port) in graph.outputs.enumerated() {
      let buffer = storage.blocks.firstIndex { $0.kind == .output(index) } ?? 0
      if tensors[port.value.index] == nil, storage.place(of: port.value)?.block == buffer {
        tensors[port.value.index] = program.tensors.count
      }
      addTensor(port.value, buffer: buffer, offset: 0, name: port.name)
    }
    program.outputCount = graph.outputs.count
    for (index, port) in graph.outputs.enumerated() {
      for size in port.sizes {
        guard let holder = graph.outputs.firstIndex(where: { $0.name == size.output }) else { continue }
        program.sizes.append(Program.OutputSize(output: index, axis: size.axis, sizeOutput: holder))
      }
    }
  }

  private mutating func addTensor(_ value: ValueID, buffer: Int, offset: Int, name: String) {
    let type = graph.type(of: value)
    program.tensors.append(
      Program.View(buffer: buffer, element: type.element, shape: type.shape, offset: offset, name: name))
  }

  /// The tensor of a value, made at its first use.
  private mutating func tensor(_ value: ValueID, _ weights: inout WeightPool) throws(Diagnostic) -> Int {
    if let index = tensors[value.index] { return index }
    if let weight = graph.weight(value) {
      guard let contents = weight.tensor else {
        throw Diagnostic(
          "weight '\(weight.name)' has no contents",
          advice: "give a checkpoint that holds it with --checkpoint")
      }
      let place = weights.place(of: weight.name, contents, function: graph.name)
      if weightBuffers[place.index] == nil {
        weightBuffers[place.index] = program.buffers.count
        program.buffers.append(Program.Buffer(.weight(place.index), bytes: place.bytes))
      }
      addTensor(value, buffer: weightBuffers[place.index] ?? 0, offset: place.offset, name: weight.name)
    } else {
      guard let place = storage.place(of: value) else {
        throw Diagnostic("value '\(graph[value].name)' has no place", at: .pass("plan-memory"))
      }
      addTensor(value, buffer: place.block, offset: place.offset, name: graph[value].name)
    }
    tensors[value.index] = program.tensors.count - 1
    return program.tensors.count - 1
  }

  /// Writes the head of a loop; gives its place for ``endLoop(_:)``.
  mutating func beginLoop(_ count: Int) -> Int {
    program.instructions.append(
      Program.Instruction(
        INGOT_OP_LOOP, results: [], inputs: [],
        attributes: attributeWords(ingot_loop_attributes(count: Int64(count), length: 0))))
    values.append(nil)
    return program.instructions.count - 1
  }

  /// Everything written since belongs to the loop, which goes if that is nothing.
  mutating func endLoop(_ head: Int) {
    let length = program.instructions.count - 1 - head
    program.instructions[head].change(as: ingot_loop_attributes.self) { $0.length = Int64(length) }
    guard length == 0 else { return }
    program.instructions.removeLast()
    values.removeLast()
  }

  /// The kernel call for a loop's movement of a value, if it takes one.
  private mutating func emit(_ step: LoopStep, _ node: Node, _ weights: inout WeightPool) throws(Diagnostic) {
    guard step.kind != .space, let operand = node.operands.last else { return }
    let result = try tensor(node.results[0], &weights)
    let source = try tensor(operand, &weights)
    let (from, to) = (program.tensors[source], program.tensors[result])
    if step.kind == .update, from.buffer == to.buffer, from.offset == to.offset { return }
    let opcode =
      switch step.kind {
      case .take: INGOT_OP_TAKE
      case .put: INGOT_OP_PUT
      case .start, .update, .space: INGOT_OP_COPY
      }
    append(
      node.results[0], Program.Instruction(opcode, results: [result], inputs: [source], name: node.name))
  }

  mutating func emit(_ id: NodeID, _ weights: inout WeightPool) throws(Diagnostic) {
    let node = graph[id]
    if case .loopStep(let step) = node.op { return try emit(step, node, &weights) }
    if case .concat(let concat) = node.op,
      StorageAssignment.isContiguous(concat, in: graph.shape(of: node.results[0]))
    {
      return try emitContiguousConcat(node, &weights)
    }
    let call: KernelCall
    do {
      call = try kernelCall(
        node.op, operands: node.operands.map { graph.type(of: $0) },
        results: node.results.map { graph.type(of: $0) })
    } catch {
      throw error.located(at: node.location, op: node.op.name)
    }
    var inputs: [Int?] = []
    for operand in node.operands { inputs.append(try tensor(operand, &weights)) }
    var results: [Int] = []
    for result in node.results { results.append(try tensor(result, &weights)) }
    append(
      node.results[0],
      Program.Instruction(
        call.opcode, results: results, inputs: inputs, attributes: call.attributes, name: node.name))
  }

  /// Operands that were not computed right into the result are copied there.
  private mutating func emitContiguousConcat(_ node: Node, _ weights: inout WeightPool) throws(Diagnostic) {
    let whole = try tensor(node.results[0], &weights)
    var offset = program.tensors[whole].offset
    for operand in node.operands {
      let bytes = graph.type(of: operand).byteCount
      let source = try tensor(operand, &weights)
      let isInPlace =
        program.tensors[source].buffer == program.tensors[whole].buffer
        && program.tensors[source].offset == offset
      if !isInPlace {
        let part = program.tensors.count
        addTensor(operand, buffer: program.tensors[whole].buffer, offset: offset, name: "")
        append(
          operand, Program.Instruction(INGOT_OP_COPY, results: [part], inputs: [source], name: node.name))
      }
      offset += bytes
    }
  }

  mutating func emitOutputCopies(_ weights: inout WeightPool) throws(Diagnostic) {
    for copy in storage.outputCopies {
      let port = graph.outputs[copy.output]
      append(
        port.value,
        Program.Instruction(
          INGOT_OP_COPY, results: [program.inputCount + copy.output],
          inputs: [try tensor(port.value, &weights)],
          name: port.name))
    }
  }

  private mutating func append(_ value: ValueID, _ instruction: Program.Instruction) {
    program.instructions.append(instruction)
    values.append(value)
  }
}
