import Tensors

/// A page of its own about where ops run: engines and segments in color, and a table of ops to search and sort.
func explanationPage(_ explanation: Explanation, title: String) -> String {
  let names = explanation.engines.map(\.engine)
  func color(_ engine: String, isFallback: Bool) -> String {
    if isFallback { return "#c76b4a" }
    let hue = 205 + 70 * (names.firstIndex(of: engine) ?? 0) % 140
    return "hsl(\(hue) 45% 50%)"
  }
  func dot(_ engine: String, isFallback: Bool) -> String {
    "<span class=\"dot\" style=\"background:\(color(engine, isFallback: isFallback))\"></span>\(escapedHTML(engine))"
  }
  let fallback = Set(explanation.segments.filter(\.isFallback).flatMap(\.engines))
  let engines = explanation.engines.map { engine in
    [
      Cell(html: dot(engine.engine, isFallback: fallback.contains(engine.engine))),
      Cell("\(engine.ops)", isNumber: true), Cell(formatCount(engine.multiplyAdds), isNumber: true),
      Cell(percent(engine.share), isNumber: true),
    ]
  }
  let head = [Cell("Engine")] + ["Ops", "Multiply-adds", "Share"].map { Cell($0, isNumber: true) }
  let facts =
    "<p>\(escapedHTML("\(explanation.title), \(explanation.precision): \(formatCount(explanation.multiplyAdds)) multiply-adds, \(explanation.ops.count) ops"))</p>"
    + explanation.functions.map { "<p>\(escapedHTML("\($0.name): time \($0.latencyText)"))</p>" }.joined()
  let notes = explanation.notes.map { "<p class=\"quiet\">\(escapedHTML($0))</p>" }.joined()
  return page(
    title,
    [
      section("Engines", facts + htmlTable(head, engines) + notes),
      section("Segments", segmentBar(explanation, color) + segmentTable(explanation, dot)),
      section("Ops", opTable(explanation) { dot($0, isFallback: fallback.contains($0)) }),
    ], script: script)
}

/// One box for each segment, as wide as it has ops.
private func segmentBar(_ explanation: Explanation, _ color: (String, Bool) -> String) -> String {
  let boxes = explanation.segments.map { piece in
    let name =
      "segment \(piece.index) of \(piece.function): \(piece.ops) ops on \(piece.engines.joined(separator: ", "))"
    return
      "<div style=\"flex:\(piece.ops);background:\(color(piece.engines[0], piece.isFallback))\" title=\"\(escapedHTML(name))\"></div>"
  }
  return """
    <style>.bar { display: flex; height: 2rem; gap: 1px; } .bar div { min-width: 2px; } .bar div:hover { outline: 2px solid; }
    .dot { display: inline-block; width: .7em; height: .7em; margin-right: .4em; border-radius: 2px; }
    th[data-sort] { cursor: pointer; } input { font: inherit; width: 100%; box-sizing: border-box; padding: .3rem; margin: .5rem 0; }
    td.name { max-width: 22rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }</style>
    <div class="bar">\(boxes.joined())</div>
    """
}

private func segmentTable(_ explanation: Explanation, _ dot: (String, Bool) -> String) -> String {
  let head =
    [Cell("Segment"), Cell("Engines")]
    + ["Ops", "Multiply-adds", "Bytes in", "Bytes out", "Border"].map { Cell($0, isNumber: true) }
  let rows = explanation.segments.map { piece in
    [
      Cell("\(piece.function) \(piece.index)"),
      Cell(html: piece.engines.map { dot($0, piece.isFallback) }.joined(separator: " ")),
      Cell("\(piece.ops)", isNumber: true), Cell(percent(piece.share), isNumber: true),
      Cell(formatBytes(piece.bytesIn), isNumber: true), Cell(formatBytes(piece.bytesOut), isNumber: true),
      Cell(piece.borderUs.map { format($0, digits: 0) + " µs" } ?? "unknown", isNumber: true),
    ]
  }
  return htmlTable(head, rows)
}

private func opTable(_ explanation: Explanation, _ dot: (String) -> String) -> String {
  let columns = ["Place", "Op", "Node", "Engine", "Verdict", "Share", "Time", "Border", "Reason"]
  let numbers: Set = ["Place", "Share", "Time", "Border"]
  let head = columns.map { name in
    "<th data-sort=\"\(numbers.contains(name) ? "number" : "text")\"\(numbers.contains(name) ? " class=\"number\"" : "")>\(name)</th>"
  }
  let rows = explanation.ops.enumerated().map { place, op in
    """
    <tr><td class="number" data-value="\(place)">\(place)</td><td>\(escapedHTML(op.op))</td>\
    <td class="name" title="\(escapedHTML(op.node))">\(escapedHTML(op.node))</td><td>\(dot(op.engine))</td><td>\(op.verdict)</td>\
    <td class="number" data-value="\(op.share)">\(percent(op.share))</td>\
    <td class="number" data-value="\(op.latencyUs ?? 0)">\(op.latencyUs.map { format($0, digits: 1) + " µs" } ?? "")</td>\
    <td class="number" data-value="\(op.bytesIn + op.bytesOut)">\(op.bytesIn + op.bytesOut == 0 ? "" : formatBytes(op.bytesIn + op.bytesOut))</td>\
    <td>\(escapedHTML(op.reason))</td></tr>
    """
  }
  return """
    <input id="search" type="search" placeholder="Search ops, nodes, engines and reasons">
    <table id="ops"><thead><tr>\(head.joined())</tr></thead>
    <tbody>
    \(rows.joined(separator: "\n"))
    </tbody></table>
    """
}

private let script = """
  const body = document.querySelector('#ops tbody'), rows = [...body.rows];
  const words = rows.map(row => row.textContent.toLowerCase());
  document.getElementById('search').addEventListener('input', event => {
    const text = event.target.value.toLowerCase();
    rows.forEach((row, index) => { row.hidden = !words[index].includes(text); });
  });
  document.querySelectorAll('#ops th').forEach((head, column) => head.addEventListener('click', () => {
    const sign = head.dataset.order === 'up' ? -1 : 1;
    head.dataset.order = sign > 0 ? 'up' : 'down';
    const value = row => head.dataset.sort === 'number' ? Number(row.cells[column].dataset.value) : row.cells[column].textContent;
    body.append(...[...rows].sort((a, b) => {
      const x = value(a), y = value(b);
      return sign * (x < y ? -1 : x > y ? 1 : 0);
    }));
  }));
  """
