import IR
import Tensors

/// A constant weight seen as [groups, outer, channels, inner]: channel `group × channels + channel` takes
/// part in all elements of its row.
struct ChannelView {
  var groups: Int
  var outer: Int
  var channels: Int
  var inner: Int

  /// The weight with every element multiplied by its channel's factor; nil if that would overflow, or leave a
  /// channel without a normal number that had one: it would have lost digits.
  func scaled(_ tensor: Tensor, by factors: [Double]) -> Tensor? {
    var numbers = tensor.floats
    var largest = [(before: Float, after: Float)](repeating: (0, 0), count: groups * channels)
    var index = 0
    for group in 0..<groups {
      for _ in 0..<outer {
        for channel in (group * channels)..<((group + 1) * channels) {
          let factor = factors[channel]
          var (before, after) = largest[channel]
          for _ in 0..<inner {
            let product = Float(Double(numbers[index]) * factor)
            before = max(before, abs(numbers[index]))
            after = max(after, abs(product))
            numbers[index] = product
            index += 1
          }
          largest[channel] = (before, after)
        }
      }
    }
    let normal = tensor.element.normalRange
    let isSound = zip(largest, factors).allSatisfy { sizes, factor in
      sizes.after <= normal.upperBound
        && (sizes.after >= normal.lowerBound || sizes.before < normal.lowerBound || factor == 0)
    }
    return isSound ? Tensor(numbers, shape: tensor.shape, element: tensor.element) : nil
  }

  /// Σ over channels of element × the channel's term, as [groups, outer, inner].
  func contracted(_ tensor: Tensor, with terms: [Double]) -> [Double] {
    let numbers = tensor.floats
    var sums = [Double](repeating: 0, count: groups * outer * inner)
    var index = 0
    for row in 0..<(groups * outer) {
      for channel in 0..<channels {
        let term = terms[row / outer * channels + channel]
        for column in 0..<inner {
          sums[row * inner + column] += Double(numbers[index]) * term
          index += 1
        }
      }
    }
    return sums
  }
}

/// A conv, conv_transpose or matmul with a bound weight and, if any, a bound bias: y = W·x + b.
struct LinearOp {
  let node: NodeID
  /// Index of the activation among the operands; the other one of the first two is the weight.
  let input: Int
  let activation: Unary?
  let weight: ValueID
  let bias: ValueID?
  let weightTensor: Tensor
  /// The bias, or zeros.
  let biasNumbers: [Double]
  let biasShape: Shape
  let biasElement: ElementType
  /// The axis of the result, and the weight, along output channels.
  let outputAxis: Int
  let outputs: ChannelView
  /// The same along the channels of x.
  let inputAxis: Int
  let inputs: ChannelView
  /// Whether x meets zeros from padding, so that x + c can't be folded.
  let isPadded: Bool
  /// Whether a sum over the input channels of the weight gives one number for each output channel.
  let canAbsorbInputOffset: Bool

  /// Whether its own activation rounds or compares the sums.
  var readsLastDigit: Bool { activation.map { Reading(by: $0).seen.contains(.lastDigit) } ?? false }

  var inputChannels: Int { inputs.groups * inputs.channels }
  var outputChannels: Int { outputs.groups * outputs.channels }

