import IR
import Tensors

// Both branches of an If that depends on data are computed, and one of them is for nothing: an index in it may lie
// outside of what it indexes, which fails a run. In a branch that is not chosen every such index becomes 0.

/// What makes a run choose a branch.
struct ONNXChoice {
  /// One bool, a scalar.
  var condition: ONNXOperand
  /// What it must be.
  var value: Bool
}

/// What an op indexes with the elements of one of its operands.
private struct IndexedAxis {
  /// The operand that holds the indices.
  var indices: Int
  /// Axis of the first operand.
  var axis: Int
}

extension Op {
  /// Ops whose indices only a run can check: the one thing that can fail it.
  fileprivate var indexedAxis: IndexedAxis? {
    switch self {
    case .gather(let op): IndexedAxis(indices: 1, axis: op.axis)
    case .scatter: IndexedAxis(indices: 1, axis: 0)
    case .roiAlign: IndexedAxis(indices: 2, axis: 0)
    default: nil
    }
  }
}

extension ONNXNodeContext {
  /// The results of an op that can't fail the run unless the branch is chosen in which it stands.
  func emitChosen(_ op: Op, _ operands: [ONNXOperand]) throws(Finding) -> [ONNXOperand] {
    guard !choices.isEmpty, let indexed = op.indexedAxis, operands.indices.contains(indexed.indices) else {
      return try builder.emit(op, operands, node: name)
    }
    let indices = operands[indexed.indices]
    let axis = try axis(indexed.axis, rank: operands[0].rank)
    let extent = operands[0].shape[axis]
    guard indices.shape.elementCount > 0, !isWithin(indices, extent) else {
      return try builder.emit(op, operands, node: name)
    }
    var operands = operands
    if extent == 0 {
      // No index is right, so one more slice is there for the branch that is not chosen; 1 lies outside of it.
      operands[0] = try extended(operands[0], axis: axis)
      operands[indexed.indices] = try builder.emit(
        .expand(Expand(indices.shape.extents)), [integer(1, indices.element)], node: name)[0]
    }
    for choice in choices {
      var alternatives = [operands[indexed.indices], integer(0, indices.element)]
      if !choice.value { alternatives.reverse() }
      operands[indexed.indices] = try builder.emit(
        .select(Select()), [choice.condition] + alternatives, node: name)[0]
    }
    let results = try builder.emit(op, operands, node: name)
    guard extent == 0, case .scatter = op else { return results }
    var empty = results[0].shape.extents
    empty[0] = 0
    return [try slice(results[0], starts: empty.map { _ in 0 }, counts: empty)]
  }

  /// Whether indices are known to lie within an axis.
  private func isWithin(_ indices: ONNXOperand, _ extent: Int) -> Bool {
    guard let tensor = indices.constant, tensor.element.isInteger, tensor.elementCount <= 1 << 22 else {
      return false
    }
    return tensor.integers.allSatisfy { $0 >= -extent && $0 < extent }
  }

  private func extended(_ x: ONNXOperand, axis: Int) throws(Finding) -> ONNXOperand {
    var shape = x.shape.extents
    shape[axis] = 1
    return try builder.emit(
      .expand(Expand(shape)), [constant(Tensor(zeros: x.element, []))], node: name)[0]
  }

  private func integer(_ value: Int64, _ element: ElementType) -> ONNXOperand {
    constant(Tensor([value], shape: [], element: element))
  }
}
