/// Why an operator can't be translated, as a user reads it.
func onnxRefusal(domain: String, opType: String) -> String {
  func reason(_ table: [(reason: String, operators: Set<String>)], _ standard: String) -> String {
    table.first { $0.operators.contains(opType) }?.reason ?? standard
  }
  switch domain {
  case "": return reason(refusals, "this operator is not known")
  case "com.microsoft":
    return reason(
      microsoftRefusals,
      "this operator of onnxruntime is not known; export the model without runtime-specific fusions")
  case "com.microsoft.nchwc", "com.ms.internal.nhwc":
    return "onnxruntime arranged the model for one processor; save it with the optimization level "
      + "ORT_ENABLE_EXTENDED or lower, or take the model from before its optimization"
  case "ai.onnx.ml":
    return "classical machine learning (trees, support vectors, feature tables) is not supported; "
      + "run it outside of the model"
  default:
    return
      "operators of the domain \(ImportError.quoted(domain)) are not known; export the model with standard operators"
  }
}

private let refusals: [(reason: String, operators: Set<String>)] = [
  (
    "strings are not supported; move text processing out of the model",
    ["RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "TfIdfVectorizer"]
  ),
  (
    "random numbers are not supported; make them an input of the model",
    ["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"]
  ),
  (
    "image decoding is not supported; decode outside of the model",
    ["ImageDecoder"]
  ),
  (
    "there is no core op for it yet",
    ["MaxRoiPool"]
  ),
]

private let microsoftRefusals: [(reason: String, operators: Set<String>)] = [
  (
    "weights in this form of few bits are not supported; take the model from before its weights were quantized",
    [
      "MatMulBlockQuantizedFp4Weight", "MatMulBlockQuantizedFp8Weight", "MatMulBnb4",
      "MatMulFpQ4", "MatMulNBitsMlp", "MatMulNBitsQkv", "QMoE",
    ]
  ),
  (
    "a search through texts is not supported; export the decoder by itself and search outside of the model",
    ["BeamSearch", "GreedySearch", "NGramRepeatBlock", "Sampling", "WhisperBeamSearch"]
  ),
  (
    "its keys and values move with a search through texts; export the decoder without it, with MultiHeadAttention "
      + "or GroupQueryAttention",
    ["DecoderAttention", "DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention"]
  ),
  (
    "sequences packed without their padding have no fixed shapes; export the model without packing",
    [
      "GatherPacked", "PackedAttention", "PackedMultiHeadAttention", "PagedAttention", "RemovePadding",
      "RestorePadding", "SparsePagedAttention",
    ]
  ),
  (
    "attention to some blocks only is not supported; export the model with dense attention",
    ["DynamicSparseAttention", "LongformerAttention", "SparseAttention"]
  ),
  (
    "choosing experts for each token is not supported; export the model with dense layers",
    ["MoE", "MoEGroupRouter", "MoEPacked"]
  ),
  (
    "this quantized operator is not known; quantize with the format QDQ, or take the model from before its "
      + "quantization",
    [
      "MatMulInteger16", "QAttention", "QEmbedLayerNormalization", "QOrderedAttention", "QOrderedGelu",
      "QOrderedLayerNormalization", "QOrderedLongformerAttention", "QOrderedMatMul",
    ]
  ),
  (
    "random numbers are not supported; export the model for inference",
    ["BiasDropout", "BitmaskBiasDropout", "BitmaskDropout"]
  ),
  (
    "strings are not supported; move text processing out of the model",
    ["MurmurHash3", "Tokenizer", "WordConvEmbedding"]
  ),
  (
    "it holds a network compiled for another runtime; take the model from before it was compiled",
    ["EPContext", "Snpe"]
  ),
]
