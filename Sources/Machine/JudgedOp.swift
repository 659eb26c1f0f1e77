import IR

extension Op {
  /// The op that an op on integers is a form of, by which a target that does not list it judges it; nil of others.
  var judgedAs: String? {
    switch self {
    case .convInteger: Conv().name
    case .convTransposeInteger: ConvTranspose().name
    case .matmulInteger: MatMul().name
    case .addInteger: Binary(.add).name
    case .mulInteger: Binary(.mul).name
    case .reduceInteger: Reduce().name
    case .poolInteger: Pool().name
    case .softmaxInteger: Softmax().name
    case .normInteger(let op):
      switch op.kind {
      case .layer: LayerNorm().name
      case .rms: RMSNorm().name
      case .group: GroupNorm().name
      }
    case .recurrentInteger: Recurrent().name
    default: nil
    }
  }

  /// Whether its second operand is what targets call weights.
  var hasWeights: Bool {
    switch self {
    case .conv, .convTranspose, .matmul, .convInteger, .convTransposeInteger, .matmulInteger: true
    default: false
    }
  }
}
