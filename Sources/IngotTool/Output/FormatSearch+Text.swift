import IngotCompiler

extension FormatSearch {
  /// What `compile` says of a search: what each way that was tried costs and gives, those that were only reckoned in brackets.
  var lines: [String] {
    let head = ["  budget     \(budget), on \(heldBack) samples held back; work in multiply-adds by bytes"]
    let rows = points.map { point in
      let values =
        point.meanDb.map { mean in
          [
            point.value.map { metric == "sqnr" ? "" : format($0, digits: 5) } ?? "",
            format(mean, digits: 1), point.worstDb.map { format($0, digits: 1) } ?? "",
          ]
        } ?? ["", "(\(format(point.expectedDb, digits: 1)))", ""]
      let layers = point.layers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      return [
        point.isChosen ? "taken" : point.meanDb == nil ? "" : "tried", formatBytes(point.bytes),
        formatCount(Int(point.work)),
      ] + values + [layers.map { "\($0.value) \($0.key)" }.joined(separator: ", ")]
    }
    let text = table(
      ["", "bundle", "work", metric == "sqnr" ? "" : metric, "dB", "worst", "layers"], rows,
      right: [1, 2, 3, 4, 5])
    return head + text.split(separator: "\n").map { "    \($0)" }
  }
}
