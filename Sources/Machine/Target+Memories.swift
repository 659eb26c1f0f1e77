extension Target.Memory {
  /// Bytes of it that may be used; nil where nobody has published its size.
  package var capacity: Int? {
    sizeBytes.value.map {
      Int(clamping: Int64(exactly: ($0 * (usableFraction?.value ?? 1)).rounded(.down)) ?? .max)
    }
  }
}

extension Target {
  /// The memories that the memory planner lays out, as the file lists them.
  package var plannedMemories: [Memory] { memories.filter(\.planned) }

  /// The planned memory that all intermediate values fit: the largest that holds activations. One of unknown size
  /// counts as larger than any.
  package var memoryOfActivations: Memory {
    let candidates = plannedMemories.filter { $0.holds.contains("activations") }
    let sizes = candidates.map { $0.capacity ?? .max }
    guard let largest = sizes.max(), let index = sizes.firstIndex(of: largest) else {
      preconditionFailure("target '\(name)' has no planned memory for activations")
    }
    return candidates[index]
  }
}
