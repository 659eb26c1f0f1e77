public import ArgumentParser
public import IngotCompiler
import Machine

/// How a program is scheduled, as options say it.
struct ScheduleSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "untiled: every op runs whole. fast: the least time that fits the memory; ops run in stripes of rows where they must. small: the least memory, for at most a tenth more cycles where the target tells them.",
      valueName: "untiled|fast|small"))
  var schedule: ScheduleGoal = .fast

  @Option(
    name: .customLong("memory"),
    help: ArgumentHelp(
      "How much of one of the target's memories may be used, in bytes, or with K or M for 1024 and 1024 times that.",
      valueName: "id=bytes"))
  var limits: [MemoryLimit] = []

  func apply(to options: inout CompileOptions) throws {
    options.schedule = schedule
    for limit in limits {
      guard options.memoryLimits.updateValue(limit.bytes, forKey: limit.id) == nil else {
        throw ValidationError("--memory \(limit.id) is given twice.")
      }
      let known = options.target.plannedMemories.map(\.id)
      guard known.contains(limit.id) else {
        throw ValidationError(
          "--memory \(limit.id): the target plans \(known.joined(separator: ", ")).")
      }
    }
  }
}

/// `sram=300K`.
struct MemoryLimit: ExpressibleByArgument {
  let id: String
  let bytes: Int

  init?(argument: String) {
    let words = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard words.count == 2, !words[0].isEmpty else { return nil }
    var digits = words[1]
    var unit = 1
    if let last = digits.last, let factor = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30][last.uppercased()] {
      unit = factor
      digits.removeLast()
    }
    guard let count = Int(digits), count >= 0, !count.multipliedReportingOverflow(by: unit).overflow else {
      return nil
    }
    id = String(words[0])
    bytes = count * unit
  }
}

extension ScheduleGoal: ExpressibleByArgument {}
