import IR
import Tensors

/// Operators whose attributes are graphs.
enum ONNXControlFlow: String {
  case branch = "If"
  case loop = "Loop"
  case scan = "Scan"
  case map = "SequenceMap"
  case attention = "FlexAttention"

  var domain: String { self == .attention ? "ai.onnx.preview" : "" }

  /// Branches and loops pass values on; the others look into them.
  func refuseOpenAxes(_ context: ONNXNodeContext) throws(Finding) {
    guard self == .scan || self == .attention else { return }
    try context.refuseOpenInputs()
  }
}

extension ONNXNode {
  var controlFlow: ONNXControlFlow? {
    guard let kind = ONNXControlFlow(rawValue: opType), kind.domain == domain else { return nil }
    return kind
  }
}

// The IR has no control flow: a branch that is not known yet becomes a selection, a loop its iterations.

extension ONNXTranslator {
  /// Bounds on what one loop unrolls to.
  private static let iterationLimit = 1000
  private static let unrolledNodeLimit = 100_000

  /// Translates nested graphs in place of the node.
  mutating func translate(
    _ kind: ONNXControlFlow, _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    switch kind {
    case .branch: try branch(context, outer, frame)
    case .loop: try loop(context, outer, frame)
    case .scan: try scan(context, outer, frame)
    case .map: try sequenceMap(context, outer, frame)
    case .attention: try flexAttention(context, outer, frame)
    }
  }

  // MARK: Branches

  /// The branch that a constant condition chooses. Otherwise both are computed, and the condition selects
  /// among their results.
  private mutating func branch(
    _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    let condition = try context.input(0)
    guard condition.element == .bool, condition.shape.elementCount == 1 else {
      throw Finding("the condition is \(condition.type)", expected: "one bool")
    }
    let (accepted, rejected) = (try context.graph("then_branch"), try context.graph("else_branch"))
    var (whenTrue, whenFalse) = (
      try nested(frame, in: context.node, "then_branch"), try nested(frame, in: context.node, "else_branch")
    )
    if let known = condition.constant {
      return known.integers[0] != 0
        ? try results(of: accepted, outer, whenTrue) : try results(of: rejected, outer, whenFalse)
    }
    let flag = try context.reshape(condition, [])
    whenTrue.choices.append(ONNXChoice(condition: flag, value: true))
    whenFalse.choices.append(ONNXChoice(condition: flag, value: false))
    let mark = failures.mark
    let (first, second) = (
      try results(of: accepted, outer, whenTrue), try results(of: rejected, outer, whenFalse)
    )
    if failures.mark != mark { blame(condition, since: mark, context, frame) }
    guard first.count == second.count else {
      throw Finding("its branches have \(first.count) and \(second.count) outputs")
    }
    var selected: [ONNXBinding] = []
    for (index, (a, b)) in zip(first, second).enumerated() {
      selected.append(
        context.isUsed(output: index) ? try self.selected(context, flag, a, b, output: index) : .failed)
    }
    return selected
  }

  /// One of two results, by what the condition is when the model runs.
  private func selected(
    _ context: ONNXNodeContext, _ flag: ONNXOperand, _ first: ONNXBinding, _ second: ONNXBinding, output: Int
  ) throws(Finding) -> ONNXBinding {
    switch (first, second) {
    case (.failed, _), (_, .failed): return .failed
    case (.absent, .absent): return .absent
    case (.operand(let a), .operand(let b)):
      guard a.type == b.type, a.sizes == b.sizes else {
        let open = a.isOpen || b.isOpen ? ", of a size that only a run tells" : ""
        var finding = context.undecided(flag, "which branch is taken", name: context.node.inputs[0])
        finding.found += ", and output \(output) is \(a.type) in one and \(b.type) in the other\(open)"
        throw finding
      }
      var result = try context.select(flag, a, b)
      result.sizes = a.sizes
      result.isZeroPadded = a.isZeroPadded && b.isZeroPadded
      return .operand(result)
    case (.sequence(let a), .sequence(let b)) where a.count == b.count:
      var elements: [ONNXOperand] = []
      for (a, b) in zip(a, b) {
        let element = try selected(context, flag, .operand(a), .operand(b), output: output)
        if case .operand(let element) = element { elements.append(element) }
      }
      return .sequence(elements)
    default:
      var finding = context.undecided(flag, "which branch is taken", name: context.node.inputs[0])
      finding.found += ", and output \(output) has other numbers of tensors in one than in the other"
      throw finding
    }
  }

