package import IR

/// A choice among words that the user of a graph has, such as what its denoiser was trained to predict.
package struct GraphOption: Sendable {
  /// As written before the sign in `--option NAME=VALUE`.
  package var name: String
  /// The words to choose from.
  package var values: [String]
  /// The published one, which is taken unless the user chooses.
  package var value: String
  /// What it decides, in a few words.
  package var summary: String

  /// A choice among the cases of a type, of which `values` are allowed.
  init<T: RawRepresentable<String>>(_ name: String, _ published: T, among values: [T], _ summary: String) {
    self.name = name
    self.values = values.map(\.rawValue)
    value = published.rawValue
    self.summary = summary
  }

  /// What the denoiser predicts. `published` is that of the published checkpoint.
  static func prediction(
    _ published: Prediction, among values: [Prediction] = Prediction.allCases
  ) -> GraphOption {
    GraphOption("prediction", published, among: values, "what the network was trained to predict")
  }

  /// Which time steps a sampler visits.
  static func spacing(_ published: TimestepSpacing) -> GraphOption {
    GraphOption("spacing", published, among: TimestepSpacing.allCases, "which time steps the sampler visits")
  }
}

/// What a graph is to be built with: the value of an option.
package struct GraphSetting: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension GraphVariant {
  /// The value of every option of the variant, the given ones in place of the published. Throws for names and
  /// values that it does not have.
  package func settings(_ given: [GraphSetting] = []) throws(Diagnostic) -> [GraphSetting] {
    var settings = options.map { GraphSetting($0.name, $0.value) }
    for setting in given {
      guard let index = options.firstIndex(where: { $0.name == setting.name }) else {
        let known = options.map(\.name).joined(separator: ", ")
        throw Diagnostic(
          "variant '\(name)' has no option '\(setting.name)'",
          advice: known.isEmpty ? "it has none" : "it has \(known)")
      }
      guard options[index].values.contains(setting.value) else {
        throw Diagnostic(
          "option '\(setting.name)' of variant '\(name)' can't be '\(setting.value)'",
          advice: "choose one of \(options[index].values.joined(separator: ", "))")
      }
      settings[index] = setting
    }
    return settings
  }
}
