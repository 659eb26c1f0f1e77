import Bundle
import CBundleFormat
import IR
import Passes
import Tensors

/// Writes a function without calls as a program without addresses: one kernel call for each node that computes
/// something, over buffers that lie in `memory`.
///
/// Reshapes and contiguous slices are views of their operand's buffer. What a loop hands from run to run stays in one
/// buffer. Every other result has a buffer of its own, of fewer rows where a cascade keeps no more; and what must lie elsewhere, such as the operands of a concat or
/// an output, is copied there: which copies and buffers can be saved is for program passes to find.
func emit(
  _ function: FlatFunction, weights: inout WeightPool, memory: String, tiling: Tiling = Tiling()
) throws(Diagnostic) -> Program {
  let graph = function.graph
  try requireRanks(of: graph)
  var emitter = Emitter(graph, memory: memory, tiling)
  var loops = function.loops[...]
  var cascades = tiling.cascades[...]
  var open: [(end: Int, instruction: Int)] = []
  for (position, id) in graph.order.enumerated() {
    if let cascade = cascades.first {
      if position == cascade.range.lowerBound { try emitter.emit(cascade, &weights) }
      if position + 1 == cascade.range.upperBound { cascades.removeFirst() }
      if cascade.range.contains(position) { continue }
    }
    while let loop = loops.first, loop.range.lowerBound == position {
      open.append((loop.range.upperBound, emitter.beginLoop(loop.count)))
      loops.removeFirst()
    }
    try emitter.emit(id, &weights)
    while let loop = open.last, loop.end == position + 1 {
      emitter.endLoop(loop.instruction)
      open.removeLast()
    }
  }
  try emitter.emitOutputs(&weights)
  return emitter.program
}

/// Fails where an input or output has more axes than a bundle can hold.
private func requireRanks(of graph: Graph) throws(Diagnostic) {
  for (kind, ports) in [("input", graph.inputs), ("output", graph.outputs)] {
    for port in ports where graph.shape(of: port.value).rank > Int(INGOT_MAX_RANK) {
      throw Diagnostic(
        "\(kind) '\(port.name)' of '\(graph.name)' is \(graph.type(of: port.value)), a bundle holds ranks up to \(INGOT_MAX_RANK)",
        advice: "reshape it to fewer axes in the model")
    }
  }
}

/// Writes a program's tables.
struct Emitter {
  private(set) var program: Program
  let graph: Graph
  /// Where each value that is no weight lies, by value index.
  var places: [Place?]
  /// Nodes whose weights are moved to where values lie before they run.
  let staged: Set<NodeID>
  /// Where weights have been moved to for the calls that come next, by value index.
  var stagedTensors: [Int: Int] = [:]
  /// Tensor of each value, by value index, from its first use.
  private var tensors: [Int?]
  private var weightBuffers: [Int: Int] = [:]

  struct Place {
    var buffer: Int
    var offset: Int
    /// Rows that are kept of it; nil where it lies there whole.
    var ring: Int?
  }

  init(_ graph: Graph, memory: String, _ tiling: Tiling) {
    self.graph = graph
    staged = Set(tiling.staged.map { graph.order[$0] })
    program = Program(name: graph.name)
    program.memories = [Program.Memory(memory)]
    places = [Place?](repeating: nil, count: graph.valueCapacity)
    tensors = [Int?](repeating: nil, count: graph.valueCapacity)
    for (index, port) in graph.inputs.enumerated() {
      let place = newPlace(.input(index), port.value)
      places[port.value.index] = place
      tensors[port.value.index] = addTensor(port.value, at: place, name: port.name)
    }
    for (index, port) in graph.outputs.enumerated() {
      _ = addTensor(port.value, at: newPlace(.output(index), port.value), name: port.name)
    }
    program.inputCount = graph.inputs.count
    program.outputCount = graph.outputs.count
    addOutputSizes()
  }

  private mutating func addOutputSizes() {
    var outputs: [String: Int] = [:]
    for (index, port) in graph.outputs.enumerated().reversed() { outputs[port.name] = index }
    for (index, port) in graph.outputs.enumerated() {
      for size in port.sizes {
        guard let holder = outputs[size.output] else { continue }
        program.sizes.append(Program.OutputSize(output: index, axis: size.axis, sizeOutput: holder))
      }
    }
  }

