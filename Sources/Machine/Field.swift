/// An attribute of an op that a target's rules may bound; see ``value(_:)`` for what each is.
package enum Field: String, TargetWord {
  /// Of a convolution or pooling: extents of the kernel, the larger of them, their product, and what they span dilated.
  case kernelHeight = "kernel.h"
  case kernelWidth = "kernel.w"
  case kernelMax = "kernel.max"
  case kernelArea = "kernel.hw"
  case kernelHeightDilated = "kernel.h_dilated"
  case kernelAreaDilated = "kernel.hw_dilated"
  case strideHeight = "stride.h"
  case strideWidth = "stride.w"
  case strideMax = "stride.max"
  case dilationMax = "dilation.max"
  /// The largest dilation less the smallest.
  case dilationSpread = "dilation.spread"
  /// The widest padding of any side.
  case paddingMax = "padding.max"
  case groups
  /// Input channels of each group; 1 of a depthwise convolution.
  case groupInputs = "group.inputs"
  /// Output channels of each group.
  case multiplier
  /// Spatial dimensions of a convolution or pooling.
  case spatialRank = "spatial.rank"
  /// Extents of the first operand and of the result, where they have rank 2 or more; H and W are the last two axes of
  /// what has rank 3 or more.
  case inputBatch = "in.N"
  case inputChannels = "in.C"
  case inputHeight = "in.H"
  case inputWidth = "in.W"
  case inputArea = "in.hw"
  case outputChannels = "out.C"
  /// The largest of any operand or result.
  case rank
  /// The axis that an op works along, counted from 0; of several the first.
  case axis
  /// Extent of the axis that a softmax or arg reduction runs along.
  case axisSize = "axis.size"
  /// Products that are summed for one element of a matrix product.
  case reduced
  /// By how much a resize enlarges: a whole number, the same along all axes; 0 where it is none.
  case factor
  /// The largest sum of absolute weights of one output, of integers.
  case weightAbsoluteSum = "weight.abs_sum"
  /// Bits of the largest bias, with its sign, of integers.
  case biasBits = "bias.bits"
}
