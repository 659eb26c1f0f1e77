import ArgumentParser
import MemoryPlanner
import Tensors

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Give buffers that live for a time offsets in one block of memory.",
    discussion: """
      FILE is comma-separated text with the columns id, lower (the first step at which a buffer is live), upper (the step \
      after the last), size (bytes) and, if need be, alignment. Prints what the plan needs beside what no plan can be \
      smaller than. With --capacity it stops once that is met; if it can't be, the exit status is 1.
      """)

  @Argument(help: "A CSV file of buffers.") var file: String
  @Option(help: ArgumentHelp("Stops as soon as the plan needs no more bytes than these.", valueName: "bytes"))
  var capacity: Int?
  @Option(help: ArgumentHelp("Stops after this time.", valueName: "s")) var seconds = 1.0
  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Writes FILE with a column 'offset'.", valueName: "csv"))
  var output: String?
  @Flag(help: "Prints facts as JSON.") var json = false

  func validate() throws {
    guard seconds >= 0, seconds <= 1e6 else {
      throw ValidationError("--seconds is \(seconds); give 0 to 1000000.")
    }
    if let capacity, capacity < 0 {
      throw ValidationError("--capacity is \(capacity); give 0 or more bytes.")
    }
  }

  func run() throws {
    let files = OutputTransaction()
    let text = try readText(path: file)
    try files.claim([output].compactMap { $0 })
    var planning: PlanningFile
    do { planning = try PlanningFile(csv: text) } catch {
      throw ToolError("\(FileError.shown(file)): \(error)")
    }
    let result = try solve(planning)
    if let capacity, !result.isMet {
      throw ToolError(
        "\(FileError.shown(file)): the capacity of \(capacity) bytes was not met: the smallest plan found needs "
          + "\(result.peak) bytes\(result.isProven ? ", and none needs less" : ", and no plan less than \(result.lowerBound)")"
          + "; \(liveAtFullestStep(planning)); \(result.isProven ? "give at least \(result.peak) bytes" : "give more bytes or --seconds")"
      )
    }
    planning.offsets = result.offsets
    if let output { try files.write(Array(planning.csv.utf8), to: output) }
    try files.commit {
      if json { try printJSON(result) } else { print(result.text) }
    }
  }

  private func solve(_ planning: PlanningFile) throws -> PlanResult {
    let clock = ContinuousClock()
    let start = clock.now
    let search = OffsetSearch(planning.problem)
    search.improve(goal: capacity ?? 0, until: start.advanced(by: .seconds(seconds)))
    let plan = search.plan
    if let violation = MemoryPlanner.validate(planning.problem, plan).first {
      throw ToolError(
        "\(FileError.shown(file)): the plan is invalid: \(violation); this is a fault of the planner")
    }
    return PlanResult(
      buffers: planning.names.count, plan: plan, lowerBound: search.lowerBound, isProven: search.isProven,
      capacity: capacity, seconds: start.duration(to: clock.now) / .seconds(1))
  }

  /// Which buffers stand in the way: those that are live when the most bytes are.
  private func liveAtFullestStep(_ planning: PlanningFile) -> String {
    let fullest = planning.problem.fullestStep
    let live = planning.problem.buffers.indices
      .filter { planning.problem.buffers[$0].isLive(at: fullest.step) && planning.problem.footprints[$0] > 0 }
      .sorted { (planning.problem.footprints[$1], $0) < (planning.problem.footprints[$0], $1) }
    let shown = live.prefix(8).map { "'\(planning.names[$0])' of \(planning.problem.footprints[$0])" }
    let rest = live.count > shown.count ? " and \(live.count - shown.count) smaller ones" : ""
    return "\(fullest.bytes) bytes are live at step \(fullest.step): \(shown.joined(separator: ", "))\(rest)"
  }
}

/// What `plan` prints.
private struct PlanResult: Encodable {
  var buffers: Int
  var offsets: [Int]
  var peak: Int
  var lowerBound: Int
  var isProven: Bool
  var capacity: Int?
  var seconds: Double

  enum CodingKeys: String, CodingKey {
    case buffers, seconds
    case peak = "peak_bytes"
    case lowerBound = "lower_bound_bytes"
    case isProven = "proven"
    case capacity = "capacity_bytes"
    case isMet = "capacity_met"
  }

  init(
    buffers: Int, plan: MemoryPlanner.Plan, lowerBound: Int, isProven: Bool, capacity: Int?, seconds: Double
  ) {
    (self.buffers, self.lowerBound, self.isProven) = (buffers, lowerBound, isProven)
    (self.capacity, self.seconds) = (capacity, seconds)
    (offsets, peak) = (plan.offsets, plan.peak)
  }

  var isMet: Bool { peak <= capacity ?? .max }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(buffers, forKey: .buffers)
    try container.encode(peak, forKey: .peak)
    try container.encode(lowerBound, forKey: .lowerBound)
    try container.encode(isProven, forKey: .isProven)
    try container.encode(seconds, forKey: .seconds)
    guard let capacity else { return }
    try container.encode(capacity, forKey: .capacity)
    try container.encode(isMet, forKey: .isMet)
  }

  var text: String {
    let gap = lowerBound > 0 ? 100 * (Double(peak) / Double(lowerBound) - 1) : 0
    var lines = [
      "peak         \(peak) bytes for \(buffers) buffers",
      "lower bound  \(lowerBound) bytes",
      "gap          \(format(gap, digits: 3)) %\(isProven ? ", proven: no plan needs less" : "")",
    ]
    if let capacity { lines.append("capacity     \(capacity) bytes, met") }
    return paragraph(lines + ["time         \(format(seconds, digits: 3)) s"])
  }
}
