import IR
import Tensors

/// A weight as the bundle stores it, where ops behind it expand it to what it is computed with.
struct StoredConstant {
  var format: Target.Format
  /// What shares a scale.
  var granularity: Target.Scale.Granularity

  /// Of a value that ops compute of weights alone; nil of every other value, and of weights that are read as they stand.
  init?(_ value: ValueID, in graph: Graph) {
    guard let producer = graph.producer(of: value), graph.isConstant(value) else { return nil }
    let node = graph[producer]
    switch node.op {
    case .dequantize(let op):
      let inner = StoredConstant(node.operands[0], in: graph)
      guard let format = inner?.format ?? Target.Format(graph.type(of: node.operands[0]).element) else {
        return nil
      }
      self.format = format
      let scale = graph.shape(of: node.operands[1])
      granularity = op.granularity.isBlocked(scale) ? .block : scale.elementCount > 1 ? .channel : .tensor
    case .palette(let op):
      guard let format = Target.Format(rawValue: "palette\(op.bits)") else { return nil }
      self.format = format
      granularity = op.block == 0 ? .tensor : op.block == 1 ? .channel : .block
    case .unpack(let op):
      guard op.bits == 4 else { return nil }
      format = .i4
      granularity = .tensor
    default:
      guard let inner = node.operands.lazy.compactMap({ StoredConstant($0, in: graph) }).first else {
        return nil
      }
      self = inner
    }
  }
}

extension Graph {
  /// Whether a value is a weight, or what a few ops that expand or move weights make of one: no work of a run.
  func isConstant(_ value: ValueID, depth: Int = 8) -> Bool {
    guard let producer = producer(of: value) else { return weight(value) != nil }
    guard depth > 0, self[producer].op.expandsConstants else { return false }
    return self[producer].operands.allSatisfy { isConstant($0, depth: depth - 1) }
  }
}

extension Op {
  fileprivate var expandsConstants: Bool {
    switch self {
    case .dequantize, .palette, .unpack, .cast, .bitcast, .reshape, .transpose: true
    default: false
    }
  }
}

extension Target.Format {
  init?(_ element: ElementType) { self.init(rawValue: element.rawValue) }
}
