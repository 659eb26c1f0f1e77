package import Tensors

/// A box of elements of a tensor: a range of indices along each axis.
package struct Region: Hashable, Sendable {
  package var ranges: [Range<Int>]

  package init(_ ranges: [Range<Int>]) { self.ranges = ranges }

  /// All of a tensor.
  package init(all shape: Shape) { ranges = shape.extents.map { 0..<$0 } }

  package var rank: Int { ranges.count }
  /// The shape of what it covers.
  package var shape: Shape { Shape(ranges.map(\.count)) }

  package subscript(axis: Int) -> Range<Int> {
    get { ranges[axis] }
    set { ranges[axis] = newValue }
  }

  /// Whether it covers an axis of a tensor of this shape from end to end.
  package func isWhole(along axis: Int, of shape: Shape) -> Bool { ranges[axis] == 0..<shape[axis] }

  /// Whether it covers all these axes from end to end.
  package func isWhole(along axes: some Sequence<Int>, of shape: Shape) -> Bool {
    axes.allSatisfy { isWhole(along: $0, of: shape) }
  }

  /// What of an operand is read to compute this region of what the operand broadcasts to.
  package func broadcast(from operand: Shape) -> Region {
    let missing = rank - operand.rank
    return Region(operand.indices.map { operand[$0] == 1 ? 0..<1 : ranges[$0 + missing] })
  }
}

/// A part of a node's work: the op that computes one region of all its results, and what it reads for that.
///
/// The op's operands are those regions alone, so that its attributes may differ from the node's: padding that a
/// convolution adds stays at the borders of the whole.
package struct Tile: Sendable {
  package var op: Op
  /// A region of each operand.
  package var reads: [Region]

  package init(_ op: Op, reads: [Region]) {
    self.op = op
    self.reads = reads
  }
}

extension OpDefinition {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? { nil }
}

extension Op {
  /// How to compute one region of all results alone, from operands that ``infer(_:)`` accepts; nil where the op can't be
  /// split so.
  package func tile(_ region: Region, of operands: [TensorType]) throws(OpError) -> Tile? {
    definition.tile(region, of: operands, try infer(operands))
  }
}
