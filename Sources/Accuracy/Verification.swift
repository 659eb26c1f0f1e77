package import IR

/// A bundle compared with the model it was compiled from, on one set of inputs.
package struct Verification: Encodable {
  package var tolerance: Double
  package var outputs: [OutputAgreement] = []
  /// Of the function, or of those that it runs where it runs others.
  package var layers: [LayerAgreement] = []
  /// Kernel calls of the same functions.
  package var kernelCalls = 0
  /// Each after those that it runs; empty where the function runs no others.
  package var functions: [FunctionAgreement] = []
  /// Empty unless they were asked for.
  package var stages: [StageAgreement] = []
  /// Of which of several samples this is, and how all of them compare; nil of a single set of arrays.
  package var samples: SampleSummary?
  /// How the samples were made, if from a seed.
  package var random: RandomSamples?
  /// Whether the reference gave numbers everywhere, so that there is something to compare.
  package var isFinite = true
  /// Why there are no layers, or not all.
  package var remark: String?
  /// What else is to be known.
  package var notes: [Note] = []

  enum CodingKeys: String, CodingKey {
    case passed, tolerance, outputs, layers, functions, stages, samples, random, remark, notes
    case kernelCalls = "kernel_calls"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(passed, forKey: .passed)
    try container.encode(tolerance, forKey: .tolerance)
    try container.encode(outputs, forKey: .outputs)
    try container.encode(layers, forKey: .layers)
    try container.encode(kernelCalls, forKey: .kernelCalls)
    try container.encode(functions, forKey: .functions)
    try container.encode(stages, forKey: .stages)
    try container.encodeIfPresent(samples, forKey: .samples)
    try container.encodeIfPresent(random, forKey: .random)
    try container.encodeIfPresent(remark, forKey: .remark)
    if !notes.isEmpty { try container.encode(notes, forKey: .notes) }
  }

  /// Whether every output is within the tolerance, after every pass too.
  package var passed: Bool { relatives.allSatisfy { $0 <= tolerance } }

  /// The largest relative difference of an output, after any pass.
  package var worst: Double { relatives.max() ?? 0 }

  /// The layer with the largest error of its own: where a difference begins.
  package var worstLayer: LayerAgreement? {
    layers.max { $0.own.relative < $1.own.relative }
  }

  private var relatives: [Double] { outputs.map(\.agreement.relative) + stages.map(\.relative) }
}
