/// What a search for a budget found.
package struct SearchReport: Sendable {
  /// Formats of all layers that were tried together.
  package struct Point: Sendable {
    /// Bytes of weights as they are stored, and multiply-adds by the bytes of their arithmetic.
    package var bytes: Double
    package var work: Double
    /// On samples held back; nil where it is only expected.
    package var score: Score?
    /// Signal to noise ratio that was expected, in dB.
    package var expected: Double
    /// Layers by format.
    package var layers: [(option: String, count: Int)]
    package var isChosen = false
  }

  /// What a layer alone does to the outputs in each format that it can have, in dB.
  package struct Layer: Sendable {
    package var name: String
    package var options: [(option: String, signalToNoise: Double)]
    package var chosen: String
  }

  package var budget: String
  package var metric: String
  package var heldBack: Int
  /// What was measured and what was only expected, from the cheapest on.
  package var points: [Point] = []
  package var layers: [Layer] = []

  package var chosen: Point? { points.first { $0.isChosen } }
}
