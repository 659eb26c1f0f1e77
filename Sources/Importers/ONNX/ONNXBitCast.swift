import IR
import Tensors

/// The same bits as another type of the same size.
func bitCast(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let number = Int64(try context.requiredInt("to"))
  guard let element = ONNXElementType.element(number) else {
    throw Finding(
      "reads bits as \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  return [try context.emit(.bitcast(Bitcast(element)), [try context.input(0)])]
}
