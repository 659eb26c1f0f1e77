import IR
package import Passes
package import Tensors

/// What a network may lose, and what it may cost, when formats are searched.
package struct Budget {
  package var metric: Metric
  /// Of ``Metric/sqnr`` the least that is allowed, in dB; of the others the most that may be lost. Nil to find the best within what it may
  /// cost.
  package var limit: Double?
  /// Of the bundle.
  package var bytes: Int?
  /// Multiply-adds, each counted by the bytes of its arithmetic: 1 on 8 bits, 2 where an input has two bytes, 3 where weights have, too,
  /// and 4 in floating point.
  package var work: Double?
  /// What a tensor alone takes in the bundle.
  package var storedBytes: (Tensor) -> Int = { $0.byteCount }
  /// What the bundle takes once a pass has quantized the function; nil where there is no bundle.
  package var bundleBytes: ((Pass) throws -> Int)?

  package init(metric: Metric = .sqnr, limit: Double?, bytes: Int? = nil, work: Double? = nil) {
    self.metric = metric
    self.limit = limit
    self.bytes = bytes
    self.work = work
  }

  /// What tells how good outputs are.
  package enum Metric {
    /// Signal to noise ratio against the source, the mean over samples and outputs, in dB.
    case sqnr
    /// Cosine of the angle between an output and the source's, the mean over samples and outputs.
    case cosine
    /// The share of places at which the largest of the first output's last axis (of pictures: of their channels) is the source's.
    case top1
    /// A user's own: a number for the outputs of all samples, by their names and the samples' titles; larger is better.
    case custom(
      name: String, ([(sample: String, outputs: [(name: String, tensor: Tensor)])]) throws -> Double)

    package var name: String {
      switch self {
      case .sqnr: "sqnr"
      case .cosine: "cosine"
      case .top1: "top1"
      case .custom(let name, _): name
      }
    }

    /// Whether the limit is a value that is not to be fallen below, not a loss.
    var isAbsolute: Bool {
      if case .sqnr = self { return true }
      return false
    }
  }

  func bytes(_ pass: Pass) throws(Diagnostic) -> Int? {
    do {
      return try bundleBytes?(pass)
    } catch {
      throw error as? Diagnostic ?? Diagnostic("\(error)")
    }
  }

  /// What formats were searched for, in words.
  package var description: String {
    var words: [String] = []
    if let limit {
      words.append(
        metric.isAbsolute
          ? "\(metric.name) of \(limit) dB or more" : "\(metric.name) less by \(limit) or less")
    }
    if let bytes { words.append("\(bytes) bytes or less") }
    if let work { words.append("work of \(work) or less") }
    return words.joined(separator: ", ")
  }
}

extension LayerFormat {
  /// The bytes of what a multiply-add works on: those of the wider factor, times the number of products.
  func width(_ input: InputFormat?) -> Double {
    switch self {
    case .int8: input == nil ? 1 : 2
    case .twoBytes, .scaledRows: 3
    case .stored, .fp32: 4
    }
  }
}
