import IngotCompiler

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a compile takes: time by stage, and the process's memory at its highest.
struct CompileCost: Encodable {
  struct Stage: Encodable {
    var stage: String
    var seconds: Double
  }

  /// In their order.
  private(set) var stages: [Stage] = []
  private(set) var peakMemoryBytes = 0
  private let clock = ContinuousClock()
  private var started: ContinuousClock.Instant?

  enum CodingKeys: String, CodingKey {
    case stages
    case peakMemoryBytes = "peak_memory_bytes"
  }

  /// Ends the stage before and begins another; the same stage goes on.
  mutating func enter(_ stage: String) {
    guard stages.last?.stage != stage else { return }
    stop()
    stages.append(Stage(stage: stage, seconds: 0))
    started = clock.now
  }

  /// Ends the last stage.
  mutating func stop() {
    guard let begun = started else { return }
    stages[stages.count - 1].seconds += begun.duration(to: clock.now) / .seconds(1)
    started = nil
    peakMemoryBytes = peakMemory()
  }

  /// `3.120 s: read 0.104, optimize 1.216, …`
  var text: String {
    let total = stages.reduce(0) { $0 + $1.seconds }
    let parts = stages.map { "\($0.stage) \(format($0.seconds, digits: 3))" }
    return "\(format(total, digits: 3)) s: \(parts.joined(separator: ", "))"
  }
}

/// Resident bytes of this process at their highest, those of files that it read among them.
private func peakMemory() -> Int {
  var usage = rusage()
  #if canImport(Darwin)
    let (own, unit) = (RUSAGE_SELF, 1)
  #elseif canImport(Glibc)
    let (own, unit) = (__rusage_who_t(RUSAGE_SELF.rawValue), 1024)
  #else
    let (own, unit) = (RUSAGE_SELF, 1024)
  #endif
  return getrusage(own, &usage) == 0 ? usage.ru_maxrss * unit : 0
}
