package import Tensors

/// The position of the largest element under a sliding window, as i64.
///
/// x: [N, C, spatial..] as ``Pool`` takes it for `max`; y: the shape of that pool. A position counts the
/// elements of the whole of x in row-major order. Of equal elements the first wins, NaN counts as larger than
/// every number. A window that covers padding alone gives −1.
package struct ArgPool: OpDefinition {
  package var kernel: [Int] = []
  package var window = Window()
  package var ceil = false

  package init(kernel: [Int] = [], _ window: Window = Window(), ceil: Bool = false) {
    self.kernel = kernel
    self.window = window
    self.ceil = ceil
  }

  package var name: String { "arg_pool" }
  package var `default`: ArgPool { ArgPool() }
  package var attributes: [Attribute<ArgPool>] {
    [
      .ints("kernel", \.kernel), .ints("strides", \.window.strides),
      .ints("dilations", \.window.dilations), .ints("pads", \.window.pads), .flag("ceil", \.ceil),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try Pool(.max, kernel: kernel, window, ceil: ceil).infer(operands).map { TensorType(.i64, $0.shape) }
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, y) = (operands[0], results[0].shape)
    let sliding = SlidingWindow(
      window, image: x.shape.extents[2...], positions: y.extents[2...], kernel: kernel[...])
    let source = x.floats
    var winners = [Int64](repeating: -1, count: y.elementCount)
    for plane in 0..<(y[0] * y[1]) {
      let (from, to) = (plane * sliding.imageCount, plane * sliding.positionCount)
      // Taps come in the order of the elements below them, so that the first of equals stays.
      for tap in 0..<sliding.tapCount {
        sliding.forEachRun(tap: tap, in: 0..<sliding.positionCount) { run in
          for index in 0..<run.count {
            let candidate = from + run.image + index * run.step
            let position = to + run.position + index
            if winners[position] < 0 || isLarger(source[candidate], source[Int(winners[position])]) {
              winners[position] = Int64(candidate)
            }
          }
        }
      }
    }
    return [Tensor(winners, shape: y)]
  }

  private func isLarger(_ a: Float, _ b: Float) -> Bool { a > b || (a.isNaN && !b.isNaN) }
}
