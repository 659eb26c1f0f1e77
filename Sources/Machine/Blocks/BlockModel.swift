/// Cycles of an engine that computes results in blocks, each of micro-blocks that all multipliers work on at once.
///
/// An op takes as long as the slowest of what it keeps busy: multipliers and the way out of them, the port of the memory
/// of values, and that of the memory of weights. The constants stand in the target's file; they were fitted to what the
/// vendor's compiler estimates for each op of five networks.
package struct BlockModel: Sendable {
  /// Cycles of one op, by what is kept busy.
  package struct Cycles: Sendable, Equatable {
    package var compute: Double
    /// Of the memory of values.
    package var values: Double
    /// Of the memory of weights, without the transfer of weights that are staged.
    package var constants: Double
    /// What a transfer of the weights takes; 0 where they are not staged.
    package var transfer: Double

    package var total: Double { max(compute, values, constants) }
  }

  private let shape: BlockShape
  /// Bytes that come in a cycle.
  private let valueRate: Double
  private let constantRate: Double
  /// Elements to which channels are padded in memory.
  private let channelStep: Int

  /// Nil for targets whose engines do not say how they compute in blocks.
  package init?(_ target: Target) {
    guard let engine = target.engines.first(where: { $0.blocks != nil }), let shape = BlockShape(engine),
      let clock = engine.clockMhz?.value, clock > 0
    else { return nil }
    self.shape = shape
    func rate(_ memory: Target.Memory?) -> Double {
      guard let memory, let speed = memory.readGbPerS?.value, speed > 0 else { return .infinity }
      return speed * 1000 * (memory.bandwidthFraction?.value ?? 1) / clock
    }
    valueRate = rate(target.memories.first { $0.planned && $0.holds.contains(.activations) })
    constantRate = rate(target.memories.last { $0.holds.contains(.weights) } ?? target.memories.last)
    let preferred = target.layouts?.first { $0.preferred == true }
    channelStep = preferred?.roundUp?["C"]?.value.flatMap { Int(exactly: $0) } ?? 1
  }

  /// Of one call. Weights that are staged lie in the memory of values by then; others are read where they are, for every
  /// block of pixels.
  package func cycles(_ work: CallWork, isStaged: Bool) -> Cycles {
    let traffic = traffic(work)
    let weights = Double(work.constantBytes)
    let scales = work.constantBytes > 0 ? shape.scaleBytes * Double(work.channels) : 0
    let reads = isStaged ? scales : scales + weights
    return Cycles(
      compute: shape.cycles(work),
      values: (traffic.values + (isStaged ? weights * traffic.blocks : 0)) / valueRate,
      constants: reads * traffic.blocks / constantRate, transfer: isStaged ? weights / constantRate : 0)
  }

  /// Whether staging the weights of an op spares reading them several times.
  package func gainsByStaging(_ work: CallWork) -> Bool { work.constantBytes > 0 && traffic(work).blocks > 1 }

  /// Bytes of values that a call moves, and in how many blocks of pixels it computes.
  private func traffic(_ work: CallWork) -> (values: Double, blocks: Double) {
    let pixels = Double(work.batch * work.rows * work.columns)
    let written = pixels * Double(padded(work.channels) * work.elementBytes)
    // A picture's few channels lie together.
    let channels = work.readChannels <= 4 ? min(12, padded(work.readChannels)) : padded(work.readChannels)
    let read = Double(work.readPixels * channels * work.elementBytes)
    switch work.kind {
    case .add, .multiply, .table:
      return (pixels * Double(padded(work.channels) * work.elementBytes * work.operands) + written, 1)
    case .mean: return (read * 1.5 + written, 1)
    case .product:
      let weights = Double(work.constantBytes)
      let depths = [16, 32, 48, 64, 96, 128].filter { $0 <= padded(work.channels, 16) }
      let ways = depths.map { depth -> (values: Double, blocks: Double) in
        let area = shape.elements / Double(depth)
        let passes = Double(ceilDivide(work.channels, depth))
        return (read * passes * halo(work, area), max(1, (pixels / area).rounded(.up)))
      }
      let best = ways.min { $0.values + weights * $0.blocks < $1.values + weights * $1.blocks }
      return ((best?.values ?? read) + written, best?.blocks ?? 1)
    case .depthwise, .pool:
      let area = shape.elements / (work.strides[0] == 1 ? 18 : 32)
      return (read * halo(work, area) + written, max(1, (pixels / area).rounded(.up)))
    }
  }

  /// How often a pixel is read on average, as blocks overlap in what they read.
  private func halo(_ work: CallWork, _ area: Double) -> Double {
    let pixels = Double(work.rows * work.columns)
    guard work.kernel[0] * work.kernel[1] > 1, area < pixels else { return 1 }
    let height = min(area.squareRoot(), Double(work.rows))
    let width = min(area / height, Double(work.columns))
    func overlap(_ axis: Int, _ extent: Double) -> Double {
      1 + Double(max(0, work.kernel[axis] - work.strides[axis])) / (extent * Double(work.strides[axis]))
    }
    return 1.1 * overlap(0, height) * overlap(1, width)
  }

  private func padded(_ channels: Int, _ step: Int? = nil) -> Int {
    let step = step ?? channelStep
    return ceilDivide(channels, step) * step
  }
}

