package import IR
package import Tensors

/// One use of an op drawn at random: legal operands, attributes and shapes, among them extents of 0 and 1 and
/// ranks of 0 to 6.
package struct GeneratedOp: Sendable, CustomStringConvertible {
  package var op: Op
  package var operands: [TensorType]
  /// Contents for each operand; nil for the standard ones of its type.
  package var values: [RandomValues?] = []
  /// How far results may lie apart, in units of the largest one; 0 asks for equality.
  package var tolerance = 1e-5

  package var description: String { "\(op.text) of \(operands.map(\.description).joined(separator: ", "))" }

  /// Random contents of the operands.
  package func tensors(seed: UInt64) -> [Tensor] {
    operands.indices.map { index in
      let type = operands[index]
      return Tensor(
        random: type.element, type.shape, values.indices.contains(index) ? values[index] : nil,
        seed: seed &+ UInt64(index))
    }
  }
}

/// Families of ops from which ``GeneratedOp`` are drawn.
package enum OpFamily: String, CaseIterable, Sendable {
  case unary, binary, select, cast, matmul, conv, convTranspose, pool, argPool, roiAlign, reduce, argReduce,
    softmax, norm,
    transpose,
    reshape, expand, concat, slice, pad, gather, nonZero, unique, nms, resize, cumsum
}

/// Draws random choices.
package struct Draw: Sendable {
  private var generator: SplitMix64
  package init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(generator.next() % UInt64(range.count))
  }
  package mutating func one<Choice>(of choices: [Choice]) -> Choice {
    choices[number(0...(choices.count - 1))]
  }
  package mutating func chance(_ part: Double) -> Bool { generator.unit() < part }

  /// A shape whose extents are mostly small and odd, rarely 0.
  package mutating func shape(rank: ClosedRange<Int> = 0...6, empty: Bool = true) -> Shape {
    let rank = number(rank)
    let large = rank <= 2 ? [17, 33, 129] : [5, 7]
    return Shape(
      (0..<rank).map { _ in
        if empty, chance(0.03) { return 0 }
        return chance(0.2) ? 1 : one(of: [2, 3, 4] + large)
      })
  }

  /// A shape that broadcasts with `shape`: leading axes left out, some extents 1.
  mutating func broadcastable(with shape: Shape) -> Shape {
    let dropped = number(0...shape.rank)
    return Shape(shape.dropFirst(chance(0.5) ? dropped : 0).map { chance(0.3) ? 1 : $0 })
  }

  mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in order.indices.reversed() { order.swapAt(index, number(0...index)) }
    return order
  }
}

extension OpFamily {
  /// One legal op of this family.
  package func generate(_ draw: inout Draw) -> GeneratedOp {
    switch self {
    case .unary: return unary(&draw)
    case .binary: return binary(&draw)
    case .select: return select(&draw)
    case .cast:
      let (from, to) = (draw.one(of: ElementType.allCases), draw.one(of: ElementType.allCases))
      return GeneratedOp(op: .cast(Cast(to)), operands: [TensorType(from, draw.shape())], tolerance: 0)
    case .matmul: return matmul(&draw)
    case .conv: return conv(&draw)
    case .convTranspose: return convTranspose(&draw)
    case .pool: return pool(&draw)
    case .argPool: return argPool(&draw)
    case .roiAlign: return roiAlign(&draw)
    case .reduce: return reduce(&draw)
    case .argReduce:
      let shape = draw.shape(rank: 1...5, empty: false)
      let op = ArgReduce(
        draw.one(of: [.max, .min]), axis: draw.number(0...(shape.rank - 1)), keep: draw.chance(0.5),
        last: draw.chance(0.5))
      return GeneratedOp(
        op: .argReduce(op), operands: [TensorType(draw.one(of: [.f32, .i32, .u8]), shape)],
        values: [.grid(step: 1, 0, 5)], tolerance: 0)
    case .softmax:
      let shape = draw.shape(rank: 1...5)
      let op = Softmax(axis: draw.number(-shape.rank...(shape.rank - 1)), log: draw.chance(0.3))
      return GeneratedOp(op: .softmax(op), operands: [TensorType(.f32, shape)], values: [.uniform(-20, 20)])
    case .norm: return norm(&draw)
    case .transpose:
      let shape = draw.shape()
      return GeneratedOp(
        op: .transpose(Transpose(draw.permutation(shape.rank))),
        operands: [TensorType(draw.one(of: ElementType.allCases), shape)], tolerance: 0)
    case .reshape:
      let shape = draw.shape()
      let merged = shape.elementCount
      let target = draw.chance(0.5) ? [merged] : [1] + shape.extents.reversed()
      return GeneratedOp(
        op: .reshape(Reshape(target)), operands: [TensorType(draw.one(of: ElementType.allCases), shape)],
        tolerance: 0)
    case .expand:
      let target = draw.shape()
      return GeneratedOp(
        op: .expand(Expand(target.extents)),
        operands: [TensorType(draw.one(of: ElementType.allCases), draw.broadcastable(with: target))],
        tolerance: 0)
    case .concat: return concat(&draw)
    case .slice: return slice(&draw)
    case .pad: return pad(&draw)
    case .gather: return gather(&draw)
    case .nonZero: return nonZero(&draw)
    case .unique: return unique(&draw)
    case .nms: return nms(&draw)
    case .resize: return resize(&draw)
    case .cumsum:
      let shape = draw.shape(rank: 1...4)
      let op = CumSum(
        axis: draw.number(0...(shape.rank - 1)), exclusive: draw.chance(0.5), reverse: draw.chance(0.5))
      return GeneratedOp(op: .cumsum(op), operands: [TensorType(draw.one(of: [.f32, .i32, .i64]), shape)])
    }
  }

