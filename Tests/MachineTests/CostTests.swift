import IR
import Machine
import TestSupport
import Testing

/// Target and graph in, what the time of each op is made of out.
@Test func costTermsAreAsTheGoldenFileSays() throws {
  try checkGolden("Placements/cost.txt") { item in
    place(try parseGraph(item.input, file: "text"), on: try target(item.argument)).map { placement in
      let amounts = placement.terms.amounts.sorted { $0.key.rawValue < $1.key.rawValue }
      return "\(placement.node): " + amounts.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
    }.joined(separator: "\n")
  }
}

@Suite struct LatencyTests {
  private func latency(_ nodes: String) throws -> Target.LatencyVerdict {
    let text = """
      graph @main(%x: f32[1, 4, 8, 8], %q: i8[1, 4, 8, 8]) -> (%y) {
        weight @w: f32[4, 4, 1, 1]
        weight @k: i8[4, 4, 1, 1]
        weight @z: i8[] = [0]
        weight @m: i32[] = [1]
        weight @s: i8[] = [1]
      \(nodes)
      }
      """
    let target = try target("every-key")
    return target.latency(place(try parseGraph(text, file: "text"), on: target))
  }

  /// 0.3 ms for a run and 0.01 for each op; between 0.7 and 1.4 times that.
  @Test func timesOfOpsAddUp() throws {
    guard case .known(let latency) = try latency("%a = relu %x\n%y = relu %a") else {
      Issue.record("no time is known")
      return
    }
    #expect(abs(latency.estimate - 0.32) < 1e-12)
    #expect(abs(latency.low - 0.224) < 1e-12)
    #expect(abs(latency.high - 0.448) < 1e-12)
  }

  /// 8192 multiply-adds at 1 GOPS are 16.384 us, more than the 10 us that an op takes.
  @Test func noOpIsFasterThanItsEngine() throws {
    var target = try target("every-key")
    target.ops["matmul"] = target.ops["relu"]
    let graph = try parseGraph(
      """
      graph @main(%x: f32[1, 32, 16]) -> (%y) {
        weight @w: f32[16, 16]
        %y = matmul %x, @w
      }
      """, file: "text")
    var peak = try #require(target.engines[0].peakGops?["i8xi8"])
    peak.value = 1
    target.engines[0].peakGops = ["f16xf16": peak]
    let time = try #require(target.time(of: place(graph, on: target)[0]))
    #expect(time.milliseconds == 0.016384)
    #expect(time.bottleneck == .pointwiseGmacs)
  }

  @Test func nothingIsSaidOfWhatWasNotMeasured() throws {
    #expect(
      try latency("%y = conv %x, @w")
        == .unknown(because: "nothing was fitted for what runs on 'cortex-m'"))
    #expect(
      try latency("%y = conv_integer %q, @k, @z, @z, @m, @s, @z")
        == .unknown(because: "only networks were measured that multiply in f16"))
    let plain = try target("small-npu")
    #expect(plain.latency([]) == .unknown(because: "nothing was fitted for A small NPU with two engines"))
  }

  /// Handing work over is part of the time: 50 us, and the bytes.
  @Test func bordersAreCounted() throws {
    guard case .known(let latency) = try latency("%a = relu %x\n%y = sin %a") else {
      Issue.record("no time is known")
      return
    }
    #expect(abs(latency.estimate - (0.3 + 0.01 + 0.05 + 1024 / 0.5e6)) < 1e-9)
  }
}
