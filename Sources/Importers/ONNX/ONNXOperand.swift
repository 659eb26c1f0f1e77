import IR
import Tensors

/// A value during translation: a constant that is known already, or a value of the graph under construction.
///
/// Constants become weights only when an op of the graph reads them, so shape arithmetic leaves nothing
/// behind.
struct ONNXOperand {
  enum Source {
    /// The contents and the name that the weight gets.
    case constant(Tensor, name: String)
    case value(ValueID)
  }

  let source: Source
  let element: ElementType
  /// Extents; of an open axis the bound.
  let shape: Shape
  /// The sizes of open axes, those whose size only a run tells: one i64 each.
  var sizes: [Int: ValueID] = [:]
  /// Whether every element beyond those sizes is 0.
  var isZeroPadded = false
  /// Bits of ONNX's type where it is an unsigned one that a wider signed one holds.
  private(set) var unsignedBits: Int?
  /// Whether this is an input or a constant of doubles, which fp32 stands in for.
  private(set) var isDouble = false
  /// How the graph computes the value from constants alone, if it does, and which result of that it is.
  private(set) var computation: (origin: ONNXComputation, result: Int)?

  init(_ value: ValueID, _ type: TensorType) {
    source = .value(value)
    element = type.element
    shape = type.shape
  }

  /// A value that the graph computes from constants.
  init(_ value: ValueID, _ type: TensorType, _ origin: ONNXComputation, result: Int) {
    self.init(value, type)
    computation = (origin, result)
  }

  init(_ tensor: Tensor, name: String) {
    source = .constant(tensor, name: name)
    element = tensor.element
    shape = tensor.shape
  }

  /// The same elements as those of an unsigned type of 16, 32 or 64 bits, or of none.
  func unsigned(_ bits: Int?) -> ONNXOperand {
    var operand = self
    operand.unsignedBits = bits
    return operand
  }

  /// The same elements, which stand for doubles or do not.
  func double(_ isDouble: Bool) -> ONNXOperand {
    var operand = self
    operand.isDouble = isDouble
    return operand
  }

  var rank: Int { shape.rank }
  var isOpen: Bool { !sizes.isEmpty }
  var type: TensorType { TensorType(element, shape) }

  /// The contents of a constant.
  var constant: Tensor? {
    if case .constant(let tensor, _) = source { return tensor }
    return nil
  }

  /// Whether it is a constant, or computed from constants alone.
  var isKnown: Bool { constant != nil || computation != nil }

  /// The contents of what is known.
  var contents: Tensor? { constant ?? computation.flatMap { $0.origin.result($0.result) } }

  /// The name of a constant.
  var constantName: String? {
    if case .constant(_, let name) = source { return name }
    return nil
  }
}

/// Refuses shapes beyond the IR's limits. The product of the extents that are not 0 is bounded as well, so
/// that products of some of a tensor's extents never overflow.
func checkSize(_ shape: Shape, of what: @autoclosure () -> String) throws(Finding) {
  let extentsFit = shape.allSatisfy { (0...Limits.extent).contains($0) }
  guard extentsFit, shape.rank <= Limits.rank, let count = Shape(shape.map { max($0, 1) }).checkedCount,
    count <= Limits.elements
  else {
    throw Finding(
      "\(what()) has the impossible shape \(shape)",
      expected: "at most \(Limits.rank) extents, 2^31 - 1 in each and 2^40 elements",
      advice: "check the model's shape arithmetic and what --dim, --shape and --constant give")
  }
}
