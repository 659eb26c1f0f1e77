import IR
import Tensors
import TestSupport
import Testing

/// Expects that an invariant, and no other, is broken.
private func expectBroken(
  _ invariant: Int, _ graph: Graph, _ parts: String..., location: SourceLocation = #_sourceLocation
) {
  expectBroken(invariant, parts, location) { try verify(graph) }
}

private func expectBroken(
  _ invariant: Int, _ parts: [String], _ location: SourceLocation, _ check: () throws -> Void
) {
  do {
    try check()
    Issue.record("V\(invariant) is not found broken", sourceLocation: location)
  } catch {
    let text = "\(error)"
    #expect(text.contains("[V\(invariant)] "), sourceLocation: location)
    for part in parts where !text.contains(part) {
      Issue.record("\(text) does not say \(part)", sourceLocation: location)
    }
  }
}

private let type = TensorType(.f32, [2, 3, 4])
private let relu = Op.unary(Unary(.relu))

/// x → relu "first" → exp "second" → y
private func chain() throws -> Graph {
  var graph = Graph(name: "main")
  let x = graph.addInput("x", type)
  let first = try graph.add(relu, [x], name: "first", at: .model(file: "m.onnx", node: "first"))[0]
  let second = try graph.add(
    .unary(Unary(.exp)), [first], name: "second", at: .model(file: "m.onnx", node: "second"))[0]
  graph.addOutput("y", second)
  return graph
}

@Test func soundGraphsPass() throws {
  try verify(chain())
  try verify(Graph(name: "empty"))
  try verify(Module([chain(), Graph(name: "empty")]))
}

