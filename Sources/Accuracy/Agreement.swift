package import Tensors

/// How two results of one value compare.
package struct Agreement: Sendable, Encodable {
  package var maxAbs: Double
  /// `maxAbs` ÷ the largest value of the reference.
  package var relative: Double
  package var cosine: Double
  package var snrDb: Double

  enum CodingKeys: String, CodingKey {
    case relative, cosine
    case maxAbs = "max_abs"
    case snrDb = "snr_db"
  }

  package init(_ values: Tensor, reference: Tensor) {
    let difference = TensorDifference(values, reference: reference)
    maxAbs = difference.maximum
    relative = difference.relative
    cosine = difference.cosine
    snrDb = difference.signalToNoise
  }
}

/// An output of a bundle against the model's.
package struct OutputAgreement: Sendable, Encodable {
  package var name: String
  package var agreement: Agreement

  private enum CodingKeys: String, CodingKey { case name }

  package func encode(to encoder: any Encoder) throws {
    try agreement.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
  }
}

/// A kernel call of a bundle against the value of the model that it computes.
package struct LayerAgreement: Sendable, Encodable {
  /// The function that it stands in.
  package var function: String
  /// The node's name.
  package var name: String
  /// The value's name in the model.
  package var value: String
  /// The kernel.
  package var op: String
  /// Its own error: what it makes of the values that the model has before it.
  package var own: Agreement
  /// The error that has gathered: what it makes of the results of the bundle's calls before it.
  package var accumulated: Agreement
}

/// A pass that changed the function, or one that it runs, and how far the outputs then lie from the source
/// model's.
package struct StageAgreement: Sendable, Encodable {
  package var pass: String
  /// What the pass changed.
  package var function: String
  package var relative: Double
}

/// A function that the verified one runs, alone, on the inputs of its first run by the reference.
package struct FunctionAgreement: Sendable, Encodable {
  package var function: String
  /// The worst of its outputs.
  package var relative: Double
  /// How many of its layers were compared.
  package var layers: Int
}
