import IR
import Passes
import TestSupport
import Testing

/// Weights without contents in a golden file are bound to random numbers, so that every case is also
/// evaluated before and after; the text shows them without contents. The change log follows as comments.
@Test(arguments: everyPass.map(\.name))
func passDoesAsItsGoldenFileSays(_ name: String) throws {
  try checkGolden("Passes/\(name).txt") { try golden($0) }
}

@Test func pipelineDoesAsItsGoldenFileSays() throws {
  try checkGolden("Passes/standard-pipeline.txt") { try golden($0) }
}

@Test(arguments: everyPass.map(\.name) + ["standard-pipeline"])
func pipelineTwiceIsPipelineOnce(_ name: String) throws {
  for item in try goldenCases(in: "Passes/\(name).txt") {
    var graph = try parseGraph(item.input, file: name)
    graph.bindRandomly()
    let once = try runChecked(standardPipeline, on: graph).graph
    let twice = try runChecked(standardPipeline, on: once)
    #expect(twice.changes.isEmpty, "\(item.title)\n\(twice.changes.map(\.description))\n\(once.text)")
  }
}

private func golden(_ item: GoldenCase) throws -> String {
  var graph = try parseGraph(item.input, file: "text")
  graph.bindRandomly()
  // A pass by itself writes whatever it can otherwise; which of it a target asks for is for the target's tests.
  let isPipeline = item.argument == "standard-pipeline"
  let rules = FusionRules(prefers: { _, _ in !isPipeline }, allows: { _, _ in true })
  let (result, changes) = try runChecked(try steps(item.argument), on: graph, fusing: rules)
  let text = result.text.split(separator: "\n").map { line in
    line.firstRange(of: " = digest ").map { String(line[..<$0.lowerBound]) } ?? String(line)
  }
  return (text + changes.map { "// \($0.description)" }).joined(separator: "\n")
}

private func steps(_ argument: String) throws -> [PipelineStep] {
  if argument == "standard-pipeline" { return standardPipeline }
  return try argument.split(separator: ",").map { part in
    let name = part.drop { $0 == " " }
    guard let pass = everyPass.first(where: { $0.name == name }) else {
      throw PassFailure(description: "no pass is called '\(name)'")
    }
    return .repeat(3, [pass], "as the golden file asks")
  }
}
