import IngotCompiler
import Machine
import Tensors

/// What `compile` prints: the compiler's facts and notes, and what they cost.
struct CompileResult: Encodable {
  var facts: CompileFacts
  var notes: [CompilerNote]
  var sourceBytes: Int?
  var cost: CompileCost
  /// Of each function on the target.
  var latencies: [Target.LatencyVerdict]

  private enum CodingKeys: String, CodingKey {
    case notes, cost
    case sourceBytes = "source_bytes"
    case latency = "latency_ms"
  }

  init(_ compiled: CompiledNetwork, sourceBytes: Int?, _ cost: CompileCost, on target: Target) {
    latencies = compiled.bundle.latencies(on: target)
    facts = compiled.facts
    notes = compiled.notes
    self.sourceBytes = sourceBytes
    self.cost = cost
  }

  /// The facts' keys and these stand side by side.
  func encode(to encoder: any Encoder) throws {
    try facts.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(notes, forKey: .notes)
    try container.encodeIfPresent(sourceBytes, forKey: .sourceBytes)
    try container.encode(cost, forKey: .cost)
    if latencies.count == 1 { try container.encode(Explanation.Latency(latencies[0]), forKey: .latency) }
  }

  func text(output: String, target: Target) -> String {
    var size = "\(formatBytes(facts.bundleBytes))"
    if let sourceBytes, sourceBytes > 0 {
      let percent = format(100 * Double(facts.bundleBytes) / Double(sourceBytes), digits: 0)
      size += ", \(percent) % of the source's \(formatBytes(sourceBytes))"
    }
    let overBound =
      facts.arenaLowerBoundBytes > 0
      ? format(100 * (Double(facts.arenaBytes) / Double(facts.arenaLowerBoundBytes) - 1), digits: 1) : "0.0"
    let shares = facts.macsByFormat.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let formats =
      shares.count < 2 && shares.first?.key ?? "fp32" == "fp32"
      ? ""
      : " ("
        + shares.map {
          "\($0.key) \(format(100 * Double($0.value) / Double(max(facts.macs, 1)), digits: 1)) %"
        }
        .joined(separator: ", ") + ")"
    var lines = [
      "\(output) for \(target.title)",
      "  ops        \(facts.nodesBefore) before, \(facts.nodesAfter) after passes, \(facts.instructions) kernel calls",
      "  work       \(formatCount(facts.macs)) multiply-adds\(formats), \(formatCount(facts.parameters)) parameters",
      "  bundle     \(size)",
      "  weights    \(formatBytes(facts.weightBytes)) in memory\(byFormat(facts.weightBytesByFormat))",
      "  arena      \(formatBytes(facts.arenaBytes)), \(overBound) % over the lower bound of \(formatBytes(facts.arenaLowerBoundBytes))",
    ]
    if let cycles = facts.cycles {
      lines.append(
        "  cycles     \(formatCount(cycles)) for one run, as the chip's description estimates them")
    }
    lines += [
      "  time       \(cost.text), with \(formatBytes(cost.peakMemoryBytes)) of memory at most"
    ]
    if target.family != .cpu { lines += latencies.map { "  on chip    \(latencyText($0))" } }
    lines += facts.quantizations.flatMap { $0.lines }
    if !facts.options.isEmpty {
      let words = facts.options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      lines.append("  options    \(words.joined(separator: ", "))")
    }
    if target.family != .cpu {
      let fallen = facts.ops.filter { $0.engine == target.fallback.engine }
      lines.append(
        "  placement  \(facts.ops.count - fallen.count) of \(facts.ops.count) ops on \(target.engines[0].id)"
      )
      for op in fallen.prefix(10) { lines.append("    \(op.op) '\(op.node)' on \(op.engine): \(op.reason)") }
      if fallen.count > 10 {
        lines.append("    and \(fallen.count - 10) more; 'ingot inspect --ops' lists all")
      }
    }
    lines += notes.map(\.description)
    return paragraph(lines)
  }
}

extension CompileFacts.Quantization {
  /// What `compile` says of it.
  fileprivate var lines: [String] {
    var lines = ["  quantized  '\(function)' by \(samples) sample\(samples == 1 ? "" : "s")"]
    for attempt in attempts {
      let mean = "\(format(attempt.meanDb, digits: 1)) ± \(format(attempt.standardErrorDb, digits: 1))"
      lines.append(
        "    \(attempt.isChosen ? "taken " : "tried ") \(mean) dB, \(format(attempt.worstDb, digits: 1)) dB at worst: \(attempt.methods)"
      )
    }
    if !sixteenBits.isEmpty {
      lines.append("    products read in 16 bits: \(listed(sixteenBits.map { "'\($0)'" }))")
    }
    if !twoBytes.isEmpty {
      lines.append("    products read in two bytes: \(listed(twoBytes.map { "'\($0)'" }))")
    }
    return lines + (search?.lines ?? []) + exceptions(floating, "in floating point")
      + exceptions(split, "in two bytes") + worstLayers
  }

  /// The layers that do most harm by themselves.
  private var worstLayers: [String] {
    let worst = layers.sorted { $0.own < $1.own }.prefix(10)
    guard !worst.isEmpty else { return [] }
    var lines = [
      "    layers with the least signal to noise ratio by themselves; accumulated: with all before them quantized"
    ]
    for layer in worst {
      var words = [
        "\(format(layer.own, digits: 1)) dB, accumulated \(format(layer.accumulated, digits: 1)) dB: \(layer.op) '\(layer.node)'"
      ]
      if let input = layer.ofInput, let weights = layer.ofWeights {
        words.append(
          "\(format(input, digits: 1)) dB by its input, \(format(weights, digits: 1)) dB by its weights")
      }
      if let range = layer.inputRange { words.append("input \(range[0])...\(range[1])") }
      lines.append("      " + (words + layer.causes).joined(separator: "; "))
    }
    return lines
  }

  private func exceptions(
    _ found: [CompileFacts.Quantization.Exception], _ how: String
  ) -> [String] {
    Dictionary(grouping: found, by: \.reason).sorted { $0.key < $1.key }.map { reason, nodes in
      "    \(nodes.count) ops \(how), as \(reason): \(listed(nodes.map { "'\($0.node)'" }))"
    }
  }
}
