import IR

/// What the user of a graph may change of its sampler, and the sampler with what was chosen. `steps` is a dimension
/// of every variant that has one.
extension DDIM {
  static func options(_ prediction: Prediction, _ spacing: TimestepSpacing = .leading) -> [GraphOption] {
    [.prediction(prediction), .spacing(spacing)]
  }

  static func schedule(_ chosen: Dimensions) throws(Diagnostic) -> SamplerSchedule {
    try DDIM(
      prediction: chosen.option("prediction", .epsilon), spacing: chosen.option("spacing", .leading)
    ).schedule(steps: chosen["steps"])
  }
}

extension Flow {
  /// Steps begin at time 1, where predicted noise says nothing of the data.
  static let options = [GraphOption.prediction(.velocity, among: [.velocity, .sample])]

  static func schedule(_ chosen: Dimensions) throws(Diagnostic) -> SamplerSchedule {
    var flow = Flow(steps: chosen["steps"])
    flow.prediction = chosen.option("prediction", .velocity)
    return try flow.schedule()
  }
}
