import IR
import Tensors

/// Decides which values share memory, before offsets in the arena are chosen.
///
/// Values that share memory lie in one *block*. Four things put a value into another's block:
/// - a reshape, or a slice that is contiguous in memory, is a view of its operand and costs nothing;
/// - an operand of a concat along the outermost extent that is not 1 is computed right into the result;
/// - an elementwise op overwrites an operand that nobody reads later;
/// - what a loop hands from run to run stays in its place.
struct StorageAssignment {
  struct Place: Equatable {
    var block: Int
    /// In the block, in bytes.
    var offset: Int
  }

  struct Block {
    enum Kind: Equatable {
      case arena
      case input(Int)
      case output(Int)
    }
    var kind: Kind
    var bytes: Int
    var firstStep: Int
    var lastStep: Int
  }

  private(set) var blocks: [Block] = []
  /// Places of all values but weights, by value index.
  private(set) var places: [Place?]
  /// Nodes that need no kernel call, as their result is a view of their operand.
  private(set) var views: Set<NodeID> = []
  /// Outputs that must be copied after the last node, since their memory is an input's, a weight's, another
  /// output's or part of a larger block.
  private(set) var outputCopies: [(output: Int, block: Int)] = []

  private let graph: Graph
  private let lifetimes: Lifetimes
  /// Values that are computed right into a part of another value.
  private var parts: [ValueID: (whole: ValueID, offset: Int)] = [:]
  private var members: [[ValueID]] = []

  init(_ function: FlatFunction) {
    graph = function.graph
    lifetimes = Lifetimes(function)
    places = [Place?](repeating: nil, count: graph.valueCapacity)
    for (index, port) in graph.inputs.enumerated() { place(port.value, inNewBlock: .input(index)) }
    for id in graph.order.reversed() { claimParts(id) }
    for id in graph.order { assign(id) }
    claimOutputs()
  }

  func place(of value: ValueID) -> Place? { places[value.index] }

  // MARK: Concat

  /// Whether a concat's operands lie one after the other in its result.
  static func isContiguous(_ concat: Concat, in shape: Shape) -> Bool {
    let axis = shape.normalized(axis: concat.axis) ?? 0
    return shape[..<axis].allSatisfy { $0 == 1 }
  }

  private mutating func claimParts(_ id: NodeID) {
    let node = graph[id]
    switch node.op {
    case .concat(let concat) where Self.isContiguous(concat, in: graph.shape(of: node.results[0])):
      var offset = 0
      let uses = Dictionary(node.operands.map { ($0, 1) }, uniquingKeysWith: +)
      for operand in node.operands {
        if uses[operand] == 1, canBePart(operand) {
          parts[operand] = (node.results[0], offset)
        }
        offset += graph.type(of: operand).byteCount
      }
    case .reshape:
      if let part = parts[node.results[0]], canBePart(node.operands[0]) { parts[node.operands[0]] = part }
    default: break
    }
  }

  private func canBePart(_ value: ValueID) -> Bool {
    guard let producer = graph.producer(of: value), parts[value] == nil, !graph.isOutput(value) else {
      return false
    }
    if case .loopStep = graph[producer].op { return false }
    return true
  }

  // MARK: Nodes in order

  private mutating func assign(_ id: NodeID) {
    let node = graph[id]
    let result = node.results[0]
    if let kept = placeInLoop(node) { return join(result, kept) }
    if let operandPlace = viewPlace(node) {
      if parts[result] == nil {
        join(result, operandPlace)
        views.insert(id)
        return
      }
      if materialize(result) == operandPlace {
        views.insert(id)
        return
      }
    }
    if parts[result] == nil, places[result.index] == nil, let reused = placeToOverwrite(node) {
      join(result, reused)
      return
    }
    for value in node.results { _ = materialize(value) }
  }

  /// The memory of what a loop writes anew in every run.
  private func placeInLoop(_ node: Node) -> Place? {
    guard case .loopStep(let step) = node.op, step.kind == .update || step.kind == .put else { return nil }
    return places[node.operands[0].index]
  }

