import IR
import Tensors

let movementCases: [OpCase] = {
  var cases: [OpCase] = []
  for (shape, permutation) in [
    ([], []), ([5], [0]), ([3, 4], [1, 0]), ([3, 4], [0, 1]), ([2, 3, 4], [2, 0, 1]),
    ([2, 3, 4, 5], [0, 2, 3, 1]),
    ([2, 3, 4, 5], [0, 3, 1, 2]), ([2, 3, 4, 5], [0, 2, 1, 3]), ([33, 17], [1, 0]),
    ([2, 1, 3, 1, 2], [4, 1, 2, 0, 3]),
    ([2, 3, 2, 3, 2, 3], [5, 3, 1, 0, 2, 4]), ([2, 0, 3], [2, 1, 0]),
  ] as [(Shape, [Int])] {
    cases.append(
      opCase(
        "\(shape) by \(permutation)", .transpose(Transpose(permutation)), [TensorType(.f32, shape)],
        exact: true))
  }
  for (shape, target) in [
    ([2, 6], [3, 4]), ([], [1, 1]), ([4], []), ([0, 3], [5, 0]), ([2, 3, 4], [24]),
  ] as [(Shape, [Int])]
  where shape.elementCount == Shape(target).elementCount {
    cases.append(
      opCase("\(shape) as \(target)", .reshape(Reshape(target)), [TensorType(.f32, shape)], exact: true))
  }
  for (shape, target) in [
    ([], [2, 3]), ([3], [2, 3]), ([2, 1], [2, 5]), ([1, 3, 1], [2, 3, 4]),
    ([2, 1, 2, 1, 2, 1], [2, 3, 2, 3, 2, 3]), ([1, 3], [0, 3]),
    ([4], [4]),
  ] as [(Shape, [Int])] {
    cases.append(
      opCase("\(shape) to \(target)", .expand(Expand(target)), [TensorType(.f32, shape)], exact: true))
  }
  for (shapes, axis) in [
    ([[3]], 0), ([[2, 3], [4, 3]], 0), ([[2, 3], [2, 1], [2, 2]], 1),
    ([[2, 3, 2], [2, 0, 2], [2, 1, 2]], -2), ([[0], [2], [3]], 0),
    ([[2, 1, 1, 2, 1, 2], [2, 1, 3, 2, 1, 2]], 2), ([[0, 2], [0, 3]], 1),
  ] as [([Shape], Int)] {
    cases.append(
      opCase(
        "\(shapes) along \(axis)", .concat(Concat(axis: axis)), shapes.map { TensorType(.f32, $0) },
        exact: true))
  }
  for (shape, starts, counts, steps) in [
    ([], [], [], []), ([7], [2], [3], []), ([7], [6], [7], [-1]), ([7], [1], [3], [2]),
    ([5, 6], [1, 0], [3, 6], []),
    ([5, 6], [4, 5], [2, 3], [-2, -2]), ([3, 4, 5], [0, 3, 0], [3, 1, 5], []),
    ([3, 4], [0, 4], [3, 0], []),
    ([2, 3, 4, 5], [0, 2, 1, 4], [2, 1, 2, 2], [1, -1, 2, -3]),
    ([2, 2, 2, 2, 2, 2], [1, 0, 1, 0, 1, 0], [1, 2, 1, 2, 1, 2], []),
    ([4], [3], [1], [Int.max]), ([0, 3], [0, 1], [0, 2], []),
  ] as [(Shape, [Int], [Int], [Int])] {
    cases.append(
      opCase(
        "\(shape) from \(starts), \(counts) by \(steps)",
        .slice(Slice(starts: starts, counts: counts, steps: steps)),
        [TensorType(.f32, shape)], exact: true))
  }
  for (axis, bits) in [(-1, 4), (0, 2), (1, 1)] {
    cases.append(
      opCase(
        "\(bits) bits along \(axis)", .unpack(Unpack(axis: axis, bits: bits)), [TensorType(.u8, [3, 4, 5])],
        exact: true))
  }
  for (bits, axis, block, extent, bytes, palettes) in [
    (2, 1, 0, 20, 5, [4]), (3, -1, 0, 16, 6, [8]), (4, 1, 2, 9, 5, [2, 16]), (6, 2, 5, 3, 3, [3, 64]),
    (8, 1, 1, 4, 4, [3, 256]), (3, 0, 0, 5, 2, [8]),
  ] as [(Int, Int, Int, Int, Int, Shape)] {
    var x = [3, 5, 4]
    x[axis < 0 ? 2 : axis] = bytes
    cases.append(
      opCase(
        "\(bits) bits along \(axis) of palettes \(palettes)",
        .palette(Palette(axis: axis, bits: bits, block: block, extent: extent)),
        [TensorType(.u8, Shape(x)), TensorType(bits < 6 ? .f16 : .f32, palettes)], exact: true))
  }
  for element in ElementType.allCases {
    for target in ElementType.allCases
    where target.byteCount == element.byteCount && (target != .bool || element == .bool) {
      cases.append(
        opCase(
          "\(element) as \(target)", .bitcast(Bitcast(target)), [TensorType(element, [3, 5])], exact: true))
    }
    let x = TensorType(element, [3, 4, 5])
    cases += [
      opCase("\(element)", .transpose(Transpose([2, 0, 1])), [x], exact: true),
      opCase("\(element)", .reshape(Reshape([5, 12])), [x], exact: true),
      opCase("\(element)", .expand(Expand([2, 3, 4, 5])), [x], exact: true),
      opCase("\(element)", .concat(Concat(axis: 1)), [x, x], exact: true),
      opCase(
        "\(element)", .slice(Slice(starts: [2, 0, 4], counts: [2, 2, 3], steps: [-1, 3, -2])), [x],
        exact: true),
    ]
  }
  return cases
}()

