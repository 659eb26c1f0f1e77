import Foundation
package import Tensors

/// Integers that stand for numbers: (q − zero) × scale.
package struct Grid: Hashable, Sendable {
  /// i8 or i16.
  package var element: ElementType
  package var scale: Float
  package var zero: Int

  package init(_ element: ElementType, scale: Float, zero: Int = 0) {
    self.element = element
    self.scale = scale
    self.zero = zero
  }

  /// The finest grid of all 256 values of i8 that covers a range, in which 0 is exact: padding and what a rectifier cuts off
  /// stay right.
  package init(eightBits range: ClosedRange<Float>) {
    let lower = min(range.lowerBound, 0)
    let upper = max(range.upperBound, 0)
    let scale = Grid.usable((upper - lower) / 255)
    let zero = Int((-128 - lower / scale).rounded(.toNearestOrEven))
    self.init(.i8, scale: scale, zero: min(max(zero, -128), 127))
  }

  /// The grid of i16 around 0 that covers a range.
  package init(sixteenBits range: ClosedRange<Float>) {
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    self.init(.i16, scale: Grid.usable(largest / 32767))
  }

  /// A scale that is no subnormal number, which some devices take for 0.
  private static func usable(_ scale: Float) -> Float { scale.isFinite ? max(scale, 0x1p-100) : 0x1p100 }

  /// The numbers from the least to the largest.
  var range: ClosedRange<Float> {
    (limits.lowerBound - Float(zero)) * scale...(limits.upperBound - Float(zero)) * scale
  }

  /// The integers that values are limited to.
  var limits: ClosedRange<Float> { element == .i16 ? -32768...32767 : -128...127 }

  /// The numbers that the grid has for numbers, each multiplied before by the factor of its channel: those of shape
  /// [.., channels, inner].
  package func nearest(_ x: Tensor, factors: [Float]? = nil, axis: Int = 1) -> Tensor {
    let (lower, upper) = (limits.lowerBound - Float(zero), limits.upperBound - Float(zero))
    let scale = scale
    return x.mapChannels(axis: axis, count: factors?.count) { values, channel in
      let factor = (factors?[channel] ?? 1) / scale
      for index in values.indices {
        // Not a number counts as 0, as in the op. Limits are integers, so that they may come before rounding.
        let steps = values[index] * factor
        let number = steps == steps ? steps : 0
        let limited = number < lower ? lower : number > upper ? upper : number
        // Adding 1.5 · 2^23 leaves no place for a fraction: ties go to even, in vectors.
        values[index] = ((limited + 0x1.8p23) - 0x1.8p23) * scale
      }
    }
  }
}

extension Tensor {
  /// Changes a copy of the elements, in fp32, channel by channel: `body` is given neighboring elements of one channel. Without a
  /// count all are one channel.
  func mapChannels(
    axis: Int, count: Int?, _ body: (inout UnsafeMutableBufferPointer<Float>, _ channel: Int) -> Void
  ) -> Tensor {
    let wide = converted(to: .f32)
    let channels = count ?? 1
    let inner = count == nil ? elementCount : channelStride(axis: axis)
    return Tensor(element: .f32, shape: shape) { bytes in
      wide.withBytes { bytes.copyMemory(from: $0) }
      let all = bytes.bindMemory(to: Float.self)
      guard inner > 0 else { return }
      var channel = 0
      for start in stride(from: 0, to: all.count, by: inner) {
        var part = UnsafeMutableBufferPointer(rebasing: all[start..<min(start + inner, all.count)])
        body(&part, channel)
        channel = channel + 1 == channels ? 0 : channel + 1
      }
    }
  }

  /// Elements from one index of an axis to the next.
  func channelStride(axis: Int) -> Int {
    shape.extents[((shape.normalized(axis: axis) ?? shape.rank - 1) + 1)...].reduce(1, *)
  }

  /// Reads the elements in fp32.
  func withFloats<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    let wide = converted(to: .f32)
    return try wide.withBytes { try body($0.bindMemory(to: Float.self)) }
  }
}
