package import IR
package import Tensors

/// A generated op among neighbors that share memory with it: operands that are views or parts of other
/// values, computed, constant, one value twice, read again later or overwritten; results that are read again,
/// overwritten, viewed or parts of others.
///
/// Neighbors pass numbers on as they are: what is an index stays one.
package struct AliasedOp: Sendable {
  package private(set) var graph = Graph(name: "main")
  package private(set) var inputs: [Tensor] = []
  private var draw: Draw
  /// Least value of a type, with which nothing is changed by `max`, as inputs, so that no pass knows them.
  private var leasts: [ElementType: ValueID] = [:]
  /// Values that something reads after the op.
  private var later: [ValueID] = []
  private var outputCount = 0

  package init(_ generated: GeneratedOp, _ source: Draw, seed: UInt64) throws(Diagnostic) {
    draw = source
    let tensors = generated.tensors(seed: seed)
    var operands: [ValueID] = []
    for (index, tensor) in tensors.enumerated() {
      let twins = (0..<index).filter {
        generated.operands[$0] == generated.operands[index] && generated.values[$0] == generated.values[index]
      }
      if let twin = twins.first, draw.chance(0.3) {
        operands.append(operands[twin])
      } else {
        operands.append(try operand(tensor, mayBeConstant: index > 0))
      }
    }
    for value in operands where draw.chance(0.3) { later.append(value) }
    for value in operands where draw.chance(0.15) && graph.weight(value) == nil { output(value) }
    let results = try graph.add(generated.op, operands, name: "node")
    for result in results { try use(result) }
    for value in later where graph.weight(value) == nil { output(try passed(value)) }
  }

  private mutating func output(_ value: ValueID) {
    graph.addOutput("y\(outputCount)", value)
    outputCount += 1
  }

  private mutating func input(_ tensor: Tensor) -> ValueID {
    inputs.append(tensor)
    return graph.addInput("x\(inputs.count - 1)", TensorType(tensor.element, tensor.shape))
  }

  /// The same numbers, computed elementwise, so that they may overwrite their operand.
  private mutating func passed(_ value: ValueID) throws(Diagnostic) -> ValueID {
    let element = graph.type(of: value).element
    if leasts[element] == nil { leasts[element] = input(leastValue(element)) }
    guard let least = leasts[element] else { return value }
    return try graph.add(.binary(Binary(element == .bool ? .or : .max)), [value, least], name: "passed")[0]
  }

  private func leastValue(_ element: ElementType) -> Tensor {
    element.isFloat
      ? Tensor([-.infinity], shape: [], element: element)
      : Tensor([element.integerRange?.lowerBound ?? 0], shape: [], element: element)
  }

  // MARK: Operands

  private mutating func operand(_ tensor: Tensor, mayBeConstant: Bool) throws(Diagnostic) -> ValueID {
    switch draw.number(0...5) {
    case 0 where mayBeConstant: return graph.addWeight("w\(graph.weights.count)", tensor)
    case 0, 1: return input(tensor)
    case 2: return try passed(input(tensor))
    case 3: return try cut(from: input(try surrounded(tensor)), tensor.shape)
    case 4:
      let whole = try passed(input(try surrounded(tensor)))
      if draw.chance(0.4) { later.append(whole) }
      return try cut(from: whole, tensor.shape)
    default: return try part(tensor)
    }
  }

  private var lead: Int { 3 }

  /// A row of other numbers with the tensor's in the middle, off every alignment but the element's own.
  private func surrounded(_ tensor: Tensor) throws(Diagnostic) -> Tensor {
    let border = Tensor(random: tensor.element, [lead], nil, seed: draw.seed)
    let row = tensor.reshaped([tensor.elementCount])
    do {
      return try Op.concat(Concat(axis: 0)).evaluate([border, row, border])[0]
    } catch {
      throw Diagnostic(error.message)
    }
  }

  /// The view of what ``surrounded(_:)`` has put into the middle.
  private mutating func cut(from whole: ValueID, _ shape: Shape) throws(Diagnostic) -> ValueID {
    let slice = Slice(starts: [lead], counts: [shape.elementCount])
    let row = try graph.add(.slice(slice), [whole], name: "cut")[0]
    return try graph.add(.reshape(Reshape(shape.extents)), [row], name: "shaped")[0]
  }

  /// A value that is also computed right into a larger one, which is read before or after the op.
  private mutating func part(_ tensor: Tensor) throws(Diagnostic) -> ValueID {
    let row = try passed(input(tensor.reshaped([tensor.elementCount])))
    let other = try passed(input(Tensor(random: tensor.element, [lead], nil, seed: draw.seed &+ 1)))
    let whole = try graph.add(.concat(Concat(axis: 0)), [other, row], name: "whole")[0]
    if draw.chance(0.5) { later.append(whole) } else { output(try passed(whole)) }
    return try graph.add(.reshape(Reshape(tensor.shape.extents)), [row], name: "shaped")[0]
  }

  // MARK: Results

  private mutating func use(_ result: ValueID) throws(Diagnostic) {
    let type = graph.type(of: result)
    let row = Reshape([type.shape.elementCount])
    switch draw.number(0...5) {
    case 0: output(result)
    case 1: output(try passed(result))
    case 2:
      output(try passed(result))
      output(result)
    case 3: output(try graph.add(.reshape(row), [result], name: "row")[0])
    case 4:
      // The middle of the result, and all of it, overwritten.
      let flat = try graph.add(.reshape(row), [result], name: "row")[0]
      let count = type.shape.elementCount
      let slice = Slice(starts: [count / 3], counts: [count - count / 3])
      output(try passed(try graph.add(.slice(slice), [flat], name: "middle")[0]))
      output(try passed(result))
    default:
      let flat = try graph.add(.reshape(row), [result], name: "row")[0]
      let other = try passed(flat)
      let parts = draw.chance(0.5) ? [flat, other] : [other, flat, flat]
      output(try graph.add(.concat(Concat(axis: 0)), parts, name: "joined")[0])
    }
  }
}
