import IR
import Tensors
import Testing

/// Inputs made from a seed lie in ranges that suit what a function does with them.
@Suite struct RandomInputsTests {
  private static let text = """
    graph @main(%ids: i32[3], %rows: i64[2, 2], %mask: bool[4], %image: u8[5], %count: i16[6], %x: f16[7],
        %where: f32[2], %turns: i64[4, 2]) -> (%a, %b, %m, %i, %c, %y, %w, %u) {
      weight @table: f32[40, 2]
      weight @lengths: i64[6] = [1, 2, 3, 4, 5, 6]
      %wide = cast %ids {to = i64}
      %column = reshape %wide {shape = [3, 1]}
      %a = gather @table, %column
      %b = call %rows {function = @choose} : f32[2, 2]
      %m = not %mask
      %i = cast %image {to = f32}
      %c = neg %count
      %y = neg %x
      %whole = cast %where {to = i64}
      %w = gather @lengths, %whole
      %zero = cast %where {to = i64}
      %u, %s = loop %zero, %turns {function = @turn, count = 4, carried = 1, stepped = 1} : i64[2], i64[4, 2]
    }
    graph @choose(%rows: i64[2, 2]) -> (%b) {
      weight @small: f32[17] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
      %turned = transpose %rows {permutation = [1, 0]}
      %b = gather @small, %turned
    }
    graph @turn(%state: i64[2], %turn: i64[2]) -> (%next, %out) {
      weight @three: i64[3] = [0, 1, 2]
      %out = gather @three, %turn
      %next = add %state, %out
    }
    """

  private func inputs() throws -> RandomInputs {
    RandomInputs(try parseModule(Self.text, file: "test.graph"))
  }

  @Test func rangesFollowFromUse() throws {
    let inputs = try inputs()
    func ranges(_ spread: RandomInputs.Spread) -> [ClosedRange<Double>] {
      (0..<8).map { inputs.range($0, spread) }
    }
    #expect(ranges(.wide) == [0...39, 0...16, 0...1, 0...255, 0...9, -1...1, 0...5, 0...2])
    #expect(ranges(.narrow) == [0...39, 0...16, 0...1, 0...255, 0...1, 0...1, 0...5, 0...2])
    #expect(ranges(.zero) == [0...0, 0...0, 0...1, 0...0, 0...0, 0...1, 0...0, 0...0])
  }

  @Test func samplesFillTheirRangesAndRepeat() throws {
    let inputs = try inputs()
    var seen = [Set<Int64>](repeating: [], count: 8)
    for sample in 0..<200 {
      let tensors = inputs.make(seed: 3, sample: sample, .wide)
      #expect(zip(tensors, inputs.make(seed: 3, sample: sample, .wide)).allSatisfy { $0.isIdentical(to: $1) })
      for (index, tensor) in tensors.enumerated() { seen[index].formUnion(tensor.integers) }
    }
    #expect(seen[0] == Set(0...39))
    #expect(seen[1] == Set(0...16))
    #expect(seen[2] == [0, 1])
    #expect(seen[3].count > 200)
    #expect(seen[4] == Set(0...9))
    #expect(seen[6] == Set(0...5))
    #expect(seen[7] == Set(0...2))
    let (first, other) = (inputs.make(seed: 1, sample: 0, .wide), inputs.make(seed: 2, sample: 0, .wide))
    #expect(!first[5].isIdentical(to: other[5]))
    #expect(!first[5].isIdentical(to: inputs.make(seed: 1, sample: 1, .wide)[5]))
    #expect(first.map(\.element) == [.i32, .i64, .bool, .u8, .i16, .f16, .f32, .i64])
  }
}
