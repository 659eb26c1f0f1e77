import IR
import Passes
import Tensors

/// A matrix product of rows of any size in 8 bits: each row is divided by its largest number, and rows and weights are sums of two numbers
/// of 8 bits each, a coarse and a fine one:
/// x · W = r · (coarse(x / r) · coarse(W) + fine(x / r) · coarse(W) + coarse(x / r) · fine(W)), less what is too small to matter.
///
/// It is for inputs such as raw spectra, whose silent rows count as much as the loud ones. Only the products are work; what stands around
/// them is elementwise, in floating point.
struct SplitProduct {
  let product: Product
  /// What the input's channels are divided by before rows are; the weights have taken it.
  private let divisors: [Float]
  private let coarse: QuantizedWeights
  private let fine: QuantizedWeights
  private let bias: Tensor?
  private let inputShape: Shape

  /// Steps of a row's coarse and fine numbers.
  private static let steps: (coarse: Float, fine: Float) = (1 / 127, 1 / (127 * 254))

  /// Whether a product can be split.
  static func canSplit(_ product: Product, in graph: Graph) -> Bool {
    guard case .matmul = product.op else { return false }
    return product.channelAxis == graph.shape(of: product.input).rank - 1
  }

  /// For an input whose channels have been seen as large as this.
  init(_ product: Product, largest: [Float], in graph: Graph) {
    self.product = product
    inputShape = graph.shape(of: product.input)
    // Channels that were seldom loud are not made as fine as their share asks for.
    let loudest = max(largest.max() ?? 0, 0x1p-60)
    let divisors = largest.map { loudest * power(max($0 / loudest, 1e-6), 0.75) }
    self.divisors = divisors
    let weights = product.weights(graph.constant(product.weight)!, times: divisors)
    coarse = QuantizedWeights(nearest: weights, axis: product.outputAxis)
    let rest = weights.combined(coarse.numbers) { $0 - $1 }
    fine = QuantizedWeights(nearest: rest, axis: product.outputAxis)
    bias = product.bias.flatMap { graph.constant($0) }
  }

  /// The product of one input.
  func evaluate(_ input: Tensor) throws(Diagnostic) -> Tensor {
    func add(_ op: Op, _ operands: [Tensor]) throws(Diagnostic) -> Tensor {
      do {
        return try op.evaluate(operands)[0]
      } catch {
        throw error.located(at: .unknown, op: op.name)
      }
    }
    return try compute(input, constant: { tensor, _ in tensor }, add: add)
  }

  /// Writes it in place of the product.
  func write(to context: inout PassContext) throws(Diagnostic) {
    let node = product.node
    let entry = context.graph[node]
    let name = context.graph[entry.operands[1]].name
    var added = context
    let sum = try compute(
      entry.operands[0], constant: { added.addWeight("\(name).\($1)", $0) },
      add: { (op, operands) throws(Diagnostic) in try added.insert(op, operands, before: node) })
    try added.replace(
      node, with: sum, "computed \(entry.op.name) '\(entry.name)' in two parts of 8 bits")
    context = added
  }

  private func compute<Value>(
    _ input: Value, constant: (Tensor, _ suffix: String) -> Value,
    add: (Op, [Value]) throws(Diagnostic) -> Value
  ) throws(Diagnostic) -> Value {
    func scalar(_ value: Float, _ suffix: String) -> Value { constant(Tensor(scalar: value), suffix) }
    func binary(_ function: BinaryFunction, _ a: Value, _ b: Value) throws(Diagnostic) -> Value {
      try add(.binary(Binary(function)), [a, b])
    }
    let none = constant(Tensor(zeros: .i8, []), "zero")
    func numbers(_ x: Value, _ step: Float, _ suffix: String) throws(Diagnostic) -> Value {
      let steps = [scalar(step, suffix), none]
      return try add(
        .dequantize(Dequantize()), [try add(.quantize(Quantize(rounding: .halfUp)), [x] + steps)] + steps)
    }
    func weights(_ weights: QuantizedWeights, _ suffix: String) throws(Diagnostic) -> Value {
      let count = weights.scales.count
      return try add(
        .dequantize(Dequantize(Granularity(axis: weights.axis))),
        [
          constant(weights.integers, suffix),
          constant(Tensor(weights.scales, shape: [count]), suffix + ".scale"),
          constant(Tensor(zeros: .i8, [count]), suffix + ".zero"),
        ])
    }
    let inverses = Tensor(divisors.map { 1 / $0 }, shape: [divisors.count])
    let even = try binary(.mul, input, constant(inverses, "inverses"))
    let largest = try add(
      .reduce(Reduce(.max, axes: [inputShape.rank - 1], keep: true)), [try add(.unary(Unary(.abs)), [even])])
    let size = try binary(.max, largest, scalar(1e-30, "least"))
    let rows = try binary(.div, even, size)
    let x = try numbers(rows, Self.steps.coarse, "coarse.step")
    let y = try numbers(try binary(.sub, rows, x), Self.steps.fine, "fine.step")
    let (w, v) = (try weights(coarse, "coarse"), try weights(fine, "fine"))
    let both = try binary(.add, try add(product.op, [x, w]), try add(product.op, [y, w]))
    let sum = try binary(.mul, try binary(.add, both, try add(product.op, [x, v])), size)
    guard let bias else { return sum }
    return try binary(.add, sum, constant(bias, "bias"))
  }
}
