import IR
import Tensors

extension Target {
  /// Whether weights would have to be constant, and aren't.
  func constantsBroken(_ site: Site, _ support: Support, name: String) -> Breach.Rule? {
    guard site.op.hasWeights, support.constantWeights == true, !site.operands[1].isWeight else { return nil }
    return .weights(op: name, key: "constant_weights", actual: "computed", allowed: "constant")
  }

  /// The first rule of formats and quantization that a site breaks.
  func numberBroken(_ site: Site, _ support: Support, name: String) -> Breach.Rule? {
    if let types = support.types, let broken = typesBroken(site, types, name: name) { return broken }
    guard let quantized = QuantizedSite(site, dtypes) else { return nil }
    if support.perChannel == false, let weight = quantized.weight, weight.granularity != .tensor {
      return .weights(
        op: name, key: "per_channel", actual: "of a scale for each \(weight.granularity.rawValue)",
        allowed: "of one scale")
    }
    return quantization.flatMap { $0.broken(quantized) }
  }

  private func typesBroken(_ site: Site, _ allowed: [Types], name: String) -> Breach.Rule? {
    guard let input = site.operands.first.flatMap({ dtypes.format(of: $0.type.element) }),
      let result = site.results.first.flatMap({ dtypes.format(of: $0.type.element) })
    else { return nil }
    let weights = site.op.hasWeights ? weightFormats(site) : []
    let isAllowed = allowed.contains { types in
      types.activation == input && types.result == result
        && (types.weight.map { weights.isEmpty || weights.contains($0) } ?? true)
    }
    guard !isAllowed else { return nil }
    let actual = Types(activation: input, weight: weights.first, result: result)
    return .types(op: name, actual: actual, allowed: allowed)
  }

  /// The format of weights, and that which they expand to as they are read.
  private func weightFormats(_ site: Site) -> [Format] {
    let weights = site.operands[1]
    guard weights.isWeight else { return [dtypes.format(of: weights.type.element)].compactMap { $0 } }
    let own = Format(weights.type.element)
    let expanded = own.flatMap { dtypes.computesAs?[$0.rawValue] ?? $0 }
    // Integers are weights as they stand: only activations change their zero point.
    let computed = own.map { $0.isInteger ? $0 : expanded ?? $0 }
    guard let stored = weights.stored?.format else { return [computed].compactMap { $0 } }
    let expands = dtypes.weightStorage?.contains(stored) ?? false
    return [stored] + (expands ? [computed].compactMap { $0 } : [])
  }
}

extension Target.Format {
  var isInteger: Bool {
    switch self {
    case .i4, .u4, .i8, .u8, .i16, .u16, .i32, .i40, .i48, .i64: true
    default: false
    }
  }
}

extension Target.Quantization {
  /// What keeps integers from being of any scheme, by the one that comes closest: of what is read with its weights, of
  /// other factors, and of the result, each by itself, as an op may rescale one into another.
  fileprivate func broken(_ site: QuantizedSite) -> Breach.Rule? {
    var checks: [(Target.Scheme) -> [SchemeCheck]] = site.inputs.enumerated().map { index, input in
      { $0.checks(input) + (index == 0 ? $0.checks(site.weight) : []) }
    }
    if let result = site.result { checks.append { $0.checks(result) } }
    return checks.lazy.compactMap(closest).first
  }

  /// The check that fails in the scheme in which the most before it hold; nil where all hold in one.
  private func closest(_ checks: (Target.Scheme) -> [SchemeCheck]) -> Breach.Rule? {
    var closest: (passed: Int, rule: Breach.Rule)?
    for scheme in schemes {
      let checks = checks(scheme)
      guard let failed = checks.firstIndex(where: { !$0.isKept }) else { return nil }
      if failed > closest?.passed ?? -1 {
        let check = checks[failed]
        let key = "quantization.schemes.\(scheme.id).\(check.key)"
        closest = (failed, .scheme(key: key, actual: check.actual, allowed: check.allowed))
      }
    }
    return closest?.rule
  }
}

/// One thing that a scheme asks.
private struct SchemeCheck {
  var isKept: Bool
  var key: String
  var actual: String
  var allowed: String

  init(_ key: String, _ actual: String, is allowed: String) {
    self.init(actual == allowed, key, actual, allowed)
  }

  init(_ isKept: Bool, _ key: String, _ actual: String, _ allowed: String) {
    self.isKept = isKept
    self.key = key
    self.actual = actual
    self.allowed = allowed
  }

  init(_ key: String, _ actual: ClosedRange<Int>, in bound: Bound) {
    let text =
      actual.count == 1 ? "\(actual.lowerBound)" : "\(actual.lowerBound) to \(actual.upperBound)"
    self.init(bound.allows(actual.lowerBound) && bound.allows(actual.upperBound), key, text, "\(bound)")
  }
}

extension Target.Scheme {
  fileprivate func checks(_ given: QuantizedSite.Activation) -> [SchemeCheck] {
    let format = SchemeCheck("activation.format", given.format.rawValue, is: activation.format.rawValue)
    guard let zero = given.zeroPoint else { return [format] }
    return [format, SchemeCheck("activation.zero_point", zero...zero, in: activation.zeroPoints)]
  }

  fileprivate func checks(_ given: QuantizedSite.Weight?) -> [SchemeCheck] {
    guard let given else { return [] }
    guard let weight else { return [SchemeCheck("weight", given.format.rawValue, is: "none")] }
    let zeros = given.zeroPoints ?? weight.format.middle...weight.format.middle
    var checks = [
      SchemeCheck("weight.format", given.format.rawValue, is: weight.format.rawValue),
      SchemeCheck(
        given.granularity.fineness <= weight.granularity.fineness, "weight.granularity",
        given.granularity.rawValue, weight.granularity.rawValue),
      SchemeCheck("weight.zero_point", zeros, in: weight.zeroPoints),
    ]
    if let values = given.values {
      checks.append(
        SchemeCheck("weight.values", values, in: Bound(max: weight.max?.value, min: weight.min?.value)))
    }
    return checks
  }
}

extension Target.Scale {
  /// What zero points may be.
  fileprivate var zeroPoints: Bound {
    if symmetric, zeroPointMin == nil, zeroPointMax == nil { return Bound(oneOf: [format.middle]) }
    return Bound(max: zeroPointMax?.value, min: zeroPointMin?.value)
  }
}

extension Target.Scale.Granularity {
  fileprivate var fineness: Int {
    switch self {
    case .none: 0
    case .tensor: 1
    case .channel: 2
    case .block: 3
    }
  }
}
