import IR
import Samples
import Tensors

/// How pictures become the array of an input: cut or stretched to its size, then (value − `mean`) × `scale` of each
/// value of 0 to 255.
package struct ImagePreparation: Hashable, Sendable {
  /// The order of axes in the input.
  package enum Layout: String, CaseIterable, Hashable, Sendable {
    case nchw, nhwc
  }

  /// The order of the channels of an input that has three.
  package enum Channels: String, CaseIterable, Hashable, Sendable {
    case rgb, bgr
  }

  /// How a picture of another aspect ratio fits.
  package enum Fit: String, CaseIterable, Hashable, Sendable {
    /// The middle, of the input's aspect ratio.
    case crop
    /// The whole picture, in the middle, black beside it.
    case pad
    /// The whole picture, out of proportion.
    case stretch
  }

  /// One number, or one a channel in the order of `channels`.
  package var mean: [Double] = [0]
  package var scale: [Double] = [1]
  /// The one in which the input's shape has 1 or 3 channels when nil.
  package var layout: Layout?
  package var channels = Channels.rgb
  package var fit = Fit.crop
  /// The share of a picture's height or width that ``Fit/crop`` keeps, at most 1.
  package var cropRatio = 1.0

  package init() {}
}

/// The extents of an input that takes a picture.
struct ImageShape: Hashable {
  var layout: ImagePreparation.Layout
  var channels: Int
  var height: Int
  var width: Int

  /// Of `[1, 3, height, width]` and its like; the first axis may be missing. nil for other shapes.
  init?(_ shape: Shape, layout: ImagePreparation.Layout?) {
    var extents = shape.extents
    if extents.count == 4 {
      guard extents[0] == 1 else { return nil }
      extents.removeFirst()
    }
    guard extents.count == 3, extents.allSatisfy({ $0 > 0 }) else { return nil }
    let candidates = layout.map { [$0] } ?? ImagePreparation.Layout.allCases
    for layout in candidates {
      let channels = layout == .nchw ? extents[0] : extents[2]
      guard channels == 1 || channels == 3 else { continue }
      self.layout = layout
      self.channels = channels
      (height, width) = layout == .nchw ? (extents[1], extents[2]) : (extents[0], extents[1])
      return
    }
    return nil
  }
}

extension ImagePreparation {
  /// The array of an input for a picture.
  func array(of picture: Picture, for input: SampleInput, shape: ImageShape) -> Tensor {
    let values = fitted(picture, width: shape.width, height: shape.height)
    let plane = shape.width * shape.height
    var result = [Float](repeating: 0, count: plane * shape.channels)
    for pixel in 0..<plane {
      for channel in 0..<shape.channels {
        let value = Double(color(values, pixel, channel, of: shape.channels))
        let number = (value - pick(mean, channel)) * pick(scale, channel)
        result[shape.layout == .nchw ? channel * plane + pixel : pixel * shape.channels + channel] = Float(
          number)
      }
    }
    let element = input.type.element
    guard let range = element.integerRange else {
      return Tensor(result, shape: input.type.shape, element: element)
    }
    let whole = result.map { value in
      let rounded = Double(value).rounded(.toNearestOrEven)
      return Int64(min(max(rounded, Double(range.lowerBound)), Double(range.upperBound)))
    }
    return Tensor(whole, shape: input.type.shape, element: element)
  }

  private func pick(_ numbers: [Double], _ channel: Int) -> Double {
    numbers.count == 1 ? numbers[0] : numbers[channel]
  }

  private func color(_ values: [Float], _ pixel: Int, _ channel: Int, of channels: Int) -> Float {
    guard channels == 3 else {
      // The luma of ITU-R BT.601, as image libraries turn color into gray.
      return 0.299 * values[3 * pixel] + 0.587 * values[3 * pixel + 1] + 0.114 * values[3 * pixel + 2]
    }
    return values[3 * pixel + (self.channels == .rgb ? channel : 2 - channel)]
  }

  /// The picture at a size, `height` × `width` × 3 numbers of 0 to 255.
  private func fitted(_ picture: Picture, width: Int, height: Int) -> [Float] {
    let (w, h) = (Double(picture.width), Double(picture.height))
    let (wide, high) = (Double(width), Double(height))
    switch fit {
    case .stretch:
      return picture.resampled(Region(left: 0, top: 0, width: w, height: h), width: width, height: height)
    case .crop:
      let step = min(w / wide, h / high) * cropRatio
      let region = Region(
        left: (w - wide * step) / 2, top: (h - high * step) / 2, width: wide * step, height: high * step)
      return picture.resampled(region, width: width, height: height)
    case .pad:
      let step = max(w / wide, h / high)
      let inner = (
        width: min(max(Int((w / step).rounded()), 1), width),
        height: min(max(Int((h / step).rounded()), 1), height)
      )
      let whole = Region(left: 0, top: 0, width: w, height: h)
      let part = picture.resampled(whole, width: inner.width, height: inner.height)
      var result = [Float](repeating: 0, count: width * height * 3)
      let (left, top) = ((width - inner.width) / 2, (height - inner.height) / 2)
      for y in 0..<inner.height {
        let target = ((top + y) * width + left) * 3
        let source = y * inner.width * 3
        result.replaceSubrange(
          target..<target + inner.width * 3, with: part[source..<source + inner.width * 3])
      }
      return result
    }
  }
}
