package import IR
import Tensors

/// Low-rank adapters on named layers: *LoRA: Low-Rank Adaptation of Large Language Models*, Hu et al., arXiv
/// 2106.09685.
///
/// A layer y = W · x gets two parameters of rank r, `<layer>.lora_A` and `<layer>.lora_B`, and becomes
/// y = W · x + scale · B · (A · x):
///
/// | layer | weight | lora_A | lora_B |
/// | --- | --- | --- | --- |
/// | linear | [out, in] | [r, in] | [out, r] |
/// | convolution | [out, in, k, k] | [r, in, k, k] | [out, r, 1, 1] |
/// | transposed convolution | [in, out, k, k] | [in, r, k, k] | [out, r, 1, 1] |
package struct LoRA: Sendable {
  package enum Form: Sendable {
    /// Base weight and adapter stay apart; the adapter computes beside the layer.
    case branch
    /// W + scale · B · A takes the weight's place. Once both are known it is one weight, and the network has
    /// the ops and the cost of the one without adapters.
    case merged
  }

  package enum Source: Sendable {
    /// A checkpoint fills `<layer>.lora_A` and `<layer>.lora_B`.
    case parameters
    /// They are inputs of these names, so that one program serves every adapter.
    case inputs
  }

  /// An adapted layer, by the name before `.weight`.
  package struct Layer: Sendable {
    package var name: String
    package var rank: Int

    package init(_ name: String, rank: Int) {
      self.name = name
      self.rank = rank
    }
  }

  package var layers: [Layer]
  package var scale: Double

  package init(_ layers: [Layer], scale: Double = 1) {
    self.layers = layers
    self.scale = scale
  }
}

extension Graph {
  /// Adds the adapters and what is computed with them. Weights need no contents yet.
  package mutating func add(
    _ adapters: LoRA, as form: LoRA.Form, of source: LoRA.Source = .parameters
  ) throws(Diagnostic) {
    for layer in adapters.layers {
      let adapted = try adaptedLayer(layer, source)
      switch form {
      case .branch: try addBranch(adapted, scale: adapters.scale)
      case .merged: try mergeWeight(adapted, scale: adapters.scale)
      }
    }
  }

  private struct AdaptedLayer {
    var name: String
    var node: NodeID
    var weight: ValueID
    var a: ValueID
    var b: ValueID
  }

  /// Finds the layer and declares its adapter.
  private mutating func adaptedLayer(
    _ layer: LoRA.Layer, _ source: LoRA.Source
  ) throws(Diagnostic) -> AdaptedLayer {
    let weightName = "\(layer.name).weight"
    guard layer.rank >= 1 else {
      throw Diagnostic("layer '\(layer.name)' has an adapter of rank \(layer.rank), expected 1 or more")
    }
    guard let weight = findWeight(weightName), let node = users(of: weight).first,
      self[node].operands.count > 1, self[node].operands[1] == weight
    else {
      throw Diagnostic(
        "graph '\(name)' has no layer with the weight '\(weightName)'",
        advice: "name a linear layer or a convolution by what stands before '.weight'")
    }
    let (extents, element, rank) = (shape(of: weight).extents, type(of: weight).element, layer.rank)
    let shapes: (a: [Int], b: [Int])
    switch self[node].op {
    case .matmul(let op) where op.transposeB && extents.count == 2:
      shapes = ([rank, extents[1]], [extents[0], rank])
    case .conv(let op) where op.group == 1:
      shapes = ([rank] + extents[1...], [extents[0], rank] + extents[2...].map { _ in 1 })
    case .convTranspose(let op) where op.group == 1:
      shapes = ([extents[0], rank] + extents[2...], [extents[1], rank] + extents[2...].map { _ in 1 })
    default:
      throw Diagnostic(
        "layer '\(layer.name)' can't have an adapter, expected a linear layer or a convolution of one group",
        at: self[node].location, op: self[node].op.name)
    }
    var sides: [ValueID] = []
    for (suffix, extents) in [("lora_A", shapes.a), ("lora_B", shapes.b)] {
      let (name, type) = ("\(layer.name).\(suffix)", TensorType(element, Shape(extents)))
      switch source {
      case .inputs: sides.append(addInput(name, type))
      case .parameters:
        do {
          sides.append(try declareWeight(name, type))
        } catch {
          throw error.located(at: self[node].location, op: self[node].op.name)
        }
      }
    }
    return AdaptedLayer(name: layer.name, node: node, weight: weight, a: sides[0], b: sides[1])
  }

  /// y + B · (scale · (A · x)), where A is a layer like the one adapted.
  private mutating func addBranch(_ layer: AdaptedLayer, scale: Double) throws(Diagnostic) {
    let (entry, position) = (self[layer.node], order.firstIndex(of: layer.node) ?? order.count - 1)
    let next = position + 1 < order.count ? order[position + 1] : nil
    func insert(
      _ graph: inout Graph, _ op: Op, _ operands: [ValueID], _ part: String
    ) throws(Diagnostic) -> ValueID {
      try graph.add(op, operands, name: "\(layer.name).\(part)", at: entry.location, before: next)[0]
    }
    let raise: Op = if case .matmul = entry.op { entry.op } else { .conv(Conv()) }
    var branch = try insert(&self, entry.op, [entry.operands[0], layer.a], "lora_A")
    if scale != 1 { branch = try insert(&self, .unary(Unary(.affine, scale)), [branch], "lora_scale") }
    branch = try insert(&self, raise, [branch, layer.b], "lora_B")
    let result = entry.results[0]
    let sum = try insert(&self, .binary(Binary(.add)), [result, branch], "lora")
    replaceUses(of: result, with: sum)
    // Of all readers only the sum still needs the layer's own result.
    if let node = producer(of: sum) { setOperand(0, of: node, to: result) }
  }

  /// W + scale · B · A in W's place.
  private mutating func mergeWeight(_ layer: AdaptedLayer, scale: Double) throws(Diagnostic) {
    let entry = self[layer.node]
    func insert(
      _ graph: inout Graph, _ op: Op, _ operands: [ValueID], _ part: String
    ) throws(Diagnostic) -> ValueID {
      try graph.add(op, operands, name: "\(layer.name).\(part)", at: entry.location, before: layer.node)[0]
    }
    let (a, rank) = (shape(of: layer.a).extents, shape(of: layer.b)[1])
    var rows = [rank, a[1...].reduce(1, *)]
    // The weight of a transposed convolution has its inputs first: one product an input.
    if case .convTranspose = entry.op { rows = [a[0], rank, a[2...].reduce(1, *)] }
    let left = try insert(&self, .reshape(Reshape([shape(of: layer.b)[0], rank])), [layer.b], "lora_B")
    let right = try insert(&self, .reshape(Reshape(rows)), [layer.a], "lora_A")
    var delta = try insert(&self, .matmul(MatMul()), [left, right], "lora")
    if scale != 1 { delta = try insert(&self, .unary(Unary(.affine, scale)), [delta], "lora_scale") }
    delta = try insert(&self, .reshape(Reshape(shape(of: layer.weight).extents)), [delta], "weight.delta")
    let merged = try insert(&self, .binary(Binary(.add)), [layer.weight, delta], "weight.merged")
    setOperand(1, of: layer.node, to: merged)
  }
}
