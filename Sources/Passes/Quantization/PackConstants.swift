import IR
import Tensors

/// Packs quantized constants of at most 16 different numbers in a row, two in a byte.
///
///     %b = dequantize @w, @s, @z {axis = 0}        ->      %0 = unpack @w.packed
///                                                          %b = dequantize %0, @s, @z.packed {axis = 0}
///
/// Numbers from -8 to 7 become those from 0 to 15, as do their zero points. Constants that anything else reads stay, as do
/// small ones, which would save little.
package let packConstants = Pass(
  "pack-constants", "Packs quantized constants of 4 bits, two in a byte."
) {
  (context: inout PassContext) throws(Diagnostic) in
  try pack(.constants, &context)
}

/// Packs quantized tables of which rows are gathered, likewise, so that the rows alone are unpacked.
///
///     %g = gather @w, %ids                         ->      %0 = gather @w.packed, %ids
///     %y = dequantize %g, @s, @z                           %g = unpack %0; %y = dequantize %g, @s, @z.packed
package let packTables = Pass(
  "pack-tables", "Packs quantized tables of 4 bits of which rows are gathered."
) {
  (context: inout PassContext) throws(Diagnostic) in
  try pack(.tables, &context)
}

/// What is packed: while tables are still dequantized, constants may yet move.
private enum Packed {
  case constants, tables
}

private func pack(_ kind: Packed, _ context: inout PassContext) throws(Diagnostic) {
  for value in context.graph.weights where context.graph.contains(value) {
    guard let packing = Packing(value, kind, in: context.graph) else { continue }
    try packing.pack(&context)
  }
}

private struct Packing {
  private let constant: ValueID
  private let unpack: Unpack
  private let contents: Tensor
  /// What is added to every number.
  private let offset: Int64
  private let readers: [NodeID]

  private static let leastCount = 64

  init?(_ value: ValueID, _ kind: Packed, in graph: Graph) {
    guard let tensor = graph.constant(value), tensor.element == .i8 || tensor.element == .u8,
      tensor.elementCount >= Self.leastCount, !graph.isOutput(value),
      // Of a kernel of one tap the channels lie one behind the other.
      let axis = tensor.shape.indices.last(where: { tensor.shape[$0] > 1 })
    else { return nil }
    constant = value
    readers = Set(graph.users(of: value)).sorted()
    unpack = Unpack(axis: axis, bits: 4)
    offset = tensor.element == .i8 ? 8 : 0
    guard !readers.isEmpty, readers.allSatisfy({ Self.isDequantized($0, kind, value, axis, graph) }),
      tensor.holdsOnly((-offset)...(15 - offset)),
      let packed = unpack.pack(tensor.shifted(by: offset))
    else { return nil }
    contents = packed
  }

  /// Whether a node dequantizes a constant, or rows of it, by zero points that are constants or taken from some.
  private static func isDequantized(
    _ id: NodeID, _ kind: Packed, _ value: ValueID, _ axis: Int, _ graph: Graph
  ) -> Bool {
    let node = graph[id]
    switch node.op {
    case .dequantize where kind == .constants:
      return node.operands[0] == value && node.operands[2] != value && graph.isShiftable(node.operands[2])
    case .gather(let op) where kind == .tables:
      let users = Set(graph.users(of: node.results[0]))
      // The axis that is packed stands behind the one that is gathered.
      return node.operands[0] == value && graph.shape(of: value).normalized(axis: op.axis) ?? axis < axis
        && !graph.isOutput(node.results[0])
        && users.allSatisfy {
          guard case .dequantize = graph[$0].op else { return false }
          return graph[$0].operands[0] == node.results[0] && graph.isShiftable(graph[$0].operands[2])
        }
    default: return false
    }
  }

  func pack(_ context: inout PassContext) throws(Diagnostic) {
    let packed = context.addWeight(foldedFrom: constant, contents)
    for reader in readers {
      let node = context.graph[reader]
      guard case .gather(let op) = node.op else {
        let numbers = try context.insert(.unpack(unpack), [packed], before: reader)
        try rewrite(reader, numbers, &context)
        continue
      }
      let rows = try context.insert(.gather(op), [packed, node.operands[1]], before: reader)
      var along = unpack
      along.axis -= context.graph.shape(of: constant).rank
      let numbers = try context.insert(.unpack(along), [rows], before: reader)
      for user in Set(context.graph.users(of: node.results[0])).sorted() {
        try rewrite(user, numbers, &context)
      }
    }
  }

  /// Has a node dequantize the unpacked numbers.
  private func rewrite(
    _ node: NodeID, _ numbers: ValueID, _ context: inout PassContext
  ) throws(Diagnostic) {
    let entry = context.graph[node]
    let zero = try shifted(entry.operands[2], before: node, &context)
    try context.rewrite(
      node, as: entry.op, [numbers, entry.operands[1], zero],
      "packed what \(context.graph.describe(node)) reads")
  }

  /// The zero points of the packed numbers.
  private func shifted(
    _ zero: ValueID, before node: NodeID, _ context: inout PassContext
  ) throws(Diagnostic) -> ValueID {
    guard offset != 0 else { return zero }
    if let tensor = context.graph.constant(zero) {
      return context.addWeight(foldedFrom: zero, tensor.shifted(by: offset))
    }
    guard let producer = context.graph.node(zero), let table = context.graph.constant(producer.operands[0])
    else { preconditionFailure("zero points that can't be shifted") }
    let shifted = context.addWeight(foldedFrom: producer.operands[0], table.shifted(by: offset))
    return try context.insert(producer.op, [shifted] + producer.operands.dropFirst(), before: node)
  }
}

extension Graph {
  /// Whether zero points are constants, or gathered from constants, that stay within a byte when 8 is added.
  fileprivate func isShiftable(_ value: ValueID) -> Bool {
    var source = value
    if let node = node(value), case .gather = node.op { source = node.operands[0] }
    return constant(source)?.holdsOnly(-8...127) ?? false
  }
}

extension Tensor {
  /// Whether all integers lie in a range.
  fileprivate func holdsOnly(_ range: ClosedRange<Int64>) -> Bool {
    let isSigned = element == .i8
    return withBytes { bytes in
      bytes.allSatisfy { range.contains(isSigned ? Int64(Int8(bitPattern: $0)) : Int64($0)) }
    }
  }

  /// Bytes with a number added.
  fileprivate func shifted(by offset: Int64) -> Tensor {
    guard offset != 0 else { return self }
    return Tensor(element: .u8, shape: shape) { target in
      withBytes { source in
        for index in target.indices { target[index] = source[index] &+ UInt8(truncatingIfNeeded: offset) }
      }
    }
  }
}
