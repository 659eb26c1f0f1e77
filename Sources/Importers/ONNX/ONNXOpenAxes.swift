import IR
import Tensors

// Axes whose size only a run tells: *open* axes. The graph computes on their bounds, and elements beyond the
// true size are garbage that no output shows. An operator may read a value with open axes if a rule says where
// they are in its results, and that what lies within the true sizes does not depend on what lies beyond.

/// How the open axes of a node's inputs come through to its results.
struct ONNXOpenRule: Sendable {
  /// Makes inputs safe to compute with, or refuses them.
  var prepare: @Sendable (inout ONNXNodeContext) throws(Finding) -> Void = { _ throws(Finding) in }
  /// The sizes of open axes of every result, by axis.
  var sizes: @Sendable (ONNXNodeContext, [ONNXOperand]) throws(Finding) -> [[Int: ValueID]]
  /// Whether zeros beyond the true sizes stay zeros.
  var keepsZeros: @Sendable (ONNXNodeContext) -> Bool = { _ in false }
}

/// Translates a node and finds the open axes of its results.
func onnxResults(
  _ context: ONNXNodeContext, _ translation: ONNXTranslation
) throws(Finding) -> [ONNXOperand] {
  let open = context.inputs.compactMap { $0 }.filter(\.isOpen)
  guard !open.isEmpty else { return try translation(context) }
  guard context.node.domain.isEmpty, let rule = onnxOpenRules[context.node.opType] else {
    throw context.openInputRefused()
  }
  var prepared = context
  try rule.prepare(&prepared)
  var results = try translation(prepared)
  let sizes = try rule.sizes(context, results)
  let isZeroPadded = rule.keepsZeros(context) && open.allSatisfy(\.isZeroPadded)
  for (index, sizes) in zip(results.indices, sizes) {
    guard sizes.keys.allSatisfy(results[index].shape.indices.contains) else {
      throw context.openInputRefused()
    }
    // Of an axis without room the size is known.
    results[index].sizes = sizes.filter { results[index].shape[$0.key] > 0 }
    results[index].isZeroPadded = isZeroPadded
  }
  return results
}

extension ONNXNodeContext {
  /// Refuses inputs with open axes of an operator that has no use for them.
  func refuseOpenInputs() throws(Finding) {
    guard !inputs.contains(where: { $0?.isOpen ?? false }) else { throw openInputRefused() }
  }

  /// The refusal of an open axis: of the first one, or of that of an input.
  func openInputRefused(
    _ input: Int? = nil, axis: Int? = nil,
    expected: String = "a size that is known when the model is compiled"
  ) -> Finding {
    let position = input ?? inputs.firstIndex { $0?.isOpen ?? false } ?? 0
    let operand = optional(position)
    let axis = axis ?? operand?.sizes.keys.min() ?? 0
    let name = ImportError.quoted(node.inputs.indices.contains(position) ? node.inputs[position] : "")
    let bound = operand.map { $0.shape.indices.contains(axis) ? "\($0.shape[axis])" : "" } ?? ""
    return Finding(
      "only a run tells the size of its input \(position), \(name), along axis \(axis), at most \(bound)",
      expected: expected,
      advice: "end the model with \(name) as an output, and do the rest outside of it")
  }

  /// The operand with zeros beyond its true sizes, so that it can be used as indices.
  func zeroPadded(_ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    guard x.isOpen, !x.isZeroPadded else { return x }
    var padded = x
    for (axis, size) in x.sizes.sorted(by: { $0.key < $1.key }) {
      let column = [x.shape[axis]] + [Int](repeating: 1, count: x.rank - 1 - axis)
      let position = try reshape(try iota(x.shape[axis]), column)
      let isInside = try binary(.less, position, ONNXOperand(size, TensorType(.i64, [])))
      padded = try select(isInside, padded, scalar(0, like: x))
    }
    padded.sizes = x.sizes
    padded.isZeroPadded = true
    return padded
  }
}
