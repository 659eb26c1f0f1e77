import IR
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Signal processing: transforms are products with constant matrices.

// MARK: Fourier transforms

/// The discrete Fourier transform along one axis. Real and imaginary parts lie side by side in the last axis,
/// so both are transformed by one matrix.
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
  let transform = FourierTransform(
    inputs: count, parts: parts, length: length, isInverse: isInverse, isOneSided: isOneSided)
  let matrix = try transform.matrix()

  let others = x.shape.indices.filter { $0 != axis && $0 != x.rank - 1 }
  let outer = others.map { x.shape[$0] }
  let permutation = others + [axis, x.rank - 1]
  let rows = try context.reshape(
    try context.transpose(x, permutation), [outer.reduce(1, *), count * parts])
  let weight = context.constant(Tensor(matrix, shape: transform.shape, element: x.element))
  let product = try context.emit(.matmul(MatMul()), [rows, weight])
  let result = try context.reshape(product, outer + [transform.outputs, transform.outputParts])
  return [try context.transpose(result, permutation.indices.map { permutation.firstIndex(of: $0) ?? $0 })]
}

/// A transform of `length` points as a matrix from all parts of the inputs to all parts of the outputs.
private struct FourierTransform {
  var inputs: Int
  /// 1 for real inputs, 2 for complex ones.
  var parts: Int
  var length: Int
  var isInverse = false
  var isOneSided = false

  /// Whether the inputs are the first half of a spectrum whose other half mirrors it; the outputs are real.
  var isMirrored: Bool { isInverse && isOneSided }
  var outputs: Int { isOneSided && !isInverse ? length / 2 + 1 : length }
  var outputParts: Int { isMirrored ? 1 : 2 }
  var shape: Shape { [inputs * parts, outputs * outputParts] }

  /// Cosine and sine of `part` ÷ `length` of a turn, exact where they are 0, 1 or −1.
  private func rotation(_ part: Int) -> (cosine: Double, sine: Double) {
    let sign = isInverse ? 1.0 : -1
    let (quarter, rest) = (4 * part).quotientAndRemainder(dividingBy: length)
    if rest == 0 { return ([1, 0, -1, 0][quarter], [0, sign, 0, -sign][quarter]) }
    let angle = 2 * Double.pi * Double(part) / Double(length)
    return (cos(angle), sign * sin(angle))
  }

  func matrix() throws(Finding) -> [Float] {
    guard (1...(1 << 20)).contains(length), inputs >= 1,
      Double(inputs * parts) * Double(outputs * outputParts) <= Double(1 << 24)
    else {
      throw Finding(
        "transforms \(inputs) values by \(length) points",
        expected: "at least one and a matrix of at most 2^24 elements")
    }
    let used = min(inputs, isMirrored ? length / 2 + 1 : length)
    let columns = outputs * outputParts
    var result = [Float](repeating: 0, count: inputs * parts * columns)
    for input in 0..<used {
      let doubled = isMirrored && input > 0 && 2 * input != length
      let weight = (doubled ? 2.0 : 1) / (isInverse ? Double(length) : 1)
      for output in 0..<outputs {
        let turn = rotation(input * output % length)
        let (cosine, sine) = (weight * turn.cosine, weight * turn.sine)
        let (row, column) = (input * parts, output * outputParts)
        result[row * columns + column] = Float(cosine)
        if outputParts == 2 { result[row * columns + column + 1] = Float(sine) }
        guard parts == 2 else { continue }
        result[(row + 1) * columns + column] = Float(0 - sine)
        if outputParts == 2 { result[(row + 1) * columns + column + 1] = Float(cosine) }
      }
    }
    return result
  }
}

