import IR
import Tensors

/// The model's inputs that a value is computed from. Where such a value decides what the graph is, they must be
/// known when the model is compiled.
struct ONNXOrigins {
  struct Input {
    var name: String
    var type: TensorType

    /// Whether it looks like a setting rather than data.
    var isSetting: Bool { type.shape.elementCount <= (type.element.isFloat ? 1 : 1024) }
  }

  /// In the model's order.
  var inputs: [Input] = []
  /// An integer that the value's computation compares with something, if there is one.
  var compared: Int64?

  /// Whether the user can be expected to know the inputs beforehand.
  var areSettings: Bool { !inputs.isEmpty && inputs.allSatisfy(\.isSetting) }

  /// `input 'sr' decides`, `inputs 'a', 'b' decide`
  var clause: String {
    let names = inputs.map {
      $0.isSetting ? ImportError.quoted($0.name) : "\(ImportError.quoted($0.name)), \($0.type),"
    }
    return inputs.count == 1 ? "input \(names[0]) decides" : "inputs \(listed(names)) decide"
  }

  /// `give it with --constant sr=16000`
  var advice: String {
    let words = inputs.map { input in
      let isOne = input.type.shape.elementCount == 1
      let value =
        switch input.type.element {
        case _ where !isOne: "FILE.npy"
        case .bool: "true"
        case .f32, .f16, .bf16: "NUMBER"
        case _ where inputs.count == 1: compared.map(String.init) ?? "NUMBER"
        default: "NUMBER"
        }
      return "--constant \(input.name)=\(value)"
    }
    return "give \(inputs.count == 1 ? "it" : "them") with \(words.joined(separator: " "))"
  }
}

extension ONNXGraphBuilder {
  /// The inputs behind a value; none for what is constant or could be.
  func origins(of operand: ONNXOperand) -> ONNXOrigins {
    guard case .value(let value) = operand.source else { return ONNXOrigins() }
    var origins = ONNXOrigins()
    var pending = [value]
    var seen: Set<ValueID> = [value]
    var found: Set<ValueID> = []
    while let next = pending.popLast() {
      guard let producer = graph.producer(of: next) else {
        found.insert(next)
        continue
      }
      let node = graph[producer]
      if case .binary(let op) = node.op, op.function == .equal, origins.compared == nil {
        let number = node.operands.compactMap { graph.constant($0) }.first {
          !$0.element.isFloat && $0.elementCount == 1
        }
        origins.compared = number?.integers[0]
      }
      for operand in node.operands where seen.insert(operand).inserted { pending.append(operand) }
    }
    for input in graph.inputs where found.contains(input.value) {
      origins.inputs.append(ONNXOrigins.Input(name: input.name, type: graph.type(of: input.value)))
    }
    return origins
  }
}

extension ONNXNodeContext {
  /// The refusal of a value that is known only when the model runs, though it decides `what`. `name` is the value's.
  func undecided(_ operand: ONNXOperand, _ what: String, name: String) -> Finding {
    let origins = builder.origins(of: operand)
    if origins.inputs.isEmpty {
      return Finding(
        "\(what) \(ImportError.quoted(name)) is more than is computed while a model is read",
        expected: "a constant", advice: "have the exporter fold constants, or do it with onnxsim")
    }
    return Finding(
      "\(origins.clause) \(what)", expected: "a value that is known when the model is compiled",
      advice: origins.areSettings
        ? origins.advice : "export the model so that data does not decide this, or " + origins.advice)
  }
}
