package import IR
package import Tensors

/// A graph of elementwise nodes of one shape, drawn at random: functions, casts and selections that change
/// between all element types, most of which one reader takes, as fusion asks for. Every function is one that
/// rounds in one way only, so that a fused chain has the same bits.
package struct GeneratedChain: Sendable {
  package private(set) var graph = Graph(name: "main")
  package private(set) var inputs: [Tensor] = []
  private var values: [ValueID] = []
  private var draw: Draw

  package init(seed: UInt64) throws(Diagnostic) {
    draw = Draw(seed: seed)
    let shape = draw.shape(rank: 1...3)
    for index in 0..<draw.number(1...5) {
      let element = draw.any()
      let own = index == 0 ? shape : draw.broadcastable(with: shape)
      values.append(graph.addInput("x\(index)", TensorType(element, own)))
      inputs.append(
        Tensor(random: element, own, Self.values(element), seed: seed &* 31 &+ UInt64(index)))
    }
    // Everything has the shape of the first one, or it could not be fused.
    for _ in 0..<draw.number(2...24) { try append() }
    graph.addOutput("y", values[values.count - 1])
    if draw.chance(0.2) { graph.addOutput("z", draw.one(of: values)) }
  }

  private static func values(_ element: ElementType) -> RandomValues {
    switch element {
    case .bool: .grid(step: 1, 0, 1)
    case .f32: .cycle([0.5, -300.5, .nan, 3, -1, 5e9, -.infinity, 0, 100.25, -7, 2.5])
    case .f16, .bf16: .grid(step: 0.25, -9, 9)
    case .i64: .cycle([3, -7, 0, 0x1p53, -0x1p40, 100, 1, -1])
    case .u8: .uniform(0, 255)
    default: .uniform(-300, 300)
    }
  }

  /// A node that mostly reads the last value.
  private mutating func append() throws(Diagnostic) {
    let x = draw.chance(0.8) ? values[values.count - 1] : draw.one(of: values)
    let element = graph.type(of: x).element
    let others = values.filter { graph.type(of: $0).element == element }
    let conditions = values.filter { graph.type(of: $0).element == .bool }
    let op: Op
    var operands = [x]
    switch draw.number(0...9) {
    case 0...3: op = .cast(Cast(draw.any()))
    case 4...5:
      let functions = Self.unary.filter { Self.accepts(.unary(Unary($0)), [TensorType(element, [])]) }
      let function = draw.one(of: functions)
      op = .unary(Unary(function, function == .clip ? -5 : 0.5, 9))
    case 6 where !conditions.isEmpty:
      op = .select(Select())
      operands = [draw.one(of: conditions), x, draw.one(of: others)]
    default:
      let type = TensorType(element, [])
      op = .binary(
        Binary(draw.one(of: Self.binary.filter { Self.accepts(.binary(Binary($0)), [type, type]) })))
      operands = draw.chance(0.5) ? [x, draw.one(of: others)] : [draw.one(of: others), x]
    }
    values.append(try graph.add(op, operands, name: "n\(values.count)")[0])
  }

  private static func accepts(_ op: Op, _ types: [TensorType]) -> Bool { (try? op.infer(types)) != nil }

  private static let unary: [UnaryFunction] = [
    .identity, .neg, .abs, .sign, .not, .bitNot, .relu, .clip, .floor, .ceil, .round, .trunc, .isNaN, .isInf,
    .sqrt,
  ]
  private static let binary: [BinaryFunction] = [
    .add, .sub, .mul, .div, .max, .min, .mod, .fmod, .equal, .notEqual, .less, .greaterEqual, .and, .or, .xor,
    .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight,
  ]
}
