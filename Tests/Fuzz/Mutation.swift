/// SplitMix64: the same seed gives the same mutations everywhere.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A number below `bound`, which is positive.
  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Damages a file in some of the ways that transmission, bugs and attackers do: half the time in one place,
/// so that the damage gets past the first checks, and otherwise in up to four.
func mutate(_ seed: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
  var bytes = seed
  let count = random.next(below: 2) == 0 ? 1 : 1 + random.next(below: 4)
  for _ in 0..<count {
    guard !bytes.isEmpty else { return bytes }
    let position = random.next(below: bytes.count)
    switch random.next(below: 8) {
    case 0: bytes[position] ^= 1 << UInt8(random.next(below: 8))
    case 1: bytes[position] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes[position] = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x28, 0x2e, 0x7d][random.next(below: 8)]
    case 3: bytes.removeLast(bytes.count - position)
    case 4:
      let inserted = (0...random.next(below: 16)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      bytes.insert(contentsOf: inserted, at: position)
    case 5:
      let count = min(1 + random.next(below: 64), bytes.count - position)
      let target = random.next(below: bytes.count)
      bytes.insert(contentsOf: Array(bytes[position..<(position + count)]), at: target)
    case 6:
      let values: [UInt64] = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, .max, UInt64(Int64.max)]
      let value = values[random.next(below: values.count)]
      let width = [1, 2, 4, 8][random.next(below: 4)]
      for index in 0..<min(width, bytes.count - position) {
        bytes[position + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
      }
    default: bytes.remove(at: position)
    }
  }
  return bytes
}
