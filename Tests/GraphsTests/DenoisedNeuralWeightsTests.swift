import Foundation
import Graphs
import IR
import Tensors
import TestSupport
import Testing

struct DenoisedNeuralWeightsTests {
  /// E2GAN's adapters at twice the base ranks, filled with numbers.
  private func adapters(width: Int = 4) throws -> (graph: Graph, tensors: [String: Tensor]) {
    let variant = try findGraph("e2gan", variant: "branch_2x").variant
    let graph = try variant.build([("width", width), ("context_width", 768)])
    let weights = randomWeights(graph, seed: 1).filter { $0.name.contains(".lora_") }
    return (graph, Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.tensor) }))
  }

  @Test func publishedAdaptersTakeAbout360Blocks() throws {
    let graph = try findGraph("e2gan", variant: "branch_2x").variant.build()
    let layout = WeightLayout(adaptersOf: graph)
    #expect(layout.count == 91_736)
    #expect(layout.blockCount == 359)
    #expect(layout.tensors.count == 36)
    #expect(layout.tensors[0].name == "down.0.lora_A")
    #expect(layout.groups.map(\.name).prefix(4) == ["down.lora_A", "down.lora_B", "ds.lora_A", "ds.lora_B"])
    try layout.check()
  }

  /// Adapters to blocks and back are the same bits; the last block is padded with zeros and what is beyond
  /// does not count.
  @Test(arguments: [256, 100]) func adaptersSurviveTheirBlocks(_ blockSize: Int) throws {
    let (graph, tensors) = try adapters()
    let layout = WeightLayout(adaptersOf: graph, blockSize: blockSize)
    let blocks = try layout.blocks(of: tensors)
    #expect(blocks.shape == [layout.blockCount, blockSize])
    #expect(layout.count % blockSize != 0)
    #expect(blocks.floats[layout.count...].allSatisfy { $0 == 0 })

    let longer =
      blocks.floats[..<layout.count]
      + [Float](repeating: 7, count: (layout.blockCount + 1) * blockSize - layout.count)
    for row in [blocks.floats, Array(longer)] {
      let found = try layout.tensors(in: Tensor(row, shape: [row.count / blockSize, blockSize]))
      #expect(found.map(\.name) == layout.tensors.map(\.name))
      #expect(found.allSatisfy { name, tensor in tensors[name].map { $0.isIdentical(to: tensor) } == true })
    }
  }

  @Test func groupsAreNormalized() throws {
    let (graph, tensors) = try adapters()
    var layout = WeightLayout(adaptersOf: graph)
    let shifted = tensors.mapValues { Tensor($0.floats.map { 3 * $0 + 5 }, shape: $0.shape) }
    try layout.normalize(by: [tensors, shifted])
    let all = try [tensors, shifted].flatMap { example in
      try layout.blocks(of: example).floats[..<layout.count]
    }
    for (index, group) in layout.groups.enumerated() {
      let places = layout.tensors.filter { $0.group == index }.flatMap { $0.offset..<($0.offset + $0.count) }
      let numbers = places.flatMap { [Double(all[$0]), Double(all[$0 + layout.count])] }
      let mean = numbers.reduce(0, +) / Double(numbers.count)
      let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count)
      #expect(abs(mean) < 1e-5, "\(group.name)")
      #expect(abs(variance - 1) < 1e-4, "\(group.name)")
    }
    for (name, tensor) in try layout.tensors(in: layout.blocks(of: shifted)) {
      let expected = try #require(shifted[name])
      #expect(TensorDifference(tensor, reference: expected).relative < 1e-6)
    }
  }

  /// The graph does what the layout does.
  @Test func graphCutsAsTheLayoutDoes() throws {
    let (generator, tensors) = try adapters()
    var layout = WeightLayout(adaptersOf: generator)
    try layout.normalize(by: [tensors])
    let blocks = try layout.blocks(of: tensors)

    var graph = try findGraph("denoised_weights", variant: "adapters").variant.build([("width", 4)])
    try graph.bind(
      [
        ("groups.mean", Tensor(layout.groups.map(\.mean), shape: [layout.groups.count])),
        ("groups.deviation", Tensor(layout.groups.map(\.deviation), shape: [layout.groups.count])),
      ], file: "groups")
    #expect(graph.shape(of: graph.inputs[0].value) == blocks.shape)
    let (found, expected) = (try evaluate(graph, [blocks]), try layout.tensors(in: blocks))
    #expect(graph.outputs.map(\.name) == expected.map(\.name))
    for (found, expected) in zip(found, expected) {
      #expect(TensorDifference(found, reference: expected.tensor).relative < 1e-6, "\(expected.name)")
    }
  }

  /// 359 blocks in 9 runs of 40, of which the last has one that is not used. The embedding of the time, which is
  /// always the same, is not computed anew.
  @Test func allBlocksRunInChunks() throws {
    let variant = try findGraph("denoised_weights", variant: "text_to_adapters").variant
    let denoiser = try findGraph("denoised_weights", variant: "denoiser").variant
    let (whole, chunk) = (try variant.module(), try denoiser.module([("blocks", 40)]))
    let embeddedTime = 128 * 512 + 512 * 512
    #expect(Statistics(whole).macs == 9 * (Statistics(chunk).macs - embeddedTime))
    let adapters = try findGraph("denoised_weights", variant: "adapters").variant.build()
    let names = { (graph: Graph) in graph.outputs.map(\.name) }
    #expect(names(whole.functions[0]) == names(adapters))
  }

  /// However many run at a time, the adapters are the same.
  @Test func chunksDoNotChangeTheAdapters() throws {
    let extents: [(name: String, extent: Int)] = [
      ("block_size", 64), ("denoiser_width", 8), ("width", 2), ("tokens", 3), ("context_width", 5),
    ]
    let variant = try findGraph("denoised_weights", variant: "text_to_adapters").variant
    let results = try [7, 65_536].map { chunk in
      var module = try variant.module(extents + [(name: "chunk", extent: chunk)])
      module.bindRandomWeights(seed: 5)
      let inputs = module.functions[0].inputs.enumerated().map { index, port in
        Tensor(random: .f32, module.functions[0].shape(of: port.value), seed: UInt64(index + 1))
      }
      #expect(inputs[0].shape[0] % 7 != 0)
      return try evaluate(module, inputs)
    }
    for (a, b) in zip(results[0], results[1]) { #expect(TensorDifference(b, reference: a).relative < 1e-5) }
  }

  /// What the one network makes is what the other takes.
  @Test func outputsAreTheGeneratorsInputs() throws {
    let made = try findGraph("denoised_weights", variant: "adapters").variant.build()
    let taken = try findGraph("e2gan", variant: "swapped_2x").variant.build()
    let types = { (graph: Graph, ports: [IR.Port]) in ports.map { "\($0.name) \(graph.type(of: $0.value))" } }
    #expect(types(made, made.outputs) == types(taken, Array(taken.inputs.dropFirst(2))))
  }

  @Test func layoutsAreJSON() throws {
    let layout = WeightLayout(
      [("ds.lora_A", [2, 3]), ("ds.lora_B", [3, 2, 1])], blockSize: 8, group: { String($0.suffix(6)) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(layout), as: UTF8.self)
    #expect(
      text == """
        {"block_size":8,"groups":[{"deviation":1,"mean":0,"name":"lora_A"},{"deviation":1,"mean":0,"name":"lora_B"}],\
        "tensors":[{"group":0,"name":"ds.lora_A","offset":0,"shape":[2,3]},\
        {"group":1,"name":"ds.lora_B","offset":6,"shape":[3,2,1]}]}
        """)
    #expect(try JSONDecoder().decode(WeightLayout.self, from: Data(text.utf8)) == layout)
  }

  @Test func mistakesAreNamed() throws {
    let layout = WeightLayout([("a", [2]), ("b", [3])], blockSize: 4, group: { $0 })
    func message(_ body: () throws -> Void) -> String? {
      #expect(throws: Diagnostic.self, performing: body)?.message
    }
    #expect(
      message { _ = try layout.blocks(of: ["a": Tensor([1, 2] as [Float], shape: [2])]) }
        == "there is no tensor 'b', which the layout has")
    #expect(
      message {
        _ = try layout.blocks(of: ["a": Tensor([1] as [Float], shape: [1]), "b": Tensor(zeros: .f32, [3])])
      }
        == "tensor 'a' is f32[1], expected floating point numbers of shape [2]")
    #expect(
      message { _ = try layout.tensors(in: Tensor(zeros: .f32, [1, 4])) }
        == "blocks have shape [1, 4], expected [2, 4]")
    var broken = layout
    broken.tensors[1].offset = 1
    #expect(message { try broken.check() } == "tensor 'b' of shape [3] can't stand at 1, expected 2 or more")
    broken = layout
    broken.groups[0].deviation = 0
    #expect(
      message { try broken.check() }
        == "group 'a' has mean 0.0 and deviation 0.0, expected numbers, the deviation above 0")
    broken = layout
    broken.tensors[0].group = 2
    #expect(message { try broken.check() } == "tensor 'a' is in group 2 of 2")
  }

  /// Blocks know of each other by nothing but their numbers.
  @Test func blocksAreIndependent() throws {
    let dimensions: [(name: String, extent: Int)] = [
      ("block_size", 16), ("width", 8), ("tokens", 3), ("context_width", 5),
    ]
    let variant = try findGraph("denoised_weights", variant: "denoiser").variant
    var (one, three) = (try variant.build(dimensions), try variant.build(dimensions + [("blocks", 3)]))
    one.bindRandomWeights(seed: 1)
    three.bindRandomWeights(seed: 1)
    let noise = Tensor(random: .f32, [3, 16], seed: 2)
    let (time, context) = (Tensor([999] as [Float], shape: [1]), Tensor(random: .f32, [1, 3, 5], seed: 3))
    let numbers: [Int64] = [0, 359, 17]
    let together = try evaluate(three, [noise, Tensor(numbers, shape: [3]), time, context])[0]
    for (block, number) in numbers.enumerated() {
      let own = Tensor(Array(noise.floats[(16 * block)..<(16 * block + 16)]), shape: [1, 16])
      let alone = try evaluate(one, [own, Tensor([number], shape: [1]), time, context])[0]
      let expected = Tensor(Array(together.floats[(16 * block)..<(16 * block + 16)]), shape: [1, 16])
      #expect(TensorDifference(alone, reference: expected).relative < 1e-4)
      let other = try evaluate(one, [own, Tensor([number ^ 1], shape: [1]), time, context])[0]
      #expect(TensorDifference(other, reference: alone).relative > 1e-3)
    }
  }
}
