import IR
import Tensors

let integerRowCases = reduceIntegerCases + poolIntegerCases + softmaxIntegerCases + normIntegerCases

private let quantized: [ElementType] = [.i8, .u8, .i16, .i32]

private func whole(_ element: ElementType, _ shape: Shape) -> OpCase.Operand {
  operand(TensorType(element, shape), wholeRange(element))
}

/// Multiplier, shift and zero point.
private func rescaling(_ to: ElementType, _ first: Double, _ last: Double, _ parameters: Shape = [])
  -> [OpCase.Operand]
{
  [
    operand(TensorType(.i32, parameters), .uniform(0x1p30, 0x1p31 - 1)),
    operand(TensorType(.i8, parameters), .uniform(first, last)), operand(TensorType(to, []), .uniform(0, 20)),
  ]
}

private let reductions: [(x: Shape, axes: [Int], keep: Bool)] = [
  ([], [], true), ([7], [0], false), ([3, 40], [1], true), ([3, 40], [0], false),
  ([2, 3, 5, 7], [2, 3], true),
  ([2, 3, 5, 7], [1, 3], false), ([2, 3, 5, 7], [0, 2], true), ([4, 300, 2], [1], true),
  ([2, 70, 300], [1], false),
  ([2, 0, 3], [1], true), ([0, 3], [1], true), ([4, 5], [], true),
]

private let reduceIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for from in quantized {
    for (index, layout) in reductions.enumerated() {
      let to = quantized[index % 4]
      let limits = Rescaling(
        Rescaling.Rounding.allCases[index % 3], min: index % 4 == 3 ? -60 : Int(Int32.min))
      let op = ReduceInteger(axes: layout.axes, keep: layout.keep, limits)
      let shift: Double = from == .i32 ? 52 : from == .i16 ? 38 : 31
      cases.append(
        opCase(
          "\(from)\(layout.x) over \(layout.axes) to \(to)", .reduceInteger(op),
          [whole(from, layout.x), whole(from, [])] + rescaling(to, shift, 58)))
    }
  }
  return cases
}()

private let windows: [(x: Shape, pool: Pool)] = [
  ([1, 2, 9], Pool(.average, kernel: [3])),
  ([2, 3, 7, 8], Pool(.average, kernel: [3, 2], Window(strides: [2, 2], pads: [1, 1, 1, 0]))),
  ([2, 3, 7, 8], Pool(.averagePadded, kernel: [3, 2], Window(strides: [2, 2], pads: [1, 1, 1, 0]))),
  (
    [1, 2, 8, 9],
    Pool(.averagePadded, kernel: [3, 3], Window(strides: [2, 3], pads: [1, 0, 1, 1]), ceil: true)
  ),
  ([1, 2, 9, 9], Pool(.average, kernel: [2, 2], Window(dilations: [3, 2]))),
  ([1, 1, 4, 5, 600], Pool(.average, kernel: [2, 3, 2], Window(pads: [0, 1, 1, 0, 1, 1]))),
  ([0, 2, 5, 5], Pool(.average, kernel: [2, 2])), ([1, 1, 200, 180], Pool(.average, kernel: [200, 180])),
]

private let poolIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for from in [.i8, .u8, .i16] as [ElementType] {
    for (index, layout) in windows.enumerated() {
      let to = quantized[index % 4]
      let taps = layout.pool.kernel.reduce(1, *)
      let limits = Rescaling(
        Rescaling.Rounding.allCases[index % 3], max: index % 4 == 3 ? 60 : Int(Int32.max))
      let kind = layout.pool.kind.rawValue
      cases.append(
        opCase(
          "\(from)\(layout.x) by \(layout.pool.kernel) to \(to), \(kind)",
          .poolInteger(PoolInteger(layout.pool, limits)),
          [whole(from, layout.x), whole(from, [])] + rescaling(to, from == .i16 ? 38 : 31, 46, [taps])))
    }
  }
  return cases
}()

private let runs: [(x: Shape, axis: Int)] = [
  ([1], 0), ([3, 7], 1), ([3, 700], -1), ([4, 5, 300], 1), ([2, 3, 4], 0), ([0, 3], 1),
]

private let softmaxIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for from in quantized {
    for layout in runs {
      for to in [.i8, .u8, .i16] as [ElementType] {
        let first: Double = (from == .i32 ? 34 : from == .i16 ? 26 : 18) - (layout.x.rank == 3 ? 8 : 0)
        cases.append(
          opCase(
            "\(from)\(layout.x) along \(layout.axis) to \(to)",
            .softmaxInteger(SoftmaxInteger(axis: layout.axis)),
            [whole(from, layout.x), whole(from, [])] + rescaling(to, first, first + 6)))
      }
    }
  }
  return cases
}()

private let norms: [(x: Shape, op: NormInteger, parameters: Shape)] = [
  ([3, 40], NormInteger(epsilon: 4), [40]), ([2, 3, 700], NormInteger(.rms), [700]),
  ([2, 3, 4], NormInteger(axis: 1, epsilon: 1e30), [3, 4]),
  ([2, 6, 5, 7], NormInteger(.group, groups: 3, epsilon: 0.3), [6]),
  ([2, 4, 300], NormInteger(.group, groups: 1), [4]), ([3, 4], NormInteger(.group, groups: 4), [4]),
  ([0, 4], NormInteger(), [4]), ([4, 1], NormInteger(.rms, epsilon: 2), [1]),
]

private let normIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for from in [.i8, .u8, .i16] as [ElementType] {
    for (index, layout) in norms.enumerated() {
      for count in 0...2 {
        var op = layout.op
        let to = quantized[(index + count) % 4]
        op.rescaling = Rescaling(
          Rescaling.Rounding.allCases[index % 3], min: index % 4 == 3 ? -60 : Int(Int32.min))
        let own = [
          whole(.i16, layout.parameters),
          operand(TensorType(.i32, layout.parameters), .uniform(-90000, 90000)),
        ]
        cases.append(
          opCase(
            "\(op.kind.rawValue) of \(from)\(layout.x) to \(to) with \(count) parameters", .normInteger(op),
            [whole(from, layout.x), whole(from, [])] + own.prefix(count) + rescaling(to, 36, 44)))
      }
    }
  }
  return cases
}()
