import IR
import Tensors

/// An attribute of a node that a target's rules may bound.
package enum Field: String, TargetWord, CaseIterable {
  case kernelHeight = "kernel.h"
  case kernelWidth = "kernel.w"
  case strideMax = "stride.max"
  case dilationMax = "dilation.max"
  case groups
  case inputChannels = "in.C"
  case outputChannels = "out.C"
  case rank
  /// Extent of the axis that a softmax or arg reduction runs along.
  case axisSize = "axis.size"
  /// Spatial dimensions of a convolution or pooling.
  case spatialRank = "spatial.rank"

  /// The attribute's value at a site; nil when its op has no such attribute.
  func value(_ site: Site) -> Int? {
    switch self {
    case .rank: return (site.operands + site.results).map(\.type.rank).max()
    case .outputChannels: return site.results.first.flatMap { channels($0.type) }
    case .inputChannels: return site.operands.first.flatMap { channels($0.type) }
    case .axisSize: return axisSize(site)
    case .kernelHeight, .kernelWidth, .strideMax, .dilationMax, .groups, .spatialRank:
      guard let window = windowFacts(site) else { return nil }
      switch self {
      case .kernelHeight: return window.kernel.count >= 2 ? window.kernel[window.kernel.count - 2] : 1
      case .kernelWidth: return window.kernel.last
      case .strideMax: return window.window.strides.max() ?? 1
      case .dilationMax: return window.window.dilations.max() ?? 1
      case .groups: return window.groups
      default: return window.kernel.count
      }
    }
  }

  private func channels(_ type: TensorType) -> Int? { type.rank >= 2 ? type.shape[1] : nil }

  private func axisSize(_ site: Site) -> Int? {
    guard let shape = site.operands.first?.type.shape else { return nil }
    let axis: Int
    switch site.op {
    case .softmax(let op): axis = op.axis
    case .softmaxInteger(let op): axis = op.axis
    case .argReduce(let op): axis = op.axis
    default: return nil
    }
    return shape.normalized(axis: axis).map { shape[$0] }
  }

  private func windowFacts(_ site: Site) -> (kernel: [Int], window: Window, groups: Int)? {
    func kernel() -> [Int] { Array(site.operands[1].type.shape.extents.dropFirst(2)) }
    switch site.op {
    case .conv(let op): return (kernel(), op.window, op.group)
    case .convTranspose(let op): return (kernel(), op.window, op.group)
    case .convInteger(let op): return (kernel(), op.window, op.group)
    case .convTransposeInteger(let op): return (kernel(), op.window, op.group)
    case .pool(let op): return (op.kernel, op.window, 1)
    case .poolInteger(let op): return (op.pool.kernel, op.pool.window, 1)
    case .argPool(let op): return (op.kernel, op.window, 1)
    default: return nil
    }
  }
}
