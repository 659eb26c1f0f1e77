import Graphs
import IR
import Tensors
import Testing

struct TextCraftorTests {
  /// One encoder, whoever tunes it.
  @Test func encoderIsTheOneOfStableDiffusion() throws {
    let tuned = try findGraph("textcraftor_text_encoder").variant.build()
    #expect(try tuned.text == findGraph("snapfusion_text_encoder").variant.build().text)
  }

  /// The authors' weights were saved by a data-parallel network.
  @Test func leadingModuleIsStripped() throws {
    let (definition, variant) = try findGraph("textcraftor_text_encoder")
    let declared = try variant.build([("width", 12), ("layers", 1), ("vocabulary", 4)])
    let entries =
      randomWeights(declared, seed: 1).map { (name: "module.text_model.\($0.name)", tensor: $0.tensor) } + [
        (name: "module.text_model.embeddings.position_ids", tensor: Tensor(zeros: .i64, [1, 77]))
      ]
    var bound = declared
    let binding = try bound.bind(
      entries, namings: definition.namings, ignoring: definition.ignoredEntries, file: "textcraftor.pt")
    #expect(binding.prefix == "module.text_model.")
    #expect(bound.weights.allSatisfy { bound.constant($0) != nil })
  }

  /// Weight 0 gives the original's states and 1 the tuned ones', to the bit.
  @Test(arguments: zip([0, 1, 0.25] as [Float], [[3, -1], [7, 5], [4, 0.5]] as [[Float]]))
  func blendsBetweenTheTwo(_ weight: Float, _ expected: [Float]) throws {
    let graph = try findGraph("textcraftor_blend").variant.build([("tokens", 1), ("width", 2)])
    let result = try evaluate(
      graph,
      [
        Tensor([3.0, -1], shape: [1, 1, 2]), Tensor([7.0, 5], shape: [1, 1, 2]), Tensor([weight], shape: [1]),
      ])
    #expect(result[0].floats == expected)
  }

  /// A mix of two by weights that add up to 1 is a blend.
  @Test func mixOfTwoIsABlend() throws {
    let small = [(name: "tokens", extent: 3), (name: "width", extent: 4)]
    let blend = try findGraph("textcraftor_blend").variant.build(small)
    let mix = try findGraph("textcraftor_mix").variant.build(small + [("encoders", 2)])
    let states = [1, -3].map { scale in
      Tensor((0..<12).map { Float($0) * Float(scale) / 7 }, shape: [1, 3, 4])
    }
    let blended = try evaluate(blend, states + [Tensor([0.3], shape: [1])])[0]
    let mixed = try evaluate(mix, states + [Tensor([0.7, 0.3], shape: [2])])[0]
    #expect(TensorDifference(mixed, reference: blended).relative < 1e-6)
  }

  @Test func mixTakesAsManyAsThereAre() throws {
    let graph = try findGraph("textcraftor_mix").variant.build([
      ("tokens", 1), ("width", 1), ("encoders", 3),
    ])
    #expect(graph.inputs.map(\.name) == ["states_0", "states_1", "states_2", "weights"])
    let states = [1, 10, 100].map { Tensor([Float($0)], shape: [1, 1, 1]) }
    #expect(try evaluate(graph, states + [Tensor([0.5, 0.25, 2], shape: [3])])[0].floats == [203])
  }
}
