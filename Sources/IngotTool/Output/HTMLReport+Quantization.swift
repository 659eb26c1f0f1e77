import IngotCompiler

/// What quantizing did to a function: the ways that were tried, and each layer, worst first, with how its input is distributed.
func quantizationSection(_ found: CompileFacts.Quantization) -> String {
  var body = "<p>\(found.samples) samples</p>" + attempts(found)
  if let search = found.search { body += budget(search) }
  let exceptions = (found.floating + found.split).map { [Cell($0.node), Cell($0.reason)] }
  if !exceptions.isEmpty {
    body += folded(
      "\(exceptions.count) ops not in 8 bits", htmlTable([Cell("Op"), Cell("Reason")], exceptions))
  }
  let worst = found.layers.sorted { $0.own < $1.own }
  body += "<h3>Worst layers by themselves</h3>" + layers(Array(worst.prefix(10)))
  body += folded("All \(found.layers.count) layers in the order of execution", layers(found.layers))
  return section("Quantization of \(found.function)", body)
}

private func folded(_ title: String, _ html: String) -> String {
  "<details><summary>\(escapedHTML(title))</summary>\(html)</details>"
}

private func number(_ value: Double?, digits: Int = 1) -> Cell {
  Cell(value.map { format($0, digits: digits) } ?? "", isNumber: true)
}

private func attempts(_ found: CompileFacts.Quantization) -> String {
  guard !found.attempts.isEmpty else { return "" }
  let header = [
    Cell("Methods"), Cell("dB", isNumber: true), Cell("Standard error", isNumber: true),
    Cell("Worst sample", isNumber: true), Cell(""),
  ]
  return htmlTable(
    header,
    found.attempts.map {
      [
        Cell($0.methods), number($0.meanDb), number($0.standardErrorDb), number($0.worstDb),
        Cell($0.isChosen ? "taken" : ""),
      ]
    })
}

private func budget(_ search: FormatSearch) -> String {
  let header = [
    Cell("Bundle", isNumber: true), Cell("Work", isNumber: true), Cell(search.metric, isNumber: true),
    Cell("dB", isNumber: true), Cell("Expected dB", isNumber: true), Cell("Worst sample", isNumber: true),
    Cell("Layers"), Cell(""),
  ]
  let rows = search.points.map { point in
    let layers = point.layers.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return [
      Cell(formatBytes(point.bytes), isNumber: true), Cell(formatCount(Int(point.work)), isNumber: true),
      number(point.value, digits: 4), number(point.meanDb), number(point.expectedDb), number(point.worstDb),
      Cell(layers.map { "\($0.value) \($0.key)" }.joined(separator: ", ")),
      Cell(point.isChosen ? "taken" : point.meanDb == nil ? "not measured" : ""),
    ]
  }
  let formats = search.layers.map { layer in
    let options = layer.formats.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    return [
      Cell(layer.node), Cell(layer.chosen),
      Cell(options.map { "\($0.key) \(format($0.value, digits: 1))" }.joined(separator: ", ")),
    ]
  }
  return "<p>\(escapedHTML("Budget: \(search.budget), on \(search.heldBack) samples held back"))</p>"
    + htmlTable(header, rows)
    + folded(
      "What each layer alone leaves of the outputs, in dB",
      htmlTable([Cell("Layer"), Cell("Has"), Cell("Formats")], formats))
}

private func layers(_ layers: [CompileFacts.Quantization.Layer]) -> String {
  let header = [
    Cell("Layer"), Cell("Alone, dB", isNumber: true), Cell("Accumulated", isNumber: true),
    Cell("Cosine", isNumber: true), Cell("By input", isNumber: true), Cell("By weights", isNumber: true),
    Cell("Input"),
  ]
  return htmlTable(
    header,
    layers.map { layer in
      [
        Cell("\(layer.op) \(layer.node)"), number(layer.own), number(layer.accumulated),
        number(layer.accumulatedCosine, digits: 5), number(layer.ofInput), number(layer.ofWeights),
        Cell(html: histogram(layer) + layer.causes.map { "<br>" + escapedHTML($0) }.joined()),
      ]
    })
}

/// Counts as bars, on a scale of roots, which shows few values beside many. Bars of what is clipped are red.
private func histogram(_ layer: CompileFacts.Quantization.Layer) -> String {
  guard let counts = layer.inputHistogram, let range = layer.inputRange, let largest = counts.max(),
    largest > 0
  else { return "" }
  let width = Double(range[1] - range[0]) / Double(counts.count)
  let bars = counts.enumerated().filter { $0.element > 0 }.map { index, count in
    let height = max(40 * (Double(count) / Double(largest)).squareRoot(), 0.5)
    let middle = Double(range[0]) + (Double(index) + 0.5) * width
    let isClipped = layer.storedRange.map { middle < Double($0[0]) || middle > Double($0[1]) } ?? false
    return
      "<rect x=\"\(index)\" y=\"\(format(40 - height, digits: 2))\" width=\"1\" height=\"\(format(height, digits: 2))\"\(isClipped ? " class=\"clipped\"" : "")/>"
  }
  let text = "\(range[0]) to \(range[1])"
  return
    "<svg class=\"histogram\" viewBox=\"0 0 \(counts.count) 40\" preserveAspectRatio=\"none\">\(bars.joined())</svg><br>"
    + escapedHTML(text)
}
