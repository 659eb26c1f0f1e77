package import Tensors

/// SplitMix64: the same seed gives the same numbers everywhere.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A multiple of 2⁻²⁴ in 0 ..< 1.
  package mutating func unit() -> Double { Double(next() >> 40) * 0x1p-24 }
}

/// How the elements of a random tensor are drawn.
package enum RandomValues: Hashable, Sendable {
  /// Evenly between two bounds; integer types take whole numbers, both bounds included.
  case uniform(Double, Double)
  /// Multiples of a step between two bounds, both included, so that ties and equal elements occur.
  case grid(step: Double, Double, Double)
  /// These numbers in turn.
  case cycle([Double])
  /// These integers in turn, for what a Double can't hold.
  case integers([Int64])

  /// −1 to 1 for floats, −8 to 8 for signed integers, 0 to 16 for u8, 0 and 1 for bool.
  package static func standard(_ element: ElementType) -> RandomValues {
    switch element {
    case .f32, .f16, .bf16: .uniform(-1, 1)
    case .u8: .uniform(0, 16)
    case .bool: .uniform(0, 1)
    default: .uniform(-8, 8)
    }
  }
}

extension Tensor {
  /// Random elements; the same arguments give the same bytes.
  package init(random element: ElementType, _ shape: Shape, _ values: RandomValues? = nil, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let count = shape.elementCount
    func tensor(_ draw: (Int) -> Double) -> Tensor {
      if element.isFloat {
        return Tensor((0..<count).map { Float(draw($0)) }, shape: shape, element: element)
      }
      return Tensor((0..<count).map { Int64(draw($0)) }, shape: shape, element: element)
    }
    switch values ?? .standard(element) {
    case .uniform(let low, let high):
      let span = high - low
      self = tensor { _ in
        element.isFloat
          ? low + span * generator.unit() : (low + ((span + 1) * generator.unit()).rounded(.down))
      }
    case .grid(let step, let low, let high):
      let count = Int((high - low) / step) + 1
      self = tensor { _ in low + step * Double(generator.next() % UInt64(count)) }
    case .cycle(let numbers): self = tensor { numbers[$0 % numbers.count] }
    case .integers(let numbers):
      self = Tensor((0..<count).map { numbers[$0 % numbers.count] }, shape: shape, element: element)
    }
  }
}