  private func unary(_ draw: inout Draw) -> GeneratedOp {
    let function = draw.one(of: UnaryFunction.allCases)
    let elements: [ElementType] =
      function.acceptsIntegers ? [.f32, .f16, .i8, .u8, .i16, .i32, .i64] : [.f32]
    let element = draw.one(of: elements)
    let chosen: ElementType = function == .bitNot ? .i32 : element
    return GeneratedOp(
      op: .unary(Unary(function)), operands: [TensorType(chosen, draw.shape())],
      values: [chosen.isFloat ? .uniform(0.25, 0.9) : nil], tolerance: chosen == .f32 ? 1e-5 : 2e-3)
  }

  private func binary(_ draw: inout Draw) -> GeneratedOp {
    let function = draw.one(of: BinaryFunction.allCases)
    var elements: [ElementType] = function.acceptsFloats ? [.f32, .f32, .f16] : []
    if function.acceptsIntegers { elements += [.i8, .u8, .i16, .i32, .i64] }
    let element = draw.one(of: elements)
    let shape = draw.shape()
    let other = draw.broadcastable(with: shape)
    let operands = [TensorType(element, shape), TensorType(element, other)]
    let isSmall = function == .pow || function == .shiftLeft || function == .shiftRight
    let values: RandomValues? = element.isFloat ? .uniform(0.5, 3) : isSmall ? .uniform(0, 3) : nil
    return GeneratedOp(
      op: .binary(Binary(function)), operands: draw.chance(0.5) ? operands : operands.reversed(),
      values: [values, values], tolerance: element == .f32 ? 1e-5 : 2e-3)
  }

  private func select(_ draw: inout Draw) -> GeneratedOp {
    let shape = draw.shape()
    let element = draw.one(of: ElementType.allCases)
    return GeneratedOp(
      op: .select(Select()),
      operands: [
        TensorType(.bool, draw.broadcastable(with: shape)), TensorType(element, shape),
        TensorType(element, draw.broadcastable(with: shape)),
      ], tolerance: 0)
  }

  private func matmul(_ draw: inout Draw) -> GeneratedOp {
    let batch = draw.shape(rank: 0...3)
    let (rows, inner, columns) = (
      draw.one(of: [0, 1, 2, 7, 17, 33]), draw.one(of: [0, 1, 3, 16, 65]), draw.one(of: [1, 2, 8, 15, 70])
    )
    let (flipA, flipB) = (draw.chance(0.4), draw.chance(0.4))
    let a = draw.broadcastable(with: batch).extents + (flipA ? [inner, rows] : [rows, inner])
    let b = batch.extents + (flipB ? [columns, inner] : [inner, columns])
    let weight = draw.one(of: [ElementType.f32, .f32, .f16, .bf16])
    var operands = [TensorType(.f32, Shape(a)), TensorType(weight, Shape(b))]
    if draw.chance(0.5) { operands.append(TensorType(.f32, draw.chance(0.5) ? [columns] : [rows, 1])) }
    return GeneratedOp(
      op: .matmul(MatMul(transposeA: flipA, transposeB: flipB, activation: activation(&draw))),
      operands: operands)
  }

