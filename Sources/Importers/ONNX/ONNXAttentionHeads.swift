import IR
import Tensors

/// Queries, keys and values of an attention as [batch, heads, positions, width].
///
/// Query heads that share a key head become further rows of one product, so that keys and values are never
/// repeated.
struct AttentionHeads {
  var queries: ONNXOperand
  var keys: ONNXOperand
  var values: ONNXOperand

  var batch: Int { queries.shape[0] }
  var count: Int { queries.shape[1] }
  /// Heads of keys and values.
  var shared: Int { keys.shape[1] }
  /// Query heads for each of them.
  var group: Int { count / shared }
  /// Query positions.
  var rows: Int { queries.shape[2] }
  /// Key positions.
  var columns: Int { keys.shape[2] }

  /// Refuses heads that do not fit each other.
  func check() throws(Finding) {
    let (q, k, v) = (queries.shape, keys.shape, values.shape)
    guard k[1] > 0, q[1] % k[1] == 0, k[1] == v[1], k[2] == v[2], q[3] == k[3], q[0] == k[0], k[0] == v[0]
    else {
      throw Finding(
        "queries are \(q), keys \(k) and values \(v)",
        expected: "query heads in whole groups for each key head, one value for each key")
    }
  }

  /// scale × Q · Kᵀ in fp32 as [batch, heads, queries, keys], and cap × tanh(that ÷ cap) where there is a cap.
  /// Without a scale it is 1 ÷ √width.
  func scores(_ context: ONNXNodeContext, scale: Double?, cap: Double = 0) throws(Finding) -> ONNXOperand {
    let standard = 1 / Double(max(1, queries.shape[3])).squareRoot()
    let query = try context.affine(try context.cast(queries, .f32), scale: scale ?? standard)
    let folded = try context.reshape(query, [batch, shared, group * rows, queries.shape[3]])
    let product = try context.emit(
      .matmul(MatMul(transposeB: true)), [folded, try context.cast(keys, .f32)])
    let scores = try context.reshape(product, [batch, count, rows, columns])
    guard cap > 0 else { return scores }
    return try context.affine(
      try context.unary(.tanh, try context.affine(scores, scale: 1 / cap)), scale: cap)
  }

  /// weights · V in fp32 as [batch, heads, queries, width].
  func sums(_ context: ONNXNodeContext, weights: ONNXOperand) throws(Finding) -> ONNXOperand {
    let folded = try context.reshape(weights, [batch, shared, group * rows, columns])
    let sums = try context.emit(.matmul(MatMul()), [folded, try context.cast(values, .f32)])
    return try context.reshape(sums, [batch, count, rows, values.shape[3]])
  }
}

extension ONNXNodeContext {
  /// [batch, positions, heads × width] as [batch, heads, positions, width].
  func separated(_ x: ONNXOperand, heads: Int) throws(Finding) -> ONNXOperand {
    try transpose(try split(x, heads: heads), [0, 2, 1, 3])
  }

  /// [batch, positions, heads × width] as [batch, positions, heads, width].
  func split(_ x: ONNXOperand, heads: Int) throws(Finding) -> ONNXOperand {
    guard x.rank == 3, heads > 0, x.shape[2] % heads == 0 else {
      throw Finding("the input has shape \(x.shape) for \(heads) heads", expected: "heads of equal width")
    }
    return try reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads])
  }

  /// [batch, heads, positions, width] as [batch, positions, heads × width].
  func joined(_ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    try reshape(
      try transpose(x, [0, 2, 1, 3]), [x.shape[0], x.shape[2], x.shape[1] * x.shape[3]])
  }
}

extension ONNXNodeContext {
  /// column − row − offset for each key position and each query position.
  func distances(rows: Int, columns: Int, offset: Int) throws(Finding) -> ONNXOperand {
    guard rows * columns <= 1 << 24 else {
      throw Finding("needs a mask of \(rows) by \(columns) elements", expected: "at most 2^24")
    }
    let values = (0..<rows).flatMap { row in (0..<columns).map { Int64($0 - row - offset) } }
    return constant(Tensor(values, shape: [rows, columns]))
  }
}
