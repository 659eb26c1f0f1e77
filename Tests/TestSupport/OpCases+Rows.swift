import IR
import Tensors

let reduceCases: [OpCase] = {
  var cases: [OpCase] = []
  let axesOfShapes: [(Shape, [Int])] = [
    ([], []), ([7], [0]), ([3, 5], []), ([3, 5], [1]), ([3, 5], [0]), ([3, 5], [0, 1]), ([2, 3, 4], [1]),
    ([2, 3, 4], [0, 2]), ([2, 3, 4, 5], [2, 3]), ([2, 3, 4, 5], [0, 2]), ([2, 1, 3, 2, 1, 4], [1, 3, 5]),
    ([0, 3], [0]),
    ([3, 0, 2], [1]), ([0, 3], [1]), ([5, 1], [1]), ([2, 515], [1]),
  ]
  for kind in Reduce.Kind.allCases {
    let values: RandomValues = kind == .logSum || kind == .prod ? .uniform(0.5, 1.5) : .uniform(-2, 2)
    for (shape, axes) in axesOfShapes {
      // Kinds behave alike towards axes, so that two of them take every shape.
      guard kind == .sum || kind == .max || shape == [2, 3, 4, 5] || shape == [3, 0, 2] else { continue }
      cases.append(
        opCase(
          "\(kind.rawValue) of \(shape) over \(axes)", .reduce(Reduce(kind, axes: axes)),
          [TensorType(.f32, shape)], values))
    }
    cases.append(
      opCase(
        "\(kind.rawValue), dropped axes", .reduce(Reduce(kind, axes: [0, 2], keep: false)), [f32(3, 4, 5)],
        values))
    for element in [.f16, .bf16] as [ElementType] {
      cases.append(
        opCase(
          "\(kind.rawValue), \(element)", .reduce(Reduce(kind, axes: [1])), [TensorType(element, [3, 9])],
          values))
    }
  }
  for kind in [.sum, .mean, .max, .min, .prod] as [Reduce.Kind] {
    for element in [.i32, .i64] as [ElementType] {
      cases.append(
        opCase(
          "\(kind.rawValue), \(element)", .reduce(Reduce(kind, axes: [0, 2])),
          [TensorType(element, [3, 4, 5])]))
      cases.append(
        opCase(
          "\(kind.rawValue), \(element), empty", .reduce(Reduce(kind, axes: [1])),
          [TensorType(element, [3, 0])]))
    }
    cases.append(
      opCase(
        "\(kind.rawValue), wrapping", .reduce(Reduce(kind, axes: [0])), [TensorType(.i64, [4])],
        .integers([.max, 3, .min, .max])))
  }
  for kind in [.max, .min, .logSumExp, .sum, .mean] as [Reduce.Kind] {
    let special: [Double] = [
      1, .nan, 2, .infinity, -.infinity, 3, -.infinity, -.infinity, -.infinity, 1000, 999, 998,
    ]
    cases.append(
      opCase(
        "\(kind.rawValue), special values", .reduce(Reduce(kind, axes: [1])), [f32(4, 3)], .cycle(special)))
  }
  return cases
}()

let argReduceCases: [OpCase] = {
  var cases: [OpCase] = []
  for kind in [.max, .min] as [ArgReduce.Kind] {
    for last in [false, true] {
      for (shape, axis) in [
        ([9], 0), ([4, 7], -1), ([4, 7], 0), ([2, 5, 3], 1), ([2, 1, 3], 1), ([0, 3], 1),
      ] as [(Shape, Int)] {
        cases.append(
          opCase(
            "\(kind.rawValue)\(last ? ", last" : ""), \(shape) along \(axis)",
            .argReduce(ArgReduce(kind, axis: axis, last: last)), [TensorType(.f32, shape)],
            .grid(step: 1, -2, 2)))
      }
    }
    for element in [.f16, .i8, .u8, .i32, .i64] as [ElementType] {
      cases.append(
        opCase(
          "\(kind.rawValue), \(element)", .argReduce(ArgReduce(kind, axis: 1, keep: false)),
          [TensorType(element, [3, 12, 2])]))
    }
  }
  return cases
}()

let cumSumCases: [OpCase] = {
  var cases: [OpCase] = []
  for (exclusive, reverse) in [(false, false), (true, false), (false, true), (true, true)] {
    let name = (exclusive ? "exclusive" : "inclusive") + (reverse ? ", reverse" : "")
    for (shape, axis) in [
      ([6], 0), ([3, 5], 1), ([3, 5], 0), ([2, 4, 3], -2), ([2, 0, 3], 1), ([1, 1], 0),
    ] as [(Shape, Int)] {
      let op = Op.cumsum(CumSum(axis: axis, exclusive: exclusive, reverse: reverse))
      cases.append(opCase("\(name), \(shape) along \(axis)", op, [TensorType(.f32, shape)]))
    }
    for element in [.f16, .bf16, .i32, .i64] as [ElementType] {
      let op = Op.cumsum(CumSum(axis: 1, exclusive: exclusive, reverse: reverse))
      cases.append(opCase("\(name), \(element)", op, [TensorType(element, [2, 7, 2])]))
    }
  }
  return cases
}()

