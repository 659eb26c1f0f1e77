/// Part of a picture, in pixels; may lie between them.
struct Region: Hashable {
  var left: Double
  var top: Double
  var width: Double
  var height: Double
}

extension Picture {
  /// A part of the picture at another size: `height` × `width` × 3 numbers of 0 to 255, not rounded.
  ///
  /// Linear between the centers of pixels when enlarging, and the mean weighted by a triangle of twice the step when
  /// shrinking, as image libraries do, so that no pixel is passed over.
  func resampled(_ region: Region, width newWidth: Int, height newHeight: Int) -> [Float] {
    let columns = Self.weights(from: region.left, region.width, of: width, to: newWidth)
    let rows = Self.weights(from: region.top, region.height, of: height, to: newHeight)
    // Rows that no output reads are not computed.
    let first = rows.map(\.first).min() ?? 0
    let last = rows.map { $0.first + $0.weights.count }.max() ?? 0
    var narrow = [Float](repeating: 0, count: max(last - first, 0) * newWidth * 3)
    for y in first..<last {
      for (x, column) in columns.enumerated() {
        for channel in 0..<3 {
          var sum: Float = 0
          var source = (y * width + column.first) * 3 + channel
          for weight in column.weights {
            sum += weight * Float(pixels[source])
            source += 3
          }
          narrow[((y - first) * newWidth + x) * 3 + channel] = sum
        }
      }
    }
    var result = [Float](repeating: 0, count: newHeight * newWidth * 3)
    for (y, row) in rows.enumerated() {
      for x in 0..<newWidth * 3 {
        var sum: Float = 0
        for (offset, weight) in row.weights.enumerated() {
          sum += weight * narrow[(row.first - first + offset) * newWidth * 3 + x]
        }
        result[y * newWidth * 3 + x] = sum
      }
    }
    return result
  }

  /// The pixels along an axis that an output is made of, and their weights, which sum to 1.
  private static func weights(
    from start: Double, _ length: Double, of count: Int, to outputs: Int
  ) -> [(first: Int, weights: [Float])] {
    let step = length / Double(outputs)
    let reach = max(step, 1)
    return (0..<outputs).map { output in
      let center = start + (Double(output) + 0.5) * step
      let first = min(max(Int((center - reach + 0.5).rounded(.down)), 0), count - 1)
      let end = max(min(Int((center + reach + 0.5).rounded(.down)), count), first + 1)
      var weights = (first..<end).map { pixel in
        max(0, 1 - abs(Double(pixel) + 0.5 - center) / reach)
      }
      let sum = weights.reduce(0, +)
      weights = sum > 0 ? weights.map { $0 / sum } : weights.enumerated().map { $0.offset == 0 ? 1 : 0 }
      return (first, weights.map { Float($0) })
    }
  }
}
