import IR
import Tensors

/// What a site's integers stand for: formats, scales and zero points, as the target's formats have them.
struct QuantizedSite {
  struct Activation {
    var format: Target.Format
    /// Nil where it is no constant.
    var zeroPoint: Int?
  }
  struct Weight {
    var format: Target.Format
    var granularity: Target.Scale.Granularity
    /// Smallest and largest, nil where they are no constants.
    var zeroPoints: ClosedRange<Int>?
    var values: ClosedRange<Int>?
  }

  /// What is read; the weights go with the first of them.
  var inputs: [Activation] = []
  var result: Activation?
  var weight: Weight?

  /// Nil of ops that neither read nor write integers that stand for numbers.
  init?(_ site: Site, _ numbers: Target.Numbers) {
    for (value, zero) in site.op.quantizedOperands where value < site.operands.count {
      // A second factor that is constant is the weight.
      if value == 1, site.op.hasWeights, site.operands[1].isWeight { continue }
      let zero = zero < site.operands.count ? site.operands[zero].constant : nil
      if let input = Activation(site.operands[value].type.element, zero, numbers) { inputs.append(input) }
    }
    result = site.resultZeroPoint.flatMap {
      Activation(site.results[0].type.element, $0.constant, numbers)
    }
    weight = Self.weight(of: site)
    if inputs.isEmpty, result == nil, weight == nil { return nil }
    if inputs.isEmpty, weight != nil, let element = site.operands.first?.type.element,
      let format = numbers.format(of: element)
    {
      inputs = [Activation(format: format, zeroPoint: nil)]
    }
  }

  private static func weight(of site: Site) -> Weight? {
    guard site.op.hasWeights, site.operands[1].isWeight else { return nil }
    switch site.op {
    case .convInteger, .convTransposeInteger, .matmulInteger:
      guard let format = Target.Format(site.operands[1].type.element) else { return nil }
      // Multiplier and shift stand before the zero point of the result.
      let isChannelwise =
        site.operands.count >= 7
        && site.operands[site.operands.count - 3].type.shape.elementCount > 1
      return Weight(
        format: format, granularity: isChannelwise ? .channel : .tensor,
        zeroPoints: site.operands[3].constant?.integerRange,
        values: site.operands[1].constant?.integerRange)
    default:
      return site.operands[1].stored.map { Weight(format: $0.format, granularity: $0.granularity) }
    }
  }
}

extension QuantizedSite.Activation {
  /// Nil of elements that are no quantized numbers.
  fileprivate init?(_ element: ElementType, _ zero: Tensor?, _ numbers: Target.Numbers) {
    guard [.i8, .u8, .i16].contains(element), let format = numbers.format(of: element) else { return nil }
    let shift = format.middle - (Target.Format(element)?.middle ?? 0)
    self.init(format: format, zeroPoint: zero?.integers.first.map { Int($0) + shift })
  }
}

extension Op {
  /// Operands that are quantized activations, each with the operand that is its zero point.
  fileprivate var quantizedOperands: [(value: Int, zero: Int)] {
    switch self {
    case .convInteger, .convTransposeInteger, .matmulInteger: [(0, 2), (1, 3)]
    case .addInteger: [(0, 1), (3, 4)]
    case .mulInteger: [(0, 1), (2, 3)]
    case .reduceInteger, .poolInteger, .softmaxInteger, .normInteger, .rescale: [(0, 1)]
    case .dequantize: [(0, 2)]
    default: []
    }
  }
}

extension Site {
  /// The operand that is the zero point of the result.
  fileprivate var resultZeroPoint: Site.Value? {
    switch op {
    case .convInteger, .convTransposeInteger, .matmulInteger: operands.count >= 7 ? operands.last : nil
    case .addInteger, .mulInteger, .reduceInteger, .poolInteger, .softmaxInteger, .normInteger, .rescale,
      .quantize:
      operands.last
    case .lookup: operands.count >= 5 ? operands.last : nil
    default: nil
    }
  }

  /// How sums are rescaled; nil of ops that don't.
  var rounding: Target.Rescale.Rounding? {
    let rounding: Rescaling.Rounding? =
      switch op {
      case .convInteger(let op): operands.count >= 7 ? op.rescaling.rounding : nil
      case .convTransposeInteger(let op): operands.count >= 7 ? op.rescaling.rounding : nil
      case .matmulInteger(let op): operands.count >= 7 ? op.rescaling.rounding : nil
      case .addInteger(let op): op.rescaling.rounding
      case .mulInteger(let op): op.rescaling.rounding
      case .reduceInteger(let op): op.rescaling.rounding
      case .poolInteger(let op): op.rescaling.rounding
      case .normInteger(let op): op.rescaling.rounding
      case .rescale(let op): op.rescaling.rounding
      default: nil
      }
    return rounding.flatMap { Target.Rescale.Rounding(rawValue: $0.rawValue) }
  }
}

extension Tensor {
  fileprivate var integerRange: ClosedRange<Int>? {
    let integers = integers
    guard let least = integers.min(), let most = integers.max() else { return nil }
    return Int(least)...Int(most)
  }
}

extension Target.Format {
  /// The zero point of a symmetric tensor.
  var middle: Int {
    switch self {
    case .u4: 8
    case .u8: 128
    case .u16: 32768
    default: 0
    }
  }
}

extension Target.Numbers {
  /// What the engines have for elements: their own format or another one; nil where they have none.
  func format(of element: ElementType) -> Target.Format? {
    guard let format = Target.Format(element) else { return nil }
    if activation.contains(format) { return format }
    return computesAs?[format.rawValue].flatMap { activation.contains($0) ? $0 : nil }
  }
}
