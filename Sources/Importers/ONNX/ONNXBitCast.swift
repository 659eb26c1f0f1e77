import IR
import Tensors

/// The same bits as another type of the same size. Unsigned types of more than 8 bits go through the signed
/// one of their size, as a wider type holds them.
func bitCast(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let number = Int64(try context.requiredInt("to"))
  guard let element = ONNXElementType.element(number) else {
    throw Finding(
      "reads bits as \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  var x = try context.input(0)
  if let bits = x.unsignedBits { x = try context.cast(x, signedType(bits)).unsigned(nil) }
  let target = ONNXElementType.unsignedBits(number)
  let read = target.map(signedType) ?? element
  let result = x.element == read ? x : try context.emit(.bitcast(Bitcast(read)), [x])
  return [
    try target.map { (bits) throws(Finding) in try context.castToUnsigned(result, element, bits) } ?? result
  ]
}

private func signedType(_ bits: Int) -> ElementType {
  switch bits {
  case 16: .i16
  case 32: .i32
  default: .i64
  }
}
