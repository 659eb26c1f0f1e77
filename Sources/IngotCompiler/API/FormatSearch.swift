import Quantization

/// How formats of layers were found that keep a budget.
public struct FormatSearch: Sendable, Hashable, Encodable {
  /// Formats of all layers together, and what comes of them.
  public struct Point: Sendable, Hashable, Encodable {
    /// Of the bundle; where nothing was measured, what is expected.
    public let bytes: Int
    /// Multiply-adds, each counted by the bytes of its arithmetic.
    public let work: Double
    /// The metric on samples that nothing was learned from; nil where nothing was measured.
    public let value: Double?
    /// The standard error of its mean over samples; nil where it is no mean.
    public let standardError: Double?
    /// Signal to noise ratio on those samples in dB, the mean.
    public let meanDb: Double?
    /// That of the worst sample.
    public let worstDb: Double?
    /// The mean to be expected by what each layer does alone.
    public let expectedDb: Double
    /// Numbers of layers by format.
    public let layers: [String: Int]
    /// Whether the bundle has these formats.
    public let isChosen: Bool

    enum CodingKeys: String, CodingKey {
      case bytes, work, value, layers
      case standardError = "standard_error"
      case meanDb = "mean_db"
      case worstDb = "worst_db"
      case expectedDb = "expected_db"
      case isChosen = "chosen"
    }

    init(_ point: SearchReport.Point) {
      bytes = Int(point.bytes.rounded())
      work = point.work
      value = point.score?.value
      standardError = point.score?.standardError
      meanDb = point.score?.signalToNoise
      worstDb = point.score?.worst
      expectedDb = point.expected
      layers = Dictionary(point.layers.map { ($0.option, $0.count) }, uniquingKeysWith: +)
      isChosen = point.isChosen
    }
  }

  /// What one layer alone does to the outputs, in dB, by the formats that it can have.
  public struct Layer: Sendable, Hashable, Encodable {
    /// Its name.
    public let node: String
    /// The format that it has.
    public let chosen: String
    /// Signal to noise ratio of the outputs by format.
    public let formats: [String: Double]

    init(_ layer: SearchReport.Layer) {
      node = layer.name
      chosen = layer.chosen
      formats = Dictionary(
        layer.options.map { ($0.option, $0.signalToNoise) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// What was to be kept, in words.
  public let budget: String
  /// Its name.
  public let metric: String
  /// Samples that nothing was learned from.
  public let heldBack: Int
  /// The cheapest first.
  public let points: [Point]
  /// In the order of execution.
  public let layers: [Layer]

  enum CodingKeys: String, CodingKey {
    case budget, metric, points, layers
    case heldBack = "held_back"
  }

  init(_ report: SearchReport) {
    budget = report.budget
    metric = report.metric
    heldBack = report.heldBack
    points = report.points.map { Point($0) }
    layers = report.layers.map { Layer($0) }
  }
}
