import ArgumentParser
import IR
import IngotCompiler
import Passes
import Tensors

struct PassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes",
    abstract: "Show what each pass does to a graph.",
    discussion: """
      Without options: every pass that changed something, with its changes.
        ingot passes net.onnx --after fold-batch-norm     the graph as text after a pass
        ingot passes net.onnx --diff                      what each pass changed, as a difference of texts
        ingot passes --list                               the passes in order, with the reason for their place
      """)

  @Argument(help: "An ONNX model (.onnx) or IR text (.graph).") var model: String?
  @OptionGroup var options: GraphOptions
  @OptionGroup var selection: TargetSelection
  @Option(help: "Number format of the weights: fp32, fp16, bf16, int8-weights, int4 or palette.")
  var precision: Precision = .fp32
  @Option(help: quantizedArithmeticHelp) var arithmetic: QuantizedArithmetic = .integer
  @Flag(help: "Lists the passes.") var list = false
  @Option(
    help: ArgumentHelp(
      "Prints the graph after the last run of a pass, or 'start' for before the first.", valueName: "pass"))
  var after: String?
  @Flag(help: "Prints what each pass changed in the graph's text.") var diff = false
  @Flag(help: "Prints facts as JSON.") var json = false

  struct Report: Encodable {
    var name: String
    var function: String
    var nodesBefore: Int
    var nodesAfter: Int
    var changes: [String]
    var difference: String?

    enum CodingKeys: String, CodingKey {
      case name, function, changes, difference
      case nodesBefore = "nodes_before"
      case nodesAfter = "nodes_after"
    }
  }

  func validate() throws {
    guard !precision.needsSamples else {
      throw ValidationError(
        "--precision is fp32, fp16, bf16, int8-weights, int4 or palette here: int8 and mixed follow samples, which 'passes' takes none of."
      )
    }
  }

  func run() throws {
    let target = try selection.load()
    var compileOptions = CompileOptions(target: target, precision: precision)
    compileOptions.arithmetic = arithmetic
    let steps = pipeline(compileOptions)
    if list { return try printList(steps) }
    let reference = Source(model: model, options: options)
    try reference.checkOptions()
    let names = steps.flatMap { $0.passes.map(\.name) }
    if let after, after != "start", !names.contains(after) {
      throw ToolError("there is no pass '\(after)'; the passes are \(names.joined(separator: ", "))")
    }
    if after == nil, !diff, let open = try reference.openModel() { return try open.show(json: json) }
    var module = try reference.load().module
    if after == "start" { return print(module.text) }
    var texts: [String: String] = [:]
    var reports: [Report] = []
    var failure: Diagnostic?
    do {
      try Passes.run(steps, on: &module, fusing: FusionRules(target)) {
        report, before, graph throws(Diagnostic) in
        if report.name == after { texts[graph.name] = graph.text }
        guard !report.changes.isEmpty else { return }
        reports.append(
          Report(
            name: report.name, function: graph.name, nodesBefore: report.nodesBefore,
            nodesAfter: report.nodesAfter,
            changes: report.changes.map(\.description),
            difference: diff ? lineDifference(before.text, graph.text) : nil))
      }
    } catch {
      failure = error
    }
    // What the passes before it did helps to understand why one failed.
    if after != nil {
      let found = module.functions.compactMap { texts[$0.name] }
      if failure == nil || !found.isEmpty { print(found.joined(separator: "\n\n")) }
    } else if json {
      try printJSON(reports)
    } else {
      if reports.isEmpty, failure == nil { print("no pass changed anything") }
      printText(reports, isModule: module.functions.count > 1)
      if let note = runsOnCPUNote(target) { print("\(note)") }
    }
    if let failure { throw failure }
  }

  private func printText(_ reports: [Report], isModule: Bool) {
    var shown = isModule ? "" : reports.first?.function
    for report in reports {
      if report.function != shown { print("function \(printable(report.function))") }
      shown = report.function
      let count = report.changes.count
      print(
        "\(report.name): \(report.nodesBefore) -> \(report.nodesAfter) nodes, \(count) change\(count == 1 ? "" : "s")"
      )
      if let difference = report.difference {
        print(difference)
      } else {
        for change in report.changes.prefix(8) { print(printable("  \(change)")) }
        if count > 8 { print("  and \(count - 8) more; --json lists all") }
      }
    }
  }

  /// The model without the argument's own checks, since --list needs none.
  private struct Source: ModelSelection {
    var model: String?
    var options: GraphOptions
  }

  /// The passes of a step, whose reason stands once.
  private func rows(_ step: PipelineStep) -> [[String]] {
    let times = step.rounds > 1 ? "up to \(step.rounds) times: " : ""
    return step.passes.enumerated().map { index, pass in
      [pass.name, pass.summary, index == 0 ? times + step.reason : "with the one above"]
    }
  }

  private func printList(_ steps: [PipelineStep]) throws {
    struct Entry: Encodable {
      var name: String
      var summary: String
      var reason: String
    }
    let entries = steps.flatMap { step in
      step.passes.map { Entry(name: $0.name, summary: $0.summary, reason: step.reason) }
    }
    if json { return try printJSON(entries) }
    print(table(["pass", "what it does", "why here"], steps.flatMap(rows)))
  }
}
