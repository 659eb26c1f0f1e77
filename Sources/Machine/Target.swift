/// A figure with its source and how far to trust it; nil where nobody has published it.
package struct Quantity: Codable, Sendable, Equatable {
  package enum Trust: String, TargetWord { case vendor, source, measured, derived, press, guess }
  package var value: Double?
  package var source: String
  package var trust: Trust
  package var note: String?

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

  package struct Engine: Codable, Sendable, Equatable {
    package enum Role: String, TargetWord { case matrix, vector, scalar }
    package var id: String
    package var role: Role
    package var count: Quantity?
    package var clockMhz: Quantity?
    /// Keyed activation x weight, such as `fp16xfp16`.
    package var macsPerCycle: [String: Quantity]?
    /// 1e9 operations a second; a multiply-add is two.
    package var peakGops: [String: Quantity]?
    package var utilisation: [String: Quantity]?
    package var launchUs: Quantity?
    package var perOpCycles: Quantity?
  }

  package struct Memory: Codable, Sendable, Equatable {
    package enum Kind: String, TargetWord { case sram, cache, dram, flash }
    package var id: String
    package var kind: Kind
    package var sizeBytes: Quantity
    package var usableFraction: Quantity?
    package var readGbPerS: Quantity?
    package var alignmentBytes: Quantity?
    /// Whether the memory planner lays this memory out.
    package var planned: Bool
    package var holds: [String]
  }

  package struct Limits: Codable, Sendable, Equatable {
    package var maxRank: Quantity
    /// Largest extent of each of the axes N, C, H and W.
    package var maxExtent: [String: Quantity]
    package var maxModelBytes: Quantity?
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
    package var rules: [Rule]?
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
    package var otherwise: Consequence
    package var because: String
    package var source: String
    package var trust: Quantity.Trust

    /// What the rule allows.
    package var bound: Bound {
      Bound(
        max: max?.value, min: min?.value, multipleOf: multipleOf?.value, oneOf: oneOf.map { $0.map(\.value) })
    }
  }

  /// How kernels read weights of products: rows on the left of a matrix product, and outputs of a convolution, lie
  /// together, as do columns on the right.
  package struct Panels: Codable, Sendable, Equatable {
    package var rows: Whole
    package var columns: Whole
    /// Of a product with fewer rows the right side stays row-major.
    package var leastRows: Whole
    /// Rows on the right of a product of integers whose elements of one column lie together, as many as one instruction
    /// multiplies.
    package var groups: Whole
    package var source: String
    package var trust: Quantity.Trust

    package init(
      rows: Whole, columns: Whole, leastRows: Whole, groups: Whole, source: String, trust: Quantity.Trust
    ) {
      self.rows = rows
      self.columns = columns
      self.leastRows = leastRows
      self.groups = groups
      self.source = source
      self.trust = trust
    }
  }

  package struct Fallback: Codable, Sendable, Equatable {
    package var engine: String
    package var crossingUs: Quantity?
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
  /// Element types of activations that the engines compute in.
  package var activations: [String]
  package var limits: Limits
  /// Keyed by the op's name in the IR; `*` stands for every other op.
  package var ops: [String: Support]
  package var fallback: Fallback
  /// Nil where weights are stored row-major.
  package var panels: Panels?
}
