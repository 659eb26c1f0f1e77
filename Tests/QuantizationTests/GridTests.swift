import IR
import Quantization
import Tensors
import TestSupport
import Testing

/// What the quantizer takes a stored value for is what `quantize` and `dequantize` make of it.
@Test(arguments: [Grid(eightBits: -1.5...3), Grid(eightBits: 0...6), Grid(sixteenBits: -2...1)])
func nearestIsWhatTheOpsCompute(_ grid: Grid) throws {
  let x = Tensor(random: .f32, [2, 3, 5], .uniform(-4, 8), seed: 3)
  let zero = Tensor([Int64(grid.zero)], shape: [], element: grid.element)
  let parameters = [Tensor(scalar: grid.scale), zero]
  let integers = try Op.quantize(Quantize()).evaluate([x] + parameters)
  let numbers = try Op.dequantize(Dequantize()).evaluate(integers + parameters)[0]
  let difference = TensorDifference(grid.nearest(x), reference: numbers)
  // A quotient may fall to the other side of a tie than the product with the reciprocal.
  #expect(difference.maximum <= Double(grid.scale) * 1.001)
  #expect(difference.signalToNoise > 60)
}

@Test func zeroIsExact() {
  for range in [Float(-1)...2, 3...7, -9 ... -4, 0...0] {
    let grid = Grid(eightBits: range)
    #expect(grid.nearest(Tensor(scalar: 0)).floats == [0])
    #expect((-128...127).contains(grid.zero))
    for end in [range.lowerBound, range.upperBound] {
      #expect(abs(grid.nearest(Tensor(scalar: end)).floats[0] - end) <= grid.scale)
    }
  }
}

@Test func valuesBeyondTheGridSaturateAndNotANumberIsZero() {
  let grid = Grid(eightBits: -1...1)
  let values = grid.nearest(Tensor([10, -10, .nan, .infinity], shape: [4])).floats
  #expect(values[0] == values[3])
  #expect(abs(values[0] - 1) <= grid.scale && abs(values[1] + 1) <= grid.scale)
  #expect(values[2] == 0)
}

@Test func channelsAreMultipliedBeforeTheyAreRounded() {
  let x = Tensor([1, 1, 2, 2, 4, 4] as [Float], shape: [1, 3, 2])
  let grid = Grid(eightBits: 0...255)
  #expect(grid.nearest(x, factors: [100, 10, 1], axis: 1).floats == [100, 100, 20, 20, 4, 4])
}
