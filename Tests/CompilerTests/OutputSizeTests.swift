import Bundle
import Foundation
import IR
import Importers
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// Outputs whose size depends on data, from the graph to the interpreter.
@Suite struct OutputSizeTests {
  /// A matrix cut to sizes that are inputs, and the rows that a mask chooses.
  private func graph() throws -> Graph {
    var graph = Graph(name: "main")
    let x = graph.addInput("x", TensorType(.f32, [3, 4]))
    let mask = graph.addInput("mask", TensorType(.bool, [3]))
    let (m, n) = (graph.addInput("m", TensorType(.i64, [])), graph.addInput("n", TensorType(.i64, [])))
    let found = try graph.add(.nonZero(NonZero()), [mask], name: "found")
    let rows = try graph.add(.gather(Gather(axis: 0)), [x, found[0]], name: "rows")[0]
    let cut = try graph.add(.unary(Unary(.exp)), [x], name: "cut")[0]
    graph.addOutput("cut", cut, sizes: [OutputSize(axis: 0, output: "m"), OutputSize(axis: 1, output: "n")])
    graph.addOutput("rows", rows, sizes: [OutputSize(axis: 0, output: "count")])
    graph.addOutput("m", m)
    graph.addOutput("n", n)
    graph.addOutput("count", found[1])
    try verify(graph)
    return graph
  }

  @Test func theInterpreterCutsOutputsAsTheGraphDoes() throws {
    let graph = try graph()
    let x = Tensor(random: .f32, [3, 4], seed: 5)
    for (mask, rows, columns) in [
      ([1, 0, 1], 2, 3), ([0, 0, 0], 0, 4), ([1, 1, 1], 3, 0), ([0, 1, 0], .min, 2), ([0, 0, 1], .max, .max),
    ] as [([Int64], Int64, Int64)] {
      let inputs = [
        x, Tensor(mask, shape: [3], element: .bool), Tensor([rows], shape: []), Tensor([columns], shape: []),
      ]
      let expected = graph.cutToSize(try evaluate(graph, inputs))
      let results = try interpret(graph, inputs)
      #expect(results.map(\.shape) == expected.map(\.shape))
      #expect(results[1].shape[0] == mask.count { $0 != 0 })
      for (result, reference) in zip(results, expected) {
        #expect(TensorDifference(result, reference: reference).relative < 1e-6)
      }
    }
  }

  @Test func theBundleSaysWhatSizesWhat() throws {
    let graph = try graph()
    let compiled = try compile(Module([graph]), CompileOptions(target: cpu, verifies: true))
    let outputs = compiled.manifest.functions[0].outputs
    #expect(outputs.map(\.shape) == [[3, 4], [3, 4], [], [], []])
    #expect(
      outputs.map(\.sizes) == [
        [.init(axis: 0, output: "m"), .init(axis: 1, output: "n")], [.init(axis: 0, output: "count")], nil,
        nil,
        nil,
      ])
    #expect(
      compiled.programs[0].sizes == [
        .init(output: 0, axis: 0, sizeOutput: 2), .init(output: 0, axis: 1, sizeOutput: 3),
        .init(output: 1, axis: 0, sizeOutput: 4),
      ])
    #expect(compiled.programs[0].text.contains("sized {0 = %6, 1 = %7}"))
    let json = try #require(String(data: try compiled.manifest.encoded(), encoding: .utf8))
    #expect(json.filter { !$0.isWhitespace }.contains(#""sized_by":[{"axis":0,"output":"count"}]"#))
  }

  @Test func floatsAreThoseWithinTheSize() throws {
    let graph = try graph()
    let compiled = try compile(Module([graph]), CompileOptions(target: cpu))
    let session = try Session(try Model(bytes: compiled.bytes))
    #expect(session.outputs[1].shape == [3, 4])
    #expect(try session.outputShape(1) == [3, 4])
    let x = Tensor((0..<12).map { Float($0) }, shape: [3, 4])
    for (index, tensor) in [x, Tensor([0, 1, 1] as [Int64], shape: [3], element: .bool)].enumerated() {
      try session.setInput(index, to: tensor)
    }
    for index in 2...3 { try session.setInput(index, to: Tensor([2] as [Int64], shape: [])) }
    try session.run()
    #expect(try session.outputShape(0) == [2, 2])
    #expect(try session.outputShape(1) == [2, 4])
    #expect(try session.output(1) == [4, 5, 6, 7, 8, 9, 10, 11])
    #expect(try session.output(0).count == 4)
    #expect(try session.withOutput(1) { $0.count } == 48)
    #expect(throws: InterpreterError.self) { try session.outputShape(5) }
  }

  /// Numbers of boxes from none to all that may be chosen.
  @Test func aDetectorRunsLikeItsDefinition() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../Data/Models/detector.onnx"
    )
    .standardized.path(percentEncoded: false)
    let graph = try importONNX(path: path, options: ONNXImportOptions(dimensions: ["N": 2])).functions[0]
    #expect(graph.outputs.map(\.name) == ["table", "labels", "table.size"])
    var counts: Set<Int> = []
    for seed in 0..<UInt64(20) {
      let highest = 0.59 + 0.004 * Double(seed)
      let inputs = [
        Tensor(random: .f32, [2, 12, 4], .uniform(0, 1), seed: seed),
        Tensor(random: .f32, [2, 12, 3], .uniform(0, highest), seed: seed + 100),
      ]
      let expected = graph.cutToSize(try evaluate(graph, inputs))
      let results = try interpret(graph, inputs)
      counts.insert(results[0].shape[0])
      #expect(results[0].shape == [results[1].shape[0], 6])
      for (result, reference) in zip(results, expected) {
        #expect(result.shape == reference.shape)
        #expect(TensorDifference(result, reference: reference).relative < 1e-6)
      }
    }
    #expect(counts.contains(0) && counts.contains(5) && counts.count >= 4, "\(counts)")
  }
}