@Test func v1FunctionsHaveNamesThatDiffer() throws {
  expectBroken(1, Graph(name: ""))
  let module = try Module([chain(), chain()])
  expectBroken(1, ["@main"], #_sourceLocation) { try verify(module) }
}

@Test func v2PortsHaveNamesThatDiffer() throws {
  var inputs = try chain()
  _ = inputs.addInput("x", type)
  expectBroken(2, inputs, "two inputs are named \"x\"")
  var outputs = try chain()
  outputs.addOutput("", outputs.inputs[0].value)
  expectBroken(2, outputs, "an output has no name")
}

@Test func v4OutputsAreValuesOfTheGraph() throws {
  var graph = try chain()
  graph.addOutput("z", ValueID(99))
  expectBroken(4, graph, "output \"z\" is value 99")
}

@Test func v5TheOrderListsEveryNodeOnce() throws {
  var twice = try chain()
  twice.reorder([twice.order[0], twice.order[0]])
  expectBroken(5, twice, "first", "twice")
  var foreign = try chain()
  foreign.reorder([NodeID(7), foreign.order[0]])
  expectBroken(5, foreign, "node 7")
}

@Test func v6OperandsAreDefinedBefore() throws {
  var reordered = try chain()
  reordered.reorder(reordered.order.reversed())
  expectBroken(6, reordered, "m.onnx: node 'second'", "exp", "%first", "before it is defined")
  var cyclic = try chain()
  cyclic.setOperand(0, of: cyclic.order[0], to: cyclic.outputs[0].value)
  expectBroken(6, cyclic, "%second")
}

@Test func v9TypesAreThoseThatTheOpInfers() throws {
  var shape = try chain()
  let narrow = shape.addInput("narrow", TensorType(.f32, [1]))
  shape.replaceUses(of: shape.inputs[0].value, with: narrow)
  expectBroken(9, shape, "m.onnx: node 'first'", "%first is f32[2, 3, 4], the op infers f32[1]")
  var element = try chain()
  let mask = element.addInput("mask", TensorType(.bool, [2, 3, 4]))
  element.setOperand(0, of: element.order[1], to: mask)
  expectBroken(9, element, "exp", "operand is bool[2, 3, 4]", "cast it first")
}

@Test func v10WeightsHaveNames() throws {
  var graph = try chain()
  _ = graph.addWeight("", Tensor(scalar: 1))
  expectBroken(10, graph, "a weight has no name")
}

@Test func v12ShapesKeepToLimits() throws {
  for (shape, part) in [
    (Shape([2, -1]), "extent -1 of axis 1"), (Shape([Limits.extent, Limits.extent, 4]), "elements"),
    (Shape(Array(repeating: 1, count: Limits.rank + 1)), "rank"), (Shape([Limits.extent + 1]), "extent"),
  ] {
    var graph = try chain()
    _ = graph.addInput("big", TensorType(.f32, shape))
    expectBroken(12, graph, "input \"big\"", part)
  }
}

@Test func v13NumbersAndNamesAreBounded() throws {
  var attribute = try chain()
  let pad = Pad([0, 0, Limits.extent + 1, 0, 0, -Limits.extent])
  _ = try attribute.add(.pad(pad), [attribute.inputs[0].value])
  expectBroken(13, attribute, "pad", "'pads'")
  var name = try chain()
  _ = try name.add(relu, [name.inputs[0].value], name: String(repeating: "n", count: Limits.nameBytes + 1))
  expectBroken(13, name, "the node's name")
}

@Test func v14WeightsHaveTheTypeOfTheModule() throws {
  var first = try chain()
  _ = try first.declareWeight("w", TensorType(.f32, [2]))
  var second = Graph(name: "second")
  _ = try second.declareWeight("w", TensorType(.f32, [1, 2]))
  let module = Module([first, second])
  expectBroken(14, ["@w", "@second", "f32[1, 2]", "f32[2]"], #_sourceLocation) { try verify(module) }
}

/// All that is wrong is told of at once, wherever it is.
@Test func everyBreachIsTold() throws {
  var graph = try chain()
  _ = graph.addInput("x", type)
  _ = graph.addWeight("", Tensor(scalar: 1))
  let narrow = graph.addInput("narrow", TensorType(.f32, [1]))
  graph.setOperand(0, of: graph.order[0], to: narrow)
  graph.addOutput("z", ValueID(99))
  let found = graph.problems.map(\.message)
  #expect(found.map { $0.prefix { $0 != " " } } == ["[V2]", "[V4]", "[V9]", "[V10]"])
  expectBroken(
    2, graph, "two inputs are named \"x\"", "\n  also: [V4] @main: output \"z\" is value 99",
    "\n  also: m.onnx: node 'first': relu: [V9] @main, node \"first\": %first is f32[2, 3, 4]",
    "\n  also: [V10] @main: a weight has no name")

  var other = Graph(name: "other")
  for number in 0..<60 { other.addOutput("o\(number)", ValueID(number)) }
  let module = Module([graph, other])
  let error = #expect(throws: Diagnostic.self) { try verify(module) }
  #expect(error?.notes.first == "also: [V4] @main: output \"z\" is value 99, which the graph does not have")
  #expect(error?.notes.count == 51 && error?.notes.last == "and 13 more")
  #expect(other.problems.count == 60)
}

/// What lies beyond a breach is left alone where it can't be checked.
@Test func breachesOfTheOrderHideNoOthers() throws {
  var graph = try chain()
  graph.reorder([graph.order[1], NodeID(7)])
  graph.addOutput("y", graph.inputs[0].value)
  let found = graph.problems.map { String($0.message.prefix { $0 != " " }) }
  #expect(found == ["[V2]", "[V5]", "[V5]", "[V6]"])
}

@Test func v17SizesNameAxesAndOutputs() throws {
  func graph(_ sizes: OutputSize..., count: TensorType = TensorType(.i64, [])) throws -> Graph {
    var graph = try chain()
    graph.addOutput("z", graph.outputs[0].value, sizes: sizes)
    graph.addOutput("n", graph.addInput("n", count))
    return graph
  }
  try verify(try graph())
  try verify(try graph(OutputSize(axis: 0, output: "n"), OutputSize(axis: 2, output: "n")))
  let size = OutputSize(axis: 1, output: "n")
  expectBroken(17, try graph(OutputSize(axis: 3, output: "n")), "output \"z\"", "axis 3", "expected 0 to 2")
  expectBroken(17, try graph(OutputSize(axis: -1, output: "n")), "axis -1")
  expectBroken(17, try graph(size, size), "axis 1 is sized after axis 1")
  expectBroken(17, try graph(size, OutputSize(axis: 0, output: "n")), "axis 0 is sized after axis 1")
  expectBroken(17, try graph(OutputSize(axis: 1, output: "m")), "\"m\", which is no output")
  expectBroken(17, try graph(size, count: TensorType(.i32, [])), "i32[], expected i64[]")
  expectBroken(17, try graph(size, count: TensorType(.i64, [1])), "i64[1], expected i64[]")
}

@Test func outputsAreCutToTheirSizes() throws {
  var graph = Graph(name: "main")
  let x = graph.addInput("x", TensorType(.f32, [2, 3]))
  let (m, n) = (graph.addInput("m", TensorType(.i64, [])), graph.addInput("n", TensorType(.i64, [])))
  graph.addOutput("y", x, sizes: [OutputSize(axis: 0, output: "m"), OutputSize(axis: 1, output: "n")])
  graph.addOutput("columns", x, sizes: [OutputSize(axis: 1, output: "n")])
  graph.addOutput("m", m)
  graph.addOutput("n", n)
  try verify(graph)
  let whole = Tensor((0..<6).map { Float($0) }, shape: [2, 3])
  for (rows, columns, shape, values) in [
    (1, 2, [1, 2], [0, 1]), (2, 3, [2, 3], [0, 1, 2, 3, 4, 5]), (-1, 2, [0, 2], []), (9, 1, [2, 1], [0, 3]),
    (.max, .min, [2, 0], []),
  ] as [(Int64, Int64, Shape, [Float])] {
    let counts = [rows, columns].map { Tensor([$0], shape: []) }
    let outputs = graph.cutToSize(try evaluate(graph, [whole] + counts))
    #expect(outputs[0].shape == shape && outputs[0].floats == values)
    #expect(outputs[1].shape == [2, shape[1]])
    #expect(outputs[2].integers == [rows])
  }
}
