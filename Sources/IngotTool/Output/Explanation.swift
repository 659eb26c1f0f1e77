import IR
import IngotCompiler
import Machine
import Tensors

/// What `explain` prints.
struct Explanation: Encodable {
  /// Milliseconds of one run; null where nothing is known that a figure could be made of.
  struct Latency: Encodable {
    var estimate: Double?
    var low: Double?
    var high: Double?

    init() {}

    init(_ verdict: Target.LatencyVerdict) {
      guard case .known(let latency) = verdict else { return }
      estimate = latency.estimate
      low = latency.low
      high = latency.high
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(estimate, forKey: .estimate)
      try container.encode(low, forKey: .low)
      try container.encode(high, forKey: .high)
    }

    enum CodingKeys: String, CodingKey { case estimate, low, high }
  }

  struct Function: Encodable {
    var name: String
    var latency: Latency
    /// The same in words.
    var latencyText: String

    enum CodingKeys: String, CodingKey {
      case name
      case latency = "latency_ms"
      case latencyText = "latency"
    }
  }

  struct Engine: Encodable {
    var engine: String
    var ops: Int
    var multiplyAdds: Int
    var share: Double

    enum CodingKeys: String, CodingKey {
      case engine, ops, share
      case multiplyAdds = "multiply_adds"
    }
  }

  /// Ops that run one after the other on the chip's engines, or on what these fall back to.
  struct Piece: Encodable {
    var function: String
    var index: Int
    var engines: [String]
    var isFallback: Bool
    var ops: Int
    var multiplyAdds: Int
    var share: Double
    var bytesIn: Int
    var bytesOut: Int
    var borderUs: Double?

    enum CodingKeys: String, CodingKey {
      case function, index, engines, ops, share
      case isFallback = "is_fallback"
      case multiplyAdds = "multiply_adds"
      case bytesIn = "bytes_in"
      case bytesOut = "bytes_out"
      case borderUs = "border_us"
    }
  }

  struct Op: Encodable {
    var function: String
    var segment: Int
    var node: String
    var op: String
    var engine: String
    var verdict: String
    var rule: CompileFacts.Op.Rule?
    var reason: String
    var multiplyAdds: Int
    var share: Double
    var bytesIn: Int
    var bytesOut: Int
    var borderUs: Double?
    var latencyUs: Double?
    /// What most of the time is for.
    var bottleneck: String?

    enum CodingKeys: String, CodingKey {
      case latencyUs = "latency_us"
      case bottleneck
      case function, segment, node, op, engine, verdict, rule, reason, share
      case multiplyAdds = "multiply_adds"
      case bytesIn = "border_bytes_in"
      case bytesOut = "border_bytes_out"
      case borderUs = "border_us"
    }
  }

  var target: String
  var title: String
  var precision: String
  var latency = Latency()
  var functions: [Function]
  var multiplyAdds: Int
  var engines: [Engine]
  var segments: [Piece]
  var ops: [Op]
  var notes: [String]
  /// What the time is made of, summed over all ops.
  var costTerms: [String: Double]

  enum CodingKeys: String, CodingKey {
    case costTerms = "cost_terms"
    case target, title, precision, functions, engines, segments, ops, notes
    case latency = "latency_ms"
    case multiplyAdds = "multiply_adds"
  }

  init(_ compiled: CompiledBundle, _ target: Target, _ precision: Precision) {
    self.target = target.name
    title = target.title
    self.precision = precision.rawValue
    notes = compiled.module.notes.map(\.description)
    let all = compiled.placements.flatMap { $0 }
    let total = all.reduce(0) { $0 + Double($1.multiplyAdds) }
    func share(_ work: Double) -> Double { total > 0 ? work / total : 0 }
    costTerms = all.reduce(CostTerms()) { $0 + $1.terms }.amounts.reduce(into: [:]) {
      $0[$1.key.rawValue] = $1.value
    }
    multiplyAdds = Int(clamping: Int64(exactly: total.rounded()) ?? .max)
    let names = (target.engines.map(\.id) + [target.fallback.engine]).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    engines = names.map { name in
      let own = all.filter { $0.engine == name }
      let work = own.reduce(0) { $0 &+ $1.multiplyAdds }
      return Engine(engine: name, ops: own.count, multiplyAdds: work, share: share(Double(work)))
    }
    functions = zip(compiled.module.functions.map(\.name), compiled.latencies(on: target)).map {
      Function(name: $0, latency: Latency($1), latencyText: latencyText($1))
    }
    // Several functions have no time in common.
    if functions.count == 1 { latency = functions[0].latency }
    if let caution = target.cost?.caution, functions.contains(where: { $0.latency.estimate != nil }) {
      notes.append(caution)
    }
    segments = []
    ops = []
    for (function, (placements, pieces)) in zip(
      compiled.module.functions.map(\.name), zip(compiled.placements, compiled.segments))
    {
      segments += pieces.enumerated().map { index, piece in
        Piece(
          function: function, index: index, engines: piece.engines, isFallback: piece.isFallback,
          ops: piece.count, multiplyAdds: piece.multiplyAdds, share: share(Double(piece.multiplyAdds)),
          bytesIn: piece.border.bytesIn, bytesOut: piece.border.bytesOut, borderUs: piece.border.microseconds)
      }
      ops += placements.map { placement in
        let fact = CompileFacts.Op(placement)
        return Op(
          function: function, segment: placement.segment, node: fact.node, op: fact.op, engine: fact.engine,
          verdict: fact.verdict.rawValue, rule: fact.rule, reason: fact.reason,
          multiplyAdds: placement.multiplyAdds, share: share(Double(placement.multiplyAdds)),
          bytesIn: placement.border.bytesIn, bytesOut: placement.border.bytesOut,
          borderUs: placement.border.microseconds,
          latencyUs: target.time(of: placement).map { 1000 * $0.milliseconds },
          bottleneck: target.time(of: placement)?.bottleneck.rawValue)
      }
    }
  }

