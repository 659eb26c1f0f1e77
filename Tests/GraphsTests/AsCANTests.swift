import Graphs
import IR
import Tensors
import Testing

struct AsCANTests {
  @Test func patternsRoundTrip() throws {
    let pattern = try AsCANPattern(AsCAN.asymmetric, stages: 4)
    #expect(pattern.description == "CC/CCC/CCCTTT/CTTT")
    #expect(pattern.stages.map(\.count) == [2, 3, 6, 4])
    #expect(pattern.count(of: .convolution) == 9)
    #expect(pattern.count(of: .transformer) == 6)
  }

  static let wrongPatterns: [(String, AsCANPatternError, String)] = [
    (
      "CC/CCC/CTTT", .stageCount(pattern: "CC/CCC/CTTT", found: 3, expected: 4),
      "pattern 'CC/CCC/CTTT' has 3 stages, expected 4; write the blocks of each stage and '/' between stages"
    ),
    (
      "CC//CT/C", .emptyStage(pattern: "CC//CT/C", stage: 1),
      "stage 2 of pattern 'CC//CT/C' has no block; give every stage at least one C"
    ),
    (
      "CC/CC/CXT/C", .unknownBlock(pattern: "CC/CC/CXT/C", "X", stage: 2, position: 1),
      "block 2 of stage 3 of pattern 'CC/CC/CXT/C' is 'X', expected C or T; write C for a convolution block and T "
        + "for a transformer block"
    ),
    (
      "C/C/TC/C", .transformerFirst(pattern: "C/C/TC/C", stage: 2),
      "stage 3 of pattern 'C/C/TC/C' begins with T, expected C; begin every stage with C, which changes grid and "
        + "width"
    ),
  ]

  @Test(arguments: wrongPatterns) func wrongPatternsAreErrors(
    _ text: String, _ error: AsCANPatternError, _ message: String
  ) {
    let found = #expect(throws: AsCANPatternError.self) { try AsCANPattern(text, stages: 4) }
    #expect(found == error)
    #expect(found?.description == message)
    var network = AsCAN(widths: [32, 64, 96, 128])
    network.pattern = text
    let built = #expect(throws: Diagnostic.self) { try network.graph("g", size: 32) }
    #expect(built?.description == message)
  }

  @Test func widthsMustFitTheHeads() {
    var network = AsCAN(widths: [32, 40, 64, 64])
    #expect(throws: Diagnostic.self) {
      network.pattern = "C/CT/C/C"
      return try network.graph("g", size: 32)
    }
    #expect(throws: Never.self) {
      network.pattern = "C/C/CT/C"
      return try network.graph("g", size: 32)
    }
  }

  /// Every C has two convolutions and a squeeze-and-excitation, every T two products of attention.
  @Test(arguments: [AsCAN.asymmetric, AsCAN.symmetric, AsCAN.convolutionsFirst, AsCAN.transformersFirst])
  func graphHasTheBlocksOfThePattern(_ text: String) throws {
    let pattern = try AsCANPattern(text, stages: 4)
    #expect(pattern.stages.map(\.count) == [2, 3, 6, 4])
    var network = AsCAN(widths: [64, 128, 256, 512])
    network.pattern = text
    let graph = try network.graph("g")
    let names = Set(graph.weights.compactMap { graph.weight($0)?.name })
    for (stage, blocks) in pattern.stages.enumerated() {
      for (index, block) in blocks.enumerated() {
        let prefix = "stages.\(stage).\(index)"
        #expect(names.contains("\(prefix).conv1.weight") == (block == .convolution))
        #expect(names.contains("\(prefix).attn.q.weight") == (block == .transformer))
      }
    }
    let attention = graph.order.count { graph[$0].op == .softmax(Softmax(axis: -1)) }
    #expect(attention == pattern.count(of: .transformer))
  }

  /// Neighboring T keep one row a position: a stage goes there and back once.
  @Test func neighboringTransformersShareTheirRows() throws {
    var network = AsCAN(widths: [32, 32, 32, 32])
    network.pattern = "C/CTTT/C/CTCT"
    let graph = try network.graph("g", size: 64)
    let moves = graph.order.count { id in
      if case .transpose(let op) = graph[id].op { op.permutation == [0, 2, 1] } else { false }
    }
    #expect(moves == 2 * 3)
  }

  /// The sizes of the reconstruction, to the digits in which they were found.
  @Test func sizesAreThoseOfTheReconstruction() throws {
    for (name, parameters, macs) in [("base", 52.8, 10.0), ("small", 23.8, 5.0)] {
      let facts = try findGraph("ascan", variant: name).variant.facts
      #expect((Double(facts.parameters) / 1e5).rounded() / 10 == parameters)
      #expect((Double(facts.macs) / 1e8).rounded() / 10 == macs)
    }
  }

  /// Latent, time and text all reach the prediction, which has the latent's shape.
  @Test func generatorMirrorsItsStages() throws {
    let graph = try findGraph("ascan_generator").variant.build([("size", 16), ("width", 32)])
    #expect(graph.type(of: graph.outputs[0].value).shape == [1, 4, 16, 16])
    let names = graph.weights.compactMap { graph.weight($0)?.name }
    for part in ["attn.q.weight", "cross_attn.q.weight", "conv1.weight", "time_proj.weight"] {
      #expect(
        names.count { $0.hasPrefix("down.") && $0.hasSuffix(".\(part)") }
          == names.count { $0.hasPrefix("up.") && $0.hasSuffix(".\(part)") })
    }
    #expect(names.filter { $0.hasSuffix("skip.weight") } == ["up.1.skip.weight", "up.0.skip.weight"])
    #expect(graph.inputs.allSatisfy { !graph.users(of: $0.value).isEmpty })
  }

  /// A class is added to the time; no layer attends to anything else. One number more stands for no class.
  @Test func classesTakeTheTextsPlace() throws {
    let text = try findGraph("ascan_generator").variant.build([("size", 16), ("width", 32)])
    let extents = [(name: "size", extent: 16), (name: "width", extent: 32), (name: "classes", extent: 7)]
    let graph = try findGraph("ascan_class_generator").variant.build(extents)
    let table = try #require(graph.findWeight("class_embedding.weight"))
    #expect(graph.shape(of: table) == [8, 128])
    let names = { (graph: Graph) in Set(graph.weights.compactMap { graph.weight($0)?.name }) }
    let missing = names(text).subtracting(names(graph))
    #expect(!missing.isEmpty && missing.allSatisfy { $0.contains("cross") })
    #expect(names(graph).subtracting(names(text)) == ["class_embedding.weight"])

    let module = try findGraph("ascan_class_to_image").variant.module(extents + [(name: "steps", extent: 2)])
    let none = try #require(module.functions[0].findWeight("no_class"))
    #expect(module.functions[0].constant(none)?.integers == [7])
  }
}