  private func activation(_ draw: inout Draw) -> Unary? {
    draw.chance(0.5)
      ? nil : draw.one(of: [Unary(.relu), Unary(.gelu), Unary(.clip, 0, 1), Unary(.silu), Unary(.hardSwish)])
  }

  private func window(_ draw: inout Draw, _ spatial: Int, kernel: [Int]) -> Window {
    Window(
      strides: draw.chance(0.5) ? [] : (0..<spatial).map { _ in draw.number(1...3) },
      dilations: draw.chance(0.7) ? [] : (0..<spatial).map { _ in draw.number(1...2) },
      pads: draw.chance(0.4) ? [] : (kernel + kernel).map { draw.number(0...($0 / 2)) })
  }

  private func conv(_ draw: inout Draw) -> GeneratedOp {
    let spatial = draw.number(1...3)
    let group = draw.one(of: [1, 1, 2, 5])
    let isDepthwise = draw.chance(0.3)
    let channels = isDepthwise ? group : group * draw.number(1...9)
    let outputs = group * draw.number(1...9)
    let kernel = (0..<spatial).map { _ in draw.number(1...4) }
    let extents = (0..<spatial).map { _ in draw.number(7...(spatial == 3 ? 9 : 19)) }
    let weight = draw.one(of: [ElementType.f32, .f32, .f16])
    var operands = [
      TensorType(.f32, Shape([draw.number(1...2), channels] + extents)),
      TensorType(weight, Shape([outputs, channels / group] + kernel)),
    ]
    if draw.chance(0.5) { operands.append(TensorType(.f32, [outputs])) }
    return GeneratedOp(
      op: .conv(Conv(window(&draw, spatial, kernel: kernel), group: group, activation: activation(&draw))),
      operands: operands)
  }

  private func convTranspose(_ draw: inout Draw) -> GeneratedOp {
    let spatial = draw.number(1...3)
    let group = draw.one(of: [1, 2])
    let (channels, outputs) = (group * draw.number(1...4), draw.number(1...4))
    let kernel = (0..<spatial).map { _ in draw.number(2...4) }
    var window = window(&draw, spatial, kernel: kernel)
    window.pads = draw.chance(0.5) ? [] : (kernel + kernel).map { draw.number(0...($0 - 1) / 2) }
    let strides = (0..<spatial).map { window.stride($0) }
    var operands = [
      TensorType(.f32, Shape([1, channels] + (0..<spatial).map { _ in draw.number(3...6) })),
      TensorType(.f32, Shape([channels, outputs] + kernel)),
    ]
    if draw.chance(0.5) { operands.append(TensorType(.f32, [outputs * group])) }
    return GeneratedOp(
      op: .convTranspose(
        ConvTranspose(
          window, group: group,
          outputPadding: draw.chance(0.6) ? [] : strides.map { draw.number(0...($0 - 1)) },
          activation: activation(&draw))), operands: operands)
  }

  private func pool(_ draw: inout Draw) -> GeneratedOp {
    let spatial = draw.number(1...3)
    let kernel = (0..<spatial).map { _ in draw.number(1...4) }
    let kind = draw.one(of: [Pool.Kind.max, .average, .averagePadded])
    let element: ElementType = kind == .max ? draw.one(of: [.f32, .u8, .i8]) : .f32
    let shape = Shape(
      [draw.number(1...2), draw.number(1...5)] + (0..<spatial).map { _ in draw.number(7...12) })
    return GeneratedOp(
      op: .pool(Pool(kind, kernel: kernel, window(&draw, spatial, kernel: kernel), ceil: draw.chance(0.4))),
      operands: [TensorType(element, shape)])
  }

