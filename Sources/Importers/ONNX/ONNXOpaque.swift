import IR
import Tensors

// Tensors whose elements are not read, strings for the most part, exist during translation only. They are passed on,
// and their shapes can be used.

/// What an operator makes of such tensors; nil if it has none before it.
typealias ONNXOpaqueTranslation = @Sendable (ONNXNodeContext) throws(Finding) -> [ONNXBinding]?

let onnxOpaqueOperators: [String: ONNXOpaqueTranslation] = [
  "Constant": opaqueConstant,
  "Identity": { context throws(Finding) in
    switch context.binding(0) {
    case .opaque, .sequence: context.bindings
    case .operand, .absent, .failed: nil
    }
  },
  "Shape": { context throws(Finding) in
    guard let shape = try context.opaqueShape() else { return nil }
    return [.operand(context.constant(extents(shape.extents[try shapeAxes(context, rank: shape.rank)])))]
  },
  "Size": { context throws(Finding) in
    guard let shape = try context.opaqueShape(), let count = shape.checkedCount else { return nil }
    return [.operand(context.constant(Tensor([Int64(count)], shape: [])))]
  },
]

extension ONNXNodeContext {
  /// Refuses to compute with tensors whose elements are not read.
  func refuseOpaqueInputs() throws(Finding) {
    for (index, binding) in bindings.enumerated() {
      guard case .opaque(let tensor) = binding else { continue }
      throw Finding(
        "input \(index), \(ImportError.quoted(node.inputs[index])), \(tensor.description)",
        expected: "a tensor of numbers or bools",
        advice: "cut the model where its numbers begin, and do what comes before that outside")
    }
  }

  /// The shape of input 0, if that is such a tensor.
  fileprivate func opaqueShape() throws(Finding) -> Shape? {
    guard case .opaque(let tensor) = binding(0) else { return nil }
    if let shape = tensor.shape { return shape }
    let name = node.inputs[0]
    throw Finding(
      "the shape of \(ImportError.quoted(name)), which \(tensor.description), is not known",
      expected: "known extents", advice: "if it is an input, give --shape \(name)=N,N,…")
  }
}

private func opaqueConstant(_ context: ONNXNodeContext) throws(Finding) -> [ONNXBinding]? {
  for attribute in context.node.attributes {
    switch context.value(attribute.name) {
    case .opaque(let tensor): return [.opaque(tensor)]
    case .strings(let strings):
      return [.opaque(ONNXOpaqueTensor(elementType: "STRING", shape: [strings.count]))]
    case .string: return [.opaque(ONNXOpaqueTensor(elementType: "STRING", shape: []))]
    default: continue
    }
  }
  return nil
}

private func extents(_ extents: ArraySlice<Int>) -> Tensor {
  Tensor(extents.map { Int64($0) }, shape: [extents.count])
}
