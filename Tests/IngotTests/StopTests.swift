import Ingot
import Synchronization
import Testing

/// Runs that would take hours end when they are told to, and sessions stay usable.
@Suite struct StopTests {
  private static let hours = """
    graph @outer(%x: f32[64, 64]) -> (%y) {
      %y = loop %x {function = @inner, count = 300, carried = 1} : f32[64, 64]
    }
    graph @inner(%x: f32[64, 64]) -> (%y) {
      %y = loop %x {function = @step, count = 60000, carried = 1} : f32[64, 64]
    }
    graph @step(%x: f32[64, 64]) -> (%y) {
      %product = matmul %x, %x
      %y = tanh %product
    }
    """

  @Test(arguments: [1, 3]) func aClosureStops(threads: Int) throws {
    let session = try session(Self.hours, threads: threads)
    for limit in [0, 1, 1000] {
      var asked = 0
      let error = #expect(throws: InterpreterError.self) {
        try session.run {
          asked += 1
          return asked > limit
        }
      }
      #expect(error?.code == .stopped)
      #expect(asked == limit + 1)
    }
  }

  @Test func aStoppedSessionRunsAgain() throws {
    let model = try Model(bytes: try bundle(Self.hours))
    let session = try Session(model, function: "step")
    let ones = [Float](repeating: 0.01, count: 64 * 64)
    func run() throws -> [Float] {
      try session.setInput(0, to: ones)
      try session.run { false }
      return try session.output(0)
    }
    let expected = try run()
    try session.setInput(0, to: ones)
    #expect(throws: InterpreterError.self) { try session.run { true } }
    #expect(try run() == expected)
    // The closure of an earlier run is forgotten.
    try session.setInput(0, to: ones)
    try session.run()
    #expect(try session.output(0) == expected)
  }

  @Test func aCancelledTaskStops() async throws {
    let bytes = try bundle(Self.hours)
    let task = Task.detached {
      let session = try Session(try Model(bytes: bytes))
      try session.run()
    }
    task.cancel()
    let error = await #expect(throws: InterpreterError.self) { try await task.value }
    #expect(error?.code == .stopped)
  }

  @Test func anotherThreadStops() async throws {
    let bytes = try bundle(Self.hours)
    let (begun, wanted) = (Flag(), Flag())
    let task = Task.detached {
      let session = try Session(try Model(bytes: bytes), threads: 2)
      try session.run {
        begun.raise()
        return wanted.isRaised
      }
    }
    while !begun.isRaised { await Task.yield() }
    wanted.raise()
    let error = await #expect(throws: InterpreterError.self) { try await task.value }
    #expect(error?.code == .stopped)
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .acquiring) }
  func raise() { value.store(true, ordering: .releasing) }
}
