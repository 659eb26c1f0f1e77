package import IR
package import Tensors

/// A module drawn at random: functions that call each other and loop, with the same weights in several of them.
///
/// All floats stay between −1 and 1, however often a loop runs, so that rounding does not grow. Every input and
/// every value is read or an output of its function.
package func randomModule(seed: UInt64) throws -> Module {
  var draw = Draw(seed: seed)
  var library: [MadeFunction] = []
  for index in 0..<draw.number(1...4) {
    var maker = FunctionMaker("f\(index)", library, draw)
    library.append(try maker.make(carried: draw.number(0...3)))
    draw = maker.draw
  }
  var maker = FunctionMaker("main", library, draw)
  let main = try maker.make(carried: 0)
  return Module([main.graph] + library.map(\.graph).reversed())
}

/// Inputs for a function, as its types say.
package func randomInputs(_ graph: Graph, seed: UInt64) -> [Tensor] {
  graph.inputs.enumerated().map { index, port in
    let type = graph.type(of: port.value)
    return Tensor(random: type.element, type.shape, seed: seed &* 31 &+ UInt64(index))
  }
}

private struct MadeFunction {
  var graph: Graph
  /// Nodes that one run executes.
  var cost: Int
  var inputs: [TensorType] { graph.inputs.map { graph.type(of: $0.value) } }
  var outputs: [TensorType] { graph.outputs.map { graph.type(of: $0.value) } }
  /// How many values a loop over the function may carry.
  var carriable: Int { zip(inputs, outputs).prefix { $0 == $1 }.count }
}

private struct FunctionMaker {
  var draw: Draw
  private var graph: Graph
  private var values: [ValueID] = []
  private var cost = 0
  private let library: [MadeFunction]
  private let isMain: Bool

  private static let costLimit = 400
  private static let elementLimit = 96
  private static let shapes: [Shape] = [[4], [2, 4], [4, 2], [1, 4], [2, 2, 4], [8], [3, 4], [1, 2, 4]]

  init(_ name: String, _ library: [MadeFunction], _ draw: Draw) {
    graph = Graph(name: name)
    self.library = library
    self.draw = draw
    isMain = name == "main"
  }

  /// The first `carried` inputs and outputs have the same types.
  mutating func make(carried: Int) throws -> MadeFunction {
    let types = (0..<carried).map { _ in drawType() }
    for type in types { addInput(type) }
    for _ in 0..<draw.number(isMain || carried == 0 ? 1...2 : 0...2) { addInput(drawType()) }
    for _ in 0..<draw.number(2...7) { try addNodes() }
    for type in types { addOutput(draw.one(of: values.filter { graph.type(of: $0) == type })) }
    let unread = values.filter { graph.users(of: $0).isEmpty && !graph.isOutput($0) }
    for value in unread { addOutput(value) }
    if graph.outputs.isEmpty || draw.chance(0.2) { addOutput(draw.one(of: values)) }
    return MadeFunction(graph: graph, cost: cost)
  }

  // MARK: Values

  private mutating func drawType() -> TensorType {
    if draw.chance(0.04) { return TensorType(.f32, [0, 4]) }
    return TensorType(draw.chance(0.15) ? .i32 : .f32, draw.one(of: Self.shapes))
  }

  private mutating func addInput(_ type: TensorType) {
    values.append(graph.addInput("x\(graph.inputs.count)", type))
  }

  private mutating func addOutput(_ value: ValueID) { graph.addOutput("y\(graph.outputs.count)", value) }

  private mutating func add(_ op: Op, _ operands: [ValueID]) throws -> [ValueID] {
    cost += 1
    let results = try graph.add(op, operands, name: "n\(graph.order.count)")
    values += results
    return results
  }

  /// A value of this type: one that is there, another one reshaped, a weight, or a new input.
  private mutating func need(_ type: TensorType) throws -> ValueID {
    let fitting = values.filter { graph.type(of: $0) == type }
    if !fitting.isEmpty, draw.chance(0.75) { return draw.one(of: fitting) }
    let others = values.filter {
      graph.type(of: $0).element == type.element && graph.type(of: $0).byteCount == type.byteCount
    }
    if !others.isEmpty, draw.chance(0.5) {
      return try add(.reshape(Reshape(type.shape.extents)), [draw.one(of: others)])[0]
    }
    guard draw.chance(0.5) else { return weight(type) }
    addInput(type)
    return values[values.count - 1]
  }

  /// One of two weights of a type, whose contents follow from the name, in whatever function.
  private mutating func weight(_ type: TensorType) -> ValueID {
    let name =
      "\(type.element.rawValue).\(type.shape.map { "\($0)" }.joined(separator: "x")).\(draw.number(0...1))"
    let seed = name.utf8.reduce(7) { ($0 &* 31) &+ UInt64($1) }
    return graph.addWeight(name, Tensor(random: type.element, type.shape, seed: seed))
  }

