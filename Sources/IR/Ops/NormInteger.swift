package import Tensors

/// Layer, RMS or group normalization of integers, in fixed point.
///
/// Operands: x, i8, u8 or i16; zx of x's element type, []; optionally a scale γ, i16, which stands for γ / 2^15; with it optionally a bias
/// β, i32; multiplier, i32 [], shift, i8 [], and zy, [], of a ``Rescaling``, whose element type y has. `layer` and `rms` normalize over
/// the axes from `axis` to the last, whose shape γ and β have; `group` over each of `groups` groups of neighboring channels of x
/// [N, C, spatial..], with γ and β [C]. At most 2^22 elements are normalized together. `epsilon` is counted in squared steps of x.
///
/// Of the n elements a = x − zx of a run, with s = Σ a and q = Σ a², exact:
/// - m = s / n rounded down, r = s − m n; W = 256 (q − m (s + r)) less 256 r² / n rounded down; of `rms` W = 256 q;
/// - D = max(W / n rounded down + ε, 1), the variance with 8 bits of fraction; ε = 256 × `epsilon`, rounded, at most 2^40;
/// - R = √(D × 4^t), rounded down, with the t that makes 2^30 ≤ R < 2^31, and I = 2^61 / R, rounded down, at most 2^31 − 1;
/// - d = 256 a − (256 s / n, rounded half up), or 256 a of `rms`; z = d × I / 2^(49 − t), which has 16 bits of fraction;
/// - v = z × γ / 2^15, rounded, or z without γ; + β, saturated to i32; y of v as ``Rescaling`` says.
///
/// Quotients by powers of two are rounded half up. So the multiplier holds γ's largest magnitude / 2^16 over y's scale, and β counts
/// steps of the first. Against the same norm in double of i16 activations of 64 to 4096 channels, some of them 50 times as large as the
/// others, an i16 result has 71 to 83 dB: within 0.1 dB of what rounding the exact result to i16 leaves.
package struct NormInteger: OpDefinition {
  package enum Kind: String, CaseIterable, Hashable, Sendable { case layer, rms, group }
  package var kind = Kind.layer
  package var axis = -1
  package var groups = 1
  package var epsilon = 0.0
  package var rescaling = Rescaling()

  /// The most elements that are normalized together.
  private static let limit = 1 << 22

  package init(
    _ kind: Kind = .layer, axis: Int = -1, groups: Int = 1, epsilon: Double = 0,
    _ rescaling: Rescaling = Rescaling()
  ) {
    self.kind = kind
    self.axis = axis
    self.groups = groups
    self.epsilon = epsilon
    self.rescaling = rescaling
  }

  package var name: String { "norm_integer" }
  package var `default`: NormInteger { NormInteger() }
  package var attributes: [Attribute<NormInteger>] {
    [.word("kind", \.kind), .int("axis", \.axis), .int("groups", \.groups), .float("epsilon", \.epsilon)]
      + Rescaling.attributes(\.rescaling)
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(5...7)
    let x = operands[0]
    try expectQuantized(x, operands[1], "x")
    guard epsilon.isFinite, epsilon >= 0 else { throw OpError("epsilon is \(epsilon), expected 0 or more") }
    let (run, parameters) = try shapes(x.shape)
    guard let count = run.checkedCount, count <= Self.limit else {
      throw OpError("normalizes over \(run), expected at most \(Self.limit) elements")
    }
    for (index, element, name) in [(2, ElementType.i16, "scale"), (3, .i32, "bias")]
    where index < operands.count - 3 {
      guard operands[index] == TensorType(element, parameters) else {
        throw OpError("\(name) is \(operands[index]), expected \(TensorType(element, parameters))")
      }
    }
    try rescaling.check(operands[(operands.count - 3)...], count: nil)
    return [x.with(operands[operands.count - 1].element)]
  }

  /// The shapes of a run and of scale and bias.
  private func shapes(_ x: Shape) throws(OpError) -> (run: Shape, parameters: Shape) {
    guard kind == .group else {
      let run = Shape(Array(x.extents[try resolve(axis: axis, in: x)...]))
      return (run, run)
    }
    guard x.rank >= 2, groups >= 1, x[1] % groups == 0 else {
      throw OpError("x is \(x), expected [N, C, ..] with channels that split into \(groups) groups")
    }
    return (Shape([x[1] / groups] + x.extents[2...]), [x[1]])
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, type) = (operands[0], results[0])
    let (run, parameters) = try shapes(x.shape)
    let (length, zero) = (run.elementCount, operands[1].integers[0])
    let scale = operands.count > 5 ? operands[2].integers : nil
    let bias = operands.count > 6 ? operands[3].integers : nil
    let inner = kind == .group ? x.shape[2...].reduce(1, *) : 1
    let centered = x.integers.map { $0 - zero }
    var values: [Int64] = []
    values.reserveCapacity(centered.count)
    for start in stride(from: 0, to: centered.count, by: max(length, 1)) {
      for (index, z) in normalized(centered[start..<(start + length)]).enumerated() {
        let channel = (start + index) / inner % parameters.elementCount
        let scaled = scale.map { (z * $0[channel] + 1 << 14) >> 15 } ?? z
        values.append(Int64(Int32(clamping: scaled + (bias?[channel] ?? 0))))
      }
    }
    return [rescaling.apply(to: values, inner: 1, operands[(operands.count - 3)...], type)]
  }

  /// A run of integers less their mean, over their deviation, with 16 bits of fraction.
  private func normalized(_ run: ArraySlice<Int64>) -> [Int64] {
    let n = Int64(run.count)
    let (sum, squares) = (run.reduce(0, +), run.reduce(0) { $0 + $1 * $1 })
    let mean = kind == .rms ? 0 : floorDivide(512 * sum + n, 2 * n)
    let whole = floorDivide(sum, n)
    let rest = sum - whole * n
    let spread = kind == .rms ? 256 * squares : 256 * (squares - whole * (sum + rest)) - 256 * rest * rest / n
    let limit = 0x1p40
    let variance = max(spread / n + Int64(min((256 * epsilon).rounded(), limit)), 1)
    let doublings = (variance.leadingZeroBitCount - 2) / 2
    let root = squareRoot(variance << (2 * Int64(doublings)))
    let inverse = min((1 << 61) / root, Int64(Int32.max))
    let shift = Int64(49 - doublings)
    return run.map { ((256 * $0 - mean) * inverse + 1 << (shift - 1)) >> shift }
  }

  /// Rounded down.
  private func squareRoot(_ value: Int64) -> Int64 {
    var root = Int64(Double(value).squareRoot())
    while root * root > value { root -= 1 }
    while (root + 1) * (root + 1) <= value { root += 1 }
    return root
  }

  private func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : -((b - 1 - a) / b) }

  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    let x = operands[0].shape
    let rest = operands.dropFirst(2)
    guard kind == .group else {
      guard let first = x.normalized(axis: axis), region.isWhole(along: first..<x.rank, of: x) else {
        return nil
      }
      return Tile(.normInteger(self), reads: [region, Region([])] + rest.map { Region(all: $0.shape) })
    }
    let size = x[1] / groups
    guard region.isWhole(along: 2..<x.rank, of: x), size > 0, region[1].lowerBound % size == 0,
      region[1].upperBound % size == 0, !region[1].isEmpty
    else { return nil }
    var part = self
    part.groups = region[1].count / size
    return Tile(.normInteger(part), reads: [region, Region([])] + rest.map { $0.channels(region[1]) })
  }
}
