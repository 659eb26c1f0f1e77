import IR
import Passes
import Tensors
import TestSupport
import Testing

@Test func pipelineKeepsItsOrderingConstraints() {
  let names = standardPipeline.map { $0.passes.map(\.name) }
  for constraint in orderingConstraints {
    let first = names.firstIndex { $0.contains(constraint.first.name) }
    let second = names.lastIndex { $0.contains(constraint.second.name) }
    guard let first, let second else {
      Issue.record("'\(constraint.first.name)' or '\(constraint.second.name)' is not in the pipeline")
      continue
    }
    let inGroup = names[first].firstIndex(of: constraint.first.name) ?? 0
    let later = names[second].firstIndex(of: constraint.second.name) ?? 0
    #expect(first < second || first == second && inGroup < later, "\(constraint.reason)")
  }
}

@Test func passNamesAreDistinctWordsWithHyphens() {
  #expect(Set(everyPass.map(\.name)).count == everyPass.count)
  for pass in everyPass {
    #expect(pass.name.allSatisfy { $0.isLowercase || $0 == "-" }, "\(pass.name)")
    #expect(pass.summary.hasSuffix("."), "\(pass.name)")
  }
  for step in standardPipeline { #expect(!step.reason.isEmpty && step.rounds >= 1) }
}

@Test func observerSeesEveryPassAndReportsCount() throws {
  var graph = try parseGraph(
    """
    graph @main(%x: f32[2]) -> (%y) {
      %a = identity %x
      %y = exp %a
    }
    """, file: "text")
  var seen: [String] = []
  let reports = try run([.run(removeNoOps, "first"), .run(removeDeadCode, "then")], on: &graph) {
    (report, before, after) throws(Diagnostic) in
    seen.append(report.name)
    #expect(report.nodesBefore == before.order.count && report.nodesAfter == after.order.count)
  }
  #expect(seen == ["remove-no-ops", "remove-dead-code"])
  #expect(reports.map(\.nodesAfter) == [1, 1])
  #expect(reports[0].changes.map(\.description) == ["removed identity 'a', which changes nothing"])
}

@Test func passThatFailsIsNamedAfterThoseBeforeIt() throws {
  var graph = try parseGraph(
    "graph @main(%x: f32[2]) -> (%y) {\n  %a = identity %x\n  %y = exp %a\n}\n", file: "text")
  let failing = Pass("failing", "Gives up.") { (_: inout PassContext) throws(Diagnostic) in
    throw Diagnostic("no luck", notes: ["first note"])
  }
  var seen: [String] = []
  let failure = #expect(throws: Diagnostic.self) {
    try run([.run(removeNoOps, "first"), .run(failing, "then")], on: &graph) {
      (report, _, _) throws(Diagnostic) in
      seen.append(report.name)
    }
  }
  #expect(seen == ["remove-no-ops"])
  #expect(graph.order.count == 1)
  #expect(failure?.description == "no luck\n  first note\n  in pass 'failing' on 'main'")
}

@Test func passThatWouldChangeATypeIsStopped() throws {
  var graph = try parseGraph(
    "graph @main(%x: f32[2]) -> (%y) {\n  %y = cast %x {to = f16}\n}\n", file: "text")
  let broken = Pass("broken", "Replaces a cast by its operand.") {
    (context: inout PassContext) throws(Diagnostic) in
    for node in context.graph.order {
      try context.replace(node, with: context.graph[node].operands[0], "oops")
    }
  }
  #expect(throws: Diagnostic.self) { try run(broken, on: &graph) }
}

@Test func namesAndLocationsAreKept() throws {
  var graph = Graph(name: "main")
  let x = graph.addInput("x", TensorType(.f32, [1, 1, 2, 2]))
  let w = graph.addWeight("conv.weight", Tensor([Float(2)], shape: [1, 1, 1, 1]))
  let g = graph.addWeight("gamma", Tensor([Float(3)], shape: [1, 1, 1]))
  let conv = try graph.add(.conv(Conv()), [x, w], name: "conv", at: .model(file: "m.onnx", node: "conv"))
  let scaled = try graph.add(
    .binary(Binary(.mul)), [conv[0], g], name: "scale", at: .model(file: "m.onnx", node: "scale"))
  graph.addOutput("y", scaled[0])
  try run(standardPipeline, on: &graph, verifying: true)
  #expect(graph.order.count == 1)
  #expect(graph[graph.order[0]].location == .model(file: "m.onnx", node: "conv"))
  #expect(graph[graph.outputs[0].value].name == "scale")
  #expect(graph.weights.map { graph[$0].name } == ["conv.weight.folded"])
}

@Test func differenceShowsChangedLinesAndTheirSurroundings() {
  #expect(lineDifference("a\nb\nc", "a\nb\nc") == "")
  #expect(
    lineDifference("1\n2\n3\n4\n5\n6\n7\n8", "1\n2\n3\n4\nX\n6\n7\n8", context: 1)
      == "@@\n  4\n- 5\n+ X\n  6\n@@\n")
  #expect(lineDifference("", "a") == "- \n+ a\n")
}
