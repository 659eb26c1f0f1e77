import IR
import Tensors

/// What one node tells of a value that it reads.
struct Reading {
  /// What the node itself sees.
  private(set) var seen: Sensitivity = []
  /// What readers of its result can see through it.
  private(set) var passed: Sensitivity = []
  /// Whether the result is a sum of such values, times others.
  private(set) var isTerm = false

  init(of value: ValueID, by node: NodeID, in graph: Graph) {
    let entry = graph[node]
    func reads(_ index: Int) -> Bool { index < entry.operands.count && entry.operands[index] == value }
    switch entry.op {
    case .unary(let op): read(op)
    case .binary(let op): read(op.function, entry.operands, value, in: graph)
    case .cast(let op):
      if op.element.isFloat { passed = .all } else { seen = .lastDigit }
    case .select, .transpose, .reshape, .expand, .concat, .slice, .pad, .gather, .batchNorm: passed = .all
    case .pool(let op): if op.kind == .max { passed = .all } else { isTerm = true }
    case .reduce(let op):
      switch op.kind {
      case .max, .min, .prod: passed = .all
      case .sum, .mean, .l1, .sumSquare: isTerm = true
      case .l2, .logSum, .logSumExp: break
      }
    case .resize(let op): if op.mode == .nearest { passed = .all } else { isTerm = true }
    case .scatter: passed = .all
    case .gridSample(let op):
      if op.mode == .nearest {
        passed = .all
        if reads(1) { seen = .lastDigit }
      }
    case .roiAlign: if reads(1) { seen = .lastDigit }
    case .matmul(let op): readTerm(op.activation)
    case .conv(let op): readTerm(op.activation)
    case .convTranspose(let op): readTerm(op.activation)
    case .cumsum: isTerm = true
    case .softmax, .layerNorm, .rmsNorm, .groupNorm, .lpNorm, .recurrent, .matmulInteger, .convInteger,
      .convTransposeInteger, .rescale, .lookup, .addInteger, .mulInteger, .reduceInteger,
      .poolInteger, .softmaxInteger, .normInteger, .recurrentInteger, .unpack, .palette:
      break
    case .quantize: seen = .lastDigit
    case .dequantize: passed = .all
    // They choose by what they see, or nobody looks into them. Of an op that is not named here the worst is assumed.
    default: seen = .all
    }
  }

  /// What a function tells of its operand.
  init(by op: Unary) { read(op) }

  private mutating func read(_ op: Unary) {
    switch op.function {
    case .identity, .neg, .sqrt, .relu, .clip, .leakyRelu: passed = .all
    case .sin, .tan, .asin, .atan, .sinh, .tanh, .asinh, .atanh, .erf, .silu, .gelu, .geluTanh, .hardSwish,
      .elu,
      .selu, .celu, .softsign, .mish:
      passed = [.lastDigit, .signOfZero]
    case .abs: passed = .digits
    case .exp, .log, .cos, .acos, .cosh, .acosh, .sigmoid, .hardSigmoid, .softplus: passed = .lastDigit
    case .reciprocal: (seen, passed) = (.signOfZero, .digits)
    case .rsqrt: (seen, passed) = (.signOfZero, .lastDigit)
    case .floor, .ceil, .round, .trunc, .thresholdedRelu, .shrink: (seen, passed) = (.lastDigit, .signOfZero)
    case .sign, .not, .bitNot, .isNaN, .isInf: seen = .lastDigit
    case .affine:
      // Only x + −0 keeps the sign of a zero.
      passed = op.p1 == 0 && op.p1.sign == .minus ? .all : .digits
      if Self.isCoarse(op.p1) { seen = .lastDigit }
    }
  }

  /// Reads a term of a sum to which a function is applied.
  private mutating func readTerm(_ activation: Unary?) {
    if let activation { read(activation) } else { passed = .digits }
    isTerm = !passed.isDisjoint(with: .digits)
    seen = seen.isDisjoint(with: .digits) ? [] : .lastDigitOfTerm
    passed = []
  }

  private mutating func read(
    _ function: BinaryFunction, _ operands: [ValueID], _ value: ValueID, in graph: Graph
  ) {
    let isSecond = operands[1] == value
    switch function {
    case .add, .sub:
      passed = .all
      if graph.holdsCoarseNumber(operands[isSecond ? 0 : 1]) { seen = .lastDigit }
    case .mul, .max, .min, .prelu: passed = .all
    case .div:
      passed = .all
      if isSecond { seen = .signOfZero }
    case .pow: (seen, passed) = (.signOfZero, .lastDigit)
    case .atan2: seen = .all
    case .mod, .fmod: (seen, passed) = (.lastDigit, .signOfZero)
    case .equal, .notEqual, .less, .lessEqual, .greater, .greaterEqual, .and, .or, .xor: seen = .lastDigit
    case .bitAnd, .bitOr, .bitXor, .shiftLeft, .shiftRight: break
    }
  }

  /// Whether adding the number rounds: what is added to 2¹¹ or more keeps at most 12 binary places, so that
  /// taking the number away again leaves a rounded value. This is how 1.5 · 2²³ rounds to integers.
  fileprivate static func isCoarse(_ number: Double) -> Bool { number.isFinite && abs(number) >= 0x1p11 }
}

extension Graph {
  /// Whether a value is a constant, not a large one, that holds a number which rounds what is added to it.
  fileprivate func holdsCoarseNumber(_ value: ValueID) -> Bool {
    guard let tensor = constant(value), tensor.element.isFloat, tensor.elementCount <= 65536 else {
      return false
    }
    return tensor.floats.contains { Reading.isCoarse(Double($0)) }
  }
}
