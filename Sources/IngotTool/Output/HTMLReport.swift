import Bundle
import IR
import IngotCompiler
import Tensors

/// A page about a compile: facts, passes, placement, memory plan, weights. It refers to nothing outside
/// itself, and the same compile gives the same page.
func htmlReport(_ compiled: CompiledBundle, _ quantizations: [CompileFacts.Quantization] = [], title: String)
  -> String
{
  let manifest = compiled.manifest
  let facts =
    [("Bundle", formatBytes(compiled.bundleBytes)), ("Weights in memory", formatBytes(compiled.weightBytes))]
    + [("Ops", "\(compiled.nodesBefore) before the passes, \(compiled.nodesAfter) after")]
    + compiled.module.notes.map { ($0.severity == .warning ? "Warning" : "Note", $0.message) }
  var sections = [summarySection(manifest, facts)] + quantizations.map(quantizationSection)
  sections.append(passesSection(compiled.passes))
  sections += zip(manifest.functions, compiled.placements).map { placementSection($0.name, $1) }
  sections += compiled.programs.map(memorySection)
  sections.append(weightsSection(compiled.programs))
  return page(title, sections)
}

/// A page about a bundle, which holds nothing of its passes and placement. The bundle is one that the
/// interpreter has opened.
func htmlReport(_ contents: BundleContents, title: String) -> String {
  var facts = [
    ("Bundle", formatBytes(contents.fileBytes)),
    ("Weights in memory", formatBytes(contents.weights.reduce(0) { $0 + $1.bytes })),
  ]
  if let note = runsOnCPUNote(contents.manifest) { facts.append(("Note", note.message)) }
  let sections =
    [summarySection(contents.manifest, facts), fileSection(contents.sections)]
    + contents.programs.map(memorySection) + [weightsSection(contents.programs)]
  return page(title, sections)
}

/// A page of its own; `script` runs once it is there.
func page(_ title: String, _ sections: [String], script: String = "") -> String {
  """
  <!DOCTYPE html>
  <html lang="en">
  <head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>\(escapedHTML(title))</title>
  <style>
  \(style)
  </style>
  </head>
  <body>
  <h1>\(escapedHTML(title))</h1>
  \(sections.filter { !$0.isEmpty }.joined(separator: "\n"))\(script.isEmpty ? "" : "\n<script>\n\(script)\n</script>")
  </body>
  </html>

  """
}

private let style = """
  :root { color-scheme: light dark; --line: #8884; --quiet: #777; }
  body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
  h1, h2, p, td, li, summary { overflow-wrap: anywhere; }
  h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; }
  tr { border-bottom: 1px solid var(--line); }
  th { font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  details { margin: 0.5rem 0; } summary { cursor: pointer; } ul { margin: 0.25rem 0; }
  .quiet, svg text { color: var(--quiet); fill: var(--quiet); }
  svg { width: 100%; height: auto; font-size: 12px; }
  svg rect { stroke: #fff8; stroke-width: 0.5; } svg rect:hover { stroke: currentColor; stroke-width: 2; }
  svg .axis { stroke: var(--quiet); } svg .bound { stroke: #c33; stroke-dasharray: 6 4; }
  svg.histogram { width: 16rem; height: 2.5rem; } svg.histogram rect { fill: #48a; stroke: none; } svg.histogram rect.clipped { fill: #c33; }
  svg .live { fill: none; stroke: currentColor; stroke-width: 1.5; }
  """

/// Text as it stands in elements and attributes.
func escapedHTML(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    case "\n", "\t": result.unicodeScalars.append(scalar)
    case _ where scalar.isInvisible: result += scalar.escaped
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
