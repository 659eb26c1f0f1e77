import IR
import Tensors

/// A node whose result holds elements of some of its operands as they are, wherever: quantizing before it or behind it
/// makes no difference.
struct Movement {
  private let node: NodeID
  private let op: Op
  /// The operands that are moved.
  let moved: [Int]

  init?(_ id: NodeID, in graph: Graph) {
    let entry = graph[id]
    guard entry.results.count == 1, let moved = entry.op.movedOperands(entry.operands.count) else {
      return nil
    }
    // A constant limit is a bound of what is rescaled.
    if case .binary = entry.op, moved.contains(where: { graph.constant(entry.operands[$0]) != nil }) {
      return nil
    }
    node = id
    op = entry.op
    self.moved = moved
  }

  /// Whether the result may hold fewer elements than the operands.
  var leavesOut: Bool {
    switch op {
    case .slice, .gather, .pool, .resize, .pad: true
    default: false
    }
  }

  /// Whether the result holds the largest or smallest of several elements, which a negative scale would exchange.
  private var compares: Bool {
    switch op {
    case .pool, .binary, .reduce: true
    default: false
    }
  }

  private func isPositive(_ scale: ValueID, in graph: Graph) -> Bool {
    graph.constant(scale).map { $0.floats.allSatisfy { $0 > 0 } } ?? false
  }

  /// The op on integers that a node quantizes to; nil if it is not defined on them.
  func op(quantizing quantize: Node, in graph: Graph) -> Op? {
    guard !compares || isPositive(quantize.operands[1], in: graph) else { return nil }
    let op = op.padding { number in
      guard let scale = graph.constant(quantize.operands[1]), let zero = graph.constant(quantize.operands[2])
      else { return nil }
      return try? quantize.op.evaluate([Tensor(scalar: Float(number)), scale, zero])[0].integers.first
    }
    return op.flatMap { accepted($0, graph.type(of: quantize.results[0]).element, in: graph) }
  }

  /// The op if it is defined on integers of a type in place of the moved operands.
  private func accepted(_ op: Op, _ element: ElementType, in graph: Graph) -> Op? {
    var types = graph[node].operands.map { graph.type(of: $0) }
    for index in moved { types[index] = types[index].with(element) }
    return (try? op.infer(types)) == [graph.type(of: graph.result(node)).with(element)] ? op : nil
  }

  // MARK: Dequantizing

  /// A node that dequantizes, of which all moved operands have the steps.
  struct Source {
    fileprivate let node: Node
    fileprivate let granularity: Granularity
    let element: ElementType
    fileprivate var scale: ValueID { node.operands[1] }
    fileprivate var zero: ValueID { node.operands[2] }
  }

  /// Scale, zero point, and which elements share them.
  struct MovedSteps {
    var scale: ValueID
    var zero: ValueID
    var granularity = Granularity()
  }

  func source(in graph: Graph) -> Source? {
    var source: Source?
    for index in moved {
      guard let node = graph.node(graph[node].operands[index]), case .dequantize(let op) = node.op else {
        return nil
      }
      guard let first = source else {
        source = Source(node: node, granularity: op.granularity, element: op.element)
        continue
      }
      guard op.element == first.element, graph.type(of: first.scale).rank == 0,
        graph.isSame(node.operands[1], first.scale), graph.isSame(node.operands[2], first.zero)
      else { return nil }
    }
    guard let source, !compares || isPositive(source.scale, in: graph) else { return nil }
    return source
  }

  /// The op on integers, and the steps of its result; nil where it is not defined on them, or its result has no such
  /// steps.
  func dequantized(_ source: Source, _ context: inout PassContext) throws(Diagnostic) -> (Op, MovedSteps)? {
    let graph = context.graph
    let op = op.padding { number in
      guard let scale = graph.constant(source.scale), let zero = graph.constant(source.zero),
        scale.shape == [],
        let integer = try? Op.quantize(Quantize()).evaluate([Tensor(scalar: Float(number)), scale, zero]),
        let back = try? source.node.op.evaluate(integer + [scale, zero]), back[0].floats == [Float(number)]
      else { return nil }
      return integer[0].integers.first
    }
    guard let op = op.flatMap({ accepted($0, graph.type(of: source.node.operands[0]).element, in: graph) })
    else { return nil }
    let steps = MovedSteps(scale: source.scale, zero: source.zero)
    if graph.type(of: source.scale).rank == 0 { return (op, steps) }
    return try moved(steps, source, &context).map { (op, $0) }
  }

