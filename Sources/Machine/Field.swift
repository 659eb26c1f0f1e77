import IR
import Tensors

/// An attribute of a node that a target's rules may bound.
package enum Field: String, Codable, Sendable, CaseIterable {
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

  /// The attribute's value for a node; nil when its op has no such attribute.
  func value(_ node: Node, in graph: Graph) -> Int? {
    let result = graph.shape(of: node.results[0])
    switch self {
    case .rank: return node.operands.map { graph.shape(of: $0).rank }.reduce(result.rank, max)
    case .outputChannels: return result.rank >= 2 ? result[1] : nil
    case .inputChannels:
      guard let input = node.operands.first, graph.shape(of: input).rank >= 2 else { return nil }
      return graph.shape(of: input)[1]
    case .axisSize: return axisSize(node, in: graph)
    case .kernelHeight, .kernelWidth, .strideMax, .dilationMax, .groups, .spatialRank:
      guard let window = windowFacts(node, in: graph) else { return nil }
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

  private func axisSize(_ node: Node, in graph: Graph) -> Int? {
    guard let input = node.operands.first else { return nil }
    let shape = graph.shape(of: input)
    let axis: Int
    switch node.op {
    case .softmax(let op): axis = op.axis
    case .argReduce(let op): axis = op.axis
    default: return nil
    }
    return shape.normalized(axis: axis).map { shape[$0] }
  }

  private func windowFacts(_ node: Node, in graph: Graph) -> (kernel: [Int], window: Window, groups: Int)? {
    func kernel() -> [Int] { Array(graph.shape(of: node.operands[1]).extents.dropFirst(2)) }
    switch node.op {
    case .conv(let op): return (kernel(), op.window, op.group)
    case .convTranspose(let op): return (kernel(), op.window, op.group)
    case .pool(let op): return (op.kernel, op.window, 1)
    case .argPool(let op): return (op.kernel, op.window, 1)
    default: return nil
    }
  }
}
