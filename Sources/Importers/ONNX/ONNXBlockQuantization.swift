import IR
import Tensors

// Operators of com.microsoft whose weights lie in few bits, with a scale for each block of a row.

/// a · bᵀ + bias, of rows of b in 2, 4 or 8 bits.
func matMulNBits(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (inner, columns) = (try context.requiredInt("K"), try context.requiredInt("N"))
  let bits = try context.int("bits", 4)
  let block = try context.requiredInt("block_size")
  guard [2, 4, 8].contains(bits), block > 0, block % 8 == 0, inner > 0, columns > 0, inner <= Int(Int32.max)
  else {
    throw Finding(
      "has rows of \(inner) numbers of \(bits) bits in blocks of \(block)",
      expected: "numbers of 2, 4 or 8 bits in blocks of a multiple of 8")
  }
  let blocks = (inner + block - 1) / block
  let rows = BlockRows(bits: bits, rows: columns)
  let weights = try rows.numbers(context, try context.input(1), count: blocks * block, "B")
  let scale = try rows.reshaped(context, try context.input(2), [columns, blocks], "scales")
  try checkOrder(context, inner: inner, block: block)
  let zero = try rows.zeroPoints(context, context.optional(3), blocks: blocks)
  let b = try context.emit(
    .dequantize(Dequantize(Granularity(axis: 1, block: block))), [weights, scale, zero])
  let a = try context.input(0)
  guard a.rank > 0, a.shape[a.rank - 1] == inner else {
    throw Finding("A is \(a.type)", expected: "rows of \(inner) numbers")
  }
  let matrix = try whole(context, a.rank == 1 ? try context.reshape(a, [1, inner]) : a, blocks * block)
  let bias = try context.optional(5).map { (bias) throws(Finding) in [try context.reshape(bias, [columns])] }
  let y = try context.emit(.matmul(MatMul(transposeB: true)), [matrix, b] + (bias ?? []))
  return [a.rank == 1 ? try context.reshape(y, [columns]) : y]
}

/// Rows with zeros behind them up to a length: the last block of the weights is as long as the others.
private func whole(_ context: ONNXNodeContext, _ a: ONNXOperand, _ length: Int) throws(Finding) -> ONNXOperand
{
  let rest = length - a.shape[a.rank - 1]
  guard rest > 0 else { return a }
  return try context.emit(.pad(Pad([Int](repeating: 0, count: 2 * a.rank - 1) + [rest])), [a])
}

/// What of the rows the positions name, which alone become numbers.
func gatherBlockQuantized(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (data, indices) = (try context.input(0), try context.input(1))
  let bits = try context.int("bits", 4)
  guard [2, 4, 8].contains(bits), data.rank > 0 else {
    throw Finding("has numbers of \(bits) bits in \(data.type)", expected: "2, 4 or 8 bits")
  }
  let axis = try context.axis(try context.int("quantize_axis", 1), rank: data.rank)
  let block = try context.int("block_size", 128)
  let scale = try context.input(2)
  let granularity = Granularity(axis: axis, block: block)
  // Tensors of 4 bits have been read as one number a byte, bytes hold as many as fit.
  var extents = data.shape.extents
  extents[data.rank - 1] *= 8 / bits
  let isPacked =
    data.element == .u8 && bits < 8 && (try? granularity.check(scale.shape, of: Shape(extents), "")) != nil
  func unpacked(_ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    isPacked ? try context.emit(.unpack(Unpack(bits: bits)), [x]) : x
  }
  let x = try unpacked(data)
  var zero = context.scalar(
    isPacked || (data.element == .u8 && bits == 8) ? Double(1 << (bits - 1)) : 0, x.element)
  if let given = context.optional(3) {
    let numbers = try unpacked(given)
    let last = scale.rank - 1
    guard last >= 0, numbers.rank == scale.rank, numbers.shape[last] >= scale.shape[last] else {
      throw Finding("zero points have shape \(given.shape)", expected: "those of the scales, \(scale.shape)")
    }
    zero = try context.slice(numbers, axis: last, start: 0, count: scale.shape[last])
  } else {
    zero = try context.expand(zero, scale.shape.extents)
  }
  guard zero.shape == scale.shape, block > 0,
    (try? granularity.check(scale.shape, of: x.shape, "scale")) != nil
  else {
    throw Finding(
      "scales have shape \(scale.shape)", expected: "one for each \(block) along axis \(axis) of \(x.shape)")
  }
  let table = try context.emit(
    .dequantize(Dequantize(granularity, to: scale.element)), [x, scale, zero])
  let along = try context.axis(try context.int("gather_axis", 0), rank: x.rank)
  try checkIndices(context, indices, extent: x.shape[along])
  return [try context.emit(.gather(Gather(axis: along)), [table, indices])]
}

/// Rows of numbers in few bits, each of which begins with a byte.
private struct BlockRows {
  let bits: Int
  let rows: Int

  /// [rows, count], one number a byte.
  func numbers(
    _ context: ONNXNodeContext, _ packed: ONNXOperand, count: Int, _ what: String
  ) throws(Finding) -> ONNXOperand {
    guard packed.element == .u8 else {
      throw Finding("\(what) is \(packed.type)", expected: "u8, \(bits) bits a number")
    }
    let bytes = try reshaped(context, packed, [rows, (count * bits + 7) / 8], what)
    guard bits < 8 else { return bytes }
    let all = try context.emit(.unpack(Unpack(axis: 1, bits: bits)), [bytes])
    return try context.slice(all, axis: 1, start: 0, count: count)
  }

  /// [rows, blocks]; in the middle of the numbers where none are given.
  func zeroPoints(
    _ context: ONNXNodeContext, _ given: ONNXOperand?, blocks: Int
  ) throws(Finding) -> ONNXOperand {
    guard let given else {
      return try context.expand(context.scalar(Double(1 << (bits - 1)), .u8), [rows, blocks])
    }
    return try numbers(context, given, count: blocks, "zero_points")
  }

  func reshaped(
    _ context: ONNXNodeContext, _ x: ONNXOperand, _ extents: [Int], _ what: String
  ) throws(Finding) -> ONNXOperand {
    guard x.shape.elementCount == Shape(extents).elementCount else {
      throw Finding("\(what) has shape \(x.shape)", expected: "\(Shape(extents).elementCount) elements")
    }
    return try context.reshape(x, extents)
  }
}

/// A block may be told for each row of the inner axis: read where that is the order they lie in.
private func checkOrder(_ context: ONNXNodeContext, inner: Int, block: Int) throws(Finding) {
  guard let groups = context.optional(4) else { return }
  guard let order = groups.constant?.integers,
    order.prefix(inner).enumerated().allSatisfy({ $1 == $0 / block })
  else {
    throw Finding(
      "assigns rows to blocks out of their order", expected: "no 'g_idx', or one that counts up",
      advice: "quantize without reordering (act-order)")
  }
}
