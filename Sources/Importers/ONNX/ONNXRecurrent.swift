import IR
import Tensors

// Recurrent layers: the inputs of all steps meet their weights in one matrix product; one core op does the
// rest.

/// LSTM, GRU or RNN.
func recurrentLayer(_ kind: Recurrent.Kind) -> ONNXTranslation {
  { context throws(Finding) in
    var op = Recurrent(kind, try context.word("direction", .forward))
    try setActivations(of: &op, context)
    op.clip = try context.float("clip", 0)
    op.linearBeforeReset = kind == .gru ? try context.flag("linear_before_reset") : false
    op.inputForget = kind == .lstm ? try context.flag("input_forget") : false
    let isBatchFirst = try context.flag("layout")
    func stepsFirst(_ operand: ONNXOperand) throws(Finding) -> ONNXOperand {
      guard operand.rank == 3 else {
        throw Finding("an input has shape \(operand.shape)", expected: "rank 3")
      }
      return isBatchFirst ? try context.transpose(operand, [1, 0, 2]) : operand
    }

    let x = try stepsFirst(try context.input(0))
    let (w, r) = (try context.input(1), try context.input(2))
    let directions = op.direction == .bidirectional ? 2 : 1
    guard w.rank == 3, r.rank == 3, w.shape[0] == directions, w.shape[1] == op.gateCount * r.shape[2] else {
      throw Finding(
        "weights have shapes \(w.shape) and \(r.shape)",
        expected:
          "[\(directions), \(op.gateCount) · hidden, inputs] and [\(directions), \(op.gateCount) · hidden, hidden]"
      )
    }
    let (width, hidden) = (w.shape[1], r.shape[2])
    let zeros = { (shape: Shape) in context.constant(Tensor(zeros: x.element, shape)) }

    var factors = [x, try context.reshape(w, [directions * width, w.shape[2]])]
    var bias = zeros([directions, width])
    if let both = context.optional(3) {
      guard both.shape == [directions, 2 * width] else {
        throw Finding("the bias has shape \(both.shape)", expected: "[\(directions), \(2 * width)]")
      }
      let ofInputs = try context.slice(both, axis: 1, start: 0, count: width)
      factors.append(try context.reshape(ofInputs, [directions * width]))
      bias = try context.slice(both, axis: 1, start: width, count: width)
    }
    var operands = [try context.emit(.matmul(MatMul(transposeB: true)), factors), r, bias]
    let state = Shape([directions, x.shape[1], hidden])
    for index in kind == .lstm ? [5, 6] : [5] {
      operands.append(try context.optional(index).map(stepsFirst) ?? zeros(state))
    }
    if kind == .lstm, let peepholes = context.optional(7) {
      op.peepholes = true
      operands.append(peepholes)
    }
    if let lengths = context.optional(4), !isWhole(lengths, steps: x.shape[0]) {
      op.lengths = true
      operands.append(try context.cast(lengths, .i32))
    }

    var results = try context.emitAll(.recurrent(op), operands)
    if isBatchFirst {
      results[0] = try context.transpose(results[0], [2, 0, 1, 3])
      for index in 1..<results.count { results[index] = try context.transpose(results[index], [1, 0, 2]) }
    }
    return results
  }
}

/// Whether every sequence is known to take all steps.
private func isWhole(_ lengths: ONNXOperand, steps: Int) -> Bool {
  guard let tensor = lengths.constant, tensor.elementCount <= 1 << 20 else { return false }
  return tensor.integers.allSatisfy { $0 >= steps }
}

/// The activations that a node states. `activation_alpha` and `activation_beta` belong to those that take
/// them, in order.
private func setActivations(of op: inout Recurrent, _ context: ONNXNodeContext) throws(Finding) {
  guard let names = try context.strings("activations"), !names.isEmpty else { return }
  let count = op.kind == .lstm ? 3 : op.kind == .gru ? 2 : 1
  let directions = op.direction == .bidirectional ? 2 : 1
  guard names.count == count * directions else {
    throw Finding("has \(names.count) activations", expected: "\(count * directions)")
  }
  var alphas = try context.floats("activation_alpha") ?? []
  var betas = try context.floats("activation_beta") ?? []
  var activations: [Unary] = []
  for name in names { activations.append(try activation(name, &alphas, &betas)) }
  guard directions == 1 || activations.prefix(count) == activations.suffix(count) else {
    throw Finding(
      "the two directions have different activations", expected: "the same",
      advice: "export the directions as two layers")
  }
  op.f = activations[0]
  if count > 1 { op.g = activations[1] }
  if count > 2 { op.h = activations[2] }
}

private func activation(_ name: String, _ alphas: inout [Float], _ betas: inout [Float]) throws(Finding)
  -> Unary
{
  func next(_ values: inout [Float], _ standard: Double) -> Double {
    values.isEmpty ? standard : decimal(values.removeFirst())
  }
  switch name.lowercased() {
  case "relu": return Unary(.relu)
  case "tanh": return Unary(.tanh)
  case "sigmoid": return Unary(.sigmoid)
  case "softsign": return Unary(.softsign)
  case "softplus": return Unary(.softplus)
  case "leakyrelu": return Unary(.leakyRelu, next(&alphas, 0.01))
  case "thresholdedrelu": return Unary(.thresholdedRelu, next(&alphas, 1))
  case "elu": return Unary(.elu, next(&alphas, 1))
  case "hardsigmoid": return Unary(.hardSigmoid, next(&alphas, 0.2), next(&betas, 0.5))
  case "affine": return Unary(.affine, next(&alphas, 1), next(&betas, 0))
  default:
    throw Finding(
      "activation \(ImportError.quoted(name)) is not known", expected: "one of ONNX's but ScaledTanh")
  }
}
