/// A window that slides over an image, both with three spatial axes: absent ones lead, with extent 1.
///
/// `image` is what the window lies on and `positions` are where it stands: a convolution's input and output, a transposed
/// convolution's output and input.
struct SlidingWindow {
  let image: [Int]
  let positions: [Int]
  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  let begins: [Int]

  init(_ window: Window, image: ArraySlice<Int>, positions: ArraySlice<Int>, kernel: ArraySlice<Int>) {
    let missing = 3 - image.count
    let lead = [Int](repeating: 1, count: missing)
    let axes = 0..<image.count
    self.image = lead + image
    self.positions = lead + positions
    self.kernel = lead + kernel
    strides = lead + axes.map { window.stride($0) }
    dilations = lead + axes.map { window.dilation($0) }
    begins = [Int](repeating: 0, count: missing) + axes.map { window.begin($0) }
  }

  var imageCount: Int { image.reduce(1, *) }
  var positionCount: Int { positions.reduce(1, *) }
  var tapCount: Int { kernel.reduce(1, *) }

  /// Whether tap 0 at position p is element p of the image, so that the image itself is the matrix of
  /// patches.
  var isPointwise: Bool {
    tapCount == 1 && image == positions && strides == [1, 1, 1] && begins == [0, 0, 0]
  }

  /// A run of neighboring positions and the elements of the image below one tap.
  struct Run {
    let position: Int
    let image: Int
    let count: Int
    /// Elements of the image from one position to the next.
    let step: Int
  }

  /// Calls `body` for the runs of positions in `range` at which `tap` lies inside the image.
  @inline(__always)
  func forEachRun(tap: Int, in range: Range<Int>, _ body: (Run) -> Void) {
    let (height, width) = (positions[1], positions[2])
    let offsets = [
      tap / (kernel[1] * kernel[2]) * dilations[0] - begins[0],
      tap / kernel[2] % kernel[1] * dilations[1] - begins[1],
      tap % kernel[2] * dilations[2] - begins[2],
    ]
    let inside = inside(offset: offsets[2], axis: 2)
    guard !range.isEmpty, !inside.isEmpty else { return }
    for line in (range.lowerBound / width)...((range.upperBound - 1) / width) {
      let depth = line / height * strides[0] + offsets[0]
      let row = line % height * strides[1] + offsets[1]
      guard (0..<image[0]).contains(depth), (0..<image[1]).contains(row) else { continue }
      let first = max(inside.lowerBound, range.lowerBound - line * width)
      let end = min(inside.upperBound, range.upperBound - line * width)
      guard first < end else { continue }
      body(
        Run(
          position: line * width + first,
          image: (depth * image[1] + row) * image[2] + first * strides[2] + offsets[2],
          count: end - first, step: strides[2]))
    }
  }

  /// The positions along an axis at which a tap with this offset lies inside the image.
  private func inside(offset: Int, axis: Int) -> Range<Int> {
    let stride = strides[axis]
    let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
    let end = offset >= image[axis] ? 0 : (image[axis] - 1 - offset) / stride + 1
    let last = min(end, positions[axis])
    return first < last ? first..<last : 0..<0
  }

  /// Positions to treat at once so that a matrix of `rows` × positions stays near 64 MB.
  func blocks(rows: Int) -> [Range<Int>] {
    let size = max(1 << 24 / max(rows, 1), 64)
    return stride(from: 0, to: positionCount, by: size).map { $0..<min($0 + size, positionCount) }
  }

  /// Writes the matrix [channel · tap, position] of what the window covers at positions in `range`; zeros
  /// outside the image.
  func gatherPatches(
    _ source: UnsafePointer<Float>, channels: Int, _ range: Range<Int>,
    into columns: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<channels {
      let plane = source + channel * imageCount
      for tap in 0..<tapCount {
        let row = columns + (channel * tapCount + tap) * range.count
        row.update(repeating: 0, count: range.count)
        forEachRun(tap: tap, in: range) { run in
          let target = row + (run.position - range.lowerBound)
          let elements = plane + run.image
          if run.step == 1 {
            target.update(from: elements, count: run.count)
          } else {
            for index in 0..<run.count { target[index] = elements[index * run.step] }
          }
        }
      }
    }
  }

  /// Adds such a matrix back onto the image.
  func scatterPatches(
    _ columns: UnsafePointer<Float>, channels: Int, _ range: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    for channel in 0..<channels {
      let plane = target + channel * imageCount
      for tap in 0..<tapCount {
        let row = columns + (channel * tapCount + tap) * range.count
        forEachRun(tap: tap, in: range) { run in
          let source = row + (run.position - range.lowerBound)
          let elements = plane + run.image
          for index in 0..<run.count { elements[index * run.step] += source[index] }
        }
      }
    }
  }

  /// Adds the convolution of one plane with one filter.
  func accumulate(
    _ source: UnsafePointer<Float>, filter: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    for tap in 0..<tapCount {
      let factor = filter[tap]
      forEachRun(tap: tap, in: 0..<positionCount) { run in
        let elements = source + run.image
        let sums = target + run.position
        if run.step == 1 {
          for index in 0..<run.count { sums[index] += factor * elements[index] }
        } else {
          for index in 0..<run.count { sums[index] += factor * elements[index * run.step] }
        }
      }
    }
  }
}
