package import IR

/// How to quantize.
package struct QuantizationOptions {
  /// Samples that layers are quantized on; ranges come from all of them.
  package var learningSamples = 24
  /// Of networks that do much work as few samples as stay within these multiply-adds, but no fewer than 8: theirs have many places to
  /// learn from.
  package var learningWork = 150e9
  /// The share of multiply-adds that may be computed in more than 8 bits.
  package var wideShare = 0.02
  /// The ways to try; the one that does best on samples held back is taken.
  package var variants = [
    QuantizationVariant(), QuantizationVariant(searchesRanges: true),
    QuantizationVariant(scalesChannels: true),
    QuantizationVariant(searchesRanges: true, scalesChannels: true),
    QuantizationVariant(scalesChannels: true, weighsBySlope: false),
  ]
  /// Formats that layers keep whatever a search finds; of several patterns that fit the last counts.
  package var kept: [KeptLayers] = []
  /// What the outputs may lose, for which formats are searched; nil for 8 bits wherever they can be.
  package var budget: Budget?
  /// Formats of all layers as they were once found, by function. They are not searched then.
  package var recipes: [Recipe]?

  /// What was once learned of the samples, by function; they are not run then.
  package var records: [CalibrationRecord]?
  /// Whether reports have such records.
  package var keepsRecords = false

  package init() {}

  /// Of so many samples: the number of those that layers learn from, held back ones among them.
  func samplesToLearnFrom(_ graph: Graph, of count: Int) -> Int {
    min(min(learningSamples, max(8, affordable(graph))), count)
  }

  /// Of so many samples, the number of those that only tell what came of a budget.
  func samplesToHoldBack(_ graph: Graph, of count: Int) -> Int {
    let learning = samplesToLearnFrom(graph, of: count)
    let fitted = learning - learning / 3
    return min(count - fitted, max(learning / 3, min(affordable(graph) - fitted, 4 * learningSamples)))
  }

  private func affordable(_ graph: Graph) -> Int {
    Int(min(learningWork / Double(max(graph.multiplyAdds, 1)), 1e6))
  }
}

/// A format for the layers whose names fit a pattern.
package struct KeptLayers: Sendable {
  package var format: LayerFormat
  package var pattern: GlobPattern

  package init(_ format: LayerFormat, _ pattern: GlobPattern) {
    self.format = format
    self.pattern = pattern
  }
}
