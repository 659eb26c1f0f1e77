import IR
import Tensors

let scatterCases: [OpCase] = {
  var cases: [OpCase] = []
  for (x, indices) in [
    ([5], []), ([5], [3]), ([5, 3], [2, 2]), ([5, 2, 3], [9]), ([5, 0], [3]), ([5, 2], [0]), ([5, 7000], [4]),
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
          operand(f32(4), .cycle([1, .nan, -.infinity, 2])), operand(TensorType(.i64, [4]), .integers([0, 1, 2, 3])),
          operand(f32(4), .cycle([.nan, 1, .infinity, 3])),
        ], exact: true))
  }
  return cases
}()