  private func argPool(_ draw: inout Draw) -> GeneratedOp {
    let spatial = draw.number(1...3)
    let kernel = (0..<spatial).map { _ in draw.number(1...4) }
    let shape = Shape(
      [draw.number(1...2), draw.number(1...5)] + (0..<spatial).map { _ in draw.number(7...12) })
    let op = ArgPool(kernel: kernel, window(&draw, spatial, kernel: kernel), ceil: draw.chance(0.4))
    return GeneratedOp(
      op: .argPool(op), operands: [TensorType(draw.one(of: [.f32, .f16, .u8, .i8]), shape)],
      values: [.grid(step: 1, 0, 5)], tolerance: 0)
  }

  private func roiAlign(_ draw: inout Draw) -> GeneratedOp {
    let (images, regions) = (draw.number(1...3), draw.number(0...4))
    let op = RoiAlign(
      draw.one(of: RoiAlign.Mode.allCases), draw.one(of: RoiAlign.Coordinates.allCases),
      height: draw.number(1...4), width: draw.number(1...4), samplingRatio: draw.one(of: [0, 0, 1, 2, 5]),
      spatialScale: draw.one(of: [1, 0.25, 0.0625]))
    let reach = draw.one(of: [8.0, 16, 1000]) / op.spatialScale
    return GeneratedOp(
      op: .roiAlign(op),
      operands: [
        TensorType(.f32, [images, draw.number(1...18), draw.number(1...9), draw.number(1...9)]),
        TensorType(.f32, [regions, 4]), TensorType(draw.one(of: [.i32, .i64]), [regions]),
      ],
      values: [nil, .uniform(-reach / 4, reach), .uniform(Double(-images), Double(images - 1))])
  }

  private func reduce(_ draw: inout Draw) -> GeneratedOp {
    let kind = draw.one(of: Reduce.Kind.allCases)
    let isInteger = [.sum, .mean, .max, .min, .prod].contains(kind) && draw.chance(0.3)
    let shape = draw.shape(empty: false)
    let axes = shape.indices.filter { _ in draw.chance(0.5) }
    return GeneratedOp(
      op: .reduce(Reduce(kind, axes: axes, keep: draw.chance(0.5))),
      operands: [TensorType(isInteger ? .i64 : .f32, shape)],
      values: [isInteger ? .uniform(-2, 2) : .uniform(0.5, 1.5)]
    )
  }

  private func norm(_ draw: inout Draw) -> GeneratedOp {
    switch draw.number(0...3) {
    case 0:
      let shape = draw.shape(rank: 1...5, empty: false)
      let axis = draw.number(0...(shape.rank - 1))
      let scale = TensorType(.f32, Shape(Array(shape.extents[axis...])))
      let extra = draw.number(0...2)
      return GeneratedOp(
        op: .layerNorm(LayerNorm(axis: axis, epsilon: 1e-3)),
        operands: [TensorType(.f32, shape)] + [scale, scale].prefix(extra))
    case 1:
      let shape = draw.shape(rank: 1...5, empty: false)
      let axis = draw.number(0...(shape.rank - 1))
      let scale = TensorType(.f32, Shape(Array(shape.extents[axis...])))
      return GeneratedOp(
        op: .rmsNorm(RMSNorm(axis: axis)),
        operands: [TensorType(.f32, shape)] + (draw.chance(0.5) ? [scale] : []))
    case 2:
      let groups = draw.number(1...4)
      let channels = groups * draw.number(1...3)
      let shape = Shape([draw.number(1...2), channels] + draw.shape(rank: 1...3, empty: false).extents)
      let scale = TensorType(.f32, [channels])
      return GeneratedOp(
        op: .groupNorm(GroupNorm(groups: groups, epsilon: 1e-3)),
        operands: [TensorType(.f32, shape)] + [scale, scale].prefix(draw.number(0...2)))
    default:
      let shape = draw.shape(rank: 1...4, empty: false)
      return GeneratedOp(
        op: .lpNorm(LpNorm(axis: draw.number(0...(shape.rank - 1)), order: draw.number(1...2))),
        operands: [TensorType(.f32, shape)])
    }
  }

  private func concat(_ draw: inout Draw) -> GeneratedOp {
    let shape = draw.shape(rank: 1...5)
    let axis = draw.number(0...(shape.rank - 1))
    let element = draw.one(of: ElementType.allCases)
    let operands = (0..<draw.number(1...4)).map { _ in
      var part = shape
      part[axis] = draw.number(0...4)
      return TensorType(element, part)
    }
    return GeneratedOp(op: .concat(Concat(axis: axis)), operands: operands, tolerance: 0)
  }

