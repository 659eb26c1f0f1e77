import ArgumentParser
import Bundle
import Foundation
import IR
import Ingot
import IngotCompiler
import Tensors

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Time every kernel call of a bundle.",
    discussion: """
      Times are medians of several runs, of all times that a loop repeats a call together. The rate counts multiply-adds of convolutions and matrix products; \
      its share is of the highest rate that any call of this bundle reaches or that a large matrix product \
      reaches here, whichever is more.
      """)

  @OptionGroup var source: BundleFunction
  @Option(help: ArgumentHelp("Timed runs.", valueName: "n")) var runs = 20
  @Option(
    help: ArgumentHelp("How many calls to print, the longest first; 0 for all in order.", valueName: "n"))
  var top = 0
  @Flag(help: "Prints facts as JSON.") var json = false

  struct Call: Encodable {
    var instruction: Int
    var op: String
    var node: String
    /// What it computes: a value of the model, behind the calls and loops around it; nil where the bundle does not say.
    var value: String?
    /// How often a run makes the call.
    var executions: Int
    var medianMs: Double
    var share: Double
    var macs: Int
    var gmacsPerSecond: Double
    var peakShare: Double

    enum CodingKeys: String, CodingKey {
      case instruction, op, node, value, executions, share, macs
      case medianMs = "median_ms"
      case gmacsPerSecond = "gmacs_per_s"
      case peakShare = "peak_share"
    }
  }

  struct Facts: Encodable {
    var totalMs: Double
    var peakGmacsPerSecond: Double
    var ops: [Call]
    /// What else is to be known; nil if nothing.
    var notes: [Note]?

    enum CodingKeys: String, CodingKey {
      case totalMs = "total_ms"
      case peakGmacsPerSecond = "peak_gmacs_per_s"
      case ops, notes
    }
  }

  func validate() throws {
    guard (1...100_000).contains(runs) else { throw ValidationError("--runs must be 1 to 100000.") }
  }

  func run() throws {
    let session = try source.open()
    let contents = try BundleContents(try Storage.map(path: source.bundle), path: source.bundle)
    let origins = contents.origins.isEmpty ? nil : contents.origins[session.function]
    let facts = try measure(session, contents.programs[session.function], origins)
    if json { return try printJSON(facts) }
    var calls = facts.ops
    if top > 0 { calls = Array(calls.sorted { $0.medianMs > $1.medianMs }.prefix(top)) }
    let rows = calls.map { call in
      [
        "\(call.instruction)", call.op, call.node, "\(call.executions)", format(call.medianMs, digits: 3),
        format(call.share * 100, digits: 1),
        call.macs > 0 ? format(call.gmacsPerSecond, digits: 1) : "",
        call.macs > 0 ? format(call.peakShare * 100, digits: 0) : "",
      ]
    }
    print(
      table(
        ["call", "op", "node", "times", "ms", "%", "GMAC/s", "% of peak"], rows, right: [0, 3, 4, 5, 6, 7]))
    print(
      "total \(format(facts.totalMs, digits: 3)) ms, peak taken as \(format(facts.peakGmacsPerSecond, digits: 1)) GMAC/s"
    )
    for note in facts.notes ?? [] { print("\(note)") }
  }

  private func measure(_ session: Session, _ program: Program, _ origins: ProgramOrigins?) throws -> Facts {
    let inputs = seededInputs(session.inputs)
    var times = [[Double]](repeating: [], count: program.instructions.count)
    for round in 0..<(runs + 2) {
      for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
      var sums = [UInt64](repeating: 0, count: times.count)
      for call in try session.profile() where sums.indices.contains(call.instruction) {
        sums[call.instruction] += call.nanoseconds
      }
      guard round >= 2 else { continue }
      for index in times.indices { times[index].append(Double(sums[index]) / 1e6) }
    }
    let medians = times.map { median($0.sorted()) }
    let total = medians.reduce(0, +)
    let executions = program.nesting.map(\.executions)
    let macs = zip(program.instructions, executions).map { program.multiplyAdds($0) &* $1 }
    let rates = zip(macs, medians).map { $1 > 0 ? Double($0) / ($1 * 1e6) : 0 }
    let peak = max(rates.max() ?? 0, try matrixProductRate(threads: source.threads))
    let calls = program.instructions.indices.map { index in
      Call(
        instruction: index, op: program.instructions[index].operation, node: program.instructions[index].name,
        value: origins.flatMap { origins in origins.values[index].map { origins.path(of: $0) } },
        executions: executions[index], medianMs: medians[index],
        share: total > 0 ? medians[index] / total : 0, macs: macs[index],
        gmacsPerSecond: rates[index], peakShare: peak > 0 ? rates[index] / peak : 0)
    }
    return Facts(
      totalMs: total, peakGmacsPerSecond: peak, ops: calls,
      notes: try runsOnCPUNote(session.model).map { [$0] })
  }
}
