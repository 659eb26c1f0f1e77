import Graphs
import IR

/// The table of `Graphs/README.md`: what is published of each network against what its graph counts.
func graphsTable(_ definitions: [GraphDefinition]) throws -> String {
  var lines = [
    "# The graphs",
    "",
    "Written by `ingot graphs --markdown`. Parameters are learned ones; *folded* is what is left of them when batch",
    "norms are folded. MACs are multiply-adds of convolutions and matrix products at the default dimensions; *attention*",
    "is the part between two computed values, which many published counts leave out. A *reconstruction* fits what is",
    "published, but some details are ours, as the last table says. Functions that run others count with them, as often as",
    "they run.",
    "",
    "| graph | variant | status | published M | parameters | folded | published GMACs | MACs | attention |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
  ]
  for definition in definitions {
    for variant in definition.variants { lines.append(try row(definition, variant)) }
  }
  lines += ["", "| graph | paper |", "| --- | --- |"]
  lines += definitions.map { "| \($0.name) | \($0.paper) |" }
  let ours = definitions.flatMap { definition in
    definition.variants.filter { !$0.facts.ours.isEmpty }.map { (definition, $0) }
  }
  if !ours.isEmpty {
    lines += ["", "| graph | variant | what is ours |", "| --- | --- | --- |"]
    lines += ours.map { "| \($0.name) | \($1.name) | \($1.facts.ours) |" }
  }
  return lines.joined(separator: "\n")
}

private func row(_ definition: GraphDefinition, _ variant: GraphVariant) throws -> String {
  let facts = variant.facts
  let statistics = Statistics(try variant.module())
  let cells = [
    definition.name, variant.name, facts.status.rawValue, facts.publishedParameters.map { "\($0)" } ?? "",
    grouped(statistics.parameters), facts.foldedParameters.map(grouped) ?? "",
    facts.publishedMACs.map { "\($0)" } ?? "", grouped(statistics.macs),
    statistics.attentionMACs == 0 ? "" : grouped(statistics.attentionMACs),
  ]
  return "| \(cells.joined(separator: " | ")) |"
}

/// Digits in groups of three.
private func grouped(_ count: Int) -> String {
  var digits = Array(String(count))
  for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
  return String(digits)
}
