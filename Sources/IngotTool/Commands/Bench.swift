import ArgumentParser
import Foundation
import IR
import Ingot
import Tensors

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time a bundle.",
    discussion:
      "Runs the function on inputs made from a fixed seed and prints the median and the least time of one run."
  )

  @OptionGroup var source: BundleFunction
  @Option(help: ArgumentHelp("Timed runs, after a few that are not counted.", valueName: "n")) var runs = 30
  @Flag(help: "Prints facts as JSON.") var json = false

  struct Facts: Encodable {
    var medianMs: Double
    var minMs: Double
    var runs: Int
    var threads: Int
    var sessionBytes: Int
    /// What else is to be known; nil if nothing.
    var notes: [Note]?

    enum CodingKeys: String, CodingKey {
      case medianMs = "median_ms"
      case minMs = "min_ms"
      case runs, threads, notes
      case sessionBytes = "session_bytes"
    }
  }

  func validate() throws {
    guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs must be 1 to 1000000.") }
  }

  func run() throws {
    let session = try source.open()
    let inputs = seededInputs(session.inputs)
    func once() throws -> Double {
      for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
      let clock = ContinuousClock()
      let time = try clock.measure { try session.run() }
      return milliseconds(time)
    }
    for _ in 0..<3 { _ = try once() }
    let times = try (0..<runs).map { _ in try once() }.sorted()
    let facts = Facts(
      medianMs: median(times), minMs: times[0], runs: runs, threads: source.threads,
      sessionBytes: Session.memoryBytes(session.model, function: session.function, threads: source.threads),
      notes: try runsOnCPUNote(session.model).map { [$0] })
    if json {
      try printJSON(facts)
    } else {
      print(
        "median \(format(facts.medianMs, digits: 3)) ms, least \(format(facts.minMs, digits: 3)) ms of \(runs) runs on "
          + "\(source.threads) thread\(source.threads == 1 ? "" : "s"); \(formatBytes(facts.sessionBytes)) of memory"
      )
      for note in facts.notes ?? [] { print("\(note)") }
    }
  }
}

/// The middle of sorted numbers.
func median(_ sorted: [Double]) -> Double {
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

func milliseconds(_ time: Duration) -> Double {
  Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) * 1e-15
}

/// Arrays for inputs: floats in −1 to 1 from a fixed seed, integers 0, which is a valid index into anything.
func seededInputs(_ inputs: [TensorInfo]) -> [Tensor] {
  var state: UInt64 = 1
  func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }
  return inputs.map { info in
    let element = info.elementType
    let shape = Shape(info.shape)
    guard element.isFloat else { return Tensor(zeros: element, shape) }
    return Tensor((0..<shape.elementCount).map { _ in next() }, shape: shape, element: element)
  }
}