  // MARK: Tensors

  /// A buffer of its own for a value, or for some rows of it.
  mutating func newPlace(_ kind: Program.Buffer.Kind, _ value: ValueID, ring: Int? = nil) -> Place {
    let type = graph.type(of: value)
    let bytes = ring.map { type.byteCount / type.shape[type.shape.rank - 2] * $0 } ?? type.byteCount
    program.buffers.append(Program.Buffer(kind, bytes: bytes))
    return Place(buffer: program.buffers.count - 1, offset: 0, ring: ring)
  }

  mutating func addTensor(_ view: Program.View) -> Int {
    program.tensors.append(view)
    return program.tensors.count - 1
  }

  private mutating func addTensor(_ value: ValueID, at place: Place, name: String) -> Int {
    let type = graph.type(of: value)
    program.tensors.append(
      Program.View(
        buffer: place.buffer, element: type.element, shape: type.shape, offset: place.offset, name: name))
    return program.tensors.count - 1
  }

  /// The tensor of an operand.
  mutating func tensor(_ value: ValueID, _ weights: inout WeightPool) throws(Diagnostic) -> Int {
    if let index = tensors[value.index] { return index }
    if let node = graph.producer(of: value).map({ graph[$0] }) {
      if node.isStoredSmall(in: graph) { return try emitDequantized(node, &weights) }
      if graph.isUnpacked(value) { return try emitUnpacked(node, &weights) }
    }
    let index: Int
    if let weight = graph.weight(value) {
      index = addTensor(value, at: try place(weight, &weights), name: weight.name)
    } else if let place = places[value.index] {
      index = addTensor(value, at: place, name: graph[value].name)
    } else {
      throw Diagnostic("value '\(graph[value].name)' is read before it is computed", at: .pass("emit"))
    }
    tensors[value.index] = index
    return index
  }

  private mutating func place(_ weight: Weight, _ weights: inout WeightPool) throws(Diagnostic) -> Place {
    guard let contents = weight.tensor else {
      throw Diagnostic(
        "weight '\(weight.name)' has no contents", advice: "give a checkpoint that holds it with --checkpoint"
      )
    }
    let place = weights.place(of: weight.name, contents)
    if weightBuffers[place.index] == nil {
      weightBuffers[place.index] = program.buffers.count
      program.buffers.append(Program.Buffer(.weight(place.index), bytes: place.bytes))
    }
    return Place(buffer: weightBuffers[place.index] ?? 0, offset: place.offset)
  }

  /// The tensor of a result, in a buffer of its own.
  private mutating func newTensor(_ value: ValueID) -> Int {
    let place = newPlace(.arena, value)
    places[value.index] = place
    let index = addTensor(value, at: place, name: graph[value].name)
    tensors[value.index] = index
    return index
  }

  // MARK: Loops

  /// Writes the head of a loop; gives its place for ``endLoop(_:)``.
  mutating func beginLoop(_ count: Int) -> Int {
    program.instructions.append(
      Program.Instruction(
        INGOT_OP_LOOP, results: [], inputs: [],
        attributes: attributeWords(ingot_loop_attributes(count: Int64(count), length: 0))))
    return program.instructions.count - 1
  }

  /// Everything written since belongs to the loop, which goes if that is nothing.
  mutating func endLoop(_ head: Int) {
    let length = program.instructions.count - 1 - head
    program.instructions[head].change(as: ingot_loop_attributes.self) { $0.length = Int64(length) }
    if length == 0 { program.instructions.removeLast() }
  }

