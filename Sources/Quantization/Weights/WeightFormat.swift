import IR
package import Tensors

/// How a weight is stored where activations stay floats.
package enum WeightFormat: Hashable, Sendable {
  /// Halves of IEEE 754.
  case fp16
  /// The upper halves of fp32 numbers.
  case bf16
  /// 8-bit integers, symmetric, with one scale for each output.
  case int8
  /// 4-bit integers with one scale and zero point for each group of so many inputs of an output. As ``int8`` where an
  /// output's inputs don't split into groups.
  case int4(groupSize: Int)
  /// Indices of 2, 3, 4, 6 or 8 bits into palettes of as many numbers as they can tell apart, one for so many outputs (or more, where
  /// it would serve few numbers), or for all where that is 0, as for tables of which rows are gathered.
  case palette(bits: Int, channels: Int = 0)
}

extension WeightFormat: LosslessStringConvertible {
  /// Such as `fp16`, `int4:32`, `palette3` or `palette4:16`.
  package var description: String {
    switch self {
    case .fp16: "fp16"
    case .bf16: "bf16"
    case .int8: "int8"
    case .int4(let groupSize): "int4:\(groupSize)"
    case .palette(let bits, let channels): channels == 0 ? "palette\(bits)" : "palette\(bits):\(channels)"
    }
  }

  package init?(_ description: String) {
    let words = description.split(separator: ":", omittingEmptySubsequences: false)
    let number = words.count == 2 ? Int(words[1]).flatMap { $0 > 0 ? $0 : nil } : nil
    if let bits = Palette.widths.first(where: { "palette\($0)" == words[0] }) {
      guard words.count == 1 || number != nil else { return nil }
      self = .palette(bits: bits, channels: number ?? 0)
      return
    }
    switch (words[0], words.count) {
    case ("fp16", 1): self = .fp16
    case ("bf16", 1): self = .bf16
    case ("int8", 1): self = .int8
    case ("int4", 2):
      guard let number else { return nil }
      self = .int4(groupSize: number)
    default: return nil
    }
  }
}

extension WeightFormat {
  /// Fewer numbers are not worth an op.
  private var leastCount: Int {
    switch self {
    case .fp16, .bf16: 64
    case .int8, .int4, .palette: 1024
    }
  }

  /// An fp32 weight in this format; nil where it is small, or the format can't hold it, or its readers can't read it so. Errors of
  /// palettes count by importance, which is not negative and broadcasts to the weight's shape; nil where all numbers are as important.
  package func encode(
    _ tensor: Tensor, read reading: WeightReading, importance: Tensor? = nil
  ) -> EncodedWeight? {
    guard tensor.element == .f32, tensor.elementCount >= leastCount else { return nil }
    switch self {
    case .fp16: return EncodedWeight(tensor, as: .f16)
    case .bf16: return EncodedWeight(tensor, as: .bf16)
    case .int8: return OutputRows(tensor, read: reading)?.symmetric()
    case .int4(let groupSize):
      let rows = OutputRows(tensor, read: reading)
      return rows?.grouped(by: groupSize) ?? rows?.symmetric()
    case .palette(let bits, let channels):
      guard tensor.floats.allSatisfy(\.isFinite) else { return nil }
      return PaletteRows(tensor, read: reading, importance: importance)?.lookedUp(
        bits: bits, shared: channels)
    }
  }
}
