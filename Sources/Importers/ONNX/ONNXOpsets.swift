import IR
import Tensors

/// Versions of ONNX's operator set that are understood.
let onnxOpsets = 1...28

/// The lowest operator set whose meaning of an operator its translation reads, for those that are older than
/// opset 7.
///
/// Operators that appeared in opset 7 or later are not listed, and need at least opset 7. What changed before
/// and is read: `consumed_inputs`, which never meant anything, `broadcast` and `axis` of operators of two
/// operands, `is_test` of BatchNormalization and Dropout, slopes of PRelu for each channel, Concat's axis,
/// Pad's paddings and Reshape's shape. Not read are the types in words of Cast 1, the default constants of
/// Selu 1, the sizes that are an input of Split 1, Tile 1 with one axis, the orders of LpPool 1 and
/// GlobalLpPool 1, which need not be whole, and Upsample 1 with two scales.
private let lowestOpsets: [String: Int] = {
  var lowest = ["Cast": 6, "GlobalLpPool": 2, "LpPool": 2, "Selu": 6, "Split": 2, "Tile": 6]
  // Opsets up to 8 have an experimental operator of this name with other attributes.
  lowest["MeanVarianceNormalization"] = 9
  for name in readSinceFirst { lowest[name] = 1 }
  return lowest
}()

/// Operators that are read in every version.
private let readSinceFirst = [
  "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Ceil", "Clip", "Concat",
  "Constant", "Conv", "ConvTranspose", "DepthToSpace", "Div", "Dropout", "Elu", "Equal", "Exp", "Flatten",
  "Floor", "GRU", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "HardSigmoid",
  "Hardmax", "Identity", "If", "InstanceNormalization", "LRN", "LSTM", "LeakyRelu", "Less", "Log",
  "LogSoftmax", "Loop", "LpNormalization", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mul", "Neg", "Not",
  "Or", "PRelu", "Pad", "Pow", "RNN", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum",
  "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare",
  "Relu", "Reshape", "Shape", "Sigmoid", "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth",
  "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "TopK", "Transpose", "Unsqueeze", "Xor",
]

/// Refuses versions of ONNX's own operators that are unknown.
func checkOpset(_ sets: [ONNXOperatorSet], file: String, place: String? = nil) throws(ImportError) {
  guard let version = sets.first(where: { $0.domain.isEmpty })?.version,
    !onnxOpsets.contains(Int(clamping: version))
  else { return }
  throw ImportError(
    file: file, place: place, found: "uses opset \(version)",
    expected: "\(onnxOpsets.lowerBound) to \(onnxOpsets.upperBound)",
    advice: version < onnxOpsets.lowerBound
      ? "set the version of opset_import that the nodes were written for"
      : "export it again with an older opset")
}

/// Refuses an operator of ONNX's own whose meaning in an old operator set is another one.
func checkMeaning(of node: ONNXNode, opset: Int) throws(Finding) {
  guard node.domain.isEmpty else { return }
  let lowest = lowestOpsets[node.opType] ?? 7
  guard opset < lowest else { return }
  throw Finding(
    "is the \(node.opType) of opset \(opset)", expected: "that of opset \(lowest) or later",
    advice: "export the model again with a newer opset, or convert it with onnx.version_converter")
}

extension ONNXNodeContext {
  /// Whether the operator set is older than today's rules of broadcasting and of training modes.
  private var isLegacy: Bool { node.domain.isEmpty && opset < 7 }

  /// The operands of an operator of two. Before opset 7 the second one fits the first, exactly or, with
  /// `broadcast`, from `axis` on; without an axis at its end.
  func pair() throws(Finding) -> (ONNXOperand, ONNXOperand) {
    let (a, b) = (try input(0), try input(1))
    guard isLegacy else { return (a, b) }
    var fitted = b
    if try flag("broadcast"), let axis = try optionalInt("axis"), b.rank < a.rank {
      let trailing = a.rank - (try self.axis(axis, rank: a.rank)) - b.rank
      if trailing > 0 { fitted = try reshape(b, b.shape.extents + [Int](repeating: 1, count: trailing)) }
    }
    let fits = try flag("broadcast") ? a.shape.broadcast(with: fitted.shape) == a.shape : a.shape == b.shape
    guard fits else {
      throw Finding(
        "has operands \(a.shape) and \(b.shape)",
        expected: "equal shapes, or broadcast = 1 and a second one that fits the first, in opset \(opset)")
    }
    return (a, fitted)
  }

  /// A slope for each channel, as PRelu had it before opset 7, as one that broadcasts.
  func slope(_ slope: ONNXOperand, of x: ONNXOperand) throws(Finding) -> ONNXOperand {
    guard isLegacy, slope.rank == 1, slope.shape[0] != 1, x.rank > 2 else { return slope }
    return try reshape(slope, slope.shape.extents + [Int](repeating: 1, count: x.rank - 2))
  }

  /// Refuses operators that behave differently in training, in which mode they were before opset 7 unless
  /// `is_test` was set.
  func refuseTraining() throws(Finding) {
    guard isLegacy, try !flag("is_test") else { return }
    throw Finding(
      "is in training mode (is_test = 0)", expected: "a model exported for inference",
      advice: "export it with is_test = 1, or with opset 7 or later")
  }
}