  /// A loop's movement of a value. What it writes anew in every run stays in its place.
  private mutating func emit(_ step: LoopStep, _ node: Node, _ weights: inout WeightPool) throws(Diagnostic) {
    let result = node.results[0]
    let opcode: ingot_opcode
    switch step.kind {
    case .space:
      places[result.index] = newPlace(.arena, result)
      return
    case .update:
      places[result.index] = places[node.operands[0].index]
      opcode = INGOT_OP_COPY
    case .put:
      places[result.index] = places[node.operands[0].index]
      opcode = INGOT_OP_PUT
    case .start: opcode = INGOT_OP_COPY
    case .take: opcode = INGOT_OP_TAKE
    }
    guard let operand = node.operands.last else { return }
    let source = try tensor(operand, &weights)
    let target = places[result.index] == nil ? newTensor(result) : try tensor(result, &weights)
    let (from, to) = (program.tensors[source], program.tensors[target])
    if step.kind == .update, from.buffer == to.buffer, from.offset == to.offset { return }
    append(result, opcode, results: [target], inputs: [source], name: node.name)
  }

  // MARK: Nodes

  mutating func emit(_ id: NodeID, _ weights: inout WeightPool) throws(Diagnostic) {
    let node = graph[id]
    let result = node.results[0]
    if let place = viewPlace(node) {
      places[result.index] = place
      return
    }
    try requireRanks(of: node)
    if staged.contains(id) { try stageWeights(of: node, &weights) }
    defer { stagedTensors = [:] }
    if case .loopStep(let step) = node.op { return try emit(step, node, &weights) }
    if case .concat(let concat) = node.op, isContiguous(concat, in: graph.shape(of: result)) {
      return try emitContiguousConcat(node, &weights)
    }
    // Constants are unpacked and dequantized where they are read.
    if node.isStoredSmall(in: graph) || graph.isUnpacked(result) { return }
    let call = try call(
      of: node, node.op, operands: node.operands.map { graph.type(of: $0) },
      results: node.results.map { graph.type(of: $0) })
    let (inputs, stored) = try inputs(of: node, &weights) { _ in nil }
    let results = node.results.map { newTensor($0) }
    append(
      result, call.opcode, results: results, inputs: inputs, attributes: call.attributes, name: node.name)
    describe(stored)
  }

  /// Says in the last call how its weights are stored.
  mutating func describe(_ stored: StoredWeights?) {
    stored?.describe(in: &program.instructions[program.instructions.count - 1])
  }

  /// The kernel call for an op of a node, be it all of its work or a part.
  func call(
    of node: Node, _ op: Op, operands: [TensorType], results: [TensorType]
  ) throws(Diagnostic) -> KernelCall {
    do {
      return try kernelCall(op, operands: operands, results: results)
    } catch {
      throw error.located(at: node.location, op: node.op.name)
    }
  }

  /// The tensors that a node's kernel reads, and how its weights are stored. `part` gives those of operands that are not
  /// read whole.
  mutating func inputs(
    of node: Node, _ weights: inout WeightPool, part: (Int) -> Program.View?
  ) throws(Diagnostic) -> ([Int?], StoredWeights?) {
    let stored = StoredWeights(of: node, in: graph)
    var inputs: [Int?] = []
    for (index, operand) in node.operands.enumerated() {
      if let view = part(index) {
        inputs.append(addTensor(view))
      } else {
        let source = index == 1 ? stored?.integers ?? operand : operand
        if let staged = stagedTensors[source.index] {
          inputs.append(staged)
        } else {
          inputs.append(try tensor(source, &weights))
        }
      }
    }
    if let stored {
      if inputs.count == 2 { inputs.append(nil) }
      for parameter in stored.parameters {
        inputs.append(view(try tensor(parameter.value, &weights), as: parameter.shape))
      }
    }
    return (inputs, stored)
  }

  /// Fails where a node that computes something reads or gives a value of more axes than a bundle can hold. Views may
  /// have any number.
  func requireRanks(of node: Node) throws(Diagnostic) {
    let values =
      node.operands.enumerated().map { ("operand \($0)", $1) }
      + node.results.enumerated().map { ("result \($0)", $1) }
    for (place, value) in values where graph.shape(of: value).rank > Int(INGOT_MAX_RANK) {
      throw Diagnostic(
        "\(place) is \(graph.type(of: value)), a bundle holds ranks up to \(INGOT_MAX_RANK)",
        at: node.location,
        op: node.op.name, advice: "reshape to fewer axes around it in the model",
        notes: node.name.isEmpty ? [] : ["in node '\(node.name)'"])
    }
  }

