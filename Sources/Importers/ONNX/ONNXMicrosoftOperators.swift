import IR

/// Operators of com.microsoft that onnxruntime's optimizers, and exporters of language models, write into models.
let microsoftOperators = quantizedMicrosoftOperators.merging(otherMicrosoftOperators) { first, _ in first }

private let otherMicrosoftOperators: [String: ONNXTranslation] = [
  "Attention": projectedAttention,
  "BiasAdd": biasAdd,
  "BiasGelu": biasGelu(.gelu),
  "BiasSoftmax": biasSoftmax,
  "BiasSplitGelu": biasSplitGelu,
  "CausalConvWithState": causalConvolution,
  "DynamicQuantizeLSTM": dynamicQuantizeLSTM,
  "EmbedLayerNormalization": embedLayerNormalization,
  "FastGelu": biasGelu(.geluTanh),
  "FusedConv": fusedConvolution,
  "FusedGemm": fusedGemm,
  "FusedMatMul": fusedMatMul,
  "FusedMatMulActivation": fusedMatMul,
  "Gelu": unary(.gelu),
  "GatherBlockQuantized": gatherBlockQuantized,
  "GemmFastGelu": gemmFastGelu,
  "GroupNorm": channelsLastGroupNormalization(hasSkip: false),
  "GroupQueryAttention": groupQueryAttention,
  "MatMulNBits": matMulNBits,
  "MultiHeadAttention": multiHeadAttention,
  // The optimizer turns its weight too, that of the fused one it leaves as it is.
  "NhwcConv": channelsLast(convolution, inputs: [0, 1]),
  "NhwcFusedConv": channelsLast(fusedConvolution, inputs: [0, 3]),
  "NhwcMaxPool": channelsLast(maxPool, inputs: [0]),
  "QuickGelu": unary(.silu, "alpha", 1.702),
  "RotaryEmbedding": microsoftRotaryEmbedding,
  "SimplifiedLayerNormalization": rmsNormalization,
  "SkipGroupNorm": channelsLastGroupNormalization(hasSkip: true),
  "SkipLayerNormalization": skipLayerNormalization,
  "SkipSimplifiedLayerNormalization": skipSimplifiedLayerNormalization,
  "TransposeMatMul": fusedMatMul,
]
