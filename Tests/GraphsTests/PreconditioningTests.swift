import Foundation
import Graphs
import IR
import Tensors
import Testing

struct PreconditioningTests {
  static let sigmas = [0.002, 0.05, 0.3, 1, 2.5, 17, 80]

  @Test func inputScalingOfTheTwoStages() {
    #expect(Preconditioning(spatialFactor: 1, frames: 16).sigmaIn == 4)
    #expect(Preconditioning(spatialFactor: 8, frames: 16).sigmaIn == 32)
  }

  /// With σ_in = 1 all coefficients are those of table 1 of EDM, but for the sign of c_out.
  @Test(arguments: sigmas, [0.5, 1]) func isEDMWithoutInputScaling(_ sigma: Double, _ data: Double) {
    var plain = Preconditioning(sigmaIn: 1)
    plain.sigmaData = data
    let sum = sigma * sigma + data * data
    expect(plain.inputScale(sigma), 1 / sum.squareRoot())
    expect(plain.skipScale(sigma), data * data / sum)
    expect(plain.outputScale(sigma), -sigma * data / sum.squareRoot())
    expect(plain.lossWeight(sigma), sum / (sigma * data * sigma * data))
    expect(plain.outputWeight(sigma), 1)
  }

  /// The network that returns its target exactly denoises to the data.
  @Test(arguments: sigmas, [1, 4, 32] as [Double]) func exactTargetGivesTheDataBack(
    _ sigma: Double, _ sigmaIn: Double
  ) {
    for data in [0.5, 1] {
      var scaling = Preconditioning(sigmaIn: sigmaIn)
      scaling.sigmaData = data
      for (x, noise) in [(0.8, -0.3), (-1.5, 2), (0, 1)] {
        let noisy = x / sigmaIn + sigma * noise
        let target = scaling.targetScale(sigma) * (data * data * noise - sigma * x)
        let denoised = scaling.skipScale(sigma) * noisy + scaling.outputScale(sigma) * target
        #expect(abs(denoised - x) < 1e-12 * max(1, abs(noise) * sigmaIn))
      }
    }
  }

  /// The same of networks that return the noise or the data.
  @Test(arguments: sigmas, [1, 4, 32] as [Double]) func otherPredictionsGiveTheDataBack(
    _ sigma: Double, _ sigmaIn: Double
  ) {
    var scaling = Preconditioning(sigmaIn: sigmaIn)
    for (x, noise) in [(0.8, -0.3), (-1.5, 2), (0, 1)] {
      let noisy = x / sigmaIn + sigma * noise
      for (prediction, output) in [(Prediction.epsilon, noise), (.sample, x)] {
        scaling.prediction = prediction
        let denoised = scaling.skipScale(sigma) * noisy + scaling.outputScale(sigma) * output
        #expect(abs(denoised - x) < 1e-11 * max(1, sigma * sigmaIn))
      }
    }
  }

  /// Input and target have deviation 1 for data and noise of theirs.
  @Test(arguments: sigmas) func networkSeesUnitDeviation(_ sigma: Double) {
    let scaling = Preconditioning(sigmaIn: 4)
    let noisy = (1 / 16.0 + sigma * sigma).squareRoot()
    expect(scaling.inputScale(sigma) * noisy, 1)
    expect(scaling.targetScale(sigma) * (1 + sigma * sigma).squareRoot(), 1)
  }

  @Test(arguments: sigmas, [1, 4, 32] as [Double]) func outputWeightFollows(
    _ sigma: Double, _ sigmaIn: Double
  ) {
    let scaling = Preconditioning(sigmaIn: sigmaIn)
    let out = scaling.outputScale(sigma)
    expect(scaling.outputWeight(sigma), scaling.lossWeight(sigma) * out * out)
  }

  /// The graph computes what the formulas say.
  @Test(arguments: [1, 4, 32] as [Double], Prediction.allCases) func graphAgreesWithTheFormulas(
    _ sigmaIn: Double, _ prediction: Prediction
  ) throws {
    var scaling = Preconditioning(sigmaIn: sigmaIn)
    scaling.prediction = prediction
    var b = GraphBuilder("g")
    let x = try b.input("x", [3, 2])
    let sigma = try b.input("sigma", [3])
    let output = try b.input("output", [3, 2])
    try b.output("seen", scaling.scaledInput(&b, x, sigma: sigma))
    try b.output("level", scaling.noiseLevel(&b, sigma: sigma))
    try b.output("denoised", scaling.denoised(&b, x, sigma: sigma, output: output))
    let (xs, sigmas, outputs) = ([0.5, -2, 1, 3, -0.1, 40], [0.01, 1, 80], [1, -1, 0.5, 2, -0.7, 0.2])
    let tensor = { (values: [Double], shape: Shape) in Tensor(values.map(Float.init), shape: shape) }
    let results = try evaluate(
      b.finish(), [tensor(xs, [3, 2]), tensor(sigmas, [3]), tensor(outputs, [3, 2])])
    for i in xs.indices {
      let s = sigmas[i / 2]
      near(results[0].floats[i], scaling.inputScale(s) * xs[i])
      near(results[2].floats[i], scaling.skipScale(s) * xs[i] + scaling.outputScale(s) * outputs[i])
    }
    for (level, s) in zip(results[1].floats, sigmas) { near(level, log(s) / 4) }
  }

  private func expect(_ found: Double, _ expected: Double) {
    #expect(abs(found - expected) <= 1e-12 * abs(expected))
  }

  private func near(_ found: Float, _ expected: Double) {
    #expect(abs(Double(found) - expected) <= 1e-6 * max(1, abs(expected)))
  }
}