  private func slice(_ draw: inout Draw) -> GeneratedOp {
    let shape = draw.shape(empty: false)
    var op = Slice(starts: [], counts: [], steps: [])
    for extent in shape {
      let step = draw.one(of: [1, 1, 1, 2, -1, -2])
      let start = draw.number(0...(extent - 1))
      let room = step > 0 ? (extent - 1 - start) / step : start / -step
      op.starts.append(start)
      op.counts.append(draw.number(0...(room + 1)))
      op.steps.append(step)
    }
    return GeneratedOp(
      op: .slice(op), operands: [TensorType(draw.one(of: ElementType.allCases), shape)], tolerance: 0)
  }

  private func pad(_ draw: inout Draw) -> GeneratedOp {
    let shape = draw.shape(rank: 1...4, empty: false)
    let mode = draw.one(of: [Pad.Mode.constant, .reflect, .edge, .wrap])
    let pads = (shape.extents + shape.extents).map { draw.number(0...($0 - 1)) }
    return GeneratedOp(
      op: .pad(Pad(pads, mode: mode, value: 3)),
      operands: [TensorType(draw.one(of: [.f32, .i64, .u8, .f16]), shape)],
      tolerance: 0)
  }

  private func gather(_ draw: inout Draw) -> GeneratedOp {
    let shape = draw.shape(rank: 1...4, empty: false)
    let axis = draw.number(0...(shape.rank - 1))
    let extent = shape[axis]
    let indices = TensorType(draw.one(of: [.i32, .i64]), draw.shape(rank: 0...2))
    return GeneratedOp(
      op: .gather(Gather(axis: axis)),
      operands: [TensorType(draw.one(of: ElementType.allCases), shape), indices],
      values: [nil, .uniform(Double(-extent), Double(extent - 1))], tolerance: 0)
  }

  private func nonZero(_ draw: inout Draw) -> GeneratedOp {
    GeneratedOp(
      op: .nonZero(NonZero()),
      operands: [TensorType(draw.one(of: ElementType.allCases), draw.shape(rank: 1...1))],
      values: [.grid(step: 1, 0, Double(draw.number(0...3)))], tolerance: 0)
  }

  private func unique(_ draw: inout Draw) -> GeneratedOp {
    GeneratedOp(
      op: .unique(Unique(sorted: draw.chance(0.6))),
      operands: [TensorType(draw.one(of: ElementType.allCases), draw.shape(rank: 2...2))],
      values: [.grid(step: 1, 0, Double(draw.number(0...4)))], tolerance: 0)
  }

  private func nms(_ draw: inout Draw) -> GeneratedOp {
    let (images, classes) = (draw.number(1...2), draw.number(1...3))
    let count = draw.one(of: [0, 1, 4, 17, 60])
    let op = NonMaxSuppression(
      isCentered: draw.chance(0.4), most: draw.number(0...12), overlap: draw.one(of: [0, 0.25, 0.5, 0.75]),
      score: draw.one(of: [-.infinity, 0.25, 0.5]))
    // Coarse coordinates, so that overlaps meet thresholds exactly.
    return GeneratedOp(
      op: .nms(op),
      operands: [
        TensorType(.f32, [images, count, 4]),
        TensorType(draw.one(of: [.f32, .f16]), [images, classes, count]),
      ],
      values: [.grid(step: 0.25, 0, 2), .grid(step: 0.125, 0, 1)], tolerance: 0)
  }

  private func resize(_ draw: inout Draw) -> GeneratedOp {
    let spatial = draw.number(1...3)
    let shape = Shape([1, draw.number(1...3)] + (0..<spatial).map { _ in draw.number(2...7) })
    let op = Resize(
      draw.one(of: [.nearest, .linear, .cubic]), sizes: (0..<spatial).map { _ in draw.number(1...13) },
      coordinates: draw.one(of: [.halfPixel, .asymmetric, .alignCorners, .pytorchHalfPixel]),
      rounding: draw.one(of: [.preferFloor, .preferCeil, .floor, .ceil]))
    return GeneratedOp(op: .resize(op), operands: [TensorType(.f32, shape)])
  }
}
