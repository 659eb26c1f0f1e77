import IR
import Tensors

extension Field {
  /// The attribute's value at a site; nil when its op has no such attribute, or when nothing is known of it.
  func value(_ site: Site) -> Int? {
    switch self {
    case .kernelHeight, .kernelWidth, .kernelMax, .kernelArea, .kernelHeightDilated, .kernelAreaDilated,
      .strideHeight, .strideWidth, .strideMax, .dilationMax, .dilationSpread, .paddingMax, .groups,
      .groupInputs, .multiplier, .spatialRank:
      return WindowFacts(site)?.value(self)
    case .inputBatch, .inputChannels, .inputHeight, .inputWidth, .inputArea:
      return site.operands.first.flatMap { extent($0.type.shape) }
    case .outputChannels: return site.results.first.flatMap { extent($0.type.shape) }
    case .rank: return (site.operands + site.results).map(\.type.rank).max()
    case .axis: return site.axes?.min()
    case .axisSize: return site.axisExtent
    case .reduced: return site.reducedExtent
    case .factor: return site.resizeFactor
    case .weightAbsoluteSum: return site.weightAbsoluteSum
    case .biasBits: return site.biasBits
    }
  }

  private func extent(_ shape: Shape) -> Int? {
    guard shape.rank >= 2 else { return nil }
    switch self {
    case .inputBatch: return shape[0]
    case .inputChannels, .outputChannels: return shape[1]
    default: break
    }
    guard shape.rank >= 3 else { return nil }
    let width = shape[shape.rank - 1]
    let height = shape.rank >= 4 ? shape[shape.rank - 2] : 1
    switch self {
    case .inputHeight: return height
    case .inputWidth: return width
    default: return height.multipliedReportingOverflow(by: width).partialValue
    }
  }
}

/// What a convolution or pooling slides over its image.
struct WindowFacts {
  /// One extent for each spatial dimension; no kernel has none.
  var kernel: [Int]
  var window: Window
  var groups: Int
  /// Input and output channels of each group; nil of pools.
  var inputs: Int?
  var multiplier: Int?

  init?(_ site: Site) {
    func kernel() -> [Int] { Array(site.operands[1].type.shape.extents.dropFirst(2)) }
    func weight(_ axis: Int) -> Int { site.operands[1].type.shape[axis] }
    switch site.op {
    case .conv(let op): self.init(kernel(), op.window, op.group, weight(1), weight(0) / op.group)
    case .convInteger(let op): self.init(kernel(), op.window, op.group, weight(1), weight(0) / op.group)
    case .convTranspose(let op): self.init(kernel(), op.window, op.group, weight(0) / op.group, weight(1))
    case .convTransposeInteger(let op):
      self.init(kernel(), op.window, op.group, weight(0) / op.group, weight(1))
    case .pool(let op): self.init(op.kernel, op.window)
    case .poolInteger(let op): self.init(op.pool.kernel, op.pool.window)
    case .argPool(let op): self.init(op.kernel, op.window)
    default: return nil
    }
  }

  private init(
    _ kernel: [Int], _ window: Window, _ groups: Int = 1, _ inputs: Int? = nil, _ multiplier: Int? = nil
  ) {
    self.kernel = kernel
    self.window = window
    self.groups = groups
    self.inputs = inputs
    self.multiplier = multiplier
  }

  func value(_ field: Field) -> Int? {
    let axes = kernel.indices
    let dilated = axes.map { (kernel[$0] - 1) * window.dilation($0) + 1 }
    let dilations = axes.map { window.dilation($0) }
    switch field {
    case .kernelHeight: return height(of: kernel)
    case .kernelWidth: return kernel.last
    case .kernelMax: return kernel.max()
    case .kernelArea: return product(kernel)
    case .kernelHeightDilated: return height(of: dilated)
    case .kernelAreaDilated: return product(dilated)
    case .strideHeight: return height(of: axes.map { window.stride($0) })
    case .strideWidth: return axes.last.map { window.stride($0) }
    case .strideMax: return axes.map { window.stride($0) }.max()
    case .dilationMax: return dilations.max()
    case .dilationSpread: return (dilations.max() ?? 1) - (dilations.min() ?? 1)
    case .paddingMax: return window.pads.max() ?? 0
    case .groups: return groups
    case .groupInputs: return inputs
    case .multiplier: return multiplier
    default: return kernel.count
    }
  }

  private func height(of extents: [Int]) -> Int { extents.count >= 2 ? extents[extents.count - 2] : 1 }

  private func product(_ extents: [Int]) -> Int {
    extents.reduce(1) {
      let (product, overflows) = $0.multipliedReportingOverflow(by: $1)
      return overflows ? .max : product
    }
  }
}

extension Site {
  /// The axes that the op works along, counted from 0; nil of ops that work along none.
  fileprivate var axes: [Int]? {
    guard let shape = operands.first?.type.shape else { return nil }
    let written: [Int]
    switch op {
    case .softmax(let op): written = [op.axis]
    case .softmaxInteger(let op): written = [op.axis]
    case .argReduce(let op): written = [op.axis]
    case .reduce(let op): written = op.axes.isEmpty ? Array(shape.indices) : op.axes
    case .reduceInteger(let op): written = op.axes.isEmpty ? Array(shape.indices) : op.axes
    case .concat(let op): written = [op.axis]
    case .cumsum(let op): written = [op.axis]
    case .gather(let op): written = [op.axis]
    default: return nil
    }
    return written.compactMap { shape.normalized(axis: $0) }
  }

  fileprivate var axisExtent: Int? {
    switch op {
    case .softmax, .softmaxInteger, .argReduce:
      axes?.first.flatMap { axis in operands.first.map { $0.type.shape[axis] } }
    default: nil
    }
  }

  fileprivate var reducedExtent: Int? {
    switch op {
    case .matmul(let op):
      op.transposeA ? operands[0].type.shape.extents.suffix(2).first : operands[0].type.shape.extents.last
    case .matmulInteger: operands[0].type.shape.extents.last
    default: nil
    }
  }

  fileprivate var resizeFactor: Int? {
    guard case .resize(let op) = op else { return nil }
    let input = operands[0].type.shape.extents.dropFirst(2)
    let factors = zip(op.sizes, input).map { $1 > 0 && $0 % $1 == 0 ? $0 / $1 : 0 }
    guard let first = factors.first else { return nil }
    return factors.allSatisfy { $0 == first } ? first : 0
  }
}

extension Site {
  /// The factors of an integer product whose second is constant, with the axis of its outputs.
  private var constantFactors: (weights: Tensor, outputs: Int)? {
    switch op {
    case .convInteger: operands[1].constant.map { ($0, 0) }
    case .convTransposeInteger: operands[1].constant.map { ($0, 1) }
    case .matmulInteger: operands[1].constant.map { ($0, $0.shape.rank - 1) }
    default: nil
    }
  }

  fileprivate var weightAbsoluteSum: Int? {
    guard let (weights, axis) = constantFactors else { return nil }
    let inner = weights.shape.extents[(axis + 1)...].reduce(1, *)
    var sums = [Int64](repeating: 0, count: weights.shape[axis])
    for (index, weight) in weights.integers.enumerated() {
      sums[index / max(inner, 1) % sums.count] += abs(weight)
    }
    return sums.max().map { Int($0) }
  }

  fileprivate var biasBits: Int? {
    guard constantFactors != nil, operands.count == 5 || operands.count == 8 else { return nil }
    return operands[4].constant?.integers.map { 65 - max($0, ~$0).leadingZeroBitCount }.max()
  }
}