/// Transforms of overlapping frames: a convolution whose filters are the columns of the transform's matrix
/// times the window.
func shortTimeFourierTransform(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  var signal = try context.input(0)
  if signal.rank == 2 { signal = try context.reshape(signal, signal.shape.extents + [1]) }
  guard signal.rank == 3, (1...2).contains(signal.shape[2]), signal.element.isFloat else {
    throw Finding("the signal is \(signal.type)", expected: "floats [batch, length, 1 or 2]")
  }
  let window = context.optional(2)
  let step = try context.constantInt(1, "the frame step") ?? 1
  let frame =
    try context.constantInt(3, "the frame length") ?? window?.shape.elementCount ?? signal.shape[1]
  guard (1...(1 << 20)).contains(step), (1...signal.shape[1]).contains(frame),
    window.map({ $0.shape == [frame] }) ?? true
  else {
    throw Finding(
      "has frame step \(step), frame length \(frame) and window \(window?.type.description ?? "none")",
      expected: "at least 1, at most \(signal.shape[1]) and a window of the frame's length")
  }
  let parts = signal.shape[2]
  let isOneSided = try context.flag("onesided", true)
  let transform = FourierTransform(inputs: frame, parts: parts, length: frame, isOneSided: isOneSided)
  let matrix = Tensor(try transform.matrix(), shape: transform.shape, element: signal.element)
  // [frame, parts, filters] as filters of a convolution: [filters, parts, frame].
  let filters = transform.outputs * 2
  var weight = try context.transpose(
    try context.reshape(context.constant(matrix), [frame, parts, filters]), [2, 1, 0])
  if let window { weight = try context.binary(.mul, weight, window) }
  let channels = try context.transpose(signal, [0, 2, 1])
  let strides = step == 1 ? [] : [step]
  let spectra = try context.emit(.conv(Conv(Window(strides: strides))), [channels, weight])
  let frames = spectra.shape[2]
  let separate = try context.reshape(spectra, [signal.shape[0], transform.outputs, 2, frames])
  return [try context.transpose(separate, [0, 3, 1, 2])]
}

// MARK: Windows

/// A sum of cosines over the window: Σ coefficients[k] × cos(2πkn ÷ N), N the size, or one less for a window
/// that is symmetric.
func cosineWindow(_ coefficients: [Double]) -> ONNXTranslation {
  { context throws(Finding) in
    let size = try context.constantInt(0, "the size") ?? 0
    guard (0...(1 << 22)).contains(size) else {
      throw Finding("the size is \(size)", expected: "0 to 2^22")
    }
    let period = max(1, try context.flag("periodic", true) ? size : size - 1)
    let values = (0..<size).map { position in
      let angle = 2 * Double.pi * Double(position) / Double(period)
      return coefficients.enumerated().reduce(0) { $0 + $1.element * cos(Double($1.offset) * angle) }
    }
    return [context.constant(try numbers(context, values, shape: [size]))]
  }
}

/// Computed values in the type that the node states, FLOAT if it states none.
private func numbers(
  _ context: ONNXNodeContext, _ values: [Double], shape: Shape
) throws(Finding) -> Tensor {
  let number = Int64(try context.int("output_datatype", 1))
  guard let element = ONNXElementType.element(number), element != .bool else {
    throw Finding("gives \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  if element.isFloat { return Tensor(values.map { Float($0) }, shape: shape, element: element) }
  return Tensor(values.map { Int64($0) }, shape: shape, element: element)
}

// MARK: Mel scale

/// Triangular filters that take the bins of a spectrum to bands of the mel scale.
func melWeightMatrix(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let bands = try context.constantInt(0, "the number of bands") ?? 0
  let length = try context.constantInt(1, "the DFT length") ?? 0
  let rate = try context.constantInt(2, "the sample rate") ?? 0
  let low = try context.constantNumber(3, "the lower edge") ?? 0
  let high = try context.constantNumber(4, "the upper edge") ?? 0
  guard (1...(1 << 12)).contains(bands), (1...(1 << 20)).contains(length), rate >= 1, low >= 0, high >= low,
    high.isFinite, bands * (length / 2 + 1) <= 1 << 22
  else {
    throw Finding(
      "has \(bands) bands, \(length) points, rate \(rate) and edges \(low) and \(high)",
      expected: "positive counts with at most 2^22 weights, and edges in order")
  }
  let bins = length / 2 + 1
  func mel(_ frequency: Double) -> Double { 2595 * log1p(frequency / 700) / log(10) }
  let step = (mel(high) - mel(low)) / Double(bands + 2)
  var edges: [Int] = []
  for band in 0..<(bands + 2) {
    let frequency = 700 * expm1((Double(band) * step + mel(low)) / 2595 * log(10))
    let bin = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
    guard bin < Double(bins) else {
      throw Finding(
        "the upper edge \(high) lies beyond half the sample rate \(rate)", expected: "a lower one")
    }
    edges.append(Int(bin))
  }
  var values = [Double](repeating: 0, count: bins * bands)
  for band in 0..<bands {
    let (left, centre, right) = (edges[band], edges[band + 1], edges[band + 2])
    if left == centre { values[centre * bands + band] = 1 }
    for bin in left..<max(left, centre + 1) where left < centre {
      values[bin * bands + band] = Double(bin - left) / Double(centre - left)
    }
    for bin in centre..<max(centre, right) {
      values[bin * bands + band] = Double(right - bin) / Double(right - centre)
    }
  }
  return [context.constant(try numbers(context, values, shape: [bins, bands]))]
}
