package import Tensors

/// Sum of integers of two scales as integers of a third: y = clamp(zy + round(((a − za) × ma + (b − zb) × mb) / 2^shift)).
///
/// Operands: a, i8, u8 or i16; za of a's element type, []; ma, i32; b, zb and mb likewise, of an element type of its own;
/// shift, i8 [], limited to 0 … 62; zy, [], whose element type, i8, u8, i16 or i32, the result has. a and b broadcast. ma and mb
/// are [] or have one multiplier for each index of the result's axis; any sign, so that one that is negative subtracts. The
/// sum is exact, and rounded and clamped once, as ``Rescaling`` says of a product.
package struct AddInteger: OpDefinition {
  package var rescaling = Rescaling()
  package var axis = 1

  package init(_ rescaling: Rescaling = Rescaling(), axis: Int = 1) {
    self.rescaling = rescaling
    self.axis = axis
  }

  package var name: String { "add_integer" }
  package var `default`: AddInteger { AddInteger() }
  package var attributes: [Attribute<AddInteger>] {
    Rescaling.attributes(\.rescaling) + [.int("axis", \.axis)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(8...8)
    let (a, b) = (operands[0], operands[3])
    try expectQuantized(a, operands[1], "a")
    try expectQuantized(b, operands[4], "b")
    let shape = try broadcastShape(a, b)
    for (parameter, name) in [(operands[2], "multiplier of a"), (operands[5], "multiplier of b")] {
      try expectParameter(parameter, .i32, count: try extent(axis, of: shape, for: parameter), name)
    }
    try expectParameter(operands[6], .i8, count: nil, "shift")
    try rescaling.check(zero: operands[7])
    return [TensorType(operands[7].element, shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (shape, element) = (results[0].shape, results[0].element)
    let (a, b) = (operands[0].centered(operands[1], in: shape), operands[3].centered(operands[4], in: shape))
    let ofA = operands[2].parameter(along: axis, in: shape)
    let ofB = operands[5].parameter(along: axis, in: shape)
    let (shift, zero) = (operands[6].integers[0], operands[7].integers[0])
    let (lower, upper) = rescaling.bounds(element)
    let values = a.indices.map { index in
      let sum = a[index] * ofA[index] + b[index] * ofB[index]
      return min(max(rescaling.rounded(sum, shift, isNegative: sum < 0) + zero, lower), upper)
    }
    return [Tensor(values, shape: shape, element: element)]
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let (a, b, channels) = pairs(region, axis, operands[0], operands[3]) else { return nil }
    let none = Region([])
    let (ofA, ofB) = (operands[2].channels(channels), operands[5].channels(channels))
    return Tile(.addInteger(self), reads: [a, none, ofA, b, none, ofB, none, none])
  }
}

/// Product of integers, rescaled: v = (a − za) × (b − zb), saturated to i32, then y of v as ``Rescaling`` says.
///
/// Operands: a, i8, u8 or i16; za of a's element type, []; b and zb likewise, of an element type of its own; multiplier, i32,
/// and shift, i8, both [] or one for each index of the result's axis; zy, [], whose element type, i8, u8, i16 or i32, the
/// result has. a and b broadcast.
package struct MulInteger: OpDefinition {
  package var rescaling = Rescaling()
  package var axis = 1

  package init(_ rescaling: Rescaling = Rescaling(), axis: Int = 1) {
    self.rescaling = rescaling
    self.axis = axis
  }

  package var name: String { "mul_integer" }
  package var `default`: MulInteger { MulInteger() }
  package var attributes: [Attribute<MulInteger>] {
    Rescaling.attributes(\.rescaling) + [.int("axis", \.axis)]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(7...7)
    let (a, b) = (operands[0], operands[2])
    try expectQuantized(a, operands[1], "a")
    try expectQuantized(b, operands[3], "b")
    let shape = try broadcastShape(a, b)
    try rescaling.check(operands[4...], count: try extent(axis, of: shape, for: operands[4]))
    return [TensorType(operands[6].element, shape)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let shape = results[0].shape
    let (a, b) = (operands[0].centered(operands[1], in: shape), operands[2].centered(operands[3], in: shape))
    let products = zip(a, b).map { Int64(Int32(clamping: $0 * $1)) }
    return [rescaling.apply(to: products, along: axis, operands[4...], results[0])]
  }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    guard let (a, b, channels) = pairs(region, axis, operands[0], operands[2]) else { return nil }
    let (none, parameters) = (Region([]), operands[4].channels(channels))
    return Tile(.mulInteger(self), reads: [a, none, b, none, parameters, parameters, none])
  }
}

private func broadcastShape(_ a: TensorType, _ b: TensorType) throws(OpError) -> Shape {
  guard let shape = a.shape.broadcast(with: b.shape) else {
    throw OpError("shapes \(a.shape) and \(b.shape) of a and b do not broadcast")
  }
  return shape
}

/// How many parameters there are along an axis; nil for one for all, so that its axis need not be there.
private func extent(_ axis: Int, of shape: Shape, for parameter: TensorType) throws(OpError) -> Int? {
  parameter.rank == 0 ? nil : shape[try resolve(axis: axis, in: shape)]
}

/// What a region reads of a and b, and its range of the axis; all of none where the result has no such axis.
private func pairs(_ region: Region, _ axis: Int, _ a: TensorType, _ b: TensorType) -> (
  a: Region, b: Region, channels: Range<Int>
)? {
  let place = axis < 0 ? axis + region.rank : axis
  let channels = region.ranges.indices.contains(place) ? region[place] : 0..<0
  return (region.broadcast(from: a.shape), region.broadcast(from: b.shape), channels)
}
