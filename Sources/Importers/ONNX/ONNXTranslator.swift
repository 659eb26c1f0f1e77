import IR
import Tensors

/// Values by name, as far as they are defined.
typealias ONNXEnvironment = [String: ONNXBinding]

/// What a name stands for during translation.
enum ONNXBinding {
  case operand(ONNXOperand)
  case sequence([ONNXOperand])
  /// Something whose elements nothing can read.
  case opaque(ONNXOpaqueTensor)
  /// An optional input that a function's caller left out, or an optional without an element.
  case absent
  /// The value of a node that could not be translated. Nodes that read it are skipped, so that one pass finds
  /// all operators that are missing.
  case failed
}

extension ONNXBinding {
  /// The tensor, if it is one.
  var operand: ONNXOperand? {
    if case .operand(let operand) = self { return operand }
    return nil
  }

  var isSequence: Bool {
    if case .sequence = self { return true }
    return false
  }
}

/// What holds for all nodes of a graph or of a function's body.
struct ONNXFrame {
  /// Versions of operator sets by domain.
  var opsets: [String: Int]
  /// Attributes of the call, for the body of a function.
  var references: [String: ONNXAttribute.Value] = [:]
  /// Put before the names of nodes.
  var prefix = ""
  /// What makes a run choose the branches around, from the outside in; those alone that depend on data.
  var choices: [ONNXChoice] = []
  /// Where the graph or body lies, for messages.
  var path = ONNXPath()
  /// Nesting of functions and branches.
  var depth = 0

  init(_ model: ONNXModel) { opsets = Self.table(model.operatorSets) }

  static func table(_ sets: [ONNXOperatorSet]) -> [String: Int] {
    Dictionary(sets.map { ($0.domain, Int($0.version)) }, uniquingKeysWith: { first, _ in first })
  }

  func place(of node: ONNXNode) -> String { path.place(node.place) }

  func name(of node: ONNXNode) -> String {
    shortened(prefix + (node.name.isEmpty ? "\(node.opType)_\(node.index)" : node.name))
  }
}

/// Walks graphs, branches and function bodies and has each node translated.
struct ONNXTranslator {
  /// Bounds what nested functions can expand to.
  static let nodeLimit = 1 << 20
  static let depthLimit = 32

  let model: ONNXModel
  let builder: ONNXGraphBuilder
  private let functions: [String: ONNXFunction]
  var failures: ONNXFailures
  /// What the user should know of the translation.
  var notes: [Note] = []
  var isWarnedOfDoubles = false
  var nodeCount = 0

  init(model: ONNXModel, builder: ONNXGraphBuilder) {
    self.model = model
    self.builder = builder
    functions = Dictionary(
      model.functions.map { (Self.key($0.domain, $0.name, $0.overload), $0) },
      uniquingKeysWith: { first, _ in first })
    failures = ONNXFailures(file: model.path)
  }

  func throwFailures() throws(ImportError) { try failures.check() }

  private static func key(_ domain: String, _ name: String, _ overload: String) -> String {
    "\(domain)\0\(name)\0\(overload)"
  }

  /// Translates the nodes that the graph's outputs need; their values are added to `environment`.
  mutating func translate(
    _ graph: ONNXGraph, in environment: inout ONNXEnvironment, frame: ONNXFrame
  ) throws(ImportError) {
    for initializer in graph.initializers where environment[initializer.name] == nil || frame.depth > 0 {
      do {
        try checkSize(initializer.tensor.shape, of: "it")
      } catch {
        throw error.located(
          in: model.path, at: frame.path.place("tensor \(ImportError.quoted(initializer.name))"))
      }
      let operand = ONNXOperand(initializer.tensor, name: initializer.name)
      environment[initializer.name] = .operand(
        operand.unsigned(initializer.unsignedBits).double(initializer.isDouble))
    }
    for (name, tensor) in graph.opaqueInitializers where environment[name] == nil || frame.depth > 0 {
      environment[name] = .opaque(tensor)
    }
    try translate(graph.nodes, for: graph.outputs.map(\.name), in: &environment, frame: frame)
  }

  private mutating func translate(
    _ nodes: [ONNXNode], for outputs: [String], in environment: inout ONNXEnvironment, frame: ONNXFrame
  ) throws(ImportError) {
    let liveness = ONNXLiveness(nodes, outputs: outputs)
    for (position, node) in nodes.enumerated() where liveness.isLive[position] {
      nodeCount += 1
      guard nodeCount <= Self.nodeLimit else {
        throw ImportError(file: model.path, found: "expands to more than \(Self.nodeLimit) nodes")
      }
      let used = node.outputs.map { liveness.read.contains($0) }
      let results = try self.results(of: node, usedOutputs: used, environment, frame)
      for (index, name) in node.outputs.enumerated() where !name.isEmpty {
        environment[name] = index < results.count ? results[index] : .failed
      }
    }
  }