  /// The numbers of a constant, for one reader, so that no more of them lie in memory at a time than must: an elementwise
  /// call on views of the operands whose shapes broadcast.
  private mutating func emitDequantized(_ node: Node, _ weights: inout WeightPool) throws(Diagnostic) -> Int {
    guard case .dequantize(let op) = node.op else { preconditionFailure("asked for a dequantized constant") }
    let x = graph.shape(of: node.operands[0])
    let parameters = graph.shape(of: node.operands[1])
    let cut = op.granularity.cut(x, parameters: parameters)
    let broadcast = op.granularity.broadcast(parameters, to: x)
    var inputs: [Int?] = []
    for (operand, shape) in zip(node.operands, [cut, broadcast, broadcast]) {
      inputs.append(view(try tensor(operand, &weights), as: shape))
    }
    let result = node.results[0]
    let index = addTensor(result, at: newPlace(.arena, result), name: graph[result].name)
    let call = elementwise(Dequantize.steps)
    append(
      result, call.opcode, results: [view(index, as: cut)], inputs: inputs, attributes: call.attributes,
      name: node.name)
    return index
  }

  /// What a constant unpacks to or looks up in palettes, for one reader.
  private mutating func emitUnpacked(_ node: Node, _ weights: inout WeightPool) throws(Diagnostic) -> Int {
    let result = node.results[0]
    let operands = node.operands.map { graph.type(of: $0) }
    guard let call = try? kernelCall(node.op, operands: operands, results: [graph.type(of: result)]) else {
      preconditionFailure("unpacking has a kernel")
    }
    var inputs: [Int?] = []
    for operand in node.operands { inputs.append(try tensor(operand, &weights)) }
    let index = addTensor(result, at: newPlace(.arena, result), name: graph[result].name)
    append(
      result, call.opcode, results: [index], inputs: inputs, attributes: call.attributes, name: node.name)
    return index
  }

  /// A tensor under another shape of the same count.
  private mutating func view(_ index: Int, as shape: Shape) -> Int {
    guard program.tensors[index].shape != shape else { return index }
    program.tensors.append(program.tensors[index])
    program.tensors[program.tensors.count - 1].shape = shape
    return program.tensors.count - 1
  }

  /// Where a value lies that is a view of its operand; nil when the op moves or computes something.
  private func viewPlace(_ node: Node) -> Place? {
    guard let operand = node.operands.first, var place = places[operand.index] else { return nil }
    guard let start = node.op.viewStart(in: graph.shape(of: operand)) else { return nil }
    place.offset += start * graph.type(of: operand).element.byteCount
    return place
  }

  /// Whether a concat's operands lie one after the other in its result.
  private func isContiguous(_ concat: Concat, in shape: Shape) -> Bool {
    let axis = shape.normalized(axis: concat.axis) ?? 0
    return shape[..<axis].allSatisfy { $0 == 1 }
  }

  private mutating func emitContiguousConcat(_ node: Node, _ weights: inout WeightPool) throws(Diagnostic) {
    var place = newPlace(.arena, node.results[0])
    places[node.results[0].index] = place
    for operand in node.operands {
      let source = try tensor(operand, &weights)
      let part = addTensor(operand, at: place, name: "")
      append(operand, INGOT_OP_COPY, results: [part], inputs: [source], name: node.name)
      place.offset += graph.type(of: operand).byteCount
    }
  }

  mutating func emitOutputs(_ weights: inout WeightPool) throws(Diagnostic) {
    for (index, port) in graph.outputs.enumerated() {
      append(
        port.value, INGOT_OP_COPY, results: [program.inputCount + index],
        inputs: [try tensor(port.value, &weights)], name: port.name)
    }
  }

  mutating func append(
    _ value: ValueID, _ opcode: ingot_opcode, results: [Int], inputs: [Int?], attributes: [Int64] = [],
    name: String
  ) {
    program.instructions.append(
      Program.Instruction(
        opcode, results: results, inputs: inputs, attributes: attributes, name: name, origin: value.index))
  }
}

extension Graph {
  /// Whether a value comes of constants in few bits by an op that has a kernel of its own.
  func isUnpacked(_ value: ValueID) -> Bool { packed(value) != nil || lookedUp(value) != nil }
}
