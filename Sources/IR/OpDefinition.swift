package import Tensors

/// What an op means: its attributes, its typing rule and its arithmetic.
///
/// A conforming struct's doc comment is the op's specification. Kernels, targets and quantization keep what
/// they think of an op in their own layers.
package protocol OpDefinition: Hashable, Sendable {
  /// The op's name in text.
  var name: String { get }
  /// The attributes in the order in which they print. Ones equal to those of ``default`` are not printed.
  var attributes: [Attribute<Self>] { get }
  /// The same op with every attribute at its default.
  var `default`: Self { get }
  /// Types of the results, or what is wrong with operands or attributes. It is shape inference and verifier
  /// in one.
  func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType]
  /// Computes the results. Called only with operands that ``infer(_:)`` accepts.
  func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor]
  /// How to compute one region of all results alone; nil where the op can't be split so, as any that does not say.
  /// Called only with operands that ``infer(_:)`` accepts.
  func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile?
  /// Multiply-adds, at most `Int.max`, of a convolution, matrix product or recurrent layer; 0 for every other op.
  func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int
}

extension [TensorType] {
  /// Checks the number of operands.
  package func expect(_ range: ClosedRange<Int>) throws(OpError) {
    guard range.contains(count) else {
      let wanted =
        range.lowerBound == range.upperBound
        ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw OpError("has \(count) operands, expected \(wanted)")
    }
  }

  /// Checks that all operands have a floating point element type.
  package func expectFloat() throws(OpError) {
    for (index, type) in enumerated() where !type.element.isFloat {
      throw OpError(
        "operand \(index) is \(type), expected f32, f16 or bf16",
        advice: "cast it to a floating point type first")
    }
  }
}

/// The axis counted from the front, or an error that names shape and axis.
package func resolve(axis: Int, in shape: Shape) throws(OpError) -> Int {
  guard let index = shape.normalized(axis: axis) else {
    throw OpError("axis \(axis) lies outside shape \(shape), expected \(-shape.rank) to \(shape.rank - 1)")
  }
  return index
}
