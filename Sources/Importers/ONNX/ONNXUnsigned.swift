import IR
import Tensors

// Unsigned integers of 16, 32 and 64 bits, which the IR lacks. An operand knows how many bits ONNX's type has
// (`ONNXOperand.unsignedBits`), and every core op that a translation emits on one comes through here.
//
// UINT16 in i32 and UINT32 in i64 are the numbers themselves; what arithmetic carries beyond their bits is cut
// off after the op, which is all that wrapping needs. UINT64 in i64 is its bits, so that numbers from 2^63 on
// look negative:
// - sums, differences, products, powers, bitwise functions, shifts, equality, running sums and all that only
//   moves elements are right as they stand;
// - order (comparisons, max, min, clip, arg_reduce, top_k, unique, scatter by max or min) is that of the bits with the
//   first one flipped;
// - quotients, remainders, means and conversions from and to floats are put together from signed ones;
// - nothing else has a meaning on i64, but for `shrink`, which is refused.

extension ONNXNodeContext {
  /// The results of an op that has an operand of an unsigned type.
  func emitUnsigned(_ op: Op, _ operands: [ONNXOperand]) throws(Finding) -> [ONNXOperand] {
    let bits = operands.compactMap(\.unsignedBits).max() ?? 64
    switch op {
    case .unary(let op): return [try unsignedUnary(op, operands[0], bits)]
    case .binary(let op): return [try unsignedBinary(op.function, operands[0], operands[1], bits)]
    case .cast(let op): return [try unsignedCast(operands[0], op.element)]
    case .reduce(let op): return [try unsignedReduce(op, operands[0], bits)]
    case .argReduce, .unique: return try emitSigned(op, [try ordered(operands[0])])
    case .topK:
      let results = try emitSigned(op, [try ordered(operands[0])])
      return [try ordered(results[0].unsigned(bits)), results[1]]
    case .cumsum: return [try wrapped(try emitSigned(op, operands)[0], bits)]
    case .scatter(let scatter): return [try unsignedScatter(scatter, operands)]
    case .transpose, .reshape, .expand, .slice, .pad, .gather:
      return [try emitSigned(op, operands)[0].unsigned(operands[0].unsignedBits)]
    case .select, .concat: return [try emitSigned(op, operands)[0].unsigned(bits)]
    // The same whatever the sign: positions, sizes and indices, bits, and what other functions do.
    case .nonZero, .bitcast, .roiAlign, .nms, .elementwise, .call, .loop, .loopStep:
      return try emitSigned(op, operands)
    // Narrower types are the numbers themselves. Of the bits of UINT64 others have no meaning, or nobody has said which.
    case _ where bits < 64: return try emitSigned(op, operands)
    default:
      throw Finding("is '\(op.name)' of UINT64, which is not supported", advice: "cast it to INT64 first")
    }
  }

  /// Any numbers or bools as ONNX's Cast turns them into an unsigned type of `bits`, which `element` holds.
  func castToUnsigned(_ x: ONNXOperand, _ element: ElementType, _ bits: Int) throws(Finding) -> ONNXOperand {
    guard x.element.isFloat, bits == 64 else {
      let fits = x.element == .bool || x.element == .u8 || (x.unsignedBits ?? 65) <= bits
      let converted = try cast(x, element).unsigned(nil)
      return fits ? converted.unsigned(bits) : try wrapped(converted, bits)
    }
    let wide = try cast(x, .f32)
    let isLarge = try binary(.greaterEqual, wide, scalar(0x1p63, .f32))
    let rest = try cast(try affine(wide, offset: -0x1p63), .i64)
    return try select(isLarge, try binary(.bitXor, rest, firstBit), try cast(wide, .i64)).unsigned(bits)
  }

  // MARK: Bits

  /// The bits of the type out of those of the wider one that holds it.
  private func wrapped(_ x: ONNXOperand, _ bits: Int) throws(Finding) -> ONNXOperand {
    guard bits < 64 else { return x.unsigned(bits) }
    return try signed(.bitAnd, x, scalar(Double((1 << bits) - 1), like: x)).unsigned(bits)
  }

  /// Bits that are ordered as signed numbers like x as unsigned ones; the same again undoes it.
  private func ordered(_ x: ONNXOperand) throws(Finding) -> ONNXOperand {
    x.unsignedBits == 64 ? try signed(.bitXor, x, firstBit).unsigned(64) : x
  }

  private var firstBit: ONNXOperand { constant(Tensor([Int64.min], shape: [])) }

  /// Sees the operands as the signed numbers that their elements are.
  private func signed(_ function: BinaryFunction, _ a: ONNXOperand, _ b: ONNXOperand) throws(Finding)
    -> ONNXOperand
  {
    try emitSigned(.binary(Binary(function)), [a, b])[0]
  }

  // MARK: Functions

