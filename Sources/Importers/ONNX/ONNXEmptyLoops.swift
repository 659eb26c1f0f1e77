import IR
import Tensors

// What loops collect that have no iteration: tensors without elements, whose other extents the body tells.

/// What an iteration would give.
private struct Slice {
  var type: TensorType
  var unsignedBits: Int?
}

extension ONNXTranslator {
  /// What a loop without iterations collects of the body's outputs from `first` on, along an axis of each. `inputs` are
  /// such as an iteration's would be; `output` is the node's output that the first of them becomes.
  mutating func nothingCollected(
    _ context: ONNXNodeContext, _ body: ONNXGraph, _ inputs: [ONNXBinding], _ outer: ONNXEnvironment,
    _ frame: ONNXFrame, first: Int, axes: [Int], output: Int
  ) throws -> [ONNXBinding] {
    var tried: [Slice?]?
    var results: [ONNXBinding] = []
    for (index, axis) in axes.enumerated() {
      guard context.isUsed(output: output + index) else {
        results.append(.failed)
        continue
      }
      let value = body.outputs[first + index]
      var slice = declared(value)
      if slice == nil {
        let slices = try tried ?? trial(of: body, context, inputs, outer, frame)
        tried = slices
        slice = slices[first + index]
      }
      guard let slice else {
        throw Finding(
          "output \(output + index) has no elements, as nothing is iterated, and no shape that is known",
          expected: "a static shape of \(ImportError.quoted(value.name)) in its body")
      }
      var shape = slice.type.shape.extents
      shape.insert(0, at: try context.axis(axis, rank: shape.count + 1))
      try checkSize(Shape(shape), of: "output \(output + index)")
      let empty = context.constant(Tensor(zeros: slice.type.element, Shape(shape)))
      results.append(.operand(empty.unsigned(slice.unsignedBits)))
    }
    return results
  }

  /// The type that the body declares for an output, if it leaves nothing open.
  private func declared(_ output: ONNXValue) -> Slice? {
    guard case .tensor(let element, let dimensions?) = output.kind else { return nil }
    var extents: [Int] = []
    for dimension in dimensions {
      guard case .fixed(let extent) = dimension else { return nil }
      extents.append(extent)
    }
    return Slice(type: TensorType(element, Shape(extents)), unsignedBits: output.unsignedBits)
  }

  /// What an iteration would give, of which nothing stays; nil for what can't be translated or has no known size.
  private mutating func trial(
    of body: ONNXGraph, _ context: ONNXNodeContext, _ inputs: [ONNXBinding], _ outer: ONNXEnvironment,
    _ frame: ONNXFrame
  ) throws -> [Slice?] {
    let builder = context.builder
    let (mark, before) = (builder.mark, self)
    let results = try iteration(0, of: body, context, inputs, outer, frame)
    let spent = nodeCount + builder.graph.order.count
    builder.restore(mark)
    self = before
    nodeCount = spent
    return results.map { result in
      guard let operand = result.operand, !operand.isOpen else { return nil }
      return Slice(type: operand.type, unsignedBits: operand.unsignedBits)
    }
  }
}
