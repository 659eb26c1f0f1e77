package import IR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The deterministic sampler of *Elucidating the Design Space of Diffusion-Based Generative Models*, Karras
/// et al., arXiv 2206.00364, algorithm 1, around a network that returns denoised data at a noise level σ.
///
/// The levels fall from `sigmaMax` to `sigmaMin` with equal distances of σ^(1 ÷ rho), then to 0. At each the
/// slope is (x − D) ÷ σ. Euler's method takes it as it is; Heun's averages it with that at the level it leads
/// to, which takes a second row, and m for what the first one gave; its last step, to 0, is Euler's.
package struct EDM: Sendable {
  package enum Order: String, Sendable, CaseIterable {
    case euler, heun
  }

  package var sigmaMin = 0.002
  package var sigmaMax = 80.0
  package var rho = 7.0
  package var order = Order.heun
  /// Where the sample tends to is data ÷ `inputScaling`: D is the network's result divided by it, and the
  /// final sample is multiplied by it. See ``Preconditioning``.
  package var inputScaling = 1.0

  package init() {}

  /// Noise levels of the steps, without the final 0.
  package func sigmas(steps: Int) throws(Diagnostic) -> [Double] {
    guard steps >= 1 else { throw Diagnostic("a sampler can't have \(steps) steps, expected 1 or more") }
    guard sigmaMin > 0, sigmaMin <= sigmaMax, sigmaMax.isFinite, rho > 0, inputScaling > 0 else {
      throw Diagnostic(
        "noise levels from \(sigmaMin) to \(sigmaMax), rho \(rho) and input scaling \(inputScaling) do not fit",
        advice: "all must be positive, and the first level at most the second")
    }
    let (low, high) = (pow(sigmaMin, 1 / rho), pow(sigmaMax, 1 / rho))
    return (0..<steps).map { pow(high + Double($0) / Double(max(steps - 1, 1)) * (low - high), rho) }
  }

  /// One row a call of the network: as many as steps by Euler's method, 2 × steps − 1 by Heun's.
  package func schedule(steps: Int) throws(Diagnostic) -> SamplerSchedule {
    let sigmas = try sigmas(steps: steps) + [0]
    var rows: [SamplerStep] = []
    for (now, next) in zip(sigmas, sigmas.dropFirst()) {
      rows.append(row(at: now, fromSample: next / now, fromData: 1 - next / now))
      guard order == .heun, next > 0 else { continue }
      let (half, halfThere) = ((next - now) / 2 / now, (next - now) / 2 / next)
      rows[rows.count - 1].memoryFromSample = 1 + half
      rows[rows.count - 1].memoryFromData = -half
      rows.append(row(at: next, fromSample: halfThere, fromData: -halfThere))
      rows[rows.count - 1].nextFromMemory = 1
    }
    return SamplerSchedule(steps: rows, initialScale: sigmas[0], finalScale: inputScaling)
  }

  /// The step, counted from 0, that each row of ``schedule(steps:)`` belongs to.
  package func stepsOfRows(steps: Int) -> [Int] {
    order == .euler ? Array(0..<steps) : (0..<(2 * steps - 1)).map { $0 / 2 }
  }

  private func row(at sigma: Double, fromSample: Double, fromData: Double) -> SamplerStep {
    SamplerStep(
      time: sigma, dataFromOutput: 1 / inputScaling, nextFromSample: fromSample, nextFromData: fromData)
  }
}
