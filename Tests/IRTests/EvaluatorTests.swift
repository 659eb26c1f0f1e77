import IR
import Tensors
import TestSupport
import Testing

@Suite struct EvaluatorTests {
  /// y = relu(x · w + x), and x · w as a second output.
  private func graph(bound: Bool = true) throws -> Graph {
    var graph = Graph(name: "block")
    let x = graph.addInput("x", TensorType(.f32, [2, 2]))
    let w = try graph.declareWeight("layer.weight", TensorType(.f32, [2, 2]))
    if bound { graph.bind(w, to: Tensor([1, 0, 0, -3] as [Float], shape: [2, 2])) }
    let product = try graph.add(
      .matmul(MatMul()), [x, w], name: "fc", at: .model(file: "net.onnx", node: "fc"))[0]
    let sum = try graph.add(.binary(Binary(.add)), [product, x])[0]
    graph.addOutput("y", try graph.add(.unary(Unary(.relu)), [sum])[0])
    graph.addOutput("product", product)
    return graph
  }

  private let x = Tensor([1, 2, 3, -4] as [Float], shape: [2, 2])

  @Test func runsNodesInOrder() throws {
    let outputs = try evaluate(graph(), [x])
    #expect(outputs.map(\.floats) == [[2, 0, 6, 8], [1, -6, 3, 12]])
  }

  @Test func observesEveryNode() throws {
    let graph = try graph()
    var seen: [(NodeID, [Float])] = []
    _ = try evaluate(graph, [x]) { seen.append(($0.node, $0.results[0].floats)) }
    #expect(seen.map(\.0) == graph.order)
    #expect(seen.map(\.1) == [[1, -6, 3, 12], [2, -4, 6, 8], [2, 0, 6, 8]])
  }

  @Test func inputsAndWeightsCanBeOutputs() throws {
    var graph = Graph(name: "main")
    let x = graph.addInput("x", TensorType(.i32, [1]))
    let w = graph.addWeight("w", Tensor([5] as [Int64], shape: [1], element: .i32))
    graph.addOutput("a", x)
    graph.addOutput("b", w)
    graph.addOutput("c", x)
    let outputs = try evaluate(graph, [Tensor([3] as [Int64], shape: [1], element: .i32)])
    #expect(outputs.map(\.integers) == [[3], [5], [3]])
  }

  @Test func namesAnUnboundWeight() throws {
    let error = #expect(throws: Diagnostic.self) { try evaluate(graph(bound: false), [x]) }
    #expect(
      error?.description
        == "net.onnx: node 'fc': matmul: weight 'layer.weight', f32[2, 2], has no contents; bind a checkpoint that holds it"
    )
  }

  @Test func refusesWrongInputs() throws {
    let count = #expect(throws: Diagnostic.self) { try evaluate(graph(), []) }
    #expect(count?.description == "graph 'block' was given 0 inputs, expected 1; give 'x': f32[2, 2]")
    let type = #expect(throws: Diagnostic.self) { try evaluate(graph(), [x.reshaped([4])]) }
    #expect(type?.description == "input 'x' of graph 'block' is f32[4], expected f32[2, 2]")
    let element = #expect(throws: Diagnostic.self) { try evaluate(graph(), [x.converted(to: .f16)]) }
    #expect(element?.description == "input 'x' of graph 'block' is f16[2, 2], expected f32[2, 2]")
  }

  @Test func locatesErrorsOfOps() throws {
    var graph = Graph(name: "main")
    let table = graph.addInput("table", TensorType(.f32, [4, 2]))
    let token = graph.addInput("token", TensorType(.i64, [1]))
    let rows = try graph.add(
      .gather(Gather()), [table, token], name: "embed", at: .builder(file: "Net.swift", line: 7))
    graph.addOutput("y", rows[0])
    let inputs = [Tensor(zeros: .f32, [4, 2]), Tensor([4] as [Int64], shape: [1])]
    let error = #expect(throws: Diagnostic.self) { try evaluate(graph, inputs) }
    #expect(
      error?.description
        == "Net.swift:7: gather: index 4 lies outside axis 0 of [4, 2], expected -4 to 3\n  in node 'embed'")
  }
}