  init?(_ node: NodeID, in graph: Graph) {
    let entry = graph[node]
    // Neighbors of every kind are asked; a concat may have thousands of operands.
    let shapes = entry.operands.prefix(2).map { graph.shape(of: $0) }
    self.node = node
    var left = false
    switch entry.op {
    case .conv(let op):
      let w = shapes[1]
      let kernel = w.extents.dropFirst(2).reduce(1, *)
      activation = op.activation
      outputAxis = 1
      inputAxis = 1
      outputs = ChannelView(groups: 1, outer: 1, channels: w[0], inner: w[1] * kernel)
      inputs = ChannelView(groups: op.group, outer: w[0] / op.group, channels: w[1], inner: kernel)
      isPadded = op.window.pads.contains { $0 != 0 }
      canAbsorbInputOffset = !isPadded
      biasShape = [w[0]]
    case .convTranspose(let op):
      let w = shapes[1]
      let kernel = w.extents.dropFirst(2).reduce(1, *)
      activation = op.activation
      outputAxis = 1
      inputAxis = 1
      outputs = ChannelView(groups: op.group, outer: w[0] / op.group, channels: w[1], inner: kernel)
      inputs = ChannelView(groups: 1, outer: 1, channels: w[0], inner: w[1] * kernel)
      isPadded = true
      canAbsorbInputOffset = false
      biasShape = [w[1] * op.group]
    case .matmul(let op):
      left = graph.constant(entry.operands[1]) == nil
      let (a, b) = (shapes[0], shapes[1])
      let rank = graph.shape(of: graph.result(node)).rank
      activation = op.activation
      isPadded = false
      if left {
        let (rows, inner) = op.transposeA ? (a[a.rank - 1], a[a.rank - 2]) : (a[a.rank - 2], a[a.rank - 1])
        let batch = a.extents.dropLast(2).reduce(1, *)
        outputAxis = rank - 2
        inputAxis = b.rank - (op.transposeB ? 1 : 2)
        let asRows = ChannelView(groups: 1, outer: batch, channels: a[a.rank - 2], inner: a[a.rank - 1])
        let asColumns = ChannelView(
          groups: 1, outer: batch * a[a.rank - 2], channels: a[a.rank - 1], inner: 1)
        outputs = op.transposeA ? asColumns : asRows
        inputs = op.transposeA ? asRows : asColumns
        canAbsorbInputOffset = batch == 1 && inner > 0
        biasShape = [rows, 1]
      } else {
        let batch = b.extents.dropLast(2).reduce(1, *)
        outputAxis = rank - 1
        inputAxis = a.rank - (op.transposeA ? 2 : 1)
        let asRows = ChannelView(groups: 1, outer: batch, channels: b[b.rank - 2], inner: b[b.rank - 1])
        let asColumns = ChannelView(
          groups: 1, outer: batch * b[b.rank - 2], channels: b[b.rank - 1], inner: 1)
        outputs = op.transposeB ? asRows : asColumns
        inputs = op.transposeB ? asColumns : asRows
        canAbsorbInputOffset = batch == 1
        biasShape = [b[b.rank - (op.transposeB ? 2 : 1)]]
      }
    default: return nil
    }
    input = left ? 1 : 0
    weight = entry.operands[left ? 0 : 1]
    guard let tensor = graph.constant(weight), tensor.elementCount > 0,
      graph.constant(entry.operands[input]) == nil
    else { return nil }
    weightTensor = tensor
    if entry.operands.count == 3 {
      // A matmul's bias may lie along the other axis than its weight's channels.
      guard let tensor = graph.constant(entry.operands[2]), tensor.shape == biasShape else { return nil }
      bias = entry.operands[2]
      biasNumbers = tensor.floats.map { Double($0) }
      biasElement = tensor.element
    } else {
      bias = nil
      biasNumbers = [Double](repeating: 0, count: biasShape.elementCount)
      biasElement = tensor.element
    }
  }

  /// The node's operands after y = scale·(W·x + b) + offset for each output channel; nil if fp32 does not hold
  /// them. A new bias is named after `addend`, or after the weight.
  func foldingOutput(
    scale: [Double], offset: [Double], addend: ValueID?, in context: inout PassContext
  ) -> [ValueID]? {
    let numbers = zip(biasNumbers, zip(scale, offset)).map { $0 * $1.0 + $1.1 }
    return operands(outputs, scale, numbers, addend, in: &context)
  }

  /// The node's operands after y = W·(scale·x + offset) + b for each input channel; nil if fp32 does not hold
  /// them.
  func foldingInput(
    _ x: ValueID, scale: [Double], offset: [Double], in context: inout PassContext
  ) -> [ValueID]? {
    var numbers = biasNumbers
    if offset.contains(where: { $0 != 0 }) {
      let sums = inputs.contracted(weightTensor, with: offset)
      let share = sums.count / numbers.count
      for (index, sum) in sums.enumerated() { numbers[index / share] += sum }
    }
    var result = operands(inputs, scale, numbers, nil, in: &context)
    result?[input] = x
    return result
  }

  private func operands(
    _ view: ChannelView, _ scale: [Double], _ numbers: [Double], _ addend: ValueID?,
    in context: inout PassContext
  ) -> [ValueID]? {
    let greatest = Double(biasElement.normalRange.upperBound)
    guard numbers == biasNumbers || numbers.allSatisfy({ abs($0) <= greatest }) else { return nil }
    let old = context.graph[node].operands
    var result = Array(old.prefix(2))
    if scale.contains(where: { $0 != 1 }) {
      // A table of embeddings that is the classifier's weight too would be stored twice.
      guard context.graph.isReadByLinearOpsAlone(weight), let scaled = view.scaled(weightTensor, by: scale)
      else { return nil }
      result[1 - input] = context.addWeight(foldedFrom: weight, scaled)
    }
    if numbers == biasNumbers {
      if let bias { result.append(bias) }
      return result
    }
    let tensor = Tensor(numbers.map { Float($0) }, shape: biasShape, element: biasElement)
    if let addend, bias == nil, let constant = context.graph.constant(addend),
      constant.isIdentical(to: tensor)
    {
      result.append(addend)
    } else if let source = bias ?? addend {
      result.append(context.addWeight(foldedFrom: source, tensor))
    } else {
      let name = context.graph[weight].name
      let stem = name.firstRange(of: ".weight").map { String(name[..<$0.lowerBound]) } ?? name
      result.append(context.addWeight(stem + ".bias.folded", tensor))
    }
    return result
  }
}

extension Graph {
  fileprivate func isReadByLinearOpsAlone(_ weight: ValueID) -> Bool {
    users(of: weight).allSatisfy { user in
      switch self[user].op {
      case .conv, .convTranspose, .matmul: true
      default: false
      }
    }
  }
}
