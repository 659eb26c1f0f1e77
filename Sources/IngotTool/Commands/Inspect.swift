import ArgumentParser
import Bundle
import Foundation
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors

struct Inspect: ParsableCommand, ModelSelection {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a bundle or a model.",
    discussion: """
      Without options: inputs, outputs, ops, parameters, work, and of a bundle its sizes.
        ingot inspect net.ingot --plan        where every tensor lies in memory, and when
        ingot inspect net.ingot --check       whether calls keep out of each other's memory
        ingot inspect net.onnx --ops          every op after the passes, where it runs and why
        ingot inspect net.onnx --ir           the graph as text, which 'ingot compile' also reads
        ingot inspect net.ingot --html a.html the memory plan as a picture
      What belongs to compiled networks alone is shown of a model too: it is compiled in memory. Of a model \
      that leaves sizes open, inspect shows which, and the options that fix them.
      """)

  @Argument(help: "A bundle, an ONNX model (.onnx) or IR text (.graph).") var model: String?
  @OptionGroup var options: GraphOptions
  @OptionGroup var selection: TargetSelection
  @Flag(help: "Prints the graph, or the bundle's programs, as text.") var ir = false
  @Flag(help: "Prints every op, or every kernel call.") var ops = false
  @Flag(help: "Prints the arena's size, its lower bound, and the place of every tensor.") var plan = false
  @Flag(
    help:
      "Replays a bundle's programs byte by byte on paper, and fails where a call would find bytes of another tensor, or none."
  )
  var check = false
  @Option(help: ArgumentHelp("Writes a page with facts and the memory plan.", valueName: "file.html"))
  var html: String?
  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    try checkOptions()
    if check, let model, !isBundle(model) { throw ValidationError("--check goes with a bundle.") }
    if check, model == nil { throw ValidationError("--check goes with a bundle.") }
  }

  func run() throws {
    if let model, isBundle(model) {
      guard options.dimensions.isEmpty, options.shapes.isEmpty, options.constants.isEmpty,
        options.randomWeights == nil
      else {
        throw ValidationError(
          "--dim, --shape, --constant and --random-weights go with a model; \(model) is a bundle.")
      }
      try inspectBundle(model)
    } else {
      try inspectModel()
    }
  }

  private func inspectBundle(_ path: String) throws {
    let bundle = try InspectedBundle(path: path)
    if check { try bundle.check(path: path) }
    try writingPage({ htmlReport(bundle.contents, title: path) }) {
      if json {
        try printJSON(InspectFacts(bundle, ir: ir, ops: ops, plan: plan))
      } else {
        print(text(of: bundle))
      }
    }
  }

  private func text(of bundle: InspectedBundle) -> String {
    var parts: [String] = []
    if ir { parts += bundle.functions.map(\.program.text) }
    if ops { parts += bundle.functions.map { callTable($0) } }
    if plan { parts += bundle.functions.map { planText($0) } }
    if check { parts.append(bundle.checkText) }
    if parts.isEmpty {
      parts.append(bundle.summary)
    } else if let note = bundle.note {
      parts.append("\(note)")
    }
    return parts.joined(separator: "\n\n")
  }

  /// Lets `report` print, and writes the page if one is asked for.
  private func writingPage(_ page: () -> String, _ report: () throws -> Void) throws {
    let files = OutputTransaction()
    if let html { try files.write(Array(page().utf8), to: html) }
    try files.commit(reporting: report)
  }

  private func inspectModel() throws {
    let progress = Progress()
    progress.show("reading \(title)")
    if !ir, !ops, !plan, html == nil, let open = try openModel() {
      progress.clear()
      return try open.show(json: json)
    }
    let module = try load().module
    var inspected = InspectedModel(module)
    if ops { inspected.placements = try placements(of: module, on: try selection.load()) }
    if plan || html != nil || json {
      do {
        inspected.compiled = try compileInMemory(module, progress)
        inspected.plans =
          try inspected.compiled.map { functionPlans($0.programs, try Model(bytes: $0.bytes)) } ?? []
      } catch let error as Diagnostic where json && !plan && html == nil {
        inspected.compileError = "\(error)"
      }
    }
    progress.clear()
    try writingPage({ inspected.compiled.map { htmlReport($0, title: title) } ?? "" }) {
      if json {
        try printJSON(InspectFacts(inspected, ir: ir, plan: plan))
      } else {
        print(text(of: inspected))
      }
    }
  }

  private func text(of inspected: InspectedModel) -> String {
    var parts: [String] = []
    if ir { parts.append(inspected.module.text) }
    if ops {
      parts += zip(inspected.module.functions, inspected.placements ?? []).map { placementTable($0.name, $1) }
    }
    if plan { parts += inspected.plans.map { planText($0) } }
    if parts.isEmpty { parts.append(inspected.summary(title: title)) }
    if let note = (try? selection.load()).flatMap(runsOnCPUNote) { parts.append("\(note)") }
    return parts.joined(separator: "\n\n")
  }

  private func compileInMemory(_ module: Module, _ progress: Progress) throws -> CompiledBundle {
    let options = CompileOptions(target: try selection.load(), provenance: try provenance)
    var sink = BundleBytes()
    var compiled = try compile(
      module, options, to: &sink, progress: { stage, _ in progress.show("\(stage.rawValue): \(title)") })
    compiled.bytes = sink.bytes
    return compiled
  }
}

/// Whether a file is a bundle by its first bytes, or by a name that says it should be one.
private func isBundle(_ path: String) -> Bool {
  if path.hasSuffix(".ingot") { return true }
  guard let storage = try? Storage.map(path: path) else { return false }
  return withExtendedLifetime(storage) { storage.bytes.starts(with: [0x89] + Array("INGOT\r\n".utf8)) }
}