  func text(everyOp: Bool) -> String {
    var parts = [
      paragraph(["\(title), \(precision): \(formatCount(multiplyAdds)) multiply-adds, \(ops.count) ops"])
    ]
    parts.append(
      table(
        ["engine", "ops", "multiply-adds", "share"],
        engines.map { [$0.engine, "\($0.ops)", formatCount($0.multiplyAdds), percent($0.share)] },
        right: [1, 2, 3]))
    for function in ops.map(\.function).reduce(into: [String](), { if !$0.contains($1) { $0.append($1) } }) {
      parts.append(text(of: function, everyOp: everyOp))
    }
    parts += notes.map(printable)
    return parts.joined(separator: "\n\n")
  }

  private func text(of function: String, everyOp: Bool) -> String {
    let pieces = segments.filter { $0.function == function }
    let own = ops.filter { $0.function == function }
    let segmentRows = pieces.map { piece in
      [
        "\(piece.index)", piece.engines.joined(separator: " + "), "\(piece.ops)", percent(piece.share),
        formatBytes(piece.bytesIn), formatBytes(piece.bytesOut),
        piece.borderUs.map(microseconds) ?? "unknown",
      ]
    }
    var lines = [
      "function \(printable(function)), in \(pieces.count) segment\(pieces.count == 1 ? "" : "s")",
      "time \(printable(functions.first { $0.name == function }?.latencyText ?? ""))",
      table(
        ["segment", "engines", "ops", "multiply-adds", "bytes in", "bytes out", "border"], segmentRows,
        right: [0, 2, 3, 4, 5, 6]),
    ]
    let shown = everyOp ? own : own.filter { $0.verdict != "native" }
    if shown.isEmpty {
      lines.append("every op runs natively")
    } else {
      let rows = shown.map { op in
        [
          "\(op.segment)", op.op, op.node, op.engine, op.verdict, percent(op.share),
          op.latencyUs.map(microseconds) ?? "", op.bottleneck ?? "",
          op.bytesIn + op.bytesOut == 0 ? "" : formatBytes(op.bytesIn + op.bytesOut), op.reason,
        ]
      }
      lines.append(
        table(
          [
            "segment", "op", "node", "engine", "verdict", "multiply-adds", "time", "most of it", "border",
            "reason",
          ],
          rows, right: [0, 5, 6, 8]))
    }
    return lines.joined(separator: "\n")
  }
}

func percent(_ share: Double) -> String { format(100 * share, digits: 1) + " %" }

private func microseconds(_ time: Double) -> String {
  time < 1000 ? format(time, digits: 0) + " µs" : format(time / 1000, digits: 2) + " ms"
}

/// A time with its interval, or why there is none.
func latencyText(_ verdict: Target.LatencyVerdict) -> String {
  switch verdict {
  case .known(let latency):
    "\(format(latency.estimate, digits: 2)) ms, of ten networks eight between \(format(latency.low, digits: 2)) and \(format(latency.high, digits: 2)) ms"
  case .unknown(let because): "unknown: \(because)"
  }
}

extension CompiledBundle {
  /// The time of each function on a target.
  func latencies(on target: Target) -> [Target.LatencyVerdict] {
    let repeats = module.functions.contains { graph in
      graph.order.contains { if case .loop = graph[$0].op { true } else { false } }
    }
    return placements.map {
      repeats ? .unknown(because: "the network repeats parts of itself") : target.latency($0)
    }
  }
}
