import IR
import Tensors

/// *Classifier-Free Diffusion Guidance*, Ho and Salimans, arXiv 2207.12598: the prediction for the prompt, moved
/// away from that for the empty prompt,
///
///     without + scale × (with − without)
///
/// of what the network predicts, whether noise, velocity or data.
enum Guidance: String, Sendable, CaseIterable {
  /// Both predictions from one call with twice the batch.
  case batch
  /// Two calls one after the other, which take half of the memory.
  case twoCalls

  /// `predict` calls the network on samples and what conditions them. `without` and `with` are the conditions
  /// for the empty prompt and the prompt; `scale` is a scalar, at which 1 is the prompt's prediction.
  func predict(
    _ b: inout GraphBuilder, _ sample: ValueID, without: ValueID, with: ValueID, scale: ValueID,
    _ predict: (inout GraphBuilder, _ samples: ValueID, _ conditions: ValueID) throws(Diagnostic) -> ValueID
  ) throws(Diagnostic) -> ValueID {
    let (plain, prompted): (ValueID, ValueID)
    switch self {
    case .twoCalls:
      (plain, prompted) = (try predict(&b, sample, without), try predict(&b, sample, with))
    case .batch:
      let both = try predict(
        &b, b.concat([sample, sample], axis: 0), b.concat([without, with], axis: 0))
      let count = b.shape(of: sample)[0]
      let halves = try b.split(both, axis: 0, [count, count])
      (plain, prompted) = (halves[0], halves[1])
    }
    return try b.add(plain, b.multiply(b.subtract(prompted, plain), scale))
  }
}

/// A denoiser with its guidance, as samplers call it.
struct GuidedDenoiser {
  /// Latents, time and context to a prediction, of twice the sampler's batch for ``Guidance/batch``.
  var denoiser: Module
  var guidance = Guidance.batch

  /// The prediction of a step whose constants are the contexts without and with the prompt, and the scale.
  func predict(_ b: inout GraphBuilder, _ step: Sampler.StepInputs) throws(Diagnostic) -> ValueID {
    try guidance.predict(
      &b, step.sample, without: step.constants[0], with: step.constants[1], scale: step.constants[2]
    ) { b, samples, contexts throws(Diagnostic) in
      let batch = b.shape(of: samples)[0]
      let times = batch == 1 ? step.time : try b.expand(step.time, [batch])
      return try b.call(denoiser, [samples, times, contexts])[0]
    }
  }
}
