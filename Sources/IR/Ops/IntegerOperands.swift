import Tensors

// What ops on quantized integers ask of their operands.

/// Checks a quantized operand of some element types and its zero point, a scalar of the same.
func expectQuantized(
  _ x: TensorType, _ zero: TensorType, _ name: String, in elements: [ElementType] = [.i8, .u8, .i16]
) throws(OpError) {
  guard elements.contains(x.element) else {
    throw OpError("\(name) is \(x), expected \(alternatives(elements))")
  }
  guard zero == TensorType(x.element, []) else {
    throw OpError("zero point of \(name) is \(zero), expected \(TensorType(x.element, []))")
  }
}

/// Checks a parameter that all share, or that each of `count` has for itself.
func expectParameter(_ parameter: TensorType, _ element: ElementType, count: Int?, _ name: String)
  throws(OpError)
{
  let types = [TensorType(element, [])] + (count.map { [TensorType(element, [$0])] } ?? [])
  guard types.contains(parameter) else {
    throw OpError("\(name) is \(parameter), expected \(types.map(\.description).joined(separator: " or "))")
  }
}

/// "i8, u8 or i16".
func alternatives(_ elements: [ElementType]) -> String {
  let names = elements.map(\.rawValue)
  guard names.count > 1 else { return names.joined() }
  return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
}

extension Tensor {
  /// Integers less their zero point, as they broadcast to a shape.
  func centered(_ zero: Tensor, in shape: Shape) -> [Int64] {
    let zero = zero.integers[0]
    return Elements(values: integers.map { $0 - zero }, shape: self.shape).expanded(to: shape).values
  }

  /// A parameter for each element of a shape, from one for all or one for each index of an axis.
  func parameter(along axis: Int, in shape: Shape) -> [Int64] {
    let fitting = Granularity(axis: axis).broadcast(self.shape, to: shape)
    return Elements(values: integers, shape: fitting).expanded(to: shape).values
  }
}