  /// Records that a condition is open whose branches failed, if it follows from settings: known, it could have
  /// chosen a branch without failures.
  private mutating func blame(
    _ condition: ONNXOperand, since mark: ONNXFailures.Mark, _ context: ONNXNodeContext, _ frame: ONNXFrame
  ) {
    guard context.builder.origins(of: condition).areSettings else { return }
    let finding = context.undecided(condition, "which branch is taken", name: context.node.inputs[0])
    failures.add(
      undecided: finding.located(in: model.path, at: frame.place(of: context.node)), since: mark)
  }

  // MARK: Loops

  /// The iterations one after the other. How many there are must not depend on data.
  private mutating func loop(
    _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    let body = try context.graph("body")
    let count = try context.constantInt(0, "the trip count")
    let carriedCount = max(0, context.inputs.count - 2)
    guard body.inputs.count == carriedCount + 2, body.outputs.count >= carriedCount + 1 else {
      throw Finding(
        "its body has \(body.inputs.count) inputs and \(body.outputs.count) outputs",
        expected: "those of \(carriedCount) values that are carried")
    }
    var condition = context.optional(1) ?? context.scalar(1, .bool)
    var carried: [ONNXBinding] = []
    for index in 0..<carriedCount { carried.append(try context.present(index + 2)) }
    var collected = [[ONNXBinding]](repeating: [], count: body.outputs.count - 1 - carriedCount)
    var iteration = 0
    while count.map({ iteration < $0 }) ?? true {
      guard condition.shape.elementCount == 1 else {
        throw Finding("whether it goes on is \(condition.type)", expected: "one bool")
      }
      guard let known = condition.constant else {
        throw context.undecided(condition, "whether it goes on", name: body.outputs[0].name)
      }
      guard known.integers[0] != 0 else { break }
      try checkUnrolled(body, iterations: iteration + 1)
      let inputs =
        [
          .operand(context.scalar(Double(iteration), .i64)), .operand(condition),
        ] + carried
      let results = try self.iteration(iteration, of: body, context, inputs, outer, frame)
      guard case .operand(let next) = results[0] else { return [] }
      condition = next
      carried = Array(results[1..<(1 + carriedCount)])
      for index in collected.indices { collected[index].append(results[1 + carriedCount + index]) }
      iteration += 1
    }
    var results = carried
    guard iteration > 0 else {
      let inputs = [.operand(context.scalar(0, .i64)), .operand(condition)] + carried
      return try results
        + nothingCollected(
          context, body, inputs, outer, frame, first: 1 + carriedCount,
          axes: collected.map { _ in 0 }, output: carriedCount)
    }
    for (index, parts) in collected.enumerated() {
      results.append(try stacked(context, parts, axis: 0, output: carriedCount + index))
    }
    return results
  }

