import Quantization
import Tensors
import TestSupport
import Testing

@Test func statisticsOfPartsAreThoseOfTheWhole() {
  let x = Tensor(random: .f32, [4, 3, 50], .uniform(-3, 9), seed: 5)
  var whole = ValueStatistics(channelAxis: 1, channels: 3)
  whole.add(x)
  var parts = ValueStatistics(channelAxis: 1, channels: 3)
  let values = x.floats
  for part in 0..<4 {
    parts.add(Tensor(Array(values[part * 150..<(part + 1) * 150]), shape: [1, 3, 50]))
  }
  #expect(parts.range == whole.range)
  #expect(parts.channelMagnitudes == whole.channelMagnitudes)
  for share in [0.0, 0.01, 0.2] {
    #expect(parts.range(leavingOut: share) == whole.range(leavingOut: share))
  }
}

@Test func aShareOfTheValuesLiesOutsideOfARange() {
  var found = ValueStatistics()
  found.add(Tensor((0..<1000).map { Float($0) }, shape: [1000]))
  let range = found.range(leavingOut: 0.1)
  #expect(abs(range.lowerBound - 50) < 2 && abs(range.upperBound - 950) < 2)
  #expect(found.range(leavingOut: 0) == 0...999)
}

/// Values that come later may be larger by any factor.
@Test func rangesWiden() {
  var found = ValueStatistics()
  for exponent in -20...20 {
    found.add(Tensor([Float(sign: .plus, exponent: exponent, significand: 1)], shape: [1]))
  }
  #expect(found.range == 0x1p-20...0x1p20)
  #expect(found.range(leavingOut: 0.2).upperBound < 0x1p18)
}

@Test func masksAreToldFromOtherValues() {
  var found = ValueStatistics()
  found.add(Tensor([-3.4e38, -2, 5, .nan, .infinity], shape: [5]))
  #expect(found.minimumUnmasked == -2 && found.maximum == 5)
}

@Test func nothingSeenIsARangeOfZero() {
  #expect(ValueStatistics().range == 0...0)
  #expect(ValueStatistics().range(leavingOut: 0.1) == 0...0)
}

@Test func countsOfPartsAreThoseOfTheValues() {
  var statistics = ValueStatistics()
  statistics.add(Tensor((0..<4000).map { Float($0) / 1000 - 1 }, shape: [4000], element: .f32))
  let counts = statistics.counts(parts: 8)
  #expect(counts.reduce(0, +) == 4000)
  // A bin is a thousandth of the whole wide at most.
  #expect(counts.allSatisfy { abs(Int($0) - 500) <= 8 })
  #expect(ValueStatistics().counts(parts: 8).isEmpty)
}

@Test func statisticsOfNumbersAreThoseTheyWereMadeOf() throws {
  var statistics = ValueStatistics(channelAxis: 1, channels: 3)
  statistics.add(Tensor(random: .f32, [4, 3, 50], .uniform(-3, 9), seed: 5))
  let numbers = statistics.numbers
  let again = try #require(ValueStatistics(numbers: numbers))
  #expect(again.numbers.range == numbers.range && again.numbers.counts == numbers.counts)
  #expect(again.channelMagnitudes == statistics.channelMagnitudes)
  #expect(ValueStatistics(numbers: ValueStatistics().numbers)?.isEmpty == true)
}

/// Numbers of a damaged file.
@Test func impossibleNumbersAreNoStatistics() {
  let numbers = ValueStatistics().numbers
  for (minimum, maximum) in [(-Float.infinity, 1), (0, .infinity), (2, 1), (.nan, 1), (0, .nan)]
    as [(Float, Float)]
  {
    var other = numbers
    (other.range[0], other.range[1]) = (minimum, maximum)
    #expect(ValueStatistics(numbers: other) == nil)
  }
  for channels in [[.infinity, 1], [0, .nan], [1, 2, 3]] as [[Float]] {
    var other = numbers
    other.channels = channels
    #expect(ValueStatistics(numbers: other) == nil)
  }
  for counts in [[-1], [1, 2], []] as [[Int64]] {
    var other = numbers
    other.counts = counts
    #expect(ValueStatistics(numbers: other) == nil)
  }
}
