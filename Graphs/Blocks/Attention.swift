import IR
import Tensors

/// Multi-head attention: softmax(q · kᵀ ÷ √head width + mask) · v between four projections.
struct Attention: Sendable {
  /// What a checkpoint calls the projections.
  struct Names: Sendable {
    var query: String
    var key: String
    var value: String
    var out: String

    static let diffusers = Names(query: "to_q", key: "to_k", value: "to_v", out: "to_out.0")
    static let transformers = Names(query: "q_proj", key: "k_proj", value: "v_proj", out: "out_proj")
  }

  var heads: Int
  /// Width of queries, keys and values in one head.
  var headWidth: Int
  /// Whether the projections of queries, keys and values have biases.
  var bias = false
  var outBias = true
  var names = Names.diffusers
  /// Width of the result; the width of the queries' source where nil.
  var outWidth: Int?

  /// Width of all heads together.
  var innerWidth: Int { heads * headWidth }
}

extension GraphBuilder {
  /// Attention of every row of x to all rows of `context`, or of x itself.
  ///
  /// x: [N.., T, C]; context: [N.., S, D] with the same leading extents; mask: added to the scores, broadcast
  /// to [N.., heads, T, S]. Result: [N.., T, C].
  mutating func attention(
    _ name: String, _ x: ValueID, context: ValueID? = nil, mask: ValueID? = nil, _ form: Attention
  ) throws(Diagnostic) -> ValueID {
    let (context, width) = (context ?? x, form.outWidth ?? shape(of: x).extents.last ?? 1)
    return try scope(name) { b throws(Diagnostic) in
      let q = try b.linear(form.names.query, x, features: form.innerWidth, bias: form.bias)
      let k = try b.linear(form.names.key, context, features: form.innerWidth, bias: form.bias)
      let v = try b.linear(form.names.value, context, features: form.innerWidth, bias: form.bias)
      let y = try b.attend(q, k, v, mask: mask, heads: form.heads)
      return try b.linear(form.names.out, y, features: width, bias: form.outBias)
    }
  }

  /// Attention without projections. q: [N.., T, W]; k and v: [N.., S, W], of which each head has W ÷ heads.
  /// Result: [N.., T, W].
  mutating func attend(
    _ q: ValueID, _ k: ValueID, _ v: ValueID, mask: ValueID? = nil, heads: Int
  ) throws(Diagnostic) -> ValueID {
    let shape = shape(of: q)
    let headWidth = (shape.extents.last ?? 1) / heads
    // The queries are smaller than the scores, and their scale folds into the weights before them.
    let scaled = try affine(q, scale: 1 / Double(headWidth).squareRoot())
    var scores = try matmul(
      splitHeads(scaled, heads), splitHeads(k, heads), transposeB: true)
    if let mask { scores = try add(scores, mask) }
    let y = try matmul(softmax(scores), splitHeads(v, heads))
    return try reshape(swapped(y), shape.extents)
  }

  /// A mask that hides from each of `count` positions all later ones: [count, count].
  ///
  /// Hidden scores are moved far enough down for softmax to give exactly 0, and not so far that fp16 could not
  /// hold them.
  mutating func causalMask(_ count: Int) -> ValueID {
    let values = (0..<count * count).map { $0 % count > $0 / count ? -10_000 : Float(0) }
    return constant("causal_mask", Tensor(values, shape: [count, count], element: element))
  }

  /// [N.., T, W] → [N.., heads, T, W ÷ heads].
  private mutating func splitHeads(_ x: ValueID, _ heads: Int) throws(Diagnostic) -> ValueID {
    let extents = shape(of: x).extents
    return try swapped(reshape(x, Array(extents.dropLast()) + [heads, -1]))
  }

  /// Exchanges the second and third axis from the end.
  private mutating func swapped(_ x: ValueID) throws(Diagnostic) -> ValueID {
    let rank = shape(of: x).rank
    var permutation = Array(0..<rank)
    permutation.swapAt(rank - 3, rank - 2)
    return try transpose(x, permutation)
  }
}
