import IR
import Tensors

/// Translates one node of an operator into core ops and returns its outputs, of which trailing ones that
/// nobody reads may be left out.
typealias ONNXTranslation = @Sendable (ONNXNodeContext) throws(Finding) -> [ONNXOperand]

/// One node as its translation sees it: operands, attributes, the operator set's version, and a way to emit
/// core ops.
struct ONNXNodeContext {
  let node: ONNXNode
  /// Name for the nodes of the graph.
  let name: String
  /// Version of the operator set of the node's domain, or of the one whose definition a fused operator follows.
  var opset: Int
  /// The inputs as they stand.
  let bindings: [ONNXBinding]
  /// Those that are tensors; nil stands for an optional input that is left out.
  var inputs: [ONNXOperand?]
  /// Whether anybody reads the output.
  let usedOutputs: [Bool]
  /// Values that attributes of a function's body refer to.
  let references: [String: ONNXAttribute.Value]
  /// What makes a run choose the branches in which the node stands, from the outside in.
  let choices: [ONNXChoice]
  let builder: ONNXGraphBuilder

  /// A required input.
  func input(_ index: Int) throws(Finding) -> ONNXOperand {
    guard let operand = optional(index) else {
      throw Finding(
        "leaves out its input \(index), which \(node.operatorName) must have",
        expected: "\(index + 1) inputs or more",
        advice: "check the model with onnx.checker.check_model, and what edited its graph")
    }
    return operand
  }

  /// An input that may be left out.
  func optional(_ index: Int) -> ONNXOperand? { inputs.indices.contains(index) ? inputs[index] : nil }

  /// All inputs of an operator that takes any number of them.
  func variadic() throws(Finding) -> [ONNXOperand] {
    guard !inputs.isEmpty else { throw Finding("has no inputs", expected: "at least one") }
    var operands: [ONNXOperand] = []
    for index in inputs.indices { operands.append(try input(index)) }
    return operands
  }

  /// A required input of any kind.
  func present(_ index: Int) throws(Finding) -> ONNXBinding {
    let binding = binding(index)
    if case .absent = binding { throw Finding("has no input \(index)", expected: "one") }
    return binding
  }

  func isUsed(output: Int) -> Bool { usedOutputs.indices.contains(output) && usedOutputs[output] }

  /// The contents of an input that must be known when the model is compiled, because shapes depend on it.
  func constant(_ index: Int, _ what: String) throws(Finding) -> Tensor {
    let operand = try input(index)
    guard let tensor = operand.contents else {
      throw undecided(operand, what, name: node.inputs.indices.contains(index) ? node.inputs[index] : "")
    }
    return tensor
  }

  /// The integers of a constant input; nil if it is left out.
  func constantInts(_ index: Int, _ what: String) throws(Finding) -> [Int]? {
    guard optional(index) != nil else { return nil }
    let tensor = try constant(index, what)
    guard !tensor.element.isFloat else {
      throw Finding("\(what) is \(tensor.element.rawValue)\(tensor.shape)", expected: "integers")
    }
    guard tensor.elementCount <= 1 << 20 else {
      throw Finding("\(what) has \(tensor.elementCount) elements", expected: "at most 2^20")
    }
    return tensor.integers.map { Int($0) }
  }

  /// The one integer of a constant input; nil if it is left out.
  func constantInt(_ index: Int, _ what: String) throws(Finding) -> Int? {
    guard let values = try constantInts(index, what) else { return nil }
    guard values.count == 1 else { throw Finding("\(what) has \(values.count) elements", expected: "one") }
    return values[0]
  }

  /// The one number of a constant input; nil if it is left out.
  func constantNumber(_ index: Int, _ what: String) throws(Finding) -> Double? {
    guard optional(index) != nil else { return nil }
    let tensor = try constant(index, what)
    guard tensor.elementCount == 1 else {
      throw Finding("\(what) has \(tensor.elementCount) elements", expected: "one")
    }
    return tensor.element.isFloat ? decimal(tensor.floats[0]) : Double(tensor.integers[0])
  }

  /// The axis counted from the front.
  func axis(_ axis: Int, rank: Int, of what: String = "axis") throws(Finding) -> Int {
    guard axis >= -rank, axis < rank else {
      throw Finding("\(what) is \(axis)", expected: "\(-rank) to \(rank - 1) for rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes counted from the front, in the order given.
  func axes(_ axes: [Int], rank: Int) throws(Finding) -> [Int] {
    var resolved: [Int] = []
    for axis in axes { resolved.append(try self.axis(axis, rank: rank, of: "an axis")) }
    guard Set(resolved).count == resolved.count else {
      throw Finding("axes \(axes) repeat", expected: "each axis once")
    }
    return resolved
  }
}

/// The double that prints like the float: 0.1 rather than 0.10000000149. It rounds to the same float.
func decimal(_ value: Float) -> Double { Double(value.description) ?? Double(value) }
