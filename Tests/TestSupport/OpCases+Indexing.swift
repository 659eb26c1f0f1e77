import IR
import Tensors

let scatterCases: [OpCase] = {
  var cases: [OpCase] = []
  for (x, indices) in [
    ([5], []), ([5], [3]), ([5, 3], [2, 2]), ([5, 2, 3], [9]), ([5, 0], [3]), ([5, 2], [0]),
    ([5, 7000], [4]),
  ] as [(Shape, Shape)] {
    for element in [.i32, .i64] as [ElementType] {
      let updates = Shape(indices.extents + x.extents.dropFirst())
      cases.append(
        opCase(
          "\(x) by \(element)\(indices)", .scatter(Scatter()),
          [
            operand(TensorType(.f32, x)), operand(TensorType(element, indices), .uniform(-5, 4)),
            operand(TensorType(.f32, updates)),
          ], exact: true))
    }
  }
  for element in ElementType.allCases {
    for reduction in Scatter.Reduction.allCases where element != .bool || reduction == .none {
      cases.append(
        opCase(
          "\(reduction), \(element)", .scatter(Scatter(reduction)),
          [
            operand(TensorType(element, [4, 3])), operand(TensorType(.i64, [9]), .uniform(-4, 3)),
            operand(TensorType(element, [9, 3])),
          ], exact: true))
    }
  }
  for reduction in [.min, .max] as [Scatter.Reduction] {
    cases.append(
      opCase(
        "\(reduction), special values", .scatter(Scatter(reduction)),
        [
          operand(f32(4), .cycle([1, .nan, -.infinity, 2])),
          operand(TensorType(.i64, [4]), .integers([0, 1, 2, 3])),
          operand(f32(4), .cycle([.nan, 1, .infinity, 3])),
        ], exact: true))
  }
  return cases
}()

let topKCases: [OpCase] = {
  var cases: [OpCase] = []
  for largest in [true, false] {
    for (shape, axis, k) in [
      ([9], 0, 1), ([9], 0, 9), ([4, 7], -1, 3), ([7, 4], 0, 3), ([2, 6, 40], 1, 4), ([5, 1], 1, 1),
      ([3, 4], 1, 0),
      ([0, 3], 1, 2), ([2, 500], 1, 50),
    ] as [(Shape, Int, Int)] {
      cases.append(
        opCase(
          "\(k) \(largest ? "largest" : "smallest") of \(shape) along \(axis)",
          .topK(TopK(k, axis: axis, largest: largest)), [TensorType(.f32, shape)], .grid(step: 0.5, -2, 2),
          exact: true))
    }
    for element in ElementType.allCases where element != .bool {
      cases.append(
        opCase(
          "\(largest ? "largest" : "smallest"), \(element)", .topK(TopK(5, axis: 1, largest: largest)),
          [TensorType(element, [3, 12, 2])], exact: true))
    }
    let special: [Double] = [1, .nan, 2, .infinity, -.infinity, 3, -0.0, 0, .nan, 5]
    cases.append(
      opCase(
        "\(largest ? "largest" : "smallest"), special values", .topK(TopK(10, largest: largest)),
        [f32(2, 10)],
        .cycle(special), exact: true))
  }
  return cases
}()

let gridSampleCases: [OpCase] = {
  var cases: [OpCase] = []
  for mode in GridSample.Mode.allCases {
    for padding in GridSample.Padding.allCases {
      for align in [false, true] {
        let op = Op.gridSample(GridSample(mode, padding: padding, alignCorners: align))
        let name = "\(mode), \(padding)\(align ? ", aligned" : "")"
        for (x, grid) in [
          ([1, 2, 5], [1, 4, 1]), ([2, 3, 4, 5], [2, 3, 9, 2]), ([1, 2, 3, 4, 5], [1, 2, 3, 3, 3]),
          ([1, 1, 1, 1], [1, 2, 2, 2]),
          ([0, 2, 3], [0, 4, 1]),
        ] as [(Shape, Shape)] {
          cases.append(
            opCase(
              "\(name), \(x) at \(grid)", op,
              [operand(TensorType(.f32, x)), operand(TensorType(.f32, grid), .uniform(-1.9, 1.9))]))
        }
        let special: [Double] = [.nan, 0, .infinity, 0.5, -.infinity, -0.5, 1e30, 0.25]
        cases.append(
          opCase(
            "\(name), special values", op,
            [operand(f32(1, 2, 3, 3)), operand(f32(1, 2, 4, 2), .cycle(special))]))
      }
    }
    cases.append(
      opCase(
        "\(mode), f16", .gridSample(GridSample(mode)), [TensorType(.f16, [1, 2, 4, 4]), f32(1, 3, 3, 2)]))
  }
  return cases
}()

let roiAlignCases: [OpCase] = {
  var cases: [OpCase] = []
  for mode in RoiAlign.Mode.allCases {
    for coordinates in RoiAlign.Coordinates.allCases {
      for ratio in [0, 1, 3] {
        let op = RoiAlign(mode, coordinates, height: 2, width: 3, samplingRatio: ratio)
        let name = "\(mode), \(coordinates.rawValue), ratio \(ratio)"
        for (x, regions) in [
          ([2, 3, 6, 7], 4), ([1, 20, 9, 5], 2), ([1, 2, 1, 1], 3), ([1, 0, 4, 4], 1), ([3, 1, 4, 4], 0),
        ] as [(Shape, Int)] {
          cases.append(
            opCase(
              "\(name), \(regions) regions of \(x)", .roiAlign(op),
              [
                operand(TensorType(.f32, x)), operand(f32(regions, 4), .uniform(-3, 12)),
                operand(TensorType(.i64, [regions]), .uniform(Double(-x[0]), Double(x[0] - 1))),
              ]))
        }
        let special: [Double] = [
          .nan, 0, 3, .infinity, -.infinity, -1e30, 1e30, 2, 1, 4, 3e9, .nan, 2, -3e9, 5, 2,
        ]
        cases.append(
          opCase(
            "\(name), special values", .roiAlign(op),
            [
              operand(f32(1, 2, 4, 4)), operand(f32(8, 4), .cycle(special)),
              operand(TensorType(.i32, [8]), .integers([0, -1])),
            ]))
      }
    }
    let op = RoiAlign(mode, height: 3, width: 2, spatialScale: 0.25)
    for element in [.f16, .bf16] as [ElementType] {
      cases.append(
        opCase(
          "\(mode), \(element), scaled", .roiAlign(op),
          [
            operand(TensorType(element, [2, 3, 8, 8])),
            operand(TensorType(element, [3, 4]), .uniform(-8, 40)),
            operand(TensorType(.i32, [3]), .uniform(0, 1)),
          ]))
    }
  }
  return cases
}()
