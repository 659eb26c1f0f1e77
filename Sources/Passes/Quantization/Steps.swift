import IR
import Tensors

// The words in which rules on quantized tensors are written.

/// Constant scales and zero points, by which integers q stand for the numbers (q − zero point) × scale: one of each for
/// the tensor, or one for each index of an axis.
struct Steps: Equatable {
  var scales: [Float]
  var zeros: [Int64]
  /// Counted from 0; of no meaning where there is one scale.
  var axis: Int
  /// Of the integers.
  var element: ElementType

  /// Whether scale and zero point are one for the tensor.
  var isWhole: Bool { scales.count == 1 }

  /// The zero point, if it is one for all integers.
  var zero: Int64? { zeros.dropFirst().allSatisfy { $0 == zeros[0] } ? zeros.first : nil }

  /// The integer that a number becomes; nil where that differs from scale to scale.
  func integer(_ number: Float, _ rounding: Rescaling.Rounding) -> Int64? {
    guard let zero else { return nil }
    let numbers = Tensor([Float](repeating: number, count: scales.count), shape: [scales.count])
    let parameters = [
      Tensor(scales, shape: [scales.count]),
      Tensor([Int64](repeating: zero, count: scales.count), shape: [scales.count], element: element),
    ]
    let quantize = Op.quantize(Quantize(Granularity(axis: 0), rounding: rounding))
    guard let integers = try? quantize.evaluate([numbers] + parameters)[0].integers,
      integers.allSatisfy({ $0 == integers[0] })
    else { return nil }
    return integers[0]
  }

  /// Whether integers of these steps are the same after they were dequantized and quantized again. They have 8 or 16
  /// bits, so that q − z, below 2^17, is exact; times s and divided by s it is (q − z)(1 + e), |e| < 2^-22, which is less
  /// than half a step away from q − z and rounds to it. The scale is such that no product is subnormal or infinite.
  var comesBack: Bool {
    isWhole && element != .i32 && (Float.leastNormalMagnitude...0x1p110).contains(scales[0])
  }
}

/// A number that integers stand for.
struct DequantizedValue {
  let integers: ValueID
  let zero: ValueID
  let steps: Steps
}

extension Graph {
  /// Those of a node that quantizes, or dequantizes to fp32, if they are constants that don't differ by block.
  func steps(of node: Node) -> Steps? {
    let granularity: Granularity
    switch node.op {
    case .quantize(let op): granularity = op.granularity
    case .dequantize(let op) where op.element == .f32: granularity = op.granularity
    default: return nil
    }
    guard let scales = constant(node.operands[1]), let zeros = constant(node.operands[2]),
      scales.shape.rank <= 1, scales.elementCount > 0, !granularity.isBlocked(scales.shape),
      scales.floats.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    // Steps of a whole tensor are the same whatever axis the node names.
    let axis =
      scales.shape.rank == 0 ? 0 : shape(of: node.operands[0]).normalized(axis: granularity.axis) ?? 0
    return Steps(scales: scales.floats, zeros: zeros.integers, axis: axis, element: zeros.element)
  }

  /// What a value is dequantized from.
  func dequantized(_ value: ValueID) -> DequantizedValue? {
    guard let node = node(value), case .dequantize = node.op, let steps = steps(of: node) else { return nil }
    return DequantizedValue(integers: node.operands[0], zero: node.operands[2], steps: steps)
  }

  /// The numbers of a constant, also one that is dequantized.
  func numbers(_ value: ValueID) -> Tensor? {
    if let tensor = constant(value) { return tensor }
    guard let node = node(value), case .dequantize = node.op else { return nil }
    let operands = node.operands.compactMap { constant($0) }
    return operands.count == node.operands.count ? try? node.op.evaluate(operands)[0] : nil
  }
}

/// Factors by which a rescaling multiplies, as multipliers and shifts.
struct Factors {
  private var multipliers: [Int64] = []
  private var shifts: [Int64] = []
  private let shape: Shape

  /// Nil if one of them is none that 31 bits and a shift express. A factor too small for them is 0. One alone is a scalar
  /// unless asked for as a vector.
  init?(_ factors: [Double], isVector: Bool = false) {
    shape = factors.count == 1 && !isVector ? [] : [factors.count]
    for factor in factors {
      guard abs(factor) >= 0x1p-62 else {
        multipliers.append(0)
        shifts.append(0)
        continue
      }
      guard let (multiplier, shift) = Rescaling.fixed(abs(factor)) else { return nil }
      multipliers.append(factor < 0 ? -Int64(multiplier) : Int64(multiplier))
      shifts.append(Int64(shift))
    }
  }

