/// What a layer computes with: a convolution, matrix product or recurrent layer, and where it is in floating point any node.
package enum LayerFormat: Hashable, Sendable {
  /// Input and weights in 8-bit integers.
  case int8
  /// Input and weights in two bytes each, as three products of 8 bits: before logarithms.
  case twoBytes
  /// Rows of the input divided by their largest number, rows and weights in two bytes each: before recurrent layers.
  case scaledRows
  /// Weights in fewer bits; arithmetic in fp32.
  case stored(WeightFormat)
  case fp32

  package static let int8Weights = LayerFormat.stored(.int8)
  package static let int4 = LayerFormat.stored(.int4(groupSize: 32))
  package static let fp16 = LayerFormat.stored(.fp16)

  /// Whether the layer computes in floating point.
  package var isFloating: Bool {
    switch self {
    case .int8, .twoBytes, .scaledRows: false
    case .stored, .fp32: true
    }
  }
}

extension LayerFormat: LosslessStringConvertible {
  private static let names: [(String, LayerFormat)] = [
    ("int8", .int8), ("two-bytes", .twoBytes), ("scaled-rows", .scaledRows), ("int8-weights", .int8Weights),
    ("int4", .int4), ("fp32", .fp32),
  ]

  /// Such as `int8`, `int8-weights`, `palette4` or `fp16`.
  package var description: String {
    if let known = Self.names.first(where: { $0.1 == self }) { return known.0 }
    guard case .stored(let format) = self else { return "fp32" }
    return format.description
  }

  package init?(_ description: String) {
    if let known = Self.names.first(where: { $0.0 == description }) {
      self = known.1
    } else if let format = WeightFormat(description) {
      self = .stored(format)
    } else {
      return nil
    }
  }

  /// What users can choose from, in words.
  package static let choices =
    "int8, int8-weights, int4, int4:GROUP, palette2, palette3, palette4, palette6, palette8, bf16, fp16, fp32"
}

/// What products read of a value.
package enum InputFormat: String, CaseIterable, Sendable {
  /// Two bytes, each of which a product of its own reads.
  case twoBytes = "two-bytes"
  /// 16-bit integers.
  case int16
}
