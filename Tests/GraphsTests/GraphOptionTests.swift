import Graphs
import IR
import Tensors
import Testing

/// Choices among words that variants leave, above all what a denoiser was trained to predict.
struct GraphOptionTests {
  struct Entry: Sendable, CustomTestStringConvertible {
    var name: String
    var variant: GraphVariant
    var testDescription: String { name }
  }

  static let entries = zoo.flatMap { definition in
    definition.variants.map { Entry(name: "\(definition.name)_\($0.name)", variant: $0) }
  }

  /// The defaults are those of the published checkpoints: of Stable Diffusion 1.5 noise and times from 1 up, of
  /// SnapFusion velocities, of TextCraftor's code the last time of training first.
  @Test(
    arguments: [
      ("snapfusion_sd15_text_to_image", "epsilon", "leading"),
      ("snapfusion_text_to_image", "velocity", "leading"),
      ("textcraftor_text_to_image", "epsilon", "trailing"), ("samplers_ddim_epsilon", "epsilon", "leading"),
      ("samplers_ddim_velocity", "velocity", "leading"), ("samplers_ddim_two_calls", "epsilon", "leading"),
      ("samplers_dpm_solver", "epsilon", "linspace"), ("samplers_euler", "epsilon", "linspace"),
      ("ascan_text_to_image", "epsilon", "leading"), ("ascan_class_to_image", "epsilon", "leading"),
    ]) func defaultsArePublished(_ name: String, _ prediction: String, _ spacing: String) throws
  {
    let settings = try findGraph(name).variant.settings()
    #expect(settings == [GraphSetting("prediction", prediction), GraphSetting("spacing", spacing)])
  }

  @Test func everySamplerLeavesThePredictionOpen() {
    let sampling = Self.entries.filter { entry in entry.variant.dimensions.contains { $0.name == "steps" } }
    #expect(sampling.count > 15)
    for entry in sampling {
      let option = entry.variant.options.first { $0.name == "prediction" }
      #expect(option.map { $0.values.count > 1 && $0.values.contains($0.value) } == true, "\(entry.name)")
    }
  }

  /// Every value of every option builds a graph of its own.
  @Test(arguments: entries.filter { !$0.variant.options.isEmpty }) func valuesAreAccepted(_ entry: Entry)
    throws
  {
    let few = entry.variant.dimensions.filter { $0.name.hasSuffix("steps") && $0.name != "tuned_steps" }
    let small = few.map { (name: $0.name, extent: $0.name.hasSuffix("steady_steps") ? 1 : 15) }
    for option in entry.variant.options {
      let graphs = try option.values.map { value in
        try entry.variant.module(small, [GraphSetting(option.name, value)]).text
      }
      #expect(Set(graphs).count == graphs.count, "\(option.name)")
      #expect(try graphs.contains(entry.variant.module(small).text))
    }
  }

  @Test func unknownChoicesAreErrors() throws {
    let variant = try findGraph("snapfusion_sd15_text_to_image").variant
    let name = #expect(throws: Diagnostic.self) { try variant.module([], [GraphSetting("noise", "x")]) }
    #expect(
      name?.description
        == "variant 'sd15_text_to_image' has no option 'noise'; it has prediction, spacing")
    let value = #expect(throws: Diagnostic.self) { try variant.module([], [GraphSetting("prediction", "v")]) }
    #expect(
      value?.description
        == "option 'prediction' of variant 'sd15_text_to_image' can't be 'v'; choose one of epsilon, velocity, "
        + "sample")
  }

  /// Where 0 is advertised it is accepted: no adapter, no steady step. All at once.
  @Test(arguments: entries.filter { entry in entry.variant.dimensions.contains { $0.range.contains(0) } })
  func nothingIsAccepted(_ entry: Entry) throws {
    let none = entry.variant.dimensions.filter { $0.range.contains(0) }.map { (name: $0.name, extent: 0) }
    _ = try entry.variant.module(none)
  }

  @Test func stepsOfTextCraftorAreThePublishedOnes() throws {
    let module = try findGraph("textcraftor_text_to_image").variant.module([
      ("width", 32), ("context", 12), ("layers", 1), ("vocabulary", 4), ("decoder_width", 32), ("size", 8),
    ])
    let times = ["denoise_original.time", "denoise_tuned.time"].map {
      Self.constant($0, of: module.functions[0])
    }
    #expect(times.map(\.count) == [10, 15])
    #expect(times.flatMap { $0 } == Array(stride(from: Float(999), through: 39, by: -40)))
  }

  @Test func allStepsMayBeTuned() throws {
    let variant = try findGraph("textcraftor_text_to_image").variant
    let module = try variant.module([("steps", 4), ("tuned_steps", 4)])
    #expect(Self.constant("denoise_tuned.time", of: module.functions[0]) == [999, 749, 499, 249])
    let many = #expect(throws: Diagnostic.self) { try variant.module([("steps", 4), ("tuned_steps", 5)]) }
    #expect(many?.description == "the last 5 of 4 steps can't be set apart; set 1 to 4 apart")
  }

  /// The contents of a constant of a graph by its name.
  private static func constant(_ name: String, of graph: Graph) -> [Float] {
    graph.findWeight(name).flatMap { graph.constant($0)?.floats } ?? []
  }
}
