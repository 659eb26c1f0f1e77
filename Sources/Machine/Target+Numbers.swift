extension Target {
  /// How numbers are written: the element types of the IR, and those that only chips have.
  package enum Format: String, TargetWord {
    case f32, f16, bf16, i4, u4, i8, u8, i16, u16, i32, i40, i48, i64, bool
    /// Indices of so many bits into a table of numbers.
    case palette1, palette2, palette3, palette4, palette6, palette8
  }

  package struct Numbers: Codable, Sendable, Equatable {
    /// What the engines read and write.
    package var activation: [Format]
    package var weight: [Format]
    /// Formats of weights that are expanded when they are read.
    package var weightStorage: [Format]?
    package var bias: [Format]
    package var accumulator: [Format]
    /// What a network may take in and give back.
    package var io: [Format]?
    /// What the engines have in place of other formats: `f16` for `f32`, and `u8` for `i8`, whose integers are the same
    /// with a zero point 128 higher.
    package var computesAs: [String: Format]?
  }

  /// What integers the engines compute on.
  package struct Quantization: Codable, Sendable, Equatable {
    /// One must hold of an op on integers.
    package var schemes: [Scheme]
    package var rescale: Rescale
    /// Results whose scale and zero point are given.
    package var fixedOutputs: [FixedOutput]?
    /// Largest sum of absolute weights of one output, by format of activations.
    package var weightSumMax: [String: Quantity]?
  }

  package struct Scheme: Codable, Sendable, Equatable {
    package var id: String
    package var activation: Scale
    /// Nil where the weights of products are activations, too.
    package var weight: Scale?
    package var bias: Bias?
    package var source: String
    package var trust: Quantity.Trust
  }

  /// Scale and zero point of a tensor.
  package struct Scale: Codable, Sendable, Equatable {
    package enum Granularity: String, TargetWord { case tensor, channel, block, none }
    package var format: Format
    /// Whether the zero point is that of the middle of the range.
    package var symmetric: Bool
    /// The finest that is taken; coarser ones are, too.
    package var granularity: Granularity
    package var min: Whole?
    package var max: Whole?
    package var zeroPointMin: Whole?
    package var zeroPointMax: Whole?
    package var zeroPointPreferred: Whole?
  }

  package struct Bias: Codable, Sendable, Equatable {
    package var format: Format
    package var bits: Whole
  }

  /// How sums become integers of another scale.
  package struct Rescale: Codable, Sendable, Equatable {
    package enum Rounding: String, TargetWord {
      case halfUp = "half_up"
      case halfAway = "half_away"
      case halfEven = "half_even"
      case twoRoundings = "two_roundings"
      case truncate
      /// By a scale in floating point.
      case float
    }
    /// Nil where nobody has published it.
    package var rounding: [Rounding]?
    package var multiplierBits: Quantity?
    package var multiplierBitsI16: Quantity?
    package var shiftMin: Quantity?
    package var shiftMax: Quantity?
    package var perChannel: Bool?
  }

  package struct FixedOutput: Codable, Sendable, Equatable {
    package var op: String
    package var format: Format
    package var scale: Quantity
    package var zeroPoint: Whole
  }
}