  private func unsignedUnary(_ op: Unary, _ x: ONNXOperand, _ bits: Int) throws(Finding) -> ONNXOperand {
    switch op.function {
    case .identity, .abs, .relu: return x
    case .neg, .affine, .bitNot: return try wrapped(try emitSigned(.unary(op), [x])[0], bits)
    case .sign:
      return try cast(try binary(.notEqual, x, scalar(0, like: x)), x.element).unsigned(bits)
    case .clip where bits == 64:
      func bound(_ value: Double) -> ONNXOperand {
        let number = value >= 0x1p64 ? UInt64.max : value > 0 ? UInt64(value) : 0
        return constant(Tensor([Int64(bitPattern: number)], shape: [])).unsigned(64)
      }
      return try binary(.min, try binary(.max, x, bound(op.p0)), bound(op.p1))
    case .shrink where bits == 64:
      throw Finding("shrinks UINT64, which is not supported", advice: "cast it to INT64 first")
    default:
      let result = try emitSigned(.unary(op), [x])[0]
      return result.element == x.element ? try wrapped(result, bits) : result
    }
  }

  private func unsignedBinary(
    _ function: BinaryFunction, _ a: ONNXOperand, _ b: ONNXOperand, _ bits: Int
  ) throws(Finding) -> ONNXOperand {
    switch function {
    case .add, .sub, .mul, .pow, .shiftLeft: return try wrapped(try signed(function, a, b), bits)
    case .less, .lessEqual, .greater, .greaterEqual:
      return try signed(function, try ordered(a.unsigned(bits)), try ordered(b.unsigned(bits)))
    case .max, .min:
      let (first, second) = (try ordered(a.unsigned(bits)), try ordered(b.unsigned(bits)))
      return try ordered(try signed(function, first, second).unsigned(bits))
    case .div where bits == 64: return try quotient(a, b).unsigned(bits)
    case .mod where bits == 64, .fmod where bits == 64:
      let rest = try signed(.sub, a, try signed(.mul, try quotient(a, b), b))
      return try select(try signed(.equal, b, scalar(0, like: b)), scalar(0, like: b), rest).unsigned(bits)
    case .div, .mod, .fmod, .bitAnd, .bitOr, .bitXor, .shiftRight:
      return try signed(function, a, b).unsigned(bits)
    case .equal, .notEqual, .and, .or, .xor, .prelu, .atan2: return try signed(function, a, b)
    }
  }

  /// a ÷ b of 64 bits without signs; 0 for a zero divisor.
  private func quotient(_ a: ONNXOperand, _ b: ONNXOperand) throws(Finding) -> ONNXOperand {
    let (zero, one) = (scalar(0, .i64), scalar(1, .i64))
    let isReached = { (x: ONNXOperand) throws(Finding) in
      let (first, second) = (try ordered(x.unsigned(64)), try ordered(b.unsigned(64)))
      return try cast(try signed(.greaterEqual, first, second), .i64)
    }
    // Half of a divides as a signed number; doubling leaves at most one b too few.
    let half = try signed(.div, try signed(.shiftRight, a, one), b)
    let doubled = try signed(.shiftLeft, half, one)
    let rest = try signed(.sub, a, try signed(.mul, doubled, b))
    let small = try signed(.add, doubled, try isReached(rest))
    // A divisor from 2^63 on goes into a once or not at all.
    let result = try select(try signed(.less, b, zero), try isReached(a), small)
    return try select(try signed(.equal, b, zero), zero, result)
  }

  /// To floats by the number that the bits mean; integers take the bits, and wider ones the number as well.
  private func unsignedCast(_ x: ONNXOperand, _ element: ElementType) throws(Finding) -> ONNXOperand {
    let bits = x.unsignedBits
    let converted = try emitSigned(.cast(Cast(element)), [x])[0]
    guard bits == 64, element.isFloat else {
      let holds = element == .i64 || (element == .i32 && bits == 16)
      return holds ? converted.unsigned(bits) : converted
    }
    // The bit that halving drops is kept in the last place, so that the result is rounded once.
    let one = scalar(1, .i64)
    let half = try signed(.bitOr, try signed(.shiftRight, x, one), try signed(.bitAnd, x, one))
    let doubled = try affine(try emitSigned(.cast(Cast(element)), [half])[0], scale: 2)
    return try select(try signed(.less, x, scalar(0, .i64)), doubled, converted)
  }

  // MARK: Along axes

  private func unsignedReduce(_ op: Reduce, _ x: ONNXOperand, _ bits: Int) throws(Finding) -> ONNXOperand {
    switch op.kind {
    case .max, .min: return try ordered(try emitSigned(.reduce(op), [try ordered(x)])[0].unsigned(bits))
    case .mean where bits == 64:
      let count = op.axes.reduce(1) { $0 * x.shape[$1] }
      let sum = try emitSigned(.reduce(Reduce(.sum, axes: op.axes, keep: op.keep)), [x])[0]
      return try quotient(sum, scalar(Double(count), .i64)).unsigned(bits)
    default: return try wrapped(try emitSigned(.reduce(op), [x])[0], bits)
    }
  }

  private func unsignedScatter(_ op: Scatter, _ operands: [ONNXOperand]) throws(Finding) -> ONNXOperand {
    let (x, indices, updates) = (operands[0], operands[1], operands[2])
    guard let bits = x.unsignedBits ?? updates.unsignedBits else {
      return try emitSigned(.scatter(op), operands)[0]
    }
    switch op.reduction {
    case .min, .max:
      let (first, second) = (try ordered(x.unsigned(bits)), try ordered(updates.unsigned(bits)))
      return try ordered(try emitSigned(.scatter(op), [first, indices, second])[0].unsigned(bits))
    case .none, .add, .mul: return try wrapped(try emitSigned(.scatter(op), operands)[0], bits)
    }
  }
}