  /// The iterations over slices of some inputs.
  private mutating func scan(
    _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    guard context.opset >= 9 else {
      throw Finding("is the Scan of opset 8", advice: "export the model with opset 9 or later")
    }
    let body = try context.graph("body")
    let scannedCount = try context.requiredInt("num_scan_inputs")
    let stateCount = context.inputs.count - scannedCount
    guard scannedCount >= 1, stateCount >= 0, body.inputs.count == context.inputs.count,
      body.outputs.count >= stateCount
    else {
      throw Finding(
        "has \(context.inputs.count) inputs, \(scannedCount) of them scanned, and a body with "
          + "\(body.inputs.count) inputs and \(body.outputs.count) outputs",
        expected: "as many, with an output for each state")
    }
    let stackedCount = body.outputs.count - stateCount
    let inputAxes = try list(context, "scan_input_axes", scannedCount)
    let outputAxes = try list(context, "scan_output_axes", stackedCount)
    let inputDirections = try list(context, "scan_input_directions", scannedCount)
    let outputDirections = try list(context, "scan_output_directions", stackedCount)
    var states: [ONNXBinding] = []
    for index in 0..<stateCount { states.append(try context.present(index)) }
    var sources: [(operand: ONNXOperand, axis: Int)] = []
    for index in 0..<scannedCount {
      let operand = try context.input(stateCount + index)
      sources.append((operand, try context.axis(inputAxes[index], rank: operand.rank)))
    }
    let count = sources[0].operand.shape[sources[0].axis]
    guard sources.allSatisfy({ $0.operand.shape[$0.axis] == count }) else {
      throw Finding("its scanned inputs have different lengths", expected: "equal lengths")
    }
    try checkUnrolled(body, iterations: count)
    var collected = [[ONNXBinding]](repeating: [], count: stackedCount)
    for iteration in 0..<count {
      var inputs = states
      for (index, source) in sources.enumerated() {
        let position = inputDirections[index] == 1 ? count - 1 - iteration : iteration
        let slice = try context.slice(source.operand, axis: source.axis, start: position, count: 1)
        var shape = slice.shape.extents
        shape.remove(at: source.axis)
        inputs.append(.operand(try context.reshape(slice, shape)))
      }
      let results = try self.iteration(iteration, of: body, context, inputs, outer, frame)
      states = Array(results[..<stateCount])
      for index in collected.indices { collected[index].append(results[stateCount + index]) }
    }
    var results = states
    guard count > 0 else {
      var inputs = states
      for source in sources {
        var shape = source.operand.shape.extents
        shape.remove(at: source.axis)
        inputs.append(.operand(context.constant(Tensor(zeros: source.operand.element, Shape(shape)))))
      }
      return try results
        + nothingCollected(
          context, body, inputs, outer, frame, first: stateCount, axes: outputAxes, output: stateCount)
    }
    for (index, parts) in collected.enumerated() {
      let ordered = outputDirections[index] == 1 ? parts.reversed() : parts
      results.append(
        try stacked(context, ordered, axis: outputAxes[index], output: stateCount + index))
    }
    return results
  }

  // MARK: Parts

  /// The outputs of a nested graph that sees the values around it.
  mutating func results(
    of graph: ONNXGraph, _ outer: ONNXEnvironment, _ inner: ONNXFrame
  ) throws -> [ONNXBinding] {
    var environment = outer
    try translate(graph, in: &environment, frame: inner)
    return try graph.outputs.map { try result($0.name, environment) }
  }

  mutating func iteration(
    _ number: Int, of body: ONNXGraph, _ context: ONNXNodeContext, _ inputs: [ONNXBinding],
    _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    var inner = try nested(frame, in: context.node, "body")
    inner.prefix += "\(number)/"
    var environment = outer
    for (input, binding) in zip(body.inputs, inputs) { environment[input.name] = binding }
    return try results(of: body, environment, inner)
  }

  func checkUnrolled(_ body: ONNXGraph, iterations: Int) throws(Finding) {
    let nodes = iterations.multipliedReportingOverflow(by: max(1, body.nodes.count))
    guard iterations <= Self.iterationLimit, !nodes.overflow, nodes.partialValue <= Self.unrolledNodeLimit
    else {
      throw Finding(
        "unrolls to \(iterations) iterations of \(body.nodes.count) nodes",
        expected: "at most \(Self.iterationLimit) iterations and \(Self.unrolledNodeLimit) nodes",
        advice: "export the model for a shorter sequence")
    }
  }

  /// What each iteration gives, side by side along a new axis.
  private func stacked(
    _ context: ONNXNodeContext, _ parts: [ONNXBinding], axis: Int, output: Int
  ) throws(Finding) -> ONNXBinding {
    guard context.isUsed(output: output) else { return .failed }
    var operands: [ONNXOperand] = []
    for part in parts {
      guard case .operand(let operand) = part else { return .failed }
      guard !operand.isOpen else {
        throw Finding(
          "output \(output) collects \(operand.type), of a size that only a run tells",
          expected: "equal sizes")
      }
      let position = try context.axis(axis, rank: operand.rank + 1)
      var shape = operand.shape.extents
      shape.insert(1, at: position)
      operands.append(try context.reshape(operand, shape))
    }
    return .operand(try context.concat(operands, axis: try context.axis(axis, rank: operands[0].rank)))
  }

  /// A list with an entry for each of `count` inputs or outputs, 0 for all if it is absent.
  private func list(_ context: ONNXNodeContext, _ name: String, _ count: Int) throws(Finding) -> [Int] {
    guard let values = try context.ints(name), !values.isEmpty else {
      return Array(repeating: 0, count: count)
    }
    guard values.count == count else {
      throw Finding("\(name) has \(values.count) entries", expected: "\(count)")
    }
    return values
  }
}
