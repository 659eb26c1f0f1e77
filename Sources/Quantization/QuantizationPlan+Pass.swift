import IR
import Passes
import Tensors

extension QuantizationPlan {
  /// The pass that writes a graph as the plan says: stored values between `quantize` and `dequantize`, weights as integers that are
  /// dequantized.
  ///
  ///     %y = conv %x, @w, @b         ->    %q = quantize %x, @x.scale, @x.zero
  ///                                        %d = dequantize %q, @x.scale, @x.zero
  ///                                        %v = dequantize @w.i8, @w.scale, @w.zero {axis = 0}
  ///                                        %y = conv %d, %v, @b.corrected
  ///
  /// Channels that are divided before they are rounded have a scale of their own in `quantize` alone: what is dequantized is the
  /// quotient, and the weights have taken the divisors.
  var pass: Pass {
    Pass("quantize", "Stores values and weights as integers, on grids that calibration chose.") {
      (context: inout PassContext) throws(Diagnostic) in
      var writer = PlanWriter(plan: self, analysis: decisions.analysis(context.graph))
      try writer.write(&context)
    }
  }
}

private struct PlanWriter {
  let plan: QuantizationPlan
  let analysis: StorageAnalysis
  /// The second byte of values that have two, by what stands for the first.
  var seconds: [ValueID: ValueID] = [:]

  mutating func write(_ context: inout PassContext) throws(Diagnostic) {
    let graph = context.graph
    let inputs = graph.inputs.map(\.value)
    for value in inputs { try store(value, of: graph, before: graph.order.first, &context) }
    for (position, node) in graph.order.enumerated() {
      let next = position + 1 < graph.order.count ? graph.order[position + 1] : nil
      for result in graph[node].results { try store(result, of: graph, before: next, &context) }
    }
    for node in graph.order {
      if let product = plan.products[node] {
        try rewrite(node, product, &context)
      } else if readsTwoBytes(node, context.graph) {
        try rewrite(node, context.graph[node].operands, &context)
      }
      if let product = plan.recurrentInputs[node] { try product.write(to: &context) }
      if let weight = plan.storedWeights[node] { try weight.write(&context) }
      if let layer = plan.recurrents[node] { try context.write(node, layer) }
    }
  }

  /// Whether a product reads a value that has two bytes.
  private func readsTwoBytes(_ node: NodeID, _ graph: Graph) -> Bool {
    graph[node].operands.enumerated().contains { index, operand in
      graph.isProductOperand(node, index) && seconds[operand] != nil
    }
  }

  /// Puts the stored forms of a value behind it, before node `next`, and lets its readers read them.
  private mutating func store(
    _ value: ValueID, of graph: Graph, before next: NodeID?, _ context: inout PassContext
  ) throws(Diagnostic) {
    let storage = analysis[value].storage
    // What stands last has no readers but outputs, and is not stored.
    guard !storage.isEmpty, let place = next else { return }
    var source = value
    if let grid = plan.wide[value] {
      source = try context.stored(source, grid, name: graph[value].name, before: place)
    }
    if storage.isWide {
      for user in Set(graph.users(of: value)).sorted() where !analysis.floating.contains(user) {
        for (index, operand) in graph[user].operands.enumerated()
        where operand == value && !(storage.isNarrow && graph.isProductOperand(user, index)) {
          context.setOperand(index, of: user, to: source, "read '\(graph[value].name)' in 16 bits")
        }
      }
      context.setOutputs(of: value, to: source, "gave '\(graph[value].name)' in 16 bits")
    }
    guard let form = plan.narrow[value], storage.isNarrow else { return }
    let narrow =
      form.grid.element == .i16 && form.divisors == nil && plan.wide[value] != nil
      ? source : try context.stored(source, form, name: graph[value].name, before: place)
    if plan.inTwoBytes.contains(value) {
      let rest = try context.insert(.binary(Binary(.sub)), [source, narrow], before: place)
      seconds[narrow] = try context.stored(
        rest, form.second, name: "\(graph[value].name).second", before: place)
    }
    for user in Set(graph.users(of: value)).sorted() where !analysis.floating.contains(user) {
      for (index, operand) in graph[user].operands.enumerated() where operand == value {
        let isRead =
          graph.isProductOperand(user, index) || (!storage.isWide && graph.passesElements(user, value))
        guard isRead else { continue }
        context.setOperand(
          index, of: user, to: narrow,
          "read '\(graph[value].name)' in \(form.grid.element.byteCount * 8) bits")
      }
    }
  }