  /// The outputs of one node. Failures of the node itself are recorded, not thrown.
  private mutating func results(
    of node: ONNXNode, usedOutputs: [Bool], _ environment: ONNXEnvironment, _ frame: ONNXFrame
  ) throws(ImportError) -> [ONNXBinding] {
    let function = functions[Self.key(node.domain, node.opType, node.overload)]
    let translation = onnxTranslation(domain: node.domain, opType: node.opType)
    let onSequences = node.domain.isEmpty ? onnxSequenceOperators[node.opType] : nil
    guard function != nil || translation != nil || onSequences != nil || node.controlFlow != nil else {
      failures.add(unsupported: node, at: frame.place(of: node))
      return []
    }
    do {
      guard let bindings = try inputs(of: node, environment) else { return [] }
      if let function {
        return try call(function, node, bindings, frame)
      }
      guard let opset = frame.opsets[node.domain] ?? (node.domain.isEmpty ? nil : 1) else {
        throw Finding(
          "uses an operator set that the model does not import", expected: "an opset_import for it")
      }
      try checkMeaning(of: node, opset: opset)
      let inputs = bindings.map(\.operand)
      warnOfDoubles(node, inputs, frame)
      let context = ONNXNodeContext(
        node: node, name: frame.name(of: node), opset: opset, bindings: bindings, inputs: inputs,
        usedOutputs: usedOutputs, references: frame.references, choices: frame.choices, builder: builder)
      if let onOpaque = onnxOpaqueOperators[node.opType], node.domain.isEmpty,
        let results = try onOpaque(context)
      {
        return results
      }
      try context.refuseOpaqueInputs()
      if let onSequences { return try onSequences(context) }
      if let controlFlow = node.controlFlow {
        try controlFlow.refuseOpenAxes(context)
        return try translate(controlFlow, context, environment, frame)
      }
      guard let translation else { return [] }
      if let position = bindings.firstIndex(where: \.isSequence) {
        throw Finding(
          "input \(position), \(ImportError.quoted(node.inputs[position])), is a sequence",
          expected: "a tensor")
      }
      let results = try onnxResults(context, translation)
      for index in usedOutputs.indices where usedOutputs[index] && index >= results.count {
        throw Finding("output \(index) is read, which is not supported")
      }
      return results.map { .operand($0) }
    } catch let finding as Finding {
      failures.add(finding.located(in: model.path, at: frame.place(of: node)))
      return []
    } catch let error as ImportError {
      throw error
    } catch {
      throw ImportError(file: model.path, place: frame.place(of: node), found: "\(error)")
    }
  }

  /// What a node reads; nil if one of its inputs failed before.
  private func inputs(of node: ONNXNode, _ environment: ONNXEnvironment) throws(Finding) -> [ONNXBinding]? {
    var inputs: [ONNXBinding] = []
    for name in node.inputs {
      guard !name.isEmpty else {
        inputs.append(.absent)
        continue
      }
      guard let binding = environment[name] else {
        throw Finding(
          "reads \(ImportError.quoted(name)), which nothing defines",
          expected: "the name of an input, an initializer or a node's output",
          advice: "check what edited the graph, or add an input of that name")
      }
      if case .failed = binding { return nil }
      inputs.append(binding)
    }
    return inputs
  }

  /// Translates a function's body in place of the call.
  private mutating func call(
    _ function: ONNXFunction, _ node: ONNXNode, _ inputs: [ONNXBinding], _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    guard inputs.count <= function.inputs.count else {
      throw Finding(
        "has \(inputs.count) inputs", expected: "at most \(function.inputs.count), as the function declares")
    }
    guard node.outputs.count <= function.outputs.count else {
      throw Finding(
        "has \(node.outputs.count) outputs",
        expected: "at most \(function.outputs.count), as the function declares")
    }
    try checkOpset(function.operatorSets, file: model.path, place: function.place)
    var inner = try nested(frame, in: node)
    inner.opsets.merge(ONNXFrame.table(function.operatorSets)) { _, own in own }
    inner.references = [:]
    for attribute in function.defaults { inner.references[attribute.name] = attribute.value }
    for attribute in node.attributes {
      if case .reference(let outer) = attribute.value {
        inner.references[attribute.name] = frame.references[outer] ?? inner.references[attribute.name]
      } else {
        inner.references[attribute.name] = attribute.value
      }
    }
    var environment = ONNXEnvironment()
    // An optional input that the call leaves out is left out wherever the body reads it, too.
    for (index, name) in function.inputs.enumerated() {
      environment[name] = index < inputs.count ? inputs[index] : .absent
    }
    try translate(function.nodes, for: function.outputs, in: &environment, frame: inner)
    return try function.outputs.map { try result($0, environment) }
  }

  /// The frame of a function's body, or of the graph that `part`, an attribute, holds.
  func nested(_ frame: ONNXFrame, in node: ONNXNode, _ part: String? = nil) throws(Finding) -> ONNXFrame {
    var inner = frame
    inner.path = frame.path.inside(node.place, part)
    inner.depth += 1
    inner.prefix = frame.name(of: node) + "/"
    guard inner.depth <= Self.depthLimit else {
      throw Finding("nests functions or branches more than \(Self.depthLimit) deep")
    }
    return inner
  }

  func result(_ name: String, _ environment: ONNXEnvironment) throws(Finding) -> ONNXBinding {
    guard let binding = environment[name] else {
      throw Finding(
        "its body has no node that gives its output \(ImportError.quoted(name))",
        expected: "each output to be an input, an initializer or a node's output",
        advice: "check the model with onnx.checker.check_model")
    }
    return binding
  }
}
