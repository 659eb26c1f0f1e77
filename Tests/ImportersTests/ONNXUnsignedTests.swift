import IR
import Importers
import Tensors
import Testing

/// Operators on unsigned integers against Swift's own arithmetic, on numbers where every type wraps and its
/// signed twin turns negative.
@Suite struct ONNXUnsignedTests {
  static let edges: [UInt64] = [
    0, 1, 2, 3, 7, 255, 256, 32767, 32768, 40000, 65535, 65536, 1 << 31, (1 << 31) + 5, (1 << 32) - 1,
    1 << 32,
    (1 << 53) + 1, (1 << 62) + 3, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 63) + 1025, 3 << 62, .max - 1,
    .max,
  ]

  @Test func sixteenBits() throws { try check(UInt16.self, "uint16", .i32) }
  @Test func thirtyTwoBits() throws { try check(UInt32.self, "uint32", .i64) }
  @Test func sixtyFourBits() throws { try check(UInt64.self, "uint64", .i64) }

  private func check<Word: FixedWidthInteger & UnsignedInteger>(
    _ type: Word.Type, _ name: String, _ element: ElementType
  ) throws {
    let numbers = Self.edges.map { Word(truncatingIfNeeded: $0) }
    // Every number meets every other one.
    let (a, b) = (numbers.flatMap { x in numbers.map { _ in x } }, numbers.flatMap { _ in numbers })
    func pairs(_ function: (Word, Word) -> Word) -> [Word] { zip(a, b).map(function) }

    let arithmetic: [(String, [Word])] = [
      ("Add(a, b)", pairs { $0 &+ $1 }), ("Sub(a, b)", pairs { $0 &- $1 }), ("Mul(a, b)", pairs { $0 &* $1 }),
      ("Sum(a, b, a)", pairs { $0 &+ $1 &+ $0 }), ("Div(a, b)", pairs { $1 == 0 ? 0 : $0 / $1 }),
      ("Mod(a, b)", pairs { $1 == 0 ? 0 : $0 % $1 }),
      ("Mod<fmod = 1>(a, b)", pairs { $1 == 0 ? 0 : $0 % $1 }),
      ("Max(a, b)", pairs { max($0, $1) }), ("Min(a, b)", pairs { min($0, $1) }),
      ("BitwiseAnd(a, b)", pairs { $0 & $1 }), ("BitwiseOr(a, b)", pairs { $0 | $1 }),
      ("BitwiseXor(a, b)", pairs { $0 ^ $1 }), ("BitwiseNot(a)", a.map { ~$0 }),
      ("BitShift<direction = \"LEFT\">(a, b)", pairs { $0 << $1 }),
      ("BitShift<direction = \"RIGHT\">(a, b)", pairs { $0 >> $1 }),
      ("Neg(a)", a.map { 0 &- $0 }), ("Abs(a)", a), ("Sign(a)", a.map { $0.signum() }),
      ("Clip(a, seven)", a.map { max($0, 7) }), ("Clip(a, _, seven)", a.map { min($0, 7) }),
      ("PRelu(a, b)", a), ("Identity(a)", a),
      ("Pow(a, three)", a.map { $0 &* $0 &* $0 }),
      ("CumSum(a, zero)", sums(a)), ("CumSum<reverse = 1>(a, zero)", sums(a.reversed()).reversed()),
      ("ReduceSum<keepdims = 0>(a)", [a.reduce(0, &+)]), ("ReduceProd<keepdims = 0>(a)", [a.reduce(1, &*)]),
      ("ReduceSumSquare<keepdims = 0>(a)", [a.reduce(0) { $0 &+ $1 &* $1 }]),
      ("ReduceL1<keepdims = 0>(a)", [a.reduce(0, &+)]),
      ("ReduceMax<keepdims = 0>(a)", [a.max() ?? 0]), ("ReduceMin<keepdims = 0>(a)", [a.min() ?? 0]),
    ]
    for (call, expected) in arithmetic {
      let found = try run("y = \(call)", name, element, a, b)
      #expect(found.integers == held(expected), "\(call) of \(name)")
    }

    let order: [(String, (Word, Word) -> Bool)] = [
      ("Less", { $0 < $1 }), ("LessOrEqual", { $0 <= $1 }), ("Greater", { $0 > $1 }),
      ("GreaterOrEqual", { $0 >= $1 }), ("Equal", { $0 == $1 }),
    ]
    for (operation, function) in order {
      let found = try run("y = \(operation)(a, b)", name, element, a, b)
      #expect(found.integers.map { $0 != 0 } == zip(a, b).map(function), "\(operation) of \(name)")
    }
    let best = try run("y = ArgMax<keepdims = 0>(a)", name, element, numbers, numbers)
    #expect(best.integers == [Int64(numbers.firstIndex(of: numbers.max() ?? 0) ?? -1)])
    let top = try run("y, i = TopK(a, three)", name, element, numbers, numbers)
    #expect(top.integers == held(Array(numbers.sorted(by: >).prefix(3))))
  }

  private func sums<Word: FixedWidthInteger>(_ values: [Word]) -> [Word] {
    var sum: Word = 0
    return values.map {
      sum = sum &+ $0
      return sum
    }
  }

  @Test func conversions() throws {
    let large: [UInt64] = Self.edges
    for (target, element) in [("1", ElementType.f32), ("10", .f16)] {
      let found = try run("y = Cast<to = \(target)>(a)", "uint64", .i64, large, large)
      let expected = Tensor(large.map { Float($0) }, shape: [large.count], element: element)
      #expect(found.isIdentical(to: expected), "to \(element)")
    }
    let floats = Tensor([0, 1.75, 65535, 0x1p31, 0x1.8p63, 0x1p63, 0x1p62] as [Float], shape: [7])
    let wide = try evaluate(try imported("(float[7] x) => (y) { y = Cast<to = 13>(x) }"), [floats])[0]
    #expect(wide.integers == held([0, 1, 65535, 1 << 31, 3 << 62, 1 << 63, 1 << 62] as [UInt64]))
    let signed = Tensor([-1, -70000, 65536, 5] as [Int64], shape: [4])
    for (target, mask) in [("4", Int64(0xffff)), ("12", 0xffff_ffff)] {
      let found = try evaluate(try imported("(int64[4] x) => (y) { y = Cast<to = \(target)>(x) }"), [signed])[
        0]
      #expect(found.integers == signed.integers.map { $0 & mask })
    }
    // Back to a signed type nothing is cut off.
    let free = try evaluate(
      try imported("(uint32[1] x, int64[1] o) => (y) { i = Cast<to = 7>(x)\n y = Sub(i, o) }"),
      [Tensor([3] as [Int64], shape: [1]), Tensor([5] as [Int64], shape: [1])])[0]
    #expect(free.integers == [-2])
  }

  @Test func bitsOfTheSameSize() throws {
    for (from, to, element, value, expected) in [
      ("uint16", 5, ElementType.i32, Int64(65535), Int64(-1)), ("int16", 4, .i16, -2, 65534),
      ("uint32", 6, .i64, 0xffff_fffe, -2), ("int32", 12, .i32, -3, 0xffff_fffd),
      ("float", 12, .f32, 1, 0x3f80_0000),
    ] {
      let x =
        element == .f32 ? Tensor([1] as [Float], shape: [1]) : Tensor([value], shape: [1], element: element)
      let graph = try imported("(\(from)[1] x) => (y) { y = BitCast<to = \(to)>(x) }", opset: 26)
      #expect(try evaluate(graph, [x])[0].integers == [expected], "\(from) to \(to)")
    }
    let real = try imported("(uint32[1] x) => (y) { y = BitCast<to = 1>(x) }", opset: 26)
    #expect(try evaluate(real, [Tensor([0x3f80_0000] as [Int64], shape: [1])])[0].floats == [1])
  }

  /// The type follows values through functions, branches, constants and what only moves elements.
  @Test func typesAreFollowed() throws {
    let graph = try imported(
      """
      function local.Twice(v) => (w) { w = Add(v, v) }
      (uint16[2, 1] x) => (y) <uint16[1] c = {65535}, int64[1] axes = {1}> {
        s = Squeeze(x, axes)
        t = local.Twice(s)
        k = Concat<axis = 0>(t, c)
        d = Constant<value = uint16[1] = {2}>()
        y = Add(k, d)
      }
      """)
    let x = Tensor([40000, 1] as [Int64], shape: [2, 1], element: .i32)
    #expect(try evaluate(graph, [x])[0].integers == [(80000 - 65536) + 2, 4, 1])
  }

  /// The node's first output on operands a and b.
  private func run<Word: FixedWidthInteger>(
    _ node: String, _ name: String, _ element: ElementType, _ a: [Word], _ b: [Word]
  ) throws -> Tensor {
    let text = """
      (\(name)[\(a.count)] a, \(name)[\(b.count)] b) => (y)
        <int64[1] three = {3}, int64 zero = {0}, \(name) seven = {7}> { \(node) }
      """
    let operands = [a, b].map { Tensor(held($0), shape: [$0.count], element: element) }
    let graph = try imported(text, opset: 18)
    return try evaluate(graph, operands)[0]
  }

  /// Elements as they hold numbers of an unsigned type.
  private func held<Word: FixedWidthInteger>(_ numbers: [Word]) -> [Int64] {
    numbers.map { Int64(truncatingIfNeeded: $0) }
  }
}
