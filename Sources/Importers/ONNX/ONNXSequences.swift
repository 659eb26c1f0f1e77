import IR
import Tensors

// Sequences and optionals exist during translation only: how long a sequence is, and which of its tensors a node takes,
// must be known.

/// An operator on sequences or optionals.
typealias ONNXSequenceTranslation = @Sendable (ONNXNodeContext) throws(Finding) -> [ONNXBinding]

let onnxSequenceOperators: [String: ONNXSequenceTranslation] = [
  "ConcatFromSequence": concatFromSequence,
  "Optional": optional,
  "OptionalGetElement": optionalGetElement,
  "OptionalHasElement": optionalHasElement,
  "SequenceAt": sequenceAt,
  "SequenceConstruct": sequenceConstruct,
  "SequenceEmpty": { _ throws(Finding) in [.sequence([])] },
  "SequenceErase": sequenceErase,
  "SequenceInsert": sequenceInsert,
  "SequenceLength": sequenceLength,
  "SplitToSequence": splitToSequence,
]

extension ONNXNodeContext {
  /// An input as it stands; absent if it is left out.
  func binding(_ index: Int) -> ONNXBinding { bindings.indices.contains(index) ? bindings[index] : .absent }

  func sequence(_ index: Int) throws(Finding) -> [ONNXOperand] {
    guard case .sequence(let elements) = binding(index) else {
      throw Finding("input \(index) is no sequence", expected: "a sequence of tensors")
    }
    return elements
  }

  /// A position in a sequence of `count` tensors, counted from the front, `last` at most and if the input is left out.
  fileprivate func position(_ index: Int, count: Int, last: Int) throws(Finding) -> Int {
    let given = try constantInt(index, "the position") ?? last
    let position = given < 0 ? given &+ count : given
    guard position >= 0, position <= last else {
      throw Finding("the position is \(given)", expected: "one in a sequence of \(count) tensors")
    }
    return position
  }
}

private func sequenceConstruct(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  [.sequence(try context.variadic())]
}

private func sequenceAt(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  let elements = try context.sequence(0)
  return [.operand(elements[try context.position(1, count: elements.count, last: elements.count - 1)])]
}

private func sequenceInsert(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  var elements = try context.sequence(0)
  let position = try context.position(2, count: elements.count, last: elements.count)
  elements.insert(try context.input(1), at: position)
  return [.sequence(elements)]
}

private func sequenceErase(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  var elements = try context.sequence(0)
  elements.remove(at: try context.position(1, count: elements.count, last: elements.count - 1))
  return [.sequence(elements)]
}

private func sequenceLength(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  [.operand(context.constant(Tensor([Int64(try context.sequence(0).count)], shape: [])))]
}

private func concatFromSequence(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  var elements = try context.sequence(0)
  guard let first = elements.first else {
    throw Finding("joins an empty sequence", expected: "at least one tensor")
  }
  guard !elements.contains(where: \.isOpen) else {
    throw Finding("joins tensors of a size that only a run tells", expected: "sizes that are known")
  }
  let isNew = try context.flag("new_axis")
  let axis = try context.axis(try context.requiredInt("axis"), rank: first.rank + (isNew ? 1 : 0))
  if isNew {
    for (index, element) in elements.enumerated() {
      guard element.rank == first.rank else {
        throw Finding("joins tensors of ranks \(first.rank) and \(element.rank)", expected: "equal shapes")
      }
      var shape = element.shape.extents
      shape.insert(1, at: axis)
      elements[index] = try context.reshape(element, shape)
    }
  }
  return [.operand(try context.concat(elements, axis: axis))]
}

private func splitToSequence(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  try context.refuseOpenInputs()
  let x = try context.input(0)
  let axis = try context.axis(try context.int("axis", 0), rank: x.rank)
  let extent = x.shape[axis]
  let given = try context.constantInts(1, "the split")
  let counts: [Int]
  if let given, try context.input(1).rank == 0, given[0] > 0 {
    counts = stride(from: 0, to: extent, by: given[0]).map { min(given[0], extent - $0) }
  } else {
    counts = given ?? [Int](repeating: 1, count: extent)
  }
  guard counts.allSatisfy({ (0...extent).contains($0) }), counts.reduce(0, &+) == extent else {
    throw Finding("splits into \(counts)", expected: "parts that add up to \(extent)")
  }
  let isKept = try context.flag("keepdims", true)
  var elements: [ONNXOperand] = []
  var start = 0
  for count in counts {
    var part = try context.slice(x, axis: axis, start: start, count: count)
    if given == nil, !isKept {
      var shape = part.shape.extents
      shape.remove(at: axis)
      part = try context.reshape(part, shape)
    }
    elements.append(part)
    start += count
  }
  return [.sequence(elements)]
}

private func optional(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] { [context.binding(0)] }

private func optionalHasElement(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  if case .absent = context.binding(0) { return [.operand(context.scalar(0, .bool))] }
  return [.operand(context.scalar(1, .bool))]
}

private func optionalGetElement(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding] {
  if case .absent = context.binding(0) { throw Finding("reads an optional without an element") }
  return [context.binding(0)]
}

extension ONNXTranslator {
  /// What a graph makes of each element of a sequence, with the elements of others beside it or whole tensors.
  mutating func sequenceMap(
    _ context: ONNXNodeContext, _ outer: ONNXEnvironment, _ frame: ONNXFrame
  ) throws -> [ONNXBinding] {
    let body = try context.graph("body")
    let count = try context.sequence(0).count
    guard body.inputs.count == context.bindings.count else {
      throw Finding(
        "its body has \(body.inputs.count) inputs", expected: "\(context.bindings.count), as the node has")
    }
    try checkUnrolled(body, iterations: count)
    var results = [[ONNXOperand]](repeating: [], count: body.outputs.count)
    for number in 0..<count {
      var inputs: [ONNXBinding] = []
      for (index, binding) in context.bindings.enumerated() {
        guard case .sequence(let elements) = binding else {
          inputs.append(binding)
          continue
        }
        guard elements.count == count else {
          throw Finding("input \(index) has \(elements.count) tensors", expected: "\(count), as input 0 has")
        }
        inputs.append(.operand(elements[number]))
      }
      for (index, result) in try iteration(number, of: body, context, inputs, outer, frame).enumerated() {
        guard case .operand(let operand) = result else { return [] }
        results[index].append(operand)
      }
    }
    return results.map { .sequence($0) }
  }
}
