package import Tensors

/// Arrays for the inputs of a function, made from a seed, in ranges that suit what the function does with them.
///
/// Integers that choose elements along an axis, however they get there, stay below its extent. What a range should
/// be can't always be told from the graph: of each spread, the next is more modest.
package struct RandomInputs: Sendable {
  /// How large numbers may be.
  package enum Spread: Int, CaseIterable, Sendable {
    /// Floats of -1 to 1, bytes of all values, indices of a whole axis, other integers of 0 to 9.
    case wide
    /// Floats of 0 to 1, integers of which nothing is known 0 and 1.
    case narrow
    /// Floats of 0 to 1, integers 0, which is an index into anything.
    case zero
  }

  private let types: [TensorType]
  /// What indices must be less than; nil for inputs that are none.
  private let limits: [Int?]

  /// Ranges for the inputs of a function.
  package init(_ module: Module, function: Int = 0) {
    let graph = module.functions[function]
    types = graph.inputs.map { graph.type(of: $0.value) }
    var known: [String: [Int?]] = [:]
    for callee in module.reachable(from: graph) { known[callee.name] = indexLimits(callee, known) }
    limits = known[graph.name] ?? types.map { _ in nil }
  }

  /// The range of an input, both ends included.
  package func range(_ input: Int, _ spread: Spread) -> ClosedRange<Double> {
    let element = types[input].element
    if element == .bool { return 0...1 }
    if let limit = limits[input] {
      return 0...Double(spread == .zero ? 0 : max(limit - 1, 0))
    }
    switch (spread, element) {
    case (.wide, .f32), (.wide, .f16), (.wide, .bf16): return -1...1
    case (_, .f32), (_, .f16), (_, .bf16): return 0...1
    case (.wide, .i8), (.narrow, .i8): return -128...127
    case (.wide, .u8), (.narrow, .u8): return 0...255
    case (.wide, _): return 0...9
    case (.narrow, _): return 0...1
    case (.zero, _): return 0...0
    }
  }

  /// The arrays of a sample: the same for the same seed, number and spread.
  package func make(seed: UInt64, sample: Int, _ spread: Spread) -> [Tensor] {
    types.indices.map { input in
      var generator = SplitMix64(state: seed ^ (UInt64(sample) << 40) ^ (UInt64(input) << 20))
      let range = range(input, spread)
      let count = types[input].shape.elementCount
      let element = types[input].element
      if element.isFloat, limits[input] == nil {
        let span = Float(range.upperBound - range.lowerBound)
        let values = (0..<count).map { _ in Float(range.lowerBound) + span * generator.unit() }
        return Tensor(values, shape: types[input].shape, element: element)
      }
      let choices = UInt64(range.upperBound - range.lowerBound) + 1
      let values = (0..<count).map { _ in Int64(range.lowerBound) + Int64(generator.next() % choices) }
      let integers = Tensor(values, shape: types[input].shape)
      return integers.converted(to: element)
    }
  }
}

/// For each input of a graph, what its elements must be less than to choose elements along the axes that they are
/// used for; nil where they are used for none. `callees` holds the limits of functions that the graph runs.
private func indexLimits(_ graph: Graph, _ callees: [String: [Int?]]) -> [Int?] {
  var limits = [Int?](repeating: nil, count: graph.valueCapacity)
  func lower(_ value: ValueID, to limit: Int?) {
    guard let limit else { return }
    limits[value.index] = min(limits[value.index] ?? limit, limit)
  }
  // Users come before what they use, so that a limit is known when it is passed on.
  for id in graph.order.reversed() {
    let node = graph[id]
    let limit = node.results.first.flatMap { limits[$0.index] }
    switch node.op {
    case .gather(let op):
      lower(node.operands[1], to: graph.shape(of: node.operands[0])[op.axis])
      lower(node.operands[0], to: limit)
    case .scatter:
      lower(node.operands[1], to: graph.shape(of: node.operands[0])[0])
      lower(node.operands[0], to: limit)
      lower(node.operands[2], to: limit)
    case .roiAlign: lower(node.operands[2], to: graph.shape(of: node.operands[0])[0])
    case .cast: lower(node.operands[0], to: limit)
    case .select: for operand in node.operands.dropFirst() { lower(operand, to: limit) }
    case _ where node.op.movesElements: for operand in node.operands { lower(operand, to: limit) }
    default:
      guard let callee = node.op.callee else { continue }
      for (operand, limit) in zip(node.operands, callees[callee] ?? []) { lower(operand, to: limit) }
    }
  }
  return graph.inputs.map { limits[$0.value.index] }
}
