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
}

extension WeightFormat: LosslessStringConvertible {
  /// Such as `fp16` or `int4:32`.
  package var description: String {
    switch self {
    case .fp16: "fp16"
    case .bf16: "bf16"
    case .int8: "int8"
    case .int4(let groupSize): "int4:\(groupSize)"
    }
  }

  package init?(_ description: String) {
    let words = description.split(separator: ":", omittingEmptySubsequences: false)
    let number = words.count == 2 ? Int(words[1]) : nil
    switch (words[0], words.count) {
    case ("fp16", 1): self = .fp16
    case ("bf16", 1): self = .bf16
    case ("int8", 1): self = .int8
    case ("int4", 2):
      guard let number, number > 0 else { return nil }
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
    case .int8, .int4: 1024
    }
  }

  /// An fp32 weight in this format; nil where it is small, or the format can't hold it, or its readers can't read it so.
  package func encode(_ tensor: Tensor, read reading: WeightReading) -> EncodedWeight? {
    guard tensor.element == .f32, tensor.elementCount >= leastCount else { return nil }
    switch self {
    case .fp16: return EncodedWeight(tensor, as: .f16)
    case .bf16: return EncodedWeight(tensor, as: .bf16)
    case .int8, .int4:
      guard case .outputs(let axis) = reading, tensor.floats.allSatisfy(\.isFinite) else { return nil }
      let rows = OutputRows(tensor, axis: axis)
      guard case .int4(let groupSize) = self, let group = rows.group(groupSize) else {
        return rows.symmetric()
      }
      return rows.grouped(by: group)
    }
  }
}