let gatherCases: [OpCase] = {
  var cases: [OpCase] = []
  for (x, indices, axis) in [
    ([5], [], 0), ([5], [3], 0), ([5, 3], [2, 2], 0), ([3, 5], [4], 1), ([2, 5, 3], [2, 2], -2),
    ([5, 0], [3], 0), ([5, 2], [0], 0),
    ([2, 3, 5], [1], 2),
  ] as [(Shape, Shape, Int)] {
    for element in [.i32, .i64] as [ElementType] {
      cases.append(
        opCase(
          "\(x) by \(element)\(indices) along \(axis)", .gather(Gather(axis: axis)),
          [operand(TensorType(.f32, x)), operand(TensorType(element, indices), .uniform(-5, 4))], exact: true)
      )
    }
  }
  for element in ElementType.allCases {
    cases.append(
      opCase(
        "\(element)", .gather(Gather(axis: 1)),
        [operand(TensorType(element, [2, 4, 3])), operand(TensorType(.i64, [6]), .uniform(-4, 3))],
        exact: true))
  }
  return cases
}()

let padCases: [OpCase] = {
  var cases: [OpCase] = []
  for mode in [.constant, .reflect, .edge, .wrap] as [Pad.Mode] {
    for (shape, pads) in [
      ([], []), ([5], [2, 3]), ([4, 5], [1, 2, 3, 4]), ([4, 5], [0, 0, 0, 2]), ([4, 5], [-1, 0, 2, -2]),
      ([2, 3, 4], [1, 0, 3, 1, 2, 0]),
      ([1, 2, 3, 4], [0, 0, 2, 1, 0, 0, 1, 3]), ([4], [-2, 1]), ([3], [-3, 0]),
    ] as [(Shape, [Int])] {
      cases.append(
        opCase(
          "\(mode.rawValue), \(shape) by \(pads)", .pad(Pad(pads, mode: mode, value: 0.5)),
          [TensorType(.f32, shape)], exact: true))
    }
    for element in ElementType.allCases where element != .f32 {
      cases.append(
        opCase(
          "\(mode.rawValue), \(element)", .pad(Pad([1, 2, 0, 1], mode: mode, value: 3)),
          [TensorType(element, [3, 4])], exact: true))
    }
  }
  cases.append(opCase("more than the extent, edge", .pad(Pad([7, 9], mode: .edge)), [f32(2)], exact: true))
  cases.append(opCase("more than the extent, wrap", .pad(Pad([7, 9], mode: .wrap)), [f32(3)], exact: true))
  cases.append(opCase("empty", .pad(Pad([1, 0, 2, 0], value: -1)), [f32(0, 3)], exact: true))
  cases.append(opCase("infinity", .pad(Pad([1, 1], value: -.infinity)), [f32(2)], exact: true))
  return cases
}()

