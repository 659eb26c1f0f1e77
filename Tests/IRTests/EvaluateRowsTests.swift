import IR
import Tensors
import TestSupport
import Testing

@Suite struct EvaluateRowsTests {
  private func reduce(_ kind: Reduce.Kind, _ values: [Float], _ shape: Shape, _ axes: [Int]) throws -> [Float]
  {
    try Op.reduce(Reduce(kind, axes: axes)).evaluate([Tensor(values, shape: shape)])[0].floats
  }

  private func close(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * max(1, abs($1)) }
  }

  @Test(
    arguments: [
      (.sum, [-1, 9]), (.mean, [-1 / 3.0, 3]), (.max, [2, 5]), (.min, [-4, 0]), (.prod, [-8, 0]),
      (.l1, [7, 9]),
      (.l2, [4.5825757, 6.4031242]), (.sumSquare, [21, 41]), (.logSum, [.nan, 2.1972246]),
      (.logSumExp, [2.3150722, 5.3181754]),
    ] as [(Reduce.Kind, [Float])])
  func reductionsByHand(_ kind: Reduce.Kind, _ expected: [Float]) throws {
    let values = try reduce(kind, [1, 2, -4, 0, 5, 4], [2, 3], [1])
    for (value, wanted) in zip(values, expected) {
      #expect(
        abs(value - wanted) <= 1e-6 * max(1, abs(wanted)) || (value.isNaN && wanted.isNaN),
        "\(value), not \(wanted)")
    }
  }

  @Test func reductionsOverSeveralAxes() throws {
    let values = (0..<24).map { Float($0) }
    #expect(try reduce(.sum, values, [2, 3, 4], [0, 2]) == [60, 92, 124])
    #expect(try reduce(.max, values, [2, 3, 4], [1]) == [8, 9, 10, 11, 20, 21, 22, 23])
    #expect(try reduce(.sum, values, [2, 3, 4], []) == values)
    let dropped = try Op.reduce(Reduce(.mean, axes: [0, 2], keep: false)).evaluate([
      Tensor(values, shape: [2, 3, 4])
    ])[0]
    #expect(dropped.shape == [3])
    #expect(dropped.floats == [7.5, 11.5, 15.5])
  }

  @Test func emptyReductionsGiveTheIdentity() throws {
    let kinds: [(Reduce.Kind, Float)] = [
      (.sum, 0), (.max, -.infinity), (.min, .infinity), (.prod, 1), (.l1, 0), (.l2, 0), (.sumSquare, 0),
      (.logSum, -.infinity), (.logSumExp, -.infinity),
    ]
    for (kind, identity) in kinds { #expect(try reduce(kind, [], [2, 0], [1]) == [identity, identity]) }
    #expect(try reduce(.mean, [], [1, 0], [1])[0].isNaN)
    for (kind, identity) in [
      (.max, Int64(Int32.min)), (.min, Int64(Int32.max)), (.mean, 0), (.prod, 1), (.sum, 0),
    ]
      as [(Reduce.Kind, Int64)]
    {
      let empty = Tensor([] as [Int64], shape: [0], element: .i32)
      #expect(try Op.reduce(Reduce(kind, axes: [0])).evaluate([empty])[0].integers == [identity])
    }
  }

  @Test func reductionsOfIntegers() throws {
    let x = Tensor([7, -8, 2, .max] as [Int64], shape: [2, 2])
    #expect(
      try Op.reduce(Reduce(.mean, axes: [1])).evaluate([x])[0].integers == [
        0, Int64(bitPattern: 1 << 63 | 1) / 2,
      ])
    #expect(try Op.reduce(Reduce(.sum, axes: [0, 1])).evaluate([x])[0].integers == [.min])
    let narrow = Tensor([1 << 30, 4] as [Int64], shape: [2], element: .i32)
    #expect(try Op.reduce(Reduce(.prod, axes: [0])).evaluate([narrow])[0].integers == [0])
  }

  @Test func logSumExpDoesNotOverflow() throws {
    #expect(close(try reduce(.logSumExp, [1000, 1000, -1000], [3], [0]), [1000.6931]))
    #expect(try reduce(.logSumExp, [.infinity, 1], [2], [0]) == [.infinity])
    #expect(try reduce(.max, [1, .nan, 2], [3], [0])[0].isNaN)
  }

  @Test func positionsOfExtremes() throws {
    let x = Tensor([3, 1, 3, .nan, 9, .nan, -1, -1, 5] as [Float], shape: [3, 3])
    func position(_ op: ArgReduce) throws -> [Int64] { try Op.argReduce(op).evaluate([x])[0].integers }
    #expect(try position(ArgReduce(.max, axis: 1)) == [0, 0, 2])
    #expect(try position(ArgReduce(.max, axis: 1, last: true)) == [2, 0, 2])
    #expect(try position(ArgReduce(.min, axis: 1)) == [1, 0, 0])
    #expect(try position(ArgReduce(.min, axis: 1, last: true)) == [1, 0, 1])
    #expect(
      try Op.argReduce(ArgReduce(axis: -1, keep: false)).infer([TensorType(.i8, [2, 3])]) == [
        TensorType(.i64, [2])
      ])
    // These two are one float.
    let large = Tensor([1 << 60, (1 << 60) + 1] as [Int64], shape: [2])
    #expect(try Op.argReduce(ArgReduce()).evaluate([large])[0].integers == [1])
  }

  @Test func cumulativeSums() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    func sums(_ op: CumSum) throws -> [Float] { try Op.cumsum(op).evaluate([x])[0].floats }
    #expect(try sums(CumSum(axis: 1)) == [1, 3, 6, 4, 9, 15])
    #expect(try sums(CumSum(axis: 0)) == [1, 2, 3, 5, 7, 9])
    #expect(try sums(CumSum(axis: 1, exclusive: true)) == [0, 1, 3, 0, 4, 9])
    #expect(try sums(CumSum(axis: 1, reverse: true)) == [6, 5, 3, 15, 11, 6])
    #expect(try sums(CumSum(axis: -1, exclusive: true, reverse: true)) == [5, 3, 0, 11, 6, 0])
    let wrapping = Tensor([Int64(Int32.max), 1] as [Int64], shape: [2], element: .i32)
    #expect(try Op.cumsum(CumSum()).evaluate([wrapping])[0].integers == [Int64(Int32.max), Int64(Int32.min)])
  }

  @Test func softmaxByHand() throws {
    let x = Tensor([0, 0.6931472, 1000, 1000] as [Float], shape: [2, 2])
    #expect(close(try Op.softmax(Softmax()).evaluate([x])[0].floats, [1 / 3.0, 2 / 3.0, 0.5, 0.5]))
    #expect(
      close(
        try Op.softmax(Softmax(log: true)).evaluate([x])[0].floats,
        [-1.0986123, -0.4054651, -0.6931472, -0.6931472]))
    let columns = try Op.softmax(Softmax(axis: 0)).evaluate([Tensor([1, 7, 1, 7] as [Float], shape: [2, 2])])[
      0
    ].floats
    #expect(close(columns, [0.5, 0.5, 0.5, 0.5]))
  }

  @Test func normalizationsByHand() throws {
    let x = Tensor([1, 3, -2, 2] as [Float], shape: [2, 2])
    let scale = Tensor([2, 10] as [Float], shape: [2])
    let bias = Tensor([0.5, 0] as [Float], shape: [2])
    #expect(
      close(
        try Op.layerNorm(LayerNorm(epsilon: 0)).evaluate([x, scale, bias])[0].floats, [-1.5, 10, -1.5, 10]))
    #expect(
      close(
        try Op.layerNorm(LayerNorm(epsilon: 3)).evaluate([x])[0].floats, [-0.5, 0.5, -0.75592895, 0.75592895])
    )
    #expect(
      close(
        try Op.rmsNorm(RMSNorm(epsilon: 4)).evaluate([x, scale])[0].floats,
        [2 / 3.0, 10, -1.4142136, 7.0710678]))
    #expect(close(try Op.lpNorm(LpNorm(order: 1)).evaluate([x])[0].floats, [0.25, 0.75, -0.5, 0.5]))
    #expect(
      close(
        try Op.lpNorm(LpNorm(axis: 0)).evaluate([x])[0].floats, [0.4472136, 0.8320503, -0.8944272, 0.5547002])
    )
    #expect(try Op.lpNorm(LpNorm()).evaluate([Tensor(zeros: .f32, [2])])[0].floats == [0, 0])
    let mean = Tensor([1, 2] as [Float], shape: [2])
    let variance = Tensor([4, 0.25] as [Float], shape: [2])
    #expect(
      close(
        try Op.batchNorm(BatchNorm(epsilon: 0)).evaluate([x, scale, bias, mean, variance])[0].floats,
        [0.5, 20, -2.5, 0]))
  }

  @Test func groupsOfChannels() throws {
    let x = Tensor([1, 1, 3, 3, 0, 10, 0, 10] as [Float], shape: [1, 4, 2])
    let scale = Tensor([1, 2, 3, 4] as [Float], shape: [4])
    let bias = Tensor([0, 0, 0, 1] as [Float], shape: [4])
    let y = try Op.groupNorm(GroupNorm(groups: 2, epsilon: 0)).evaluate([x, scale, bias])[0].floats
    #expect(close(y, [-1, -1, 2, 2, -3, 3, -3, 5]))
  }

  /// Large common offsets cancel in sums of squares taken in one pass.
  @Test func variancesSurviveLargeMeans() throws {
    let x = Tensor([10_000, 10_001, 10_002] as [Float], shape: [3])
    #expect(
      close(
        try Op.layerNorm(LayerNorm(axis: 0, epsilon: 0)).evaluate([x])[0].floats, [-1.2247449, 0, 1.2247449]))
  }
}