/// How an engine computes in blocks.
private struct BlockShape: Sendable {
  let (width, height, depth): (Int, Int, Int)
  /// Multiply-adds for one element of a micro-block in one step.
  let unit: Double
  let inputDepth: Int
  let kernelStep: Int
  /// Elements of a block of results.
  let elements: Double
  let scaleBytes: Double
  private let leaveCycles: Double
  private let weightsPerCycle: Double
  private let (fill, fillPerChannel, start): (Double, Double, Double)
  private let (add, multiply, table): (Double, Double, Double)

  init?(_ engine: Target.Engine) {
    guard let blocks = engine.blocks, let peak = engine.macsPerCycle?["i8xi8"]?.value,
      let width = blocks.microBlockW?.value, let height = blocks.microBlockH?.value,
      let depth = blocks.microBlockC?.value, let elements = blocks.blockElements?.value
    else { return nil }
    (self.width, self.height, self.depth) = (Int(width), Int(height), Int(depth))
    unit = peak / (width * height * depth)
    inputDepth = Int(blocks.inputDepthI8?.value ?? 32)
    kernelStep = Int(blocks.depthwiseKernelStep?.value ?? 4)
    self.elements = elements
    scaleBytes = blocks.scaleBytesPerChannel?.value ?? 0
    leaveCycles = (blocks.resultCyclesPerElement?.value ?? 0) * width * height * depth
    weightsPerCycle = blocks.weightsPerCycle?.value ?? .infinity
    fill = blocks.fillCycles?.value ?? 0
    fillPerChannel = blocks.fillCyclesPerChannel?.value ?? 0
    start = blocks.startCycles?.value ?? 0
    add = blocks.addCyclesPerElement?.value ?? 0
    multiply = blocks.multiplyCyclesPerElement?.value ?? 0
    table = blocks.lookupCyclesPerElement?.value ?? 0
  }

  /// Cycles of multipliers, and of results on their way out.
  func cycles(_ work: CallWork) -> Double {
    let pixels = work.batch * ceilDivide(work.rows, height) * ceilDivide(work.columns, width)
    let taps = work.kernel[0] * work.kernel[1]
    let elements = Double(
      work.batch * work.rows * work.columns * ceilDivide(work.channels, inputDepth / 2) * (inputDepth / 2))
    switch work.kind {
    case .add: return elements * add
    case .multiply: return elements * multiply
    case .table: return elements * table
    case .mean: return 1.2 * Double(work.readPixels * ceilDivide(work.channels, depth) * depth)
    case .pool:
      let cycles = Double(pixels * ceilDivide(work.channels, depth)) * max(4 * Double(taps), 2 * leaveCycles)
      return (cycles + start) * Double(work.elementBytes)
    case .depthwise:
      return (run(work, pixels, steps: ceilDivide(taps, kernelStep)) + start) * Double(work.elementBytes)
    case .product(let inputs):
      let deep = taps * ceilDivide(inputs, inputDepth)
      // Few input channels: several elements of the kernel are taken at once instead.
      let wide = ceilDivide(taps, kernelStep) * ceilDivide(inputs, inputDepth / kernelStep)
      let cycles = run(work, pixels, steps: min(deep, wide))
      return (cycles + min(cycles, fill + fillPerChannel * Double(inputs))) * Double(work.elementBytes)
    }
  }

  /// Cycles of all micro-blocks, each of so many steps: multipliers, results that leave, or weights that are decoded, if
  /// few pixels share them.
  private func run(_ work: CallWork, _ pixels: Int, steps: Int) -> Double {
    let together = Double(min(16, max(1, pixels / work.batch)))
    let step = Double(inputDepth) / unit
    let decode = Double(steps * inputDepth * depth) / weightsPerCycle / together
    return Double(pixels * ceilDivide(work.channels, depth)) * max(step * Double(steps), leaveCycles, decode)
  }
}

private func ceilDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / max(b, 1) }
