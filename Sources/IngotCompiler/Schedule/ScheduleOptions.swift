import Machine

/// What the order and the size of calls are chosen for.
public enum ScheduleGoal: String, CaseIterable, Sendable {
  /// Every op runs whole.
  case untiled
  /// The least time that fits the memory.
  case fast
  /// The least memory, for at most a tenth more cycles than the fastest schedule takes where the target tells them.
  case small
}

/// How programs are scheduled.
struct Scheduling {
  /// How long calls take; nil where the target does not tell.
  var model: BlockModel?
  var goal: ScheduleGoal
  /// Id of the memory in which values lie.
  var memory: String
  /// Bytes of the memory in which values lie that may be used; nil for any number.
  var limit: Int?
}

extension Scheduling {
  /// Whole ops in any memory, for those who lower a graph by itself.
  static var untiled: Scheduling { Scheduling(goal: .untiled, memory: "memory", limit: nil) }
}