  /// Multipliers and shifts, one of each or vectors.
  var tensors: [Tensor] {
    [
      Tensor(multipliers, shape: shape, element: .i32), Tensor(shifts, shape: shape, element: .i8),
    ]
  }

  /// Multiplier and shift as weights named after a node.
  func weights(of name: String, _ context: inout PassContext) -> [ValueID] {
    zip([".multiplier", ".shift"], tensors).map { context.addWeight(name + $0, $1) }
  }
}

/// A number that a node quantizes, with one zero point and one scale or one for each index of an axis, and what clips it before.
struct QuantizedResult {
  let node: NodeID
  let steps: Steps
  /// What is quantized, before it is clipped.
  let value: ValueID
  /// How many readers the values from `value` to the node have besides each other.
  let isOnlyReader: Bool
  let rounding: Rescaling.Rounding
  private let zero: Int64
  private let zeroOperand: ValueID
  private let bounds: ClosedRange<Int>

  init?(_ id: NodeID, in graph: Graph) {
    let node = graph[id]
    guard case .quantize(let op) = node.op, let steps = graph.steps(of: node), let zeroPoint = steps.zero,
      graph.type(of: node.operands[0]).element == .f32, let range = steps.element.integerRange
    else { return nil }
    var bounds = Int(Int32.min)...Int(Int32.max)
    var value = node.operands[0]
    var isOnlyReader = graph.hasOneUse(value)
    while let (operand, lower, upper) = graph.clipped(value) {
      guard let lowest = steps.integer(lower, op.rounding), let highest = steps.integer(upper, op.rounding)
      else { return nil }
      // A bound that is the type's own is none.
      let least = lowest > range.lowerBound ? Int(lowest) : bounds.lowerBound
      let most = highest < range.upperBound ? Int(highest) : bounds.upperBound
      // What is clipped later, which was met before, has the last word.
      let first = min(max(least, bounds.lowerBound), bounds.upperBound)
      bounds = first...max(min(most, bounds.upperBound), first)
      value = operand
      isOnlyReader = isOnlyReader && graph.hasOneUse(value)
    }
    self.node = id
    self.steps = steps
    self.bounds = bounds
    self.value = value
    self.isOnlyReader = isOnlyReader
    zero = zeroPoint
    zeroOperand = node.operands[2]
    rounding = op.rounding
  }

  /// The zero point as a number without axes.
  func zero(_ context: inout PassContext) -> ValueID {
    if context.graph.shape(of: zeroOperand).rank == 0 { return zeroOperand }
    return context.addWeight(
      context.graph[node].name + ".zero", Tensor([zero], shape: [], element: steps.element))
  }

  /// By what to multiply numbers in steps of these scales, one or one for each index of an axis, to count the result's steps, and the axis
  /// along which that differs. Nil where the two differ along two axes.
  func factors(_ scales: [Double], axis: Int?) -> (factors: [Double], axis: Int?)? {
    let own = steps.scales
    let (first, second) = (scales.count > 1 ? axis : nil, steps.isWhole ? nil : steps.axis)
    if let first, let second, first != second { return nil }
    let quotients = (0..<max(scales.count, own.count)).map {
      scales[scales.count == 1 ? 0 : $0] / Double(own[own.count == 1 ? 0 : $0])
    }
    return (quotients, first ?? second)
  }

  var rescaling: Rescaling { Rescaling(rounding, min: bounds.lowerBound, max: bounds.upperBound) }
}

extension Graph {
  /// Whether whatever reads a value, but for what clips it, quantizes it: computed on integers, it is not computed as well.
  func isOnlyQuantized(_ value: ValueID) -> Bool {
    guard !isOutput(value) else { return false }
    return users(of: value).allSatisfy { reader in
      if case .quantize = self[reader].op { return true }
      return clipped(result(reader))?.operand == value && isOnlyQuantized(result(reader))
    }
  }

  /// The operand of a function that only clips, and to what.
  fileprivate func clipped(_ value: ValueID) -> (operand: ValueID, lower: Float, upper: Float)? {
    guard let node = node(value) else { return nil }
    switch node.op {
    case .unary(let op) where op.function == .relu: return (node.operands[0], 0, .infinity)
    case .unary(let op) where op.function == .clip && op.p0 <= op.p1:
      return (node.operands[0], Float(op.p0), Float(op.p1))
    case .binary(let op) where op.function == .max || op.function == .min:
      for (operand, limit) in [(0, 1), (1, 0)] {
        guard let number = scalar(node.operands[limit]),
          shape(of: node.operands[operand]) == shape(of: value)
        else { continue }
        return op.function == .max
          ? (node.operands[operand], Float(number), .infinity)
          : (node.operands[operand], -.infinity, Float(number))
      }
      return nil
    default: return nil
    }
  }
}