  /// The memory of a value that is a view of its operand; nil when the op moves or computes something.
  private func viewPlace(_ node: Node) -> Place? {
    guard let operand = node.operands.first, var place = places[operand.index] else { return nil }
    guard let start = node.op.viewStart(in: graph.shape(of: operand)) else { return nil }
    place.offset += start * graph.type(of: operand).element.byteCount
    return place
  }

  private func placeToOverwrite(_ node: Node) -> Place? {
    guard node.op.isElementwise else { return nil }
    let type = graph.type(of: node.results[0])
    let step = lifetimes.definition(of: node.results[0])
    for operand in node.operands {
      guard let place = places[operand.index], graph.shape(of: operand) == type.shape,
        graph.type(of: operand).element.byteCount == type.element.byteCount,
        blocks[place.block].kind == .arena
      else { continue }
      let range = place.offset..<(place.offset + type.byteCount)
      guard members[place.block].allSatisfy({ isDead($0, after: step, in: range) }),
        node.operands.allSatisfy({ canRead($0, while: place, type) })
      else { continue }
      return place
    }
    return nil
  }

  /// Whether nobody needs a member's bytes in `range` once the node at `step` has run.
  private func isDead(_ member: ValueID, after step: Int, in range: Range<Int>) -> Bool {
    guard let place = places[member.index] else { return true }
    let own = place.offset..<(place.offset + graph.type(of: member).byteCount)
    return !own.overlaps(range)
      || (lifetimes.lastUse(of: member) <= step && lifetimes.definition(of: member) < step)
  }

  /// Whether an operand may be read element by element while the result is written to `place`.
  private func canRead(_ operand: ValueID, while place: Place, _ type: TensorType) -> Bool {
    guard let own = places[operand.index], own.block == place.block else { return true }
    let operandType = graph.type(of: operand)
    if own == place, operandType.shape == type.shape, operandType.element.byteCount == type.element.byteCount
    {
      return true
    }
    let range = own.offset..<(own.offset + operandType.byteCount)
    return !range.overlaps(place.offset..<(place.offset + type.byteCount))
  }

  // MARK: Blocks

  /// Gives a value its memory: its part of a whole, or a block of its own.
  private mutating func materialize(_ value: ValueID) -> Place {
    if let place = places[value.index] { return place }
    guard let part = parts[value] else { return place(value, inNewBlock: .arena) }
    var place = materialize(part.whole)
    place.offset += part.offset
    join(value, place)
    return place
  }

  @discardableResult
  private mutating func place(_ value: ValueID, inNewBlock kind: Block.Kind) -> Place {
    blocks.append(
      Block(kind: kind, bytes: graph.type(of: value).byteCount, firstStep: lifetimes.lastStep, lastStep: 0))
    members.append([])
    let place = Place(block: blocks.count - 1, offset: 0)
    join(value, place)
    return place
  }

  private mutating func join(_ value: ValueID, _ place: Place) {
    places[value.index] = place
    members[place.block].append(value)
    blocks[place.block].firstStep = min(blocks[place.block].firstStep, lifetimes.definition(of: value))
    blocks[place.block].lastStep = max(blocks[place.block].lastStep, lifetimes.lastUse(of: value))
  }

  private mutating func claimOutputs() {
    for (index, port) in graph.outputs.enumerated() {
      let bytes = graph.type(of: port.value).byteCount
      if let place = places[port.value.index], place.offset == 0, blocks[place.block].kind == .arena,
        blocks[place.block].bytes == bytes
      {
        blocks[place.block].kind = .output(index)
      } else {
        blocks.append(
          Block(
            kind: .output(index), bytes: bytes, firstStep: lifetimes.lastStep, lastStep: lifetimes.lastStep))
        members.append([])
        outputCopies.append((index, blocks.count - 1))
      }
    }
  }
}