  /// Steps that differ along an axis or by block, of the result.
  private func moved(
    _ steps: MovedSteps, _ source: Source, _ context: inout PassContext
  ) throws(Diagnostic) -> MovedSteps? {
    let graph = context.graph
    let x = graph.shape(of: source.node.operands[0])
    guard moved.count == 1, let axis = x.normalized(axis: source.granularity.axis) else { return nil }
    var result = steps
    result.granularity = source.granularity
    let isBlocked = source.granularity.isBlocked(graph.shape(of: steps.scale))
    if case .gather(let gather) = op, let from = x.normalized(axis: gather.axis) {
      let indices = graph[node].operands[1]
      let rank = graph.shape(of: indices).rank
      let isTaken = from == axis || isBlocked
      // Steps of rows that are gathered by more than one axis of indices would differ along all of these.
      guard !isBlocked || from != axis, from != axis || rank <= 1 else { return nil }
      result.granularity.axis = axis > from ? axis + rank - 1 : axis
      guard isTaken else { return result }
      let along = Op.gather(Gather(axis: isBlocked ? from : 0))
      result.scale = try context.insert(along, [steps.scale, indices], before: node)
      result.zero = try context.insert(along, [steps.zero, indices], before: node)
      return result
    }
    guard !isBlocked, let place = op.place(of: axis, from: x, to: graph.shape(of: graph.result(node)))
    else { return nil }
    result.granularity.axis = place
    return result
  }
}

extension Op {
  /// The operands, of so many, whose elements the result holds as they are, or the largest or smallest of some of them;
  /// nil of ops that do anything else.
  fileprivate func movedOperands(_ count: Int) -> [Int]? {
    switch self {
    case .transpose, .reshape, .expand, .slice, .pad, .gather: [0]
    case .concat: Array(0..<count)
    case .pool(let op) where op.kind == .max: [0]
    case .resize(let op) where op.mode == .nearest: [0]
    case .select: [1, 2]
    case .binary(let op) where op.function == .max || op.function == .min: [0, 1]
    case .scatter(let op) where op.reduction == .none: [0, 2]
    case .reduce(let op) where op.kind == .max || op.kind == .min: [0]
    default: nil
    }
  }

  /// The op with what it pads with replaced by an integer; nil if there is none.
  fileprivate func padding(_ integer: (Double) -> Int64?) -> Op? {
    guard case .pad(var pad) = self, pad.mode == .constant else { return self }
    guard let value = integer(pad.value) else { return nil }
    pad.value = Double(value)
    return .pad(pad)
  }

  /// Where an axis of a moved operand of shape `x` lies in the result, whole and in order; nil where it doesn't.
  fileprivate func place(of axis: Int, from x: Shape, to y: Shape) -> Int? {
    switch self {
    case .transpose(let op): return op.permutation.firstIndex(of: axis)
    case .reshape:
      let before = x[..<axis].reduce(1, *)
      return y.indices.first { y[$0] == x[axis] && y[..<$0].reduce(1, *) == before }
    case .expand: return x[axis] == y[axis + y.rank - x.rank] ? axis + y.rank - x.rank : nil
    case .slice(let op): return op.counts[axis] == x[axis] && op.step(axis) == 1 ? axis : nil
    case .pad, .pool, .resize: return y[axis] == x[axis] && axis < 2 ? axis : nil
    default: return nil
    }
  }
}

extension Graph {
  /// Whether two values are one, or constants of the same contents.
  fileprivate func isSame(_ a: ValueID, _ b: ValueID) -> Bool {
    if a == b { return true }
    guard let first = constant(a), let second = constant(b) else { return false }
    return first.isIdentical(to: second)
  }
}
