extension Target {
  package struct Limits: Codable, Sendable, Equatable {
    package var maxRank: Quantity
    /// Largest extent of each of the axes N, C, H and W.
    package var maxExtent: [String: Quantity]
    package var maxModelBytes: Quantity?
    package var maxElements: Quantity?
    package var maxAddressBits: Quantity?
    /// Pieces of a network that the engines may run between others of the fallback engine; what follows stays there.
    package var maxSegments: Quantity?
  }

  /// How an op of the IR runs.
  package struct Support: Codable, Sendable, Equatable {
    package enum Run: String, TargetWord {
      /// On the engine, as one operation.
      case native
      /// On the engine, as several operations.
      case decompose
      /// On the fallback engine.
      case fallback
    }
    package var run: Run
    package var engine: String?
    /// Why, in a sentence, when it does not run natively.
    package var because: String?
    /// What it computes on; nil where on all formats of the engines.
    package var types: [Types]?
    /// Whether weights must be constant.
    package var constantWeights: Bool?
    /// Whether weights may have a scale for each output channel.
    package var perChannel: Bool?
    package var rules: [Rule]?
    package var source: String?
    package var trust: Quantity.Trust?
  }

  /// Formats that an op reads and writes together.
  package struct Types: Codable, Sendable, Hashable, CustomStringConvertible {
    package var activation: Format
    /// Nil for an op without weights.
    package var weight: Format?
    package var result: Format

    package var description: String {
      "\(activation.rawValue)\(weight.map { " x \($0.rawValue)" } ?? "") -> \(result.rawValue)"
    }
  }

  /// A bound on an attribute of an op, with the sentence that users read when an op breaks it.
  package struct Rule: Codable, Sendable, Equatable {
    package enum Consequence: String, TargetWord { case fallback, decompose, slow }
    /// See ``Field``.
    package var field: Field
    package var max: Whole?
    package var min: Whole?
    package var multipleOf: Whole?
    package var oneOf: [Whole]?
    /// The rule is one only where all of these hold.
    package var when: [Condition]?
    package var otherwise: Consequence
    package var because: String
    package var source: String
    package var trust: Quantity.Trust

    /// What the rule allows.
    package var bound: Bound { Bound(max, min, multipleOf, oneOf) }
  }

  /// What else must be so for a rule to be one.
  package struct Condition: Codable, Sendable, Equatable {
    package var field: Field
    package var max: Whole?
    package var min: Whole?
    package var multipleOf: Whole?
    package var oneOf: [Whole]?

    package var bound: Bound { Bound(max, min, multipleOf, oneOf) }
  }

  /// Functions that an engine applies to the result of an op while it writes it.
  package struct Fusion: Codable, Sendable, Equatable {
    package var hosts: [String]
    /// `*` stands for every function that runs natively.
    package var functions: [String]
    package var because: String?
    package var source: String
    package var trust: Quantity.Trust
  }

  /// Whether ops that follow one another can run in turns on stripes of their values.
  package struct Cascade: Codable, Sendable, Equatable {
    package enum Axis: String, TargetWord { case h = "H", w = "W", c = "C" }
    package var supported: Bool
    package var axis: Axis?
    /// Rows of a stripe are a multiple.
    package var stripeMultiple: Quantity?
    /// Whether a value that a cascade passes on may have no other reader.
    package var singleConsumerOnly: Bool?
    /// Whether rows that two stripes need are kept instead of computed twice.
    package var rollingBuffers: Bool?
    package var source: String?
    package var trust: Quantity.Trust?
  }

  package struct Fallback: Codable, Sendable, Equatable {
    package var engine: String
    package var crossingUs: Quantity?
    /// 1e9 bytes a second across the border.
    package var crossingGbPerS: Quantity?
  }
}
