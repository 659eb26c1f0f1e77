/// What a layer computes with: a convolution, matrix product or recurrent layer, and where it is in floating point any node.
package enum LayerFormat: String, CaseIterable, Sendable {
  /// Input and weights in 8-bit integers.
  case int8
  /// Input and weights in two bytes each, as three products of 8 bits: before logarithms.
  case twoBytes = "two-bytes"
  /// Rows of the input divided by their largest number, rows and weights in two bytes each: before recurrent layers.
  case scaledRows = "scaled-rows"
  /// Weights in 8-bit integers, one scale for each output; arithmetic in fp32.
  case int8Weights = "int8-weights"
  /// Weights in 4-bit integers, in groups of 32 with a scale and a zero point each; arithmetic in fp32.
  case int4
  /// Weights in fp16; arithmetic in fp32.
  case fp16
  case fp32

  /// Whether the layer computes in floating point.
  package var isFloating: Bool {
    switch self {
    case .int8, .twoBytes, .scaledRows: false
    case .int8Weights, .int4, .fp16, .fp32: true
    }
  }
}

/// What products read of a value.
package enum InputFormat: String, CaseIterable, Sendable {
  /// Two bytes, each of which a product of its own reads.
  case twoBytes = "two-bytes"
  /// 16-bit integers.
  case int16
}
