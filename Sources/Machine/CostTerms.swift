import IR
import Tensors

/// What the time of an op is made of. Coefficients of a target say what a unit of each takes.
package enum CostTerm: String, TargetWord {
  /// Ops that are more than another view of the same memory.
  case ops
  /// 1e9 multiply-adds of convolutions with kernels of more than one element, channels rounded up to what the target pads them to.
  case convGmacs = "conv_gmacs"
  /// The same of kernels of one element, and of products with constant weights.
  case pointwiseGmacs = "pointwise_gmacs"
  /// The same of convolutions with one input channel a group.
  case depthwiseGmacs = "depthwise_gmacs"
  /// The same of products of two values that are computed.
  case attentionGmacs = "attention_gmacs"
  /// 1e6 bytes of values that are read and written.
  case trafficMb = "traffic_mb"
  /// 1e6 bytes of weights, as they are stored.
  case weightsMb = "weights_mb"
  /// 1e6 bytes that transposes, slices, concatenations and the like move, read and written.
  case movementMb = "movement_mb"
  /// 1e6 bytes that softmaxes, normalizations and reductions read and write.
  case reductionMb = "reduction_mb"
  /// 1e6 bytes that elementwise ops read and write that are fused with nothing.
  case elementwiseMb = "elementwise_mb"
}

/// Amounts of cost terms of one op or of many.
package struct CostTerms: Sendable, Hashable {
  package private(set) var amounts: [CostTerm: Double] = [:]

  package init() {}

  package subscript(term: CostTerm) -> Double { amounts[term] ?? 0 }

  mutating func add(_ term: CostTerm, _ amount: Double) { amounts[term, default: 0] += amount }

  package static func + (a: CostTerms, b: CostTerms) -> CostTerms {
    var sum = a
    for (term, amount) in b.amounts { sum.add(term, amount) }
    return sum
  }
}

extension Target {
  /// What an op costs on the engines.
  func costTerms(_ site: Site) -> CostTerms {
    var terms = CostTerms()
    // Another view costs nothing.
    if let first = site.operands.first, site.op.viewStart(in: first.type.shape) != nil { return terms }
    terms.add(.ops, 1)
    let read = site.operands.filter { !$0.isWeight }.reduce(0) { $0 + bytes($1.type) }
    let traffic = (read + site.results.reduce(0) { $0 + bytes($1.type) }) / 1e6
    terms.add(.trafficMb, traffic)
    if let term = movementTerm(site.op) { terms.add(term, traffic) }
    if site.op.hasWeights { addProduct(site, to: &terms) }
    return terms
  }

  private func movementTerm(_ op: Op) -> CostTerm? {
    switch op {
    case .transpose, .slice, .concat, .expand, .pad, .gather, .reshape, .resize: .movementMb
    case .softmax, .layerNorm, .rmsNorm, .groupNorm, .lpNorm, .reduce, .softmaxInteger, .normInteger,
      .reduceInteger:
      .reductionMb
    case .unary, .binary, .select, .cast, .elementwise, .addInteger, .mulInteger, .lookup, .rescale:
      .elementwiseMb
    default: nil
    }
  }

  private func addProduct(_ site: Site, to terms: inout CostTerms) {
    let (x, w, y) = (site.operands[0].type.shape, site.operands[1].type, site.results[0].type.shape)
    var macs = Double(site.op.multiplyAdds(site.operands.map(\.type), site.results.map(\.type))) / 1e9
    if site.operands[1].isWeight {
      let bits = site.operands[1].stored?.format.bits ?? dtypes.format(of: w.element)?.bits ?? 32
      terms.add(.weightsMb, Double(w.shape.elementCount) * Double(bits) / 8 / 1e6)
    }
    guard let window = WindowFacts(site) else {
      terms.add(site.operands[1].isWeight ? .pointwiseGmacs : .attentionGmacs, macs)
      return
    }
    if y.rank > 1 { macs *= padded(y[1]) }
    if window.inputs == 1, window.groups > 1 { return terms.add(.depthwiseGmacs, macs) }
    if x.rank > 1 { macs *= padded(x[1]) }
    terms.add(window.kernel.allSatisfy { $0 == 1 } ? .pointwiseGmacs : .convGmacs, macs)
  }

  /// By how much more channels are computed than there are.
  private func padded(_ channels: Int) -> Double {
    let multiple = layouts?.first { $0.preferred == true }?.roundUp?["C"]?.value ?? 1
    guard channels > 0, multiple > 1 else { return 1 }
    return (Double(channels) / multiple).rounded(.up) * multiple / Double(channels)
  }

  private func bytes(_ type: TensorType) -> Double {
    let bits = dtypes.format(of: type.element)?.bits ?? 8 * type.element.byteCount
    return Double(type.shape.elementCount) * Double(bits) / 8
  }
}

extension Target.Format {
  /// Bits of one number.
  var bits: Int {
    switch self {
    case .f32, .i32: 32
    case .f16, .bf16, .i16, .u16: 16
    case .i8, .u8, .bool, .palette8: 8
    case .palette6: 6
    case .i4, .u4, .palette4: 4
    case .palette3: 3
    case .palette2: 2
    case .palette1: 1
    case .i40: 40
    case .i48: 48
    case .i64: 64
    }
  }
}
