import IR
import Tensors
import Testing

struct BuilderTests {
  @Test func scopesMakeCheckpointNames() throws {
    var b = GraphBuilder("g")
    var x = try b.input("image", [1, 3, 8, 8])
    x = try b.scope("stem") { b throws(Diagnostic) in
      try b.relu(b.conv2d("conv", x, channels: 4, kernel: 3, stride: 2, padding: 1))
    }
    x = try b.scope("blocks", 3) { b throws(Diagnostic) in try b.batchNorm("bn", x) }
    try b.output("y", b.linear("head", b.mean(x, axes: [-1, 2]), features: 10))
    let graph = try b.finish()

    #expect(
      graph.weights.compactMap { graph.weight($0)?.name } == [
        "stem.conv.weight", "stem.conv.bias", "blocks.3.bn.weight", "blocks.3.bn.bias",
        "blocks.3.bn.running_mean",
        "blocks.3.bn.running_var", "head.weight", "head.bias",
      ])
    #expect(
      graph.order.map { graph[$0].name } == ["stem.conv", "stem.relu", "blocks.3.bn", "reduce", "head"])
    #expect(graph.type(of: graph.outputs[0].value) == TensorType(.f32, [1, 10]))
  }

  @Test func errorsNameTheCall() throws {
    var b = GraphBuilder("g")
    let x = try b.input("x", [1, 3, 8, 8])
    let y = try b.input("y", [1, 5, 8, 8])
    let line = #line + 1
    let error = #expect(throws: Diagnostic.self) {
      try b.scope("fusion") { b throws(Diagnostic) in try b.add(x, y) }
    }
    #expect(error?.location == .builder(file: #fileID, line: line))
    #expect(error?.op == "add")
    #expect(
      error?.message
        == "shapes [1, 3, 8, 8] and [1, 5, 8, 8] do not broadcast: each pair of extents must be equal or hold a 1"
    )
    #expect(error?.notes == ["building 'fusion.add' of graph 'g'"])
  }

  enum Misuse: CaseIterable {
    case openExtent, twoOpenExtents, groups, kernel, axis, range, split, product, input, output, parameter

    func commit(_ b: inout GraphBuilder, _ x: ValueID) throws {
      switch self {
      case .openExtent: _ = try b.reshape(x, [7, -1])
      case .twoOpenExtents: _ = try b.reshape(x, [-1, -1])
      case .groups: _ = try b.conv2d("c", x, channels: 4, groups: 2)
      case .kernel: _ = try b.conv2d("c", x, channels: 4, kernel: 9)
      case .axis: _ = try b.slice(x, axis: 4, 0..<1)
      case .range: _ = try b.slice(x, axis: 1, 2..<5)
      case .split: _ = try b.split(x, axis: 1, [1, 1])
      case .product: _ = try b.matmul(x, b.input("z", [5, 5]))
      case .input: _ = try b.input("x", [1])
      case .output: _ = try b.finish()
      case .parameter: _ = try [b.parameter("w", [1]), b.parameter("w", [2])]
      }
    }
  }

  /// x is [1, 3, 8, 8].
  @Test(arguments: Misuse.allCases) func misuseIsAnError(_ misuse: Misuse) throws {
    var b = GraphBuilder("g")
    let x = try b.input("x", [1, 3, 8, 8])
    let error = try #require(throws: Diagnostic.self) { try misuse.commit(&b, x) }
    guard case .builder(let file, _) = error.location else {
      Issue.record("no place in \(error)")
      return
    }
    #expect(file == #fileID)
  }

  @Test func movementHelpersComputeTheirExtents() throws {
    var b = GraphBuilder("g")
    let x = try b.input("x", [2, 6, 5])
    let values = try [
      b.reshape(x, [4, -1]), b.slice(x, axis: 2, 0..<5, step: 2), b.reduce(.sum, x, axes: [-1], keep: true),
    ]
    #expect(values.map { b.shape(of: $0) } == [[4, 15], [2, 6, 3], [2, 6, 1]])
    let pieces = try b.split(x, axis: 1, [1, 2, 3])
    #expect(pieces.map { b.shape(of: $0) } == [[2, 1, 5], [2, 2, 5], [2, 3, 5]])
  }
}
