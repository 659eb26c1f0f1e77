/// A figure with its source and how far to trust it; nil where nobody has published it.
package struct Quantity: Codable, Sendable, Equatable {
  package enum Trust: String, TargetWord { case vendor, source, measured, derived, press, guess }
  package var value: Double?
  package var source: String
  package var trust: Trust
  package var note: String?

  private enum CodingKeys: CodingKey { case value, source, trust, note }

  /// Refuses a figure without its value, which is null where it is unknown.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.contains(.value) else {
      throw DecodingError.keyNotFound(
        CodingKeys.value, .init(codingPath: container.codingPath, debugDescription: "null stands for unknown")
      )
    }
    value = try container.decode(Double?.self, forKey: .value)
    source = try container.decode(String.self, forKey: .source)
    trust = try container.decode(Trust.self, forKey: .trust)
    note = try container.decodeIfPresent(String.self, forKey: .note)
  }

  /// Writes an unknown value as null, so that no key of a file gets lost.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(value, forKey: .value)
    try container.encode(source, forKey: .source)
    try container.encode(trust, forKey: .trust)
    try container.encodeIfPresent(note, forKey: .note)
  }
}

/// A whole number. Decoding says where in the file one stands that is none.
package struct Whole: Codable, Sendable, Equatable {
  package var value: Int

  package init(_ value: Int) { self.value = value }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let number = try container.decode(Double.self)
    guard let value = Int(exactly: number) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "a whole number of at most 64 bits")
    }
    self.value = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// A description of one chip: what it can run, where memory lies, how fast it is. All of it is data of a
/// `Targets/*.json` file, whose keys are these properties in snake case.
package struct Target: Codable, Sendable, Equatable {
  package enum Family: String, TargetWord {
    case cpu, ane
    case hexagonHTP = "hexagon-htp"
    case edgeTPU = "edgetpu"
    case apu
    case exynosNPU = "exynos-npu"
    case ethosU = "ethos-u"
  }

  package struct Source: Codable, Sendable, Equatable {
    package enum Kind: String, TargetWord {
      case vendorDocument = "vendor-doc"
      case sourceCode = "source-code"
      case measurement
      case reverseEngineering = "reverse-engineering"
      case press, estimate
    }
    package var title: String
    package var kind: Kind
  }

  package var format: String
  package var name: String
  package var title: String
  package var family: Family
  package var year: Whole
  package var notes: [String]
  package var sources: [String: Source]
  package var engines: [Engine]
  package var memories: [Memory]
  package var layouts: [Layout]?
  package var dtypes: Numbers
  package var limits: Limits
  /// Keyed by the op's name in the IR; `*` stands for every other op.
  package var ops: [String: Support]
  /// How integers must be quantized that the engines compute on; nil where any way will do.
  package var quantization: Quantization?
  /// Which functions the engines apply within another op; nil where every function that runs natively.
  package var fusion: [Fusion]?
  /// Nil where nothing is known of it.
  package var cascade: Cascade?
  package var fallback: Fallback
  /// Nil where nothing was fitted.
  package var cost: Cost?
  /// Nil where weights are stored row-major.
  package var panels: Panels?
}
