import IR

extension SamplerSchedule {
  /// The first `count` steps, nil for none, and the others, of which there must be some, for samplers that change
  /// what conditions the network on the way. Run one after the other they give what the whole schedule gives.
  ///
  /// The second part must not read what the step before it remembered: m begins at zero in every loop.
  func split(after count: Int) throws(Diagnostic) -> (first: SamplerSchedule?, second: SamplerSchedule) {
    if count == 0 { return (nil, self) }
    guard (1..<steps.count).contains(count) else {
      throw Diagnostic(
        "the last \(steps.count - count) of \(steps.count) steps can't be set apart",
        advice: "set 1 to \(steps.count) apart")
    }
    guard steps[count].nextFromMemory == 0 else {
      throw Diagnostic(
        "step \(count) of the sampler reads what step \(count - 1) remembered, so that they can't be split there",
        advice: "use a sampler without memory, such as DDIM")
    }
    return (
      SamplerSchedule(steps: Array(steps[..<count]), initialScale: initialScale),
      SamplerSchedule(steps: Array(steps[count...]), initialScale: 1, finalScale: finalScale)
    )
  }
}
