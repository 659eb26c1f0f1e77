import IR
import Tensors

// Operators that pick or fold elements by rules of their own.

/// Turns the first elements of each sequence around; how many may be known at run time only.
func reverseSequence(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, lengths) = (try context.input(0), try context.input(1))
  let time = try context.int("time_axis", 0)
  let batch = try context.int("batch_axis", 1)
  guard x.rank >= 2, [time, batch].sorted() == [0, 1], lengths.element.isInteger,
    lengths.shape == [x.shape[batch]]
  else {
    throw Finding(
      "has input \(x.shape), lengths \(lengths.type), time axis \(time) and batch axis \(batch)",
      expected: "axes 0 and 1, and an integer for each sequence")
  }
  let (steps, sequences) = (x.shape[time], x.shape[batch])
  let column = try context.reshape(
    try context.cast(lengths, .i64), batch == 0 ? [sequences, 1] : [1, sequences])
  let numbers = (try context.iota(steps), try context.iota(sequences))
  let position = try context.reshape(numbers.0, time == 0 ? [steps, 1] : [1, steps])
  let last = try context.binary(.sub, column, context.scalar(1, .i64))
  let source = try context.select(
    try context.binary(.less, position, column), try context.binary(.sub, last, position), position)
  // Rows of the input with both axes as one.
  let sequence = try context.reshape(numbers.1, batch == 0 ? [sequences, 1] : [1, sequences])
  let (outer, inner) = time == 0 ? (source, sequence) : (sequence, source)
  let row = try context.binary(
    .add, try context.binary(.mul, outer, context.scalar(Double(x.shape[1]), .i64)), inner)
  let rows = try context.reshape(x, [steps * sequences] + x.shape.dropFirst(2))
  return [try context.emit(.gather(Gather(axis: 0)), [rows, row])]
}

/// Sums patches into an image: a transposed convolution whose filters put each element in its place.
func columnsToImage(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let image = try context.constantInts(1, "the image's shape") ?? []
  let block = try context.constantInts(2, "the block's shape") ?? []
  let elements = block.reduce(1.0) { $0 * Double($1) }
  guard (1...3).contains(image.count), block.count == image.count, block.allSatisfy({ $0 >= 1 }),
    elements <= Double(1 << 16), image.allSatisfy((1...(1 << 30)).contains), x.rank == 3,
    x.shape[1] % Int(elements) == 0
  else {
    throw Finding(
      "has input \(x.shape), image \(image) and block \(block)",
      expected: "[N, C × block, L], and 1 to 3 extents each")
  }
  let (taps, channels) = (Int(elements), x.shape[1] / Int(elements))
  let window = try context.window(input: image, kernel: block)
  var counts: [Int] = []
  var extra: [Int] = []
  for axis in image.indices {
    let span =
      image[axis] + window.begin(axis) + window.end(axis)
      - window.dilation(axis) * (block[axis] - 1) - 1
    guard span >= 0 else {
      throw Finding("block \(block) is larger than the padded image \(image)", expected: "a smaller one")
    }
    counts.append(span / window.stride(axis) + 1)
    extra.append(span % window.stride(axis))
  }
  guard counts.reduce(1, *) == x.shape[2], channels * taps * taps <= 1 << 24 else {
    throw Finding("has \(x.shape[2]) columns", expected: "\(counts.reduce(1, *)) for image \(image)")
  }
  let isOwn = (0..<(channels * taps * taps)).map { Float($0 / taps % taps == $0 % taps ? 1 : 0) }
  let weight = Tensor(isOwn, shape: Shape([channels * taps, 1] + block), element: x.element)
  let op = ConvTranspose(window, group: channels, outputPadding: extra.allSatisfy { $0 == 0 } ? [] : extra)
  let patches = try context.reshape(x, [x.shape[0], channels * taps] + counts)
  return [try context.emit(.convTranspose(op), [patches, context.constant(weight)])]
}

/// Products of all elements up to each one, by doubling the number of factors.
func cumulativeProduct(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let axis = try context.axis(try context.constantInt(1, "the axis") ?? 0, rank: x.rank)
  let (isExclusive, isReverse) = (try context.flag("exclusive"), try context.flag("reverse"))
  let extent = x.shape[axis]
  /// The elements `count` places further along, ones in front of them.
  func shifted(_ operand: ONNXOperand, _ count: Int) throws(Finding) -> ONNXOperand {
    var pads = [Int](repeating: 0, count: 2 * x.rank)
    pads[axis] = isReverse ? 0 : count
    pads[axis + x.rank] = isReverse ? count : 0
    let kept = try context.slice(
      operand, axis: axis, start: isReverse ? count : 0, count: extent - count)
    return try context.emit(.pad(Pad(pads, value: 1)), [kept])
  }
  guard extent > 0 else { return [x] }
  var product = isExclusive ? try shifted(x, 1) : x
  var factors = 1
  while factors < extent {
    product = try context.binary(.mul, product, try shifted(product, factors))
    factors *= 2
  }
  return [product]
}
