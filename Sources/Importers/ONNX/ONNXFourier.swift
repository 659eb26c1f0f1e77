import IR
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The discrete Fourier transform along one axis; real and imaginary parts lie side by side in the last axis.
///
/// All in fp32, whatever the type. An inverse transform is scaled by 1 ÷ length at the end, where sums of whole
/// numbers are still exact.
func discreteFourierTransform(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let stated =
    context.opset < 20 ? try context.int("axis", 1) : try context.constantInt(2, "the axis") ?? -2
  let axis = try context.axis(stated, rank: x.rank)
  guard x.rank >= 2, axis < x.rank - 1, x.element.isFloat, (1...2).contains(x.shape[x.rank - 1]) else {
    throw Finding(
      "has input \(x.type) and axis \(stated)", expected: "floats [.., 1 or 2] and an axis before the last")
  }
  let (isInverse, isOneSided) = (try context.flag("inverse"), try context.flag("onesided"))
  let (count, parts) = (x.shape[axis], x.shape[x.rank - 1])
  let standard = isInverse && isOneSided ? 2 * (count - 1) : count
  let length = try context.constantInt(1, "the DFT length") ?? standard
  guard (1...(1 << 20)).contains(length), count >= 1 else {
    throw Finding("transforms \(count) values by \(length) points", expected: "at least one, at most 2^20")
  }

  let others = x.shape.indices.filter { $0 != axis && $0 != x.rank - 1 }
  let permutation = others + [axis, x.rank - 1]
  let outer = others.map { x.shape[$0] }
  let signal = try context.reshape(
    try context.transpose(try context.cast(x, .f32), permutation), [outer.reduce(1, *), count, parts])
  // Of a real signal's spectrum one half suffices, from which a real signal comes.
  let isReal = isInverse && isOneSided
  let whole =
    isReal ? try mirrored(context, signal, length) : try fitted(context, signal, length)
  let transform = FourierTransform(isInverse: isInverse)
  let sums = try transform.emit(
    context, whole, outputs: isOneSided && !isInverse ? length / 2 + 1 : length, outputParts: isReal ? 1 : 2)
  let scaled = try context.affine(sums, scale: isInverse ? 1 / Double(length) : 1)
  let result = try context.reshape(
    try context.cast(scaled, x.element), outer + [sums.shape[1], sums.shape[2]])
  return [try context.transpose(result, permutation.indices.map { permutation.firstIndex(of: $0) ?? $0 })]
}

/// [rows, .., parts] cut off or filled with zeros to `length` values.
private func fitted(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ length: Int
) throws(Finding) -> ONNXOperand {
  let count = x.shape[1]
  if count >= length { return try context.slice(x, axis: 1, start: 0, count: length) }
  return try context.emit(.pad(Pad([0, 0, 0, 0, length - count, 0])), [x])
}

/// The whole spectrum of a real signal out of its first half, `length` ÷ 2 + 1 values: the other half is the
/// first one backwards and conjugate. The imaginary parts of the values that are their own mirror images count
/// as 0.
private func mirrored(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ length: Int
) throws(Finding) -> ONNXOperand {
  let (rows, parts, count) = (x.shape[0], x.shape[2], length / 2 + 1)
  var half = try fitted(context, x, count)
  if parts == 2 {
    var isKept: [Int64] = []
    for index in 0..<count { isKept += [1, 2 * index % length == 0 ? 0 : 1] }
    let mask = context.constant(Tensor(isKept, shape: [count, 2], element: .bool))
    half = try context.select(mask, half, context.scalar(0, like: half))
  }
  let rest = length - count
  guard rest > 0 else { return half }
  var image = try context.slice(half, starts: [0, rest, 0], counts: [rows, rest, parts], steps: [1, -1, 1])
  if parts == 2 {
    image = try context.binary(.mul, image, context.constant(Tensor([1, -1] as [Float], shape: [2])))
  }
  return try context.concat([half, image], axis: 1)
}

/// Σ over n of x[n] · exp(∓2πi · n · k ÷ length) along the middle one of three axes [rows, length, parts];
/// a real signal has one part, a complex one two.
///
/// A length that is a product is transformed as Cooley and Tukey do (Mathematics of Computation 19, 1965).
/// With length = first · second, n = second · a + b and k = c + first · d,
///
///     X[c + first·d] = Σ over b of turn(b·d ÷ second) · turn(b·c ÷ length) · y[b, c]
///     y[b, c] = Σ over a of turn(a·c ÷ first) · x[second·a + b]
///
/// are two products by small matrices around a multiplication by constants: 4 · length · (first + second)
/// multiplications instead of 4 · length², and fewer roundings on the way (for random complex signals an error of
/// 7.0e-8 instead of 7.6e-8 at length 10, and 1.2e-7 instead of 5.0e-7 at length 400).
struct FourierTransform {
  var isInverse = false

