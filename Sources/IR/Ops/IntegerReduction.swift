package import Tensors

/// Sum of integers over some axes, rescaled: v = Σ (x − zx), exact, saturated to i32, then y of v as ``Rescaling`` says. A mean has
/// 1 / count in the multiplier.
///
/// Operands: x, i8, u8, i16 or i32; zx of x's element type, []; multiplier, i32 []; shift, i8 []; zy, [], whose element type, i8,
/// u8, i16 or i32, the result has. `axes` and `keep` as ``Reduce`` has them.
package struct ReduceInteger: OpDefinition {
  package var axes: [Int] = []
  package var keep = true
  package var rescaling = Rescaling()

  package init(axes: [Int] = [], keep: Bool = true, _ rescaling: Rescaling = Rescaling()) {
    self.axes = axes
    self.keep = keep
    self.rescaling = rescaling
  }

  package var name: String { "reduce_integer" }
  package var `default`: ReduceInteger { ReduceInteger() }
  package var attributes: [Attribute<ReduceInteger>] {
    [.ints("axes", \.axes), .flag("keep", \.keep)] + Rescaling.attributes(\.rescaling)
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(5...5)
    try expectQuantized(operands[0], operands[1], "x", in: [.i8, .u8, .i16, .i32])
    // The shapes are those of a sum of floats.
    let type = try Reduce(.sum, axes: axes, keep: keep).infer([operands[0].with(.f32)])[0]
    try rescaling.check(operands[2...], count: nil)
    return [type.with(operands[4].element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, zero) = (operands[0], operands[1].integers[0])
    let length = axes.reduce(1) { $0 * x.shape[$1] }
    let sums = reducingRows(
      x.movingLast(axes).integers, rows: results[0].shape.elementCount, length: length
    ) { row in Int64(Int32(clamping: row.reduce(0) { $0 + $1 - zero })) }
    return [rescaling.apply(to: sums, inner: 1, operands[2...], results[0])]
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let none = Region([])
    let read = region.restoring(axes, keep: keep, of: operands[0].shape)
    return Tile(.reduceInteger(self), reads: [read, none, none, none, none])
  }
}

/// Average of integers in windows, rescaled: v = Σ (x − zx) of those that the window covers, exact, saturated to i32, then y of v as
/// ``Rescaling`` says, with the multiplier and shift of how many elements count.
///
/// Operands: x [N, C, spatial..], i8, u8 or i16; zx of x's element type, []; multiplier, i32 [K], and shift, i8 [K], K the number of
/// elements of the kernel: entry n − 1 holds where n elements count, and so has 1 / n in it; zy, [], whose element type, i8, u8, i16 or
/// i32, the result has. The window and what counts are those of ``Pool``, whose averages alone there are. A window in which nothing
/// counts gives zy, limited.
package struct PoolInteger: OpDefinition {
  package var pool = Pool(.average)
  package var rescaling = Rescaling()

  package init(_ pool: Pool = Pool(.average), _ rescaling: Rescaling = Rescaling()) {
    self.pool = pool
    self.rescaling = rescaling
  }

  package var name: String { "pool_integer" }
  package var `default`: PoolInteger { PoolInteger() }
  package var attributes: [Attribute<PoolInteger>] {
    [
      .word("kind", \.pool.kind), .ints("kernel", \.pool.kernel), .ints("strides", \.pool.window.strides),
      .ints("dilations", \.pool.window.dilations), .ints("pads", \.pool.window.pads),
      .flag("ceil", \.pool.ceil),
    ] + Rescaling.attributes(\.rescaling)
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(5...5)
    let x = operands[0]
    guard pool.kind != .max else {
      throw OpError("kind is max, expected average or average_padded", advice: "use 'pool' for the maximum")
    }
    try expectQuantized(x, operands[1], "x")
    let type = try pool.infer([x.with(.f32)])[0]
    let taps = saturatingProduct(pool.kernel)
    for (operand, element, name) in [
      (operands[2], ElementType.i32, "multiplier"), (operands[3], .i8, "shift"),
    ]
    where operand != TensorType(element, [taps]) {
      throw OpError("\(name) is \(operand), expected \(TensorType(element, [taps])), one for each count")
    }
    try rescaling.check(zero: operands[4])
    return [type.with(operands[4].element)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, y) = (operands[0], results[0].shape)
    let sliding = SlidingWindow(
      pool.window, image: x.shape.extents[2...], positions: y.extents[2...], kernel: pool.kernel[...])
    let counts = pool.counts(positions: y.extents[2...], image: x.shape.extents[2...])
    let source = x.centered(operands[1], in: x.shape)
    var sums = [Int64](repeating: 0, count: y.elementCount)
    for plane in 0..<(y[0] * y[1]) {
      for tap in 0..<sliding.tapCount {
        sliding.forEachRun(tap: tap, in: 0..<sliding.positionCount) { run in
          for index in 0..<run.count {
            sums[plane * sliding.positionCount + run.position + index] +=
              source[plane * sliding.imageCount + run.image + index * run.step]
          }
        }
      }
    }
    let (multipliers, shifts, zero) = (
      operands[2].integers, operands[3].integers, operands[4].integers[0]
    )
    let (lower, upper) = rescaling.bounds(results[0].element)
    let values = sums.indices.map { index in
      let entry = max(counts[index % counts.count], 1) - 1
      let value = rescaling.scaled(Int32(clamping: sums[index]), multipliers[entry], shifts[entry])
      return min(max(value + zero, lower), upper)
    }
    return [Tensor(values, shape: y, element: results[0].element)]
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let tile = pool.tile(region, of: operands, results), case .pool(let part) = tile.op else {
      return nil
    }
    return Tile(
      .poolInteger(PoolInteger(part, rescaling)),
      reads: tile.reads + operands.dropFirst().map { Region(all: $0.shape) })
  }
}
