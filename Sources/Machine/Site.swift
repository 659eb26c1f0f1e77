import IR
import Tensors

/// What rules are asked about: an op with the types that it meets, be it a node or a function inside a fused one.
struct Site {
  struct Value {
    var type: TensorType
    /// Whether it is a weight, whose form is the compiler's choice, or made of weights alone.
    var isWeight: Bool
    /// The contents of a weight, where they are known.
    var constant: Tensor?
    /// How it is stored, where that is otherwise than its type says.
    var stored: StoredConstant?
  }

  /// Which function inside a fused op it is; nil for a whole node.
  var part: FusedPart?
  var op: Op
  var operands: [Value]
  var results: [Value]

  init(_ op: Op, _ operands: [Value], results: [TensorType], part: FusedPart? = nil) {
    self.op = op
    self.operands = operands
    self.results = results.map { Value(type: $0, isWeight: false) }
    self.part = part
  }

  init(_ node: Node, in graph: Graph) {
    self.init(node.op, node.operands, results: node.results.map { graph.type(of: $0) }, in: graph)
  }

  init(_ op: Op, _ operands: [ValueID], results: [TensorType], in graph: Graph) {
    self.init(
      op,
      operands.map {
        Value(
          type: graph.type(of: $0), isWeight: graph.isConstant($0), constant: graph.constant($0),
          stored: StoredConstant($0, in: graph))
      },
      results: results)
  }

  /// The functions that a fused op computes inside, in order; none of other ops.
  var parts: [Site] {
    if case .elementwise(let program) = op { return steps(program) }
    return op.fusedFunctions.map { function in
      let type = results[0].type
      return Site(
        .unary(function), [Value(type: type, isWeight: false)], results: [type],
        part: .function(function.name))
    }
  }

  /// A register has the element of what it was loaded from or converted to; a step in fp32 is one on f32, and floats
  /// that are loaded into int64 are i64.
  private func steps(_ program: Elementwise) -> [Site] {
    let shape = results[0].type.shape
    var elements = operands.map(\.type.element)
    var sites: [Site] = []
    for (index, step) in program.steps.enumerated() {
      let read = step.registers.map { elements[$0] }.map { element in
        step.domain == .f32 ? .f32 : element.isFloat ? .i64 : element
      }
      let op: Op
      var element = read.last ?? .f32
      switch step.function {
      case .unary(let function):
        op = .unary(Unary(function, step.p0, step.p1))
        if function.isPredicate { element = .bool }
      case .binary(let function):
        op = .binary(Binary(function))
        if function.isPredicate { element = .bool }
      case .select: op = .select(Select())
      case .convert(let target):
        op = .cast(Cast(target))
        element = target
      }
      elements.append(element)
      sites.append(
        Site(
          op, read.map { Value(type: TensorType($0, shape), isWeight: false) },
          results: [TensorType(element, shape)], part: .step(index, step.function.opName)))
    }
    return sites
  }
}

extension Elementwise.Function {
  /// The op that computes it alone.
  fileprivate var opName: String {
    if case .convert = self { return Cast().name }
    return name
  }
}