let resizeCases: [OpCase] = {
  var cases: [OpCase] = []
  let coordinates: [Resize.Coordinates] = [.halfPixel, .asymmetric, .alignCorners, .pytorchHalfPixel]
  for mode in [.nearest, .linear, .cubic] as [Resize.Mode] {
    for coordinate in coordinates {
      for sizes in [[8, 10], [7, 3], [2, 2], [1, 5]] {
        // Powers of two keep nearest positions exact; ties then fall by the rule.
        let input: Shape = mode == .nearest ? [1, 2, 4, 5] : [1, 2, 5, 6]
        let target = mode == .nearest ? [sizes[0] > 4 ? 8 : sizes[0] == 1 ? 1 : 2, 10] : sizes
        let name = "\(mode.rawValue), \(coordinate.rawValue), \(sizes)"
        cases.append(
          opCase(
            name, .resize(Resize(mode, sizes: target, coordinates: coordinate)), [TensorType(.f32, input)],
            exact: mode == .nearest))
        for element in [.i8, .u8, .i16] as [ElementType] {
          cases.append(
            opCase(
              "\(element), \(name)", .resize(Resize(mode, sizes: target, coordinates: coordinate)),
              [operand(TensorType(element, input), wholeRange(element))]))
        }
      }
    }
  }
  for rounding in [.preferFloor, .preferCeil, .floor, .ceil] as [Resize.Rounding] {
    for coordinate in coordinates {
      cases.append(
        opCase(
          "nearest, \(coordinate.rawValue), \(rounding.rawValue)",
          .resize(Resize(.nearest, sizes: [8, 2], coordinates: coordinate, rounding: rounding)),
          [f32(1, 1, 4, 8)], exact: true))
    }
  }
  cases.append(
    opCase("stated scales", .resize(Resize(.linear, sizes: [7, 9], scales: [1.4, 1.5])), [f32(1, 2, 5, 6)]))
  cases.append(
    opCase(
      "nearest, 1-d", .resize(Resize(.nearest, sizes: [12], coordinates: .asymmetric, rounding: .floor)),
      [f32(2, 3, 6)], exact: true))
  cases.append(opCase("linear, 1-d", .resize(Resize(.linear, sizes: [11])), [f32(2, 3, 6)]))
  cases.append(
    opCase(
      "linear, 3-d", .resize(Resize(.linear, sizes: [4, 3, 7], coordinates: .alignCorners)),
      [f32(1, 2, 2, 4, 3)]))
  cases.append(opCase("cubic, 3-d", .resize(Resize(.cubic, sizes: [4, 3, 7])), [f32(1, 1, 2, 4, 3)]))
  cases.append(opCase("one element", .resize(Resize(.cubic, sizes: [3, 4])), [f32(1, 2, 1, 1)]))
  cases.append(opCase("empty batch", .resize(Resize(.linear, sizes: [3, 4])), [f32(0, 2, 2, 2)]))
  for mode in [.linear, .cubic] as [Resize.Mode] {
    var excluding = Resize(mode, sizes: [9, 4])
    excluding.excludeOutside = true
    excluding.cubic = -0.5
    cases.append(opCase("\(mode.rawValue), outside excluded", .resize(excluding), [f32(1, 2, 5, 6)]))
  }
  for element in [.f16, .bf16] as [ElementType] {
    cases.append(
      opCase(
        "linear, \(element)", .resize(Resize(.linear, sizes: [7, 5])), [TensorType(element, [1, 2, 4, 4])]))
    cases.append(
      opCase(
        "nearest, \(element)", .resize(Resize(.nearest, sizes: [8, 8])), [TensorType(element, [1, 2, 4, 4])],
        exact: true))
  }
  return cases
}()
