import IR
import Passes
import Tensors

/// Which rows of its operands a node reads for each row of its result.
///
/// Rows are the axis before the last of a value. A node has rows to tell of if it computes one result from operands that
/// it reads whole along all other axes; constants do not count.
struct RowAccess: Sendable {
  /// An operand that is read row by row.
  struct Read: Sendable {
    var operand: Int
    var value: ValueID
    /// By row of the result, the first row that is read; never falls.
    var first: [Int]
    /// By row of the result, one past the last row that is read; never falls.
    var end: [Int]
  }

  /// Rows of the result.
  var rows: Int
  var reads: [Read]

  /// Nil if the node can't be computed row by row.
  init?(_ node: Node, in graph: Graph) {
    guard node.results.count == 1 else { return nil }
    let shape = graph.shape(of: node.results[0])
    guard shape.rank >= 2, shape.elementCount > 0, shape[shape.rank - 2] > 1 else { return nil }
    let types = node.operands.map { graph.type(of: $0) }
    let varying = node.operands.indices.filter { !graph.isConstant(node.operands[$0]) }
    guard !varying.isEmpty else { return nil }
    rows = shape[shape.rank - 2]
    reads = varying.map { Read(operand: $0, value: node.operands[$0], first: [], end: []) }
    for row in 0..<rows {
      guard let tile = try? node.op.tile(Region(all: shape, row..<(row + 1)), of: types),
        node.operands.indices.allSatisfy({
          varying.contains($0) || tile.reads[$0] == Region(all: types[$0].shape)
        })
      else { return nil }
      for index in reads.indices {
        guard
          let read = tile.reads[reads[index].operand].rows(
            of: types[reads[index].operand].shape, readBy: node.op),
          read.lowerBound >= reads[index].first.last ?? 0, read.upperBound >= reads[index].end.last ?? 0
        else { return nil }
        reads[index].first.append(read.lowerBound)
        reads[index].end.append(read.upperBound)
      }
    }
  }
}

extension Region {
  /// All of a tensor but along its rows.
  init(all shape: Shape, _ rows: Range<Int>) {
    self.init(all: shape)
    self[rank - 2] = rows
  }

  /// The rows that it covers of a tensor, if it does so from end to end along all other axes. A tensor of fewer than two
  /// axes has one row. A window that moves in steps may never come to the last columns, and finds no other results if they
  /// are there.
  func rows(of shape: Shape, readBy op: Op) -> Range<Int>? {
    guard shape.rank >= 2 else { return self == Region(all: shape) ? 0..<1 : nil }
    let (columns, all) = (self[shape.rank - 1], shape[shape.rank - 1])
    guard isWhole(along: 0..<(shape.rank - 2), of: shape), columns.lowerBound == 0,
      columns.upperBound == all || op.movesWindow
    else { return nil }
    return self[shape.rank - 2]
  }
}

extension Graph {
  /// Whether a value is known when the program is written: a weight, or what one is unpacked or dequantized to.
  func isConstant(_ value: ValueID) -> Bool {
    if weight(value) != nil { return true }
    guard let producer = producer(of: value) else { return false }
    let node = self[producer]
    return node.isStoredSmall(in: self) || isUnpacked(value)
  }
}

extension Op {
  fileprivate var movesWindow: Bool {
    switch self {
    case .conv, .convInteger, .pool, .poolInteger: true
    default: false
    }
  }
}
