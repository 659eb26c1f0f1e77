extension Target {
  package struct Memory: Codable, Sendable, Equatable {
    package enum Kind: String, TargetWord {
      case sram, cache, dram, flash
      case registerFile = "register-file"
    }
    package enum Contents: String, TargetWord { case weights, activations, scratch, commands }

    package var id: String
    package var kind: Kind
    package var sizeBytes: Quantity
    /// The part of it that may be planned.
    package var usableFraction: Quantity?
    /// 1e9 bytes a second.
    package var readGbPerS: Quantity?
    package var writeGbPerS: Quantity?
    /// The part of these speeds that is reached.
    package var bandwidthFraction: Quantity?
    package var readLatencyCycles: Quantity?
    package var writeLatencyCycles: Quantity?
    /// Shorter runs of bytes take as long as this many.
    package var burstBytes: Quantity?
    package var alignmentBytes: Quantity?
    package var banks: Quantity?
    package var bankGranuleBytes: Quantity?
    /// Whether the memory planner lays this memory out.
    package var planned: Bool
    package var holds: [Contents]
  }

  /// How tensors lie in memory.
  package struct Layout: Codable, Sendable, Equatable {
    package var id: String
    /// Axes from the outermost; `C/16` counts blocks of 16, and a later `16c` the elements of one.
    package var order: String
    package var usedFor: [String]?
    /// Extents are padded to multiples of these, by axis.
    package var roundUp: [String: Quantity]?
    package var alignmentBytes: Quantity?
    /// The last axis is padded to a multiple.
    package var lastAxisBytes: Quantity?
    package var blockBytes: Quantity?
    package var preferred: Bool?
  }

  /// The memories that the memory planner lays out, as the file lists them.
  package var plannedMemories: [Memory] { memories.filter(\.planned) }

  /// The planned memory that all intermediate values fit: the largest that holds activations. One of unknown size
  /// counts as larger than any.
  package var memoryOfActivations: Memory {
    let candidates = plannedMemories.filter { $0.holds.contains(.activations) }
    let sizes = candidates.map { $0.capacity ?? .max }
    guard let largest = sizes.max(), let index = sizes.firstIndex(of: largest) else {
      preconditionFailure("target '\(name)' has no planned memory for activations")
    }
    return candidates[index]
  }
}

extension Target.Memory {
  /// Bytes of it that may be used; nil where nobody has published its size.
  package var capacity: Int? {
    sizeBytes.value.map {
      Int(clamping: Int64(exactly: ($0 * (usableFraction?.value ?? 1)).rounded(.down)) ?? .max)
    }
  }
}