  /// The first `outputs` values of the transform: [rows, outputs, outputParts], where one part is the real one.
  func emit(
    _ context: ONNXNodeContext, _ x: ONNXOperand, outputs: Int, outputParts: Int,
    splittingAbove limit: Int = 8
  ) throws(Finding) -> ONNXOperand {
    let (rows, length, parts) = (x.shape[0], x.shape[1], x.shape[2])
    let small = smallerFactor(length)
    guard length > limit, small > 1 else {
      return try product(context, x, outputs: outputs, outputParts: outputParts)
    }
    // Numbers without an imaginary part cost half, so the larger factor goes where they are.
    let first = parts == 1 ? length / small : small
    let second = length / first
    // Factors are short enough to be one product up to a larger length: splitting costs copies.
    let limit = 64
    let columns = try split(context, x, [rows, first, second, parts])
    let inner = try emit(context, columns, outputs: first, outputParts: 2, splittingAbove: limit)
    let turned = try turn(context, try context.reshape(inner, [rows, second, first, 2]), length)
    let used = (outputs + first - 1) / first
    let outer = try emit(
      context, try split(context, turned, [rows, second, first, 2]), outputs: used, outputParts: outputParts,
      splittingAbove: limit)
    let merged = try context.reshape(
      try split(context, outer, [rows, first, used, outputParts]), [rows, used * first, outputParts])
    return try context.slice(merged, axis: 1, start: 0, count: outputs)
  }

  /// [a, b, c, d] with b and c exchanged, as signals along the new third axis: [a · c, b, d].
  private func split(
    _ context: ONNXNodeContext, _ x: ONNXOperand, _ extents: [Int]
  ) throws(Finding) -> ONNXOperand {
    let exchanged = try context.transpose(try context.reshape(x, extents), [0, 2, 1, 3])
    return try context.reshape(exchanged, [extents[0] * extents[2], extents[1], extents[3]])
  }

  /// [rows, second, first, 2] with each number [_, b, c] turned by b · c ÷ length of a turn.
  private func turn(
    _ context: ONNXNodeContext, _ x: ONNXOperand, _ length: Int
  ) throws(Finding) -> ONNXOperand {
    let (second, first) = (x.shape[1], x.shape[2])
    var (cosines, sines): ([Float], [Float]) = ([], [])
    for b in 0..<second {
      for c in 0..<first {
        let (cosine, sine) = rotation(b * c % length, of: length)
        cosines += [Float(cosine), Float(cosine)]
        sines += [Float(0 - sine), Float(sine)]
      }
    }
    func constant(_ values: [Float]) -> ONNXOperand {
      context.constant(Tensor(values, shape: [second, first, 2]))
    }
    let exchanged = try context.slice(
      x, starts: [0, 0, 0, 1], counts: x.shape.extents, steps: [1, 1, 1, -1])
    return try context.binary(
      .add, try context.binary(.mul, x, constant(cosines)),
      try context.binary(.mul, exchanged, constant(sines)))
  }

  private func product(
    _ context: ONNXNodeContext, _ x: ONNXOperand, outputs: Int, outputParts: Int
  ) throws(Finding) -> ONNXOperand {
    let (rows, length, parts) = (x.shape[0], x.shape[1], x.shape[2])
    let matrix = try self.matrix(length: length, parts: parts, outputs: outputs, outputParts: outputParts)
    let result = try context.emit(
      .matmul(MatMul()), [try context.reshape(x, [rows, length * parts]), context.constant(matrix)])
    return try context.reshape(result, [rows, outputs, outputParts])
  }

  /// The transform as a matrix from all parts of the values to all parts of the first outputs.
  func matrix(length: Int, parts: Int, outputs: Int, outputParts: Int) throws(Finding) -> Tensor {
    let columns = outputs * outputParts
    guard Double(length * parts) * Double(columns) <= Double(1 << 24) else {
      throw Finding(
        "transforms by \(length) points, a prime number or one with a large prime factor",
        expected: "a matrix of at most 2^24 elements", advice: "pad to a length of small factors")
    }
    var result = [Float](repeating: 0, count: length * parts * columns)
    for input in 0..<length {
      for output in 0..<outputs {
        let (cosine, sine) = rotation(input * output % length, of: length)
        let (row, column) = (input * parts, output * outputParts)
        result[row * columns + column] = Float(cosine)
        if outputParts == 2 { result[row * columns + column + 1] = Float(sine) }
        guard parts == 2 else { continue }
        result[(row + 1) * columns + column] = Float(0 - sine)
        if outputParts == 2 { result[(row + 1) * columns + column + 1] = Float(cosine) }
      }
    }
    return Tensor(result, shape: [length * parts, columns])
  }

  /// Cosine and sine of `part` ÷ `length` of a turn, exact where they are 0, 1 or −1.
  private func rotation(_ part: Int, of length: Int) -> (cosine: Double, sine: Double) {
    let sign = isInverse ? 1.0 : -1
    let (quarter, rest) = (4 * part).quotientAndRemainder(dividingBy: length)
    if rest == 0 { return ([1, 0, -1, 0][quarter], [0, sign, 0, -sign][quarter]) }
    let angle = 2 * Double.pi * Double(part) / Double(length)
    return (cos(angle), sign * sin(angle))
  }
}

/// The largest factor that is not above the square root; 1 for a prime number.
private func smallerFactor(_ length: Int) -> Int {
  var factor = Int(Double(length).squareRoot())
  while factor > 1, length % factor != 0 { factor -= 1 }
  return max(1, factor)
}
