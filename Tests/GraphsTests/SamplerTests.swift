import Foundation
import Graphs
import IR
import Testing

/// Schedules against what diffusers' schedulers did, as Tests/Models/schedules.py recorded it.
struct SamplerTests {
  /// A schedule and the formula that stands for its network there.
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var schedule: @Sendable () throws -> SamplerSchedule
    /// Output for what the network sees and is told.
    var network: @Sendable (Double, Double) -> Double = { seen, time in sin(seen + time / 500) + seen / 4 }
    var testDescription: String { name }
  }

  static let cases = [
    ddim("ddim_epsilon_leading_8", .epsilon, .leading, 8),
    ddim("ddim_velocity_leading_8", .velocity, .leading, 8),
    ddim("ddim_epsilon_leading_25", .epsilon, .leading, 25),
    ddim("ddim_epsilon_trailing_7", .epsilon, .trailing, 7),
    ddim("ddim_velocity_trailing_8", .velocity, .trailing, 8),
    ddim("ddim_epsilon_trailing_25", .epsilon, .trailing, 25),
    ddim("ddim_sample_leading_8", .sample, .leading, 8),
    ddim("ddim_sample_trailing_6", .sample, .trailing, 6),
    ddim("ddim_velocity_linspace_5_without_noise", .velocity, .linspace, 5, withoutNoise: true),
    dpm("dpm_epsilon_linspace_6", .epsilon, .linspace, 6),
    dpm("dpm_epsilon_leading_20", .epsilon, .leading, 20),
    dpm("dpm_velocity_trailing_10", .velocity, .trailing, 10),
    dpm("dpm_velocity_linspace_8_smallest", .velocity, .linspace, 8, .smallest),
    dpm("dpm_epsilon_linspace_16_smallest", .epsilon, .linspace, 16, .smallest),
    dpm("dpm_sample_linspace_7", .sample, .linspace, 7),
    euler("euler_epsilon_linspace_7", .epsilon, .linspace, 7),
    euler("euler_velocity_leading_10", .velocity, .leading, 10),
    euler("euler_epsilon_trailing_6", .epsilon, .trailing, 6),
    euler("euler_sample_trailing_6", .sample, .trailing, 6),
    Case(
      name: "edm_euler_9",
      schedule: {
        var edm = EDM()
        edm.order = .euler
        return try edm.schedule(steps: 9)
      },
      network: { x, sigma in
        let variance = sigma * sigma + 0.25
        let output = sin(x / variance.squareRoot() + log(sigma) / 4)
        return 0.25 / variance * x + sigma * 0.5 / variance.squareRoot() * output
      }),
    Case(
      name: "heun_karras_6",
      schedule: {
        var edm = EDM()
        (edm.sigmaMin, edm.sigmaMax) = (
          NoiseSchedule.stableDiffusion.sigma(at: 0), NoiseSchedule.stableDiffusion.sigma(at: 999)
        )
        return try edm.schedule(steps: 6)
      }, network: { x, sigma in x - sigma * sin(x / (sigma * sigma + 1).squareRoot() + 0.3) }),
    Case(name: "flow_4", schedule: { try Flow(steps: 4).schedule() }),
    Case(name: "flow_shifted_4", schedule: { try Flow(steps: 4).shifted(by: 3).schedule() }),
  ]

  static func ddim(
    _ name: String, _ prediction: Prediction, _ spacing: TimestepSpacing, _ steps: Int,
    withoutNoise: Bool = false
  ) -> Case {
    Case(name: name) {
      var sampler = DDIM(prediction: prediction)
      (sampler.spacing, sampler.endsWithoutNoise) = (spacing, withoutNoise)
      return try sampler.schedule(steps: steps)
    }
  }

  static func dpm(
    _ name: String, _ prediction: Prediction, _ spacing: TimestepSpacing, _ steps: Int,
    _ last: DPMSolver.LastSigma = .zero
  ) -> Case {
    Case(name: name) {
      var sampler = DPMSolver(prediction: prediction)
      (sampler.spacing, sampler.lastSigma) = (spacing, last)
      sampler.stepsOffset = spacing == .leading ? 1 : 0
      return try sampler.schedule(steps: steps)
    }
  }

  static func euler(
    _ name: String, _ prediction: Prediction, _ spacing: TimestepSpacing, _ steps: Int
  ) -> Case {
    Case(name: name) {
      var sampler = EulerDiscrete(prediction: prediction)
      sampler.spacing = spacing
      sampler.stepsOffset = spacing == .leading ? 1 : 0
      return try sampler.schedule(steps: steps)
    }
  }

  /// diffusers computes in single precision.
  @Test(arguments: cases) func samplesAsDiffusersDoes(_ example: Case) throws {
    let rows = try #require(try Self.record()[example.name])
    let schedule = try example.schedule()
    #expect(schedule.steps.map(\.time).count == rows.count - 1)
    var x = [0.5, -1.25, 2].map { $0 * schedule.initialScale }
    var memory = x.map { _ in 0.0 }
    let largest = rows.joined(by: rows[0].count).map(abs).max() ?? 0
    #expect(isNear(x, rows[0], 1e-5 * largest))
    for (step, row) in zip(schedule.steps, rows.dropFirst()) {
      // At little noise 1 − ā has few digits in single precision.
      #expect(abs(step.time - row[0]) <= 2e-5 * row[0])
      let outputs = x.map { example.network(step.inputScale * $0, step.time) }
      step.advance(&x, &memory, outputs)
      #expect(isNear(x, Array(row.dropFirst()), 1e-5 * largest), "after time \(row[0])")
    }
  }

  /// The script's cases and these are the same.
  @Test func recordHasTheseCases() throws {
    #expect(Set(try Self.record().keys) == Set(Self.cases.map(\.name)))
  }

  private func isNear(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
  }

  /// The rows of each case of Tests/Golden/Samplers/diffusers.txt.
  private static func record() throws -> [String: [[Double]]] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: folder.appending(path: "Golden/Samplers/diffusers.txt"), encoding: .utf8)
    let blocks = text.split(separator: "\n\n").dropFirst()
    return Dictionary(
      uniqueKeysWithValues: blocks.map { block in
        let lines = block.split(separator: "\n")
        return (
          String(lines[0]), lines.dropFirst().map { $0.split(separator: " ").compactMap { Double($0) } }
        )
      })
  }
}

extension [[Double]] {
  /// All samples of the record: the last `count` numbers of each row.
  fileprivate func joined(by count: Int) -> [Double] { flatMap { $0.suffix(count) } }
}

extension SamplerStep {
  /// What ``SamplerSchedule`` says of a step, given what the network returned.
  func advance(_ x: inout [Double], _ memory: inout [Double], _ outputs: [Double]) {
    for i in x.indices {
      let data = dataFromSample * x[i] + dataFromOutput * outputs[i]
      let next = nextFromSample * x[i] + nextFromData * data + nextFromMemory * memory[i]
      memory[i] = memoryFromSample * x[i] + memoryFromData * data
      x[i] = next
    }
  }
}