  // MARK: Nodes

  private mutating func addNodes() throws {
    if !library.isEmpty, draw.chance(0.55), try addCall() { return }
    // Recent values are read more often, which makes chains.
    let value = draw.chance(0.5) ? values[values.count - 1] : draw.one(of: values)
    let type = graph.type(of: value)
    if type.element == .f32 { return try addFloatNode(value, type) }
    switch draw.number(0...3) {
    case 0: _ = try add(.unary(Unary(.neg)), [value])
    case 1: _ = try add(.binary(Binary(draw.one(of: [.max, .min, .bitXor]))), [value, need(type)])
    case 2: _ = try add(.unary(Unary(.tanh)), add(.cast(Cast(.f32)), [value]))
    default: try addMovement(value, type)
    }
  }

  private mutating func addFloatNode(_ value: ValueID, _ type: TensorType) throws {
    switch draw.number(0...9) {
    case 0, 1:
      _ = try add(.unary(Unary(draw.one(of: [.tanh, .sigmoid, .neg, .abs, .relu, .sin]))), [value])
    case 2, 3:
      let sum = try add(.binary(Binary(draw.one(of: [.add, .sub]))), [value, need(type)])
      _ = try add(.unary(Unary(.affine, 0.5)), sum)
    case 4: _ = try add(.binary(Binary(draw.one(of: [.mul, .max, .min]))), [need(type), value])
    case 5:
      guard type.shape.elementCount > 0 else { return }
      _ = try add(.softmax(Softmax(axis: draw.number(0...(type.rank - 1)))), [value])
    case 6:
      guard type.rank >= 2, let inner = type.shape.last else { return }
      let w = weight(TensorType(.f32, [inner, 4]))
      let product = try add(.matmul(MatMul()), [value, w])
      _ = try add(.unary(Unary(.affine, 1 / Double(inner))), product)
    case 7:
      guard type.shape.elementCount > 0 else { return }
      let axis = draw.number(0...(type.rank - 1))
      _ = try add(.reduce(Reduce(draw.one(of: [.mean, .max]), axes: [axis], keep: true)), [value])
    default: try addMovement(value, type)
    }
  }

  private mutating func addMovement(_ value: ValueID, _ type: TensorType) throws {
    let shape = type.shape
    switch draw.number(0...5) {
    case 0: _ = try add(.transpose(Transpose(Array(shape.indices.reversed()))), [value])
    case 1, 2:
      let same = Self.shapes.filter { $0.elementCount == shape.elementCount }
      if let target = same.isEmpty ? nil : draw.one(of: same) {
        _ = try add(.reshape(Reshape(target.extents)), [value])
      }
    case 3:
      let axis = draw.number(0...(shape.rank - 1))
      guard shape[axis] > 0 else { return }
      var slice = Slice(starts: shape.map { _ in 0 }, counts: shape.extents)
      slice.starts[axis] = draw.number(0...(shape[axis] - 1))
      slice.counts[axis] = draw.number(1...(shape[axis] - slice.starts[axis]))
      _ = try add(.slice(slice), [value])
    default:
      guard 2 * shape.elementCount <= Self.elementLimit else { return }
      let axis = draw.chance(0.7) ? 0 : draw.number(0...(shape.rank - 1))
      _ = try add(.concat(Concat(axis: axis)), [value, need(type)])
    }
  }

  /// A call or a loop; false if it would take too long.
  private mutating func addCall() throws -> Bool {
    let callee = draw.chance(0.6) ? library[library.count - 1] : draw.one(of: library)
    guard draw.chance(0.75) else {
      guard cost + callee.cost <= Self.costLimit else { return false }
      var operands: [ValueID] = []
      for type in callee.inputs { operands.append(try need(type)) }
      cost += callee.cost
      _ = try add(.call(FunctionCall(callee.graph.name, results: callee.outputs)), operands)
      return true
    }
    let count = draw.number(1...4)
    let carried = draw.number(0...callee.carriable)
    let stepped = draw.number(0...(callee.inputs.count - carried))
    let results = callee.outputs.enumerated().map { $0 < carried ? $1 : $1.stacked(count) }
    guard cost + count * callee.cost <= Self.costLimit,
      results.allSatisfy({ $0.shape.elementCount <= Self.elementLimit && $0.rank <= 5 })
    else { return false }
    var operands: [ValueID] = []
    for (index, type) in callee.inputs.enumerated() {
      let isStepped = index >= carried && index < carried + stepped
      operands.append(try need(isStepped ? type.stacked(count) : type))
    }
    cost += count * callee.cost
    let loop = Loop(callee.graph.name, count: count, carried: carried, stepped: stepped, results: results)
    _ = try add(.loop(loop), operands)
    return true
  }
}
