package import Tensors

/// Resamples regions of images to one size, after ONNX RoiAlign.
///
/// x: [N, C, H, W], H and W from 1 to 2^24 − 1; rois: [R, 4], x1, y1, x2, y2 in units of which an element of x
/// has 1 ÷ `spatialScale`; indices: i32 or i64 [R], the image of each region; negative ones count from the
/// end, one outside is an error when the op runs. y: [R, C, outputHeight, outputWidth] of x's element type.
///
/// A region is cut into bins, a bin of h × w elements into `samplingRatio` samples along each axis, or ⌈h⌉ and
/// ⌈w⌉ with a ratio of 0. A sample lies between four elements, to which it gives the weights of a linear
/// interpolation. It is clamped to the outermost elements, and 0 beyond them by more than an element. `avg` is
/// the average of a bin's samples, `max` the largest weighted element (not the largest sum of four, as ONNX's
/// own implementation has it). A bin without samples is 0.
///
/// With `halfPixel` an element's middle lies half an element after its coordinate; otherwise at its
/// coordinate, and regions have at least the size of one element. Coordinates, once scaled, are limited to
/// ±2^30, and NaN is −2^30, so that no region takes more time than one as large as the image.
package struct RoiAlign: OpDefinition {
  package enum Mode: String, CaseIterable, Hashable, Sendable { case avg, max }
  package enum Coordinates: String, CaseIterable, Hashable, Sendable {
    case halfPixel = "half_pixel"
    case outputHalfPixel = "output_half_pixel"
  }
  package var mode = Mode.avg
  package var coordinates = Coordinates.halfPixel
  package var outputHeight = 1
  package var outputWidth = 1
  package var samplingRatio = 0
  package var spatialScale = 1.0

  package init(
    _ mode: Mode = .avg, _ coordinates: Coordinates = .halfPixel, height: Int = 1, width: Int = 1,
    samplingRatio: Int = 0, spatialScale: Double = 1
  ) {
    self.mode = mode
    self.coordinates = coordinates
    outputHeight = height
    outputWidth = width
    self.samplingRatio = samplingRatio
    self.spatialScale = spatialScale
  }

  /// The largest `samplingRatio`: a bin takes its square.
  package static let samplingRatioLimit = 128

  package var name: String { "roi_align" }
  package var `default`: RoiAlign { RoiAlign() }
  package var attributes: [Attribute<RoiAlign>] {
    [
      .word("mode", \.mode), .word("coordinates", \.coordinates), .int("output_height", \.outputHeight),
      .int("output_width", \.outputWidth), .int("sampling_ratio", \.samplingRatio),
      .float("spatial_scale", \.spatialScale),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(3...3)
    let (x, rois, indices) = (operands[0], operands[1], operands[2])
    try [x, rois].expectFloat()
    guard indices.element == .i32 || indices.element == .i64 else {
      throw OpError("indices are \(indices), expected i32 or i64")
    }
    guard x.rank == 4, rois.rank == 2, rois.shape[1] == 4, indices.shape == [rois.shape[0]] else {
      throw OpError(
        "operands are \(x), \(rois) and \(indices), expected [N, C, H, W], [regions, 4] and [regions]")
    }
    let extents = 1..<(1 << 24)
    guard extents.contains(x.shape[2]), extents.contains(x.shape[3]), extents.contains(outputHeight),
      extents.contains(outputWidth)
    else {
      throw OpError(
        "regions of \(x.shape) become \(outputHeight) x \(outputWidth), expected spatial extents of 1 to 2^24 - 1"
      )
    }
    guard (0...Self.samplingRatioLimit).contains(samplingRatio) else {
      throw OpError("sampling_ratio is \(samplingRatio), expected 0 to \(Self.samplingRatioLimit)")
    }
    guard spatialScale > 1e-12, spatialScale < 1e12 else {
      throw OpError("spatial_scale is \(spatialScale), expected a positive number")
    }
    return [x.with([rois.shape[0], x.shape[1], outputHeight, outputWidth])]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, y) = (operands[0].shape, results[0].shape)
    let (source, rois) = (operands[0].floats, operands[1].floats)
    var values: [Float] = []
    values.reserveCapacity(y.elementCount)
    for (region, index) in operands[2].integers.enumerated() {
      guard index >= -x[0], index < x[0] else {
        throw OpError("index \(index) lies outside the \(x[0]) images, expected \(-x[0]) to \(x[0] - 1)")
      }
      let image = Int(index < 0 ? index + Int64(x[0]) : index)
      let corners = (0..<4).map { coordinate(rois[region * 4 + $0]) }
      let rows = (0..<outputHeight).map {
        bin($0, of: outputHeight, from: corners[1], to: corners[3], extent: x[2])
      }
      let columns = (0..<outputWidth).map {
        bin($0, of: outputWidth, from: corners[0], to: corners[2], extent: x[3])
      }
      for channel in 0..<x[1] {
        let plane = source[((image * x[1] + channel) * x[2] * x[3])...].prefix(x[2] * x[3])
        for row in rows {
          for column in columns { values.append(pooled(plane, width: x[3], row, column)) }
        }
      }
    }
    return [Tensor(values, shape: y, element: results[0].element)]
  }

  /// The samples of a bin along one axis that lie within reach of the image, and how many there are in all.
  private struct Bin {
    var count = 0
    var taps: [(low: Int, high: Int, weight: Float)] = []
  }

  private func coordinate(_ stated: Float) -> Float {
    let x = stated * Float(spatialScale) - (coordinates == .halfPixel ? 0.5 : 0)
    return x > -0x1p30 ? Swift.min(x, 0x1p30) : -0x1p30
  }

  private func bin(_ index: Int, of bins: Int, from start: Float, to end: Float, extent: Int) -> Bin {
    let size = coordinates == .halfPixel ? end - start : Swift.max(end - start, 1)
    let length = size / Float(bins)
    var bin = Bin(count: samplingRatio > 0 ? samplingRatio : Swift.max(Int(length.rounded(.up)), 0))
    guard bin.count > 0 else { return bin }
    let origin = Double(start) + Double(index) * Double(length)
    let step = Double(length) / Double(bin.count)
    func position(_ sample: Int) -> Double { origin + (Double(sample) + 0.5) * step }
    // Positions rise with the sample unless their number is fixed: the first within reach by bisection.
    var sample = samplingRatio > 0 ? 0 : firstIndex(0..<bin.count) { position($0) >= -1 }
    while sample < bin.count, samplingRatio > 0 || position(sample) <= Double(extent) {
      let at = position(sample)
      if at >= -1, at <= Double(extent) {
        let low = Swift.min(Int(Swift.max(at, 0)), extent - 1)
        let fraction = Swift.min(Swift.max(at, 0), Double(extent - 1)) - Double(low)
        bin.taps.append((low, Swift.min(low + 1, extent - 1), Float(fraction)))
      }
      sample += 1
    }
    return bin
  }

  /// The first of some indices from which on a condition holds; the end if there is none.
  private func firstIndex(_ range: Range<Int>, _ holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func pooled(_ plane: ArraySlice<Float>, width: Int, _ rows: Bin, _ columns: Bin) -> Float {
    var sum = 0.0
    var largest = -Float.infinity
    for h in rows.taps {
      for w in columns.taps {
        for (row, vertical) in [(h.low, 1 - h.weight), (h.high, h.weight)] {
          for (column, horizontal) in [(w.low, 1 - w.weight), (w.high, w.weight)] {
            let value = vertical * horizontal * plane[plane.startIndex + row * width + column]
            sum += Double(value)
            if value > largest || value.isNaN { largest = value }
          }
        }
      }
    }
    let all = Double(rows.count) * Double(columns.count)
    guard all > 0 else { return 0 }
    switch mode {
    case .avg: return Float(sum / all)
    case .max:
      let isInside = Double(rows.taps.count) * Double(columns.taps.count) == all
      return isInside || largest.isNaN ? largest : Swift.max(largest, 0)
    }
  }
}
