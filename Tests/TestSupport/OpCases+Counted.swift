import IR
import Tensors

let nonZeroCases: [OpCase] = {
  var cases = [0, 1, 2, 7, 3000].map { count in
    opCase("\(count)", .nonZero(NonZero()), [TensorType(.f32, [count])], .grid(step: 1, -1, 1))
  }
  for element in ElementType.allCases {
    cases.append(opCase("\(element)", .nonZero(NonZero()), [TensorType(element, [40])], .grid(step: 1, 0, 2)))
  }
  cases.append(
    opCase("special values", .nonZero(NonZero()), [f32(6)], .cycle([.nan, -0.0, 0, .infinity, 1e-45])))
  cases.append(opCase("nothing", .nonZero(NonZero()), [f32(6)], .cycle([0])))
  return cases
}()

let uniqueCases: [OpCase] = {
  var cases: [OpCase] = []
  for sorted in [true, false] {
    let op = Op.unique(Unique(sorted: sorted))
    let name = sorted ? "sorted" : "by occurrence"
    for shape in [[0, 3], [1, 1], [9, 1], [40, 3], [3, 40], [2000, 1], [5, 0], [0, 0], [300, 2]] as [Shape] {
      cases.append(opCase("\(name), \(shape)", op, [TensorType(.f32, shape)], .grid(step: 0.5, -1, 1)))
    }
    for element in ElementType.allCases {
      cases.append(opCase("\(name), \(element)", op, [TensorType(element, [60, 1])]))
    }
    cases.append(
      opCase(
        "\(name), large integers", op, [TensorType(.i64, [12, 1])],
        .integers([.max, .min, 0, .max - 1, .min + 1, -1, .max])))
    let special: [Double] = [1, .nan, 0, -.infinity, .nan, -0.0, 1, .infinity, -1]
    for width in [1, 2, 3] {
      cases.append(opCase("\(name), special values, \(width)", op, [f32(18, width)], .cycle(special)))
    }
  }
  return cases
}()

let nmsCases: [OpCase] = {
  var cases: [OpCase] = []
  func add(
    _ name: String, _ op: NonMaxSuppression, boxes: TensorType, classes: Int,
    _ corners: RandomValues = .uniform(0, 1),
    _ scores: RandomValues = .grid(step: 0.125, 0, 1)
  ) {
    let shape = Shape([boxes.shape[0], classes, boxes.shape[1]])
    cases.append(
      opCase(name, .nms(op), [operand(boxes, corners), operand(TensorType(boxes.element, shape), scores)]))
  }
  for isCentered in [false, true] {
    for (most, overlap, score) in [
      (0, 0.5, 0.5), (1, 0.5, 0.5), (3, 0.2, 0.1), (100, 0, -.infinity), (100, 0.6, 0), (5, 1, 0.9),
      (8, 0.3, 2),
      (9, -2, 0),
    ] {
      let op = NonMaxSuppression(isCentered: isCentered, most: most, overlap: overlap, score: score)
      let name = "\(isCentered ? "centered" : "corners"), at most \(most), \(overlap), \(score)"
      add(name, op, boxes: f32(1, 25, 4), classes: 1)
    }
    let op = NonMaxSuppression(isCentered: isCentered, most: 6, overlap: 0.3, score: 0.2)
    let name = isCentered ? "centered" : "corners"
    for (shape, classes) in [
      ([2, 30, 4], 3), ([1, 1, 4], 1), ([0, 5, 4], 2), ([2, 0, 4], 2), ([2, 5, 4], 0), ([1, 400, 4], 2),
    ] as [(Shape, Int)] {
      add("\(name), \(classes) classes of \(shape)", op, boxes: TensorType(.f32, shape), classes: classes)
    }
    for element in [.f16, .bf16] as [ElementType] {
      add("\(name), \(element)", op, boxes: TensorType(element, [2, 20, 4]), classes: 2)
    }
    let corners: [Double] = [
      0, 0, 1, 1, 0.5, .nan, 1, .infinity, 2, -.infinity, 1, 3, 0, 0, 0, 1, 1, 1, 0, 0,
    ]
    let scores: [Double] = [0.5, .nan, -.infinity, 0.5, .infinity, -0.0, 0]
    for score in [-Double.infinity, 0] {
      let op = NonMaxSuppression(isCentered: isCentered, most: 30, overlap: 0.3, score: score)
      add(
        "\(name), special values above \(score)", op, boxes: f32(1, 25, 4), classes: 2, .cycle(corners),
        .cycle(scores))
    }
  }
  return cases
}()