let normalizationCases: [OpCase] = {
  var cases: [OpCase] = []
  for log in [false, true] {
    for (shape, axis) in [
      ([5], 0), ([3, 9], -1), ([3, 9], 0), ([2, 4, 5], 1), ([2, 3, 4, 33], -1), ([4, 1], 1), ([0, 3], 1),
      ([3, 0], 1),
    ]
      as [(Shape, Int)]
    {
      cases.append(
        opCase(
          "\(log ? "log, " : "")\(shape) along \(axis)", .softmax(Softmax(axis: axis, log: log)),
          [TensorType(.f32, shape)], .uniform(-5, 5)))
    }
    for element in [.f16, .bf16] as [ElementType] {
      cases.append(
        opCase(
          "\(log ? "log, " : "")\(element)", .softmax(Softmax(log: log)), [TensorType(element, [3, 17])],
          .uniform(-5, 5)))
    }
    let special: [Double] = [0, -.infinity, 1, 1000, -1000, 999, -.infinity, -.infinity, 2]
    cases.append(
      opCase(
        "\(log ? "log, " : "")masked and large", .softmax(Softmax(log: log)), [f32(3, 3)], .cycle(special)))
  }

  for (shape, axis) in [
    ([7], 0), ([4, 16], -1), ([2, 3, 5], 1), ([2, 3, 4, 5], -2), ([3, 4], 0), ([5, 1], 1), ([0, 4], 1),
  ] as [(Shape, Int)] {
    let x = TensorType(.f32, shape)
    let scale = TensorType(.f32, Shape(Array(shape.extents[(axis < 0 ? axis + shape.rank : axis)...])))
    cases.append(opCase("\(shape) from \(axis)", .layerNorm(LayerNorm(axis: axis)), [x]))
    cases.append(opCase("\(shape) from \(axis), scale", .layerNorm(LayerNorm(axis: axis)), [x, scale]))
    cases.append(
      opCase(
        "\(shape) from \(axis), scale and bias", .layerNorm(LayerNorm(axis: axis, epsilon: 0.1)),
        [x, scale, scale]))
    cases.append(opCase("\(shape) from \(axis)", .rmsNorm(RMSNorm(axis: axis)), [x]))
    cases.append(
      opCase("\(shape) from \(axis), scale", .rmsNorm(RMSNorm(axis: axis, epsilon: 0.1)), [x, scale]))
  }
  for (shape, groups) in [
    ([2, 6, 4, 4], 3), ([1, 4, 5, 5], 1), ([2, 4, 7], 4), ([2, 6], 2), ([1, 4, 2, 3, 2], 2), ([0, 4, 3], 2),
  ] as [(Shape, Int)] {
    let op = Op.groupNorm(GroupNorm(groups: groups))
    let x = TensorType(.f32, shape)
    cases.append(opCase("\(shape) in \(groups)", op, [x]))
    cases.append(opCase("\(shape) in \(groups), scale and bias", op, [x, f32(shape[1]), f32(shape[1])]))
  }
  for shape in [[2, 3, 4, 5], [4, 6], [1, 2, 9], [2, 3, 2, 2, 2], [0, 3, 2]] as [Shape] {
    let channel = f32(shape[1])
    cases.append(
      opCase(
        "\(shape)", .batchNorm(BatchNorm()),
        [
          operand(TensorType(.f32, shape)), operand(channel), operand(channel), operand(channel),
          operand(channel, .uniform(0.25, 2)),
        ]))
  }
  for (shape, axis) in [([6], 0), ([3, 8], -1), ([3, 8], 0), ([2, 4, 3], 1)] as [(Shape, Int)] {
    for order in [1, 2] {
      cases.append(
        opCase(
          "order \(order), \(shape) along \(axis)", .lpNorm(LpNorm(axis: axis, order: order)),
          [TensorType(.f32, shape)]))
    }
  }
  cases.append(opCase("zeros", .lpNorm(LpNorm()), [f32(2, 4)], .cycle([0, 0, 0, 0, 3, 0, 4, 0])))
  for element in [.f16, .bf16] as [ElementType] {
    let (x, channel) = (TensorType(element, [2, 4, 6]), TensorType(element, [6]))
    cases.append(opCase("\(element)", .layerNorm(LayerNorm()), [x, channel, channel]))
    cases.append(opCase("\(element), f32 scale", .rmsNorm(RMSNorm()), [x, f32(6)]))
    cases.append(opCase("\(element)", .groupNorm(GroupNorm(groups: 2)), [x, f32(4), f32(4)]))
    cases.append(opCase("\(element)", .lpNorm(LpNorm()), [x]))
  }
  return cases
}()
