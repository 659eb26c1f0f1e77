import Graphs
import IR
import Testing

/// Properties of schedules that need no other implementation.
struct ScheduleTests {
  @Test func noiseGrowsWithTime() {
    let noise = NoiseSchedule.stableDiffusion
    #expect(noise.count == 1000)
    #expect(abs(noise.alphasCumprod[0] - (1 - 0.00085)) < 1e-12)
    #expect(zip(noise.alphasCumprod, noise.alphasCumprod.dropFirst()).allSatisfy { $0 > $1 })
    #expect(abs(noise.sigma(at: 10.5) - (noise.sigma(at: 10) + noise.sigma(at: 11)) / 2) < 1e-12)
  }

  /// With the true noise or velocity of a sample every step of DDIM leads to the sample of the next time.
  @Test(arguments: Prediction.allCases) func ddimFollowsAnExactPrediction(_ prediction: Prediction) throws {
    let (data, noise) = (0.7, -1.3)
    let training = NoiseSchedule.stableDiffusion
    func sample(_ time: Int) -> Double {
      let kept = training.alphasCumprod[max(time, 0)]
      return kept.squareRoot() * data + (1 - kept).squareRoot() * noise
    }
    let schedule = try DDIM(prediction: prediction).schedule(steps: 8)
    #expect(!schedule.usesMemory && !schedule.convertsOutput && !schedule.scalesInput)
    for step in schedule.steps {
      let time = Int(step.time)
      let kept = training.alphasCumprod[time]
      let output =
        switch prediction {
        case .epsilon: noise
        case .velocity: kept.squareRoot() * noise - (1 - kept).squareRoot() * data
        case .sample: data
        }
      let next = step.nextFromSample * sample(time) + step.nextFromData * output
      #expect(abs(next - sample(time - 125)) < 1e-12)
    }
  }

  /// The order of a solver: halving the steps' width divides the error by 2 or 4. The network is the exact
  /// denoiser of data with deviation 1, for which the solution is x ∝ √(1 + σ²).
  @Test(arguments: EDM.Order.allCases) func edmConvergesWithItsOrder(_ order: EDM.Order) throws {
    func error(steps: Int) throws -> Double {
      var edm = EDM()
      (edm.order, edm.sigmaMax) = (order, 10)
      let schedule = try edm.schedule(steps: steps)
      var (x, memory) = ([schedule.initialScale], [0.0])
      for step in schedule.steps { step.advance(&x, &memory, [x[0] / (1 + step.time * step.time)]) }
      return abs(x[0] - 10 / 101.0.squareRoot())
    }
    let ratio = try error(steps: 64) / error(steps: 128)
    #expect(order == .euler ? (1.8...2.2).contains(ratio) : (3.5...4.6).contains(ratio))
  }

  /// The deterministic sampler of Snap Video works on data ÷ σ_in: it is EDM's with that in the network's
  /// place.
  @Test func inputScalingMovesTheCleanPoint() throws {
    var edm = EDM()
    edm.inputScaling = 4
    let schedule = try edm.schedule(steps: 5)
    #expect(schedule.finalScale == 4)
    #expect(schedule.steps.allSatisfy { $0.dataFromOutput == 0.25 })
    var (x, memory) = ([schedule.initialScale], [0.0])
    for step in schedule.steps { step.advance(&x, &memory, [0.3]) }
    #expect(abs(x[0] * schedule.finalScale - 0.3) < 1e-9)
  }

  @Test func heunCallsTheNetworkOnceARow() throws {
    let schedule = try EDM().schedule(steps: 6)
    #expect(schedule.steps.count == 11)
    #expect(schedule.usesMemory)
    #expect(schedule.steps.map(\.time).allSatisfy { $0 > 0 })
    #expect(schedule.column(\.time).first == 80)
  }

  @Test func flowEndsAtTheData() throws {
    let schedule = try Flow(times: [1, 0.9, 0.4]).schedule()
    #expect(schedule.steps.map(\.time) == [1000, 900, 400])
    #expect(abs(schedule.steps.map(\.nextFromData).reduce(0, +) + 1) < 1e-12)
    #expect(Flow(steps: 4).shifted(by: 1).times == [1, 0.75, 0.5, 0.25])
  }

  /// With the true prediction of any kind a flow goes straight to the data.
  @Test(arguments: Prediction.allCases) func flowFollowsAnExactPrediction(_ prediction: Prediction) throws {
    let (data, noise) = (0.7, -1.3)
    var flow = Flow(times: [0.9, 0.6, 0.2])
    flow.prediction = prediction
    var x = 0.1 * data + 0.9 * noise
    let output =
      switch prediction {
      case .epsilon: noise
      case .velocity: noise - data
      case .sample: data
      }
    for step in try flow.schedule().steps { x = step.nextFromSample * x + step.nextFromData * output }
    #expect(abs(x - data) < 1e-12)
  }

  @Test func noiseSaysNothingAtTheBeginningOfAFlow() {
    var flow = Flow(steps: 4)
    flow.prediction = .epsilon
    let error = #expect(throws: Diagnostic.self) { try flow.schedule() }
    #expect(error?.advice == "begin before 1, or predict the velocity or the sample")
  }

  @Test func impossibleSchedulesAreErrors() {
    #expect(throws: Diagnostic.self) { try DDIM(prediction: .epsilon).schedule(steps: 0) }
    let crowded = #expect(throws: Diagnostic.self) { try DDIM(prediction: .epsilon).schedule(steps: 1000) }
    #expect(
      crowded?.description
        == "offset 1 moves the first of 1000 steps beyond the last time, 999; take fewer steps or a smaller offset"
    )
    let many = #expect(throws: Diagnostic.self) { try DPMSolver(prediction: .epsilon).schedule(steps: 1000) }
    #expect(
      many?.description
        == "a sampler can't have 1000 steps, expected 1 to 999; the network was trained with 1000")
    #expect(throws: Diagnostic.self) { try Flow(times: [0.5, 0.5]).schedule() }
    #expect(throws: Diagnostic.self) { try Flow(times: [1.5]).schedule() }
    #expect(throws: Diagnostic.self) { try Flow(steps: 0).schedule() }
    #expect(throws: Diagnostic.self) { try EDM().schedule(steps: 0) }
    var backwards = EDM()
    backwards.sigmaMin = 100
    #expect(throws: Diagnostic.self) { try backwards.schedule(steps: 3) }
  }

  /// Every number of steps that is allowed gives as many times, falling and within training.
  @Test(arguments: TimestepSpacing.allCases) func timesFall(_ spacing: TimestepSpacing) throws {
    for steps in [1, 2, 3, 7, 49, 333, 999] {
      for excludesFirst in [false, true] {
        let times = try spacing.times(steps: steps, of: 1000, excludesFirst: excludesFirst)
        #expect(times.count == steps)
        #expect(times.allSatisfy { (0...999).contains($0) })
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 > $1 })
      }
    }
  }
}
