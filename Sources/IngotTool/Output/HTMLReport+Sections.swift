import Bundle
import Machine
import Passes
import Tensors

/// What the bundle is and how large.
func summarySection(_ manifest: Manifest, _ facts: [(String, String)]) -> String {
  var rows = [("Target", manifest.target), ("Precision", manifest.precision)] + facts
  for function in manifest.functions {
    let prefix = manifest.functions.count > 1 ? "\(function.name): " : ""
    func ports(_ ports: [Manifest.Port]) -> String {
      ports.map { "\($0.name) \($0.element)\(Shape($0.shape))\(sizeText($0.sizes))" }.joined(separator: "\n")
    }
    rows += [
      ("\(prefix)Inputs", ports(function.inputs)), ("\(prefix)Outputs", ports(function.outputs)),
      (
        "\(prefix)Work",
        "\(formatCount(function.macs)) multiply-adds, \(formatCount(function.parameters)) parameters, "
          + "\(function.instructions) kernel calls"
      ),
    ]
  }
  for (key, value) in manifest.provenance.sorted(by: { $0.key < $1.key }) { rows.append((key, value)) }
  let cells = rows.map { [Cell($0.0), Cell($0.1)] }
  return section("Summary", htmlTable([], cells))
}

/// What each pass changed. Times are left out, so that the page is the same for the same input.
func passesSection(_ reports: [PassReport]) -> String {
  let changed = reports.filter { !$0.changes.isEmpty }
  let rows = changed.map { report in
    let list = report.changes.map { "<li>\(escapedHTML($0.description))</li>" }.joined()
    let count = report.changes.count
    let label = "\(count) change\(count == 1 ? "" : "s")"
    return [
      Cell(report.name), Cell("\(report.nodesBefore)", isNumber: true),
      Cell("\(report.nodesAfter)", isNumber: true),
      Cell(
        html: "<details><summary>\(label)</summary><ul>\(list)</ul></details>"),
    ]
  }
  let header = [
    Cell("Pass"), Cell("Ops before", isNumber: true), Cell("After", isNumber: true), Cell("Changes"),
  ]
  let idle = "\(reports.count - changed.count) of \(reports.count) runs of passes found nothing to change."
  let others = "<p class=\"quiet\">\(idle)</p>"
  return section("Passes", htmlTable(header, rows) + others)
}

/// Where the ops of a function run: a count for each engine, ops with a reason, and all of them folded.
func placementSection(_ function: String, _ placements: [Placement]) -> String {
  let engines = placements.reduce(into: [String: Int]()) { $0[$1.engine, default: 0] += 1 }
  let counts = engines.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) on \($0.key)" }
  let header = [Cell("Op"), Cell("Node"), Cell("Engine"), Cell("Verdict"), Cell("Reason")]
  func rows(_ placements: [Placement]) -> String {
    htmlTable(
      header,
      placements.map {
        [Cell($0.op), Cell($0.node), Cell($0.engine), Cell($0.verdict.name), Cell($0.reason)]
      })
  }
  let explained = placements.filter { !$0.reason.isEmpty }
  var body = "<p>\(escapedHTML("\(placements.count) ops: " + counts.joined(separator: ", ")))</p>"
  if !explained.isEmpty { body += rows(explained) }
  body += "<details><summary>All \(placements.count) ops</summary>\(rows(placements))</details>"
  return section("Placement of \(function)", body)
}

/// The sections of a bundle file.
func fileSection(_ sections: [BundleContents.Section]) -> String {
  let header = [
    Cell("Section"), Cell("Offset", isNumber: true), Cell("Stored", isNumber: true),
    Cell("Unpacked", isNumber: true),
    Cell("Compression"),
  ]
  let rows = sections.map { section in
    [
      Cell(section.kind), Cell("\(section.offset)", isNumber: true),
      Cell("\(section.storedBytes)", isNumber: true),
      Cell("\(section.rawBytes)", isNumber: true), Cell(section.compression.text),
    ]
  }
  return section("File", htmlTable(header, rows))
}

/// The largest weights of all functions.
func weightsSection(_ programs: [Program]) -> String {
  var weights: [Int: (view: Program.View, bytes: Int)] = [:]
  for program in programs {
    for tensor in program.tensors {
      let buffer = program.buffers[tensor.buffer]
      // A view of a part of a weight only names it as long as no other does.
      let bytes = tensor.shape.elementCount &* tensor.element.byteCount
      if case .weight(let index) = buffer.kind, weights[index] == nil || bytes == buffer.bytes {
        weights[index] = (tensor, buffer.bytes)
      }
    }
  }
  let shown = weights.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }.prefix(30)
  let total = weights.values.reduce(0) { $0 &+ $1.bytes }
  let rows = shown.map { _, weight in
    [
      Cell(weight.view.name), Cell("\(weight.view.element.rawValue)\(weight.view.shape)"),
      Cell(formatBytes(weight.bytes), isNumber: true),
      Cell(format(100 * Double(weight.bytes) / Double(max(total, 1)), digits: 1), isNumber: true),
    ]
  }
  let header = [Cell("Weight"), Cell("Type"), Cell("Size", isNumber: true), Cell("% of all", isNumber: true)]
  guard !rows.isEmpty else { return "" }
  return section("Largest weights", "<p>\(shown.count) of \(weights.count)</p>" + htmlTable(header, rows))
}

/// A table cell; plain text is escaped.
struct Cell {
  var html: String
  var isNumber: Bool
  init(_ text: String, isNumber: Bool = false) {
    html = escapedHTML(text).split(separator: "\n", omittingEmptySubsequences: false).joined(
      separator: "<br>")
    self.isNumber = isNumber
  }
  init(html: String) {
    self.html = html
    isNumber = false
  }
}

func htmlTable(_ header: [Cell], _ rows: [[Cell]]) -> String {
  func line(_ cells: [Cell], _ tag: String) -> String {
    "<tr>" + cells.map { "<\(tag)\($0.isNumber ? " class=\"number\"" : "")>\($0.html)</\(tag)>" }.joined()
      + "</tr>\n"
  }
  let head = header.isEmpty ? "" : "<thead>\(line(header, "th"))</thead>\n"
  return "<table>\n\(head)<tbody>\n\(rows.map { line($0, "td") }.joined())</tbody>\n</table>\n"
}

func section(_ title: String, _ body: String) -> String {
  "<section>\n<h2>\(escapedHTML(title))</h2>\n\(body)\n</section>"
}
