/// What is known of a variant's size; tests hold the graph to it.
package struct Facts: Sendable {
  package enum Status: String, Sendable {
    /// The published details suffice to build it, and the counts agree.
    case solid
    /// Some details are not public; the graph fits every public figure but they are ours.
    case reconstruction
    /// It is ours.
    case own
  }
  package var status: Status
  /// Learned parameters.
  package var parameters: Int
  /// Learned parameters after batch norms are folded; nil without batch norms.
  package var foldedParameters: Int?
  /// MACs at the default dimensions, with those of attention's products.
  package var macs: Int
  /// Of them those of products of two computed values, as in attention.
  package var attentionMACs: Int
  /// As published, in millions and after folding; nil where nothing is.
  package var publishedParameters: Double?
  /// As published, in billions; nil where nothing is.
  package var publishedMACs: Double?
  /// What of it is not public and therefore ours, in a sentence; empty where all is known.
  package var ours: String

  init(
    status: Status, parameters: Int, foldedParameters: Int? = nil, macs: Int, attentionMACs: Int = 0,
    publishedParameters: Double? = nil, publishedMACs: Double? = nil, ours: String = ""
  ) {
    self.status = status
    self.parameters = parameters
    self.foldedParameters = foldedParameters
    self.macs = macs
    self.attentionMACs = attentionMACs
    self.publishedParameters = publishedParameters
    self.publishedMACs = publishedMACs
    self.ours = ours
  }

  /// Of a function that runs others, each as often as it says on weights of its own.
  init(sum parts: [(facts: Facts, times: Int)]) {
    let ours = parts.map(\.facts.ours).filter { !$0.isEmpty }
    self.init(
      status: ours.isEmpty ? .solid : .reconstruction,
      parameters: parts.reduce(0) { $0 + $1.facts.parameters },
      foldedParameters: parts.contains { $0.facts.foldedParameters != nil }
        ? parts.reduce(0) { $0 + ($1.facts.foldedParameters ?? $1.facts.parameters) } : nil,
      macs: parts.reduce(0) { $0 + $1.times * $1.facts.macs },
      attentionMACs: parts.reduce(0) { $0 + $1.times * $1.facts.attentionMACs },
      ours: ours.joined(separator: "; "))
  }
}