  private func rewrite(
    _ node: NodeID, _ product: QuantizedProduct, _ context: inout PassContext
  ) throws(Diagnostic) {
    let graph = context.graph
    let entry = graph[node]
    let weights = product.weights
    let name = graph[entry.operands[1]].name
    let numbers = try context.numbers(
      weights.integers, weights.scales, axis: weights.axis, name: name, before: node)
    let input = entry.operands[0]
    var operands = [input, numbers]
    if let bias = product.bias {
      let source = entry.operands.count > 2 ? graph[entry.operands[2]].name : "\(name).bias"
      operands.append(
        context.addWeight("\(source).corrected", Tensor(bias, shape: [bias.count], element: .f32)))
    }
    try rewrite(node, operands, &context) { (context) throws(Diagnostic) in
      guard let second = weights.second else { return nil }
      return try context.numbers(
        second, weights.secondScales, axis: weights.axis, name: "\(name).second", before: node)
    }
  }

  /// A product of single bytes, or the sum of those that products of two bytes come to. Of both second bytes the product is less than
  /// what is rounded.
  private func rewrite(
    _ node: NodeID, _ operands: [ValueID], _ context: inout PassContext,
    secondWeights: (inout PassContext) throws(Diagnostic) -> ValueID? = { _ in nil }
  ) throws(Diagnostic) {
    let entry = context.graph[node]
    let title = "\(entry.op.name) '\(entry.name)'"
    let seconds = [seconds[operands[0]], try secondWeights(&context) ?? seconds[operands[1]]]
    guard seconds.contains(where: { $0 != nil }) else {
      try context.rewrite(node, as: entry.op, operands, "quantized the weights of \(title)")
      return
    }
    func product(_ operands: [ValueID]) throws(Diagnostic) -> ValueID {
      let sum = try context.insert(entry.op, operands, before: node)
      guard let grid = plan.sums[node] else { return sum }
      return try context.stored(sum, grid, name: "\(entry.name).part", before: node)
    }
    var parts: [ValueID] = [try product(operands)]
    for (index, second) in seconds.enumerated() {
      guard let second else { continue }
      var finer = Array(operands.prefix(2))
      finer[index] = second
      parts.append(try product(finer))
    }
    while parts.count > 2 {
      let sum = try context.insert(.binary(Binary(.add)), Array(parts.suffix(2)), before: node)
      parts.replaceSubrange((parts.count - 2)..., with: [sum])
    }
    try context.rewrite(
      node, as: .binary(Binary(.add)), parts, "split \(title) in products of two bytes")
  }
}

extension PassContext {
  /// Weights that are integers, as the numbers that they stand for.
  fileprivate mutating func numbers(
    _ integers: Tensor, _ scales: [Float], axis: Int, name: String, before node: NodeID
  ) throws(Diagnostic) -> ValueID {
    let operands = [
      addWeight("\(name).i8", integers),
      addWeight("\(name).scale", Tensor(scales, shape: [scales.count], element: .f32)),
      addWeight("\(name).zero", Tensor(zeros: .i8, [scales.count])),
    ]
    return try insert(.dequantize(Dequantize(Granularity(axis: axis))), operands, before: node)
  }

  /// A value on a grid.
  fileprivate mutating func stored(
    _ value: ValueID, _ grid: Grid, name: String, before next: NodeID
  ) throws(Diagnostic) -> ValueID {
    try stored(value, NarrowForm(grid: grid), name: name, before: next)
  }

  /// A value on a grid, its channels divided.
  fileprivate mutating func stored(
    _ value: ValueID, _ form: NarrowForm, name: String, before next: NodeID
  ) throws(Diagnostic) -> ValueID {
    let grid = form.grid
    let stem = "\(name).\(grid.element.rawValue)"
    let scale = addWeight("\(stem).scale", Tensor(scalar: grid.scale))
    let zero = addWeight("\(stem).zero", Tensor([Int64(grid.zero)], shape: [], element: grid.element))
    var operands = [value, scale, zero]
    var granularity = Granularity()
    if let divisors = form.divisors {
      let count = divisors.count
      operands[1] = addWeight(
        "\(stem).scales", Tensor(divisors.map { grid.scale * $0 }, shape: [count], element: .f32))
      operands[2] = addWeight(
        "\(stem).zeros",
        Tensor([Int64](repeating: Int64(grid.zero), count: count), shape: [count], element: grid.element))
      granularity = Granularity(axis: form.axis)
    }
    // Named as what computes the value: the op on integers that comes of it computes the same.
    let integers = try insert(
      .quantize(Quantize(granularity, rounding: .halfUp)), operands, before: next,
      named: graph.producer(of: value))
    return try insert(.dequantize(Dequantize()), [integers, scale, zero], before: next)
  }
}
