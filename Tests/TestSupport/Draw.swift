package import IR
package import Tensors

/// Draws random choices.
package struct Draw: Sendable {
  package let seed: UInt64
  private var generator: SplitMix64

  package init(seed: UInt64) {
    self.seed = seed
    generator = SplitMix64(seed: seed)
  }

  package mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(generator.next() % UInt64(range.count))
  }
  package mutating func one<Choice>(of choices: [Choice]) -> Choice {
    choices[number(0...(choices.count - 1))]
  }
  package mutating func chance(_ part: Double) -> Bool { generator.unit() < part }

  /// The choices in turn by seed, so that as many neighboring seeds meet them all.
  package func turn<Choice>(of choices: [Choice]) -> Choice { choices[Int(seed % UInt64(choices.count))] }

  // MARK: Shapes

  /// A shape whose extents are mostly small and odd, now and then 1, rarely 0.
  package mutating func shape(rank: ClosedRange<Int> = 0...6, empty: Bool = true) -> Shape {
    let rank = number(rank)
    return Shape((0..<rank).map { _ in extent(large: rank <= 2 ? [17, 33, 129] : [5, 7], empty: empty) })
  }

  package mutating func extent(large: [Int] = [5, 7], empty: Bool = true) -> Int {
    if empty, chance(0.03) { return 0 }
    return chance(0.2) ? 1 : one(of: [2, 3, 4] + large)
  }

  /// A shape that broadcasts with `shape`: leading axes left out, some extents 1.
  package mutating func broadcastable(with shape: Shape) -> Shape {
    let dropped = number(0...shape.rank)
    return Shape(shape.dropFirst(chance(0.5) ? dropped : 0).map { chance(0.3) ? 1 : $0 })
  }

  /// Axes 0 ..< count in random order.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in order.indices.reversed() { order.swapAt(index, number(0...index)) }
    return order
  }

  /// An axis, from the front or from the end.
  package mutating func axis(_ rank: Int) -> Int { number(-rank...(rank - 1)) }

  // MARK: Types and values

  package mutating func float() -> ElementType { one(of: [.f32, .f32, .f32, .f16, .bf16]) }
  package mutating func any() -> ElementType { one(of: ElementType.allCases) }

  /// Numbers of a type that its arithmetic wraps or rounds, infinities and NaN among floats' now and then.
  package mutating func anything(_ element: ElementType) -> RandomValues {
    switch element {
    case .f32, .f16, .bf16:
      let special: [Double] = [
        1.5, .nan, 300, -.infinity, -2.25, .infinity, -0.0, 0, -1e20, 0.499, 1e20, -129, 2, -3,
      ]
      return chance(0.2) ? .cycle(special) : .uniform(-300, 300)
    case .i8: return .uniform(-128, 127)
    case .u8: return .uniform(0, 255)
    case .i16: return .uniform(-32768, 32767)
    case .i32: return chance(0.5) ? .uniform(-0x1p31, 0x1p31 - 1) : .uniform(-9, 9)
    case .i64:
      let extremes: [Int64] = [.min, 3, -1, .max, 0, 1 << 40, -7, .min + 1, 1 << 32, -(1 << 31)]
      return chance(0.3) ? .integers(extremes) : chance(0.5) ? .uniform(-0x1p62, 0x1p62) : .uniform(-9, 9)
    case .bool: return .uniform(0, 1)
    }
  }

  package mutating func activation() -> Unary? {
    chance(0.5)
      ? nil
      : one(of: [
        Unary(.relu), Unary(.gelu), Unary(.clip, 0, 1), Unary(.silu), Unary(.hardSwish), Unary(.tanh),
        Unary(.leakyRelu, 0.1), Unary(.sigmoid),
      ])
  }
}
