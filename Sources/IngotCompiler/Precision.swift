/// Number formats a bundle is compiled to.
public enum Precision: String, CaseIterable, Sendable {
  /// Weights and activations in fp32.
  case fp32
  /// Weights in fp16, activations and arithmetic in fp32.
  case fp16
  /// Weights in bf16, activations and arithmetic in fp32.
  case bf16
  /// Weights and what products read in 8-bit integers.
  case int8
  /// Each layer in a format of its own, as a budget or a recipe says.
  case mixed
  /// Weights in 8-bit integers, one scale for each output; activations and arithmetic in fp32.
  case int8Weights = "int8-weights"
  /// Weights of products and tables in 4-bit integers, in groups with a scale and a zero point each, others in 8-bit ones;
  /// activations and arithmetic in fp32.
  case int4
  /// Weights of products, tables and other layers in indices of few bits into palettes of numbers; activations and arithmetic in
  /// fp32.
  case palette

  /// Whether samples of the inputs decide how numbers are stored.
  package var needsSamples: Bool { self == .int8 || self == .mixed }

  /// What an output of a bundle may be off by from the model in its own precision, relative to the output's largest
  /// value: what rounding of weights and order of sums do to trained networks.
  package var tolerance: Double {
    switch self {
    case .fp32: 1e-4
    case .fp16: 2e-2
    case .bf16: 5e-2
    case .int8, .mixed: 0.25
    case .int8Weights: 0.1
    case .int4, .palette: 0.5
    }
  }
}
