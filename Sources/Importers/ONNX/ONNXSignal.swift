import IR
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Signal processing: transforms of frames, windows, the mel scale.

// MARK: Frames

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
  let outputs = isOneSided ? frame / 2 + 1 : frame
  let matrix = try FourierTransform().matrix(length: frame, parts: parts, outputs: outputs, outputParts: 2)
  // [frame, parts, filters] as filters of a convolution: [filters, parts, frame].
  let filters = outputs * 2
  let columns = context.constant(matrix.converted(to: signal.element))
  var weight = try context.transpose(try context.reshape(columns, [frame, parts, filters]), [2, 1, 0])
  if let window { weight = try context.binary(.mul, weight, window) }
  let channels = try context.transpose(signal, [0, 2, 1])
  let strides = step == 1 ? [] : [step]
  let spectra = try context.emit(.conv(Conv(Window(strides: strides))), [channels, weight])
  let frames = spectra.shape[2]
  let separate = try context.reshape(spectra, [signal.shape[0], outputs, 2, frames])
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
    return [try numbers(context, values, shape: [size])]
  }
}

/// Computed values in the type that the node states, FLOAT if it states none.
private func numbers(
  _ context: ONNXNodeContext, _ values: [Double], shape: Shape
) throws(Finding) -> ONNXOperand {
  let number = Int64(try context.int("output_datatype", 1))
  guard let element = ONNXElementType.element(number), element != .bool else {
    throw Finding("gives \(ONNXElementType.name(number))", expected: "a number type that is supported")
  }
  if element.isFloat {
    return context.constant(Tensor(values.map { Float($0) }, shape: shape, element: element))
  }
  let tensor = Tensor(values.map { Int64($0) }, shape: shape, element: element)
  return context.constant(tensor).unsigned(ONNXElementType.unsignedBits(number))
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
    let (left, center, right) = (edges[band], edges[band + 1], edges[band + 2])
    if left == center { values[center * bands + band] = 1 }
    for bin in left..<max(left, center + 1) where left < center {
      values[bin * bands + band] = Double(bin - left) / Double(center - left)
    }
    for bin in center..<max(center, right) {
      values[bin * bands + band] = Double(right - bin) / Double(right - center)
    }
  }
  return [try numbers(context, values, shape: [bins, bands])]
}
