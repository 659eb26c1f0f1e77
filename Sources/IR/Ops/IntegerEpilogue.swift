import Tensors

/// What may follow the sums of an integer product, as operands behind its own: a bias, i32 [channels]; then multiplier,
/// shift and zero point of a ``Rescaling``, the first two for the tensor or for each channel. The result is i32 without a
/// rescaling, and of the zero point's element type with one. Sums with their bias wrap in i32, those of i16 saturate: these
/// reach its ends.
struct IntegerEpilogue {
  var rescaling: Rescaling
  /// How many operands the product itself has.
  private static let own = 4

  /// The result's type, given its shape and how many channels it has.
  func infer(_ operands: [TensorType], _ shape: Shape, channels: Int) throws(OpError) -> TensorType {
    let rest = operands[Self.own...]
    guard [0, 1, 3, 4].contains(rest.count) else {
      throw OpError(
        "has \(operands.count) operands, expected 4, a bias if any, then multiplier, shift and zero point if any"
      )
    }
    if hasBias(rest.count), rest[Self.own] != TensorType(.i32, [channels]) {
      throw OpError("bias is \(rest[Self.own]), expected \(TensorType(.i32, [channels]))")
    }
    guard rest.count >= 3 else {
      guard rescaling == Rescaling() else {
        throw OpError("has attributes of a rescaling but not its operands multiplier, shift and zero point")
      }
      return TensorType(.i32, shape)
    }
    try rescaling.check(rest.suffix(3), count: channels)
    return TensorType(rest[operands.count - 1].element, shape)
  }

  /// The result of sums of shape [.., channels, inner], flat.
  func apply(to sums: [Int64], inner: Int, _ operands: [Tensor], _ type: TensorType) -> Tensor {
    let rest = operands[Self.own...]
    var values = sums
    if hasBias(rest.count) {
      let bias = rest[Self.own].integers
      for index in values.indices { values[index] &+= bias[index / max(inner, 1) % bias.count] }
    }
    if operands[0].element == .i16 { values = values.map { Int64(Int32(clamping: $0)) } }
    guard rest.count >= 3 else { return Tensor(values, shape: type.shape, element: .i32) }
    return rescaling.apply(to: values, inner: max(inner, 1), rest.suffix(3), type)
  }

  private func hasBias(_ count: Int) -> Bool { count % 3 == 1 }
}
