package import IR
import Tensors

/// A function that a fused op computes inside.
package enum FusedPart: Hashable, Sendable, CustomStringConvertible {
  /// What is applied to a result, or to the gates of a recurrent layer, by its name.
  case function(String)
  /// A step of `elementwise`, by its place and the op that computes it alone.
  case step(Int, String)

  package var description: String {
    switch self {
    case .function(let name): "function '\(name)' in it"
    case .step(let index, let name): "step \(index) of it, '\(name)'"
    }
  }
}

/// Whole numbers that a rule allows.
package struct Bound: Hashable, Sendable, CustomStringConvertible {
  package var max: Int?
  package var min: Int?
  package var multipleOf: Int?
  package var oneOf: [Int]?

  init(max: Int? = nil, min: Int? = nil, oneOf: [Int]? = nil) {
    self.max = max
    self.min = min
    self.oneOf = oneOf
  }

  init(_ max: Whole?, _ min: Whole?, _ multipleOf: Whole?, _ oneOf: [Whole]?) {
    self.max = max?.value
    self.min = min?.value
    self.multipleOf = multipleOf?.value
    self.oneOf = oneOf.map { $0.map(\.value) }
  }

  package func allows(_ value: Int) -> Bool {
    if let max, value > max { return false }
    if let min, value < min { return false }
    if let multipleOf, value % multipleOf != 0 { return false }
    if let oneOf, !oneOf.contains(value) { return false }
    return true
  }

  /// In words: `at most 15`.
  package var description: String {
    var parts: [String] = []
    switch (min, max) {
    case (let min?, let max?): parts.append(min == max ? "\(min)" : "\(min) to \(max)")
    case (let min?, nil): parts.append("at least \(min)")
    case (nil, let max?): parts.append("at most \(max)")
    case (nil, nil): break
    }
    if let multipleOf { parts.append("a multiple of \(multipleOf)") }
    if let oneOf {
      parts.append((oneOf.count > 1 ? "one of " : "") + listed(oneOf.map(String.init), limit: 32))
    }
    return parts.isEmpty ? "any" : parts.joined(separator: ", ")
  }
}

/// A rule of a target that an op does not keep: what the op has, and what is allowed.
package struct Breach: Hashable, Sendable {
  package enum Rule: Hashable, Sendable {
    /// The target does not list the op.
    case unlisted(op: String)
    /// The target lists the op as one that never runs as one operation of an engine.
    case listed(op: String, as: Target.Support.Run, because: String?)
    case rank(TensorType, most: Int)
    /// Along W, H or C.
    case extent(TensorType, axis: String, actual: Int, most: Int)
    case element(TensorType, allowed: [String])
    /// A bound on an attribute of the op, with the target's reason.
    case attribute(Field, actual: Int, allowed: Bound, because: String)
    /// A function inside a fused op that another engine has than the op itself.
    case engine(actual: String, allowed: String)
    /// A function inside a fused op that the target does not fuse there.
    case fusion(host: String, actual: String, allowed: String)
    /// Formats of an op that do not go together.
    case types(op: String, actual: Target.Types, allowed: [Target.Types])
    /// What the target asks of the weights of an op, by the key of the rule.
    case weights(op: String, key: String, actual: String, allowed: String)
    /// Scales and zero points that are of no scheme, by the key of what is otherwise in the one that comes closest.
    case scheme(key: String, actual: String, allowed: String)
    /// More pieces of a network than the engines take.
    case segments(Int, most: Int)
  }

  package var rule: Rule
  /// The function inside a fused op that breaks it; nil where the op itself does.
  package var part: FusedPart?

  package init(_ rule: Rule, part: FusedPart? = nil) {
    self.rule = rule
    self.part = part
  }

  /// Where the target file has the rule: `ops.conv`, `limits.max_rank`, or the attribute that it bounds: `kernel.w`.
  package var key: String {
    switch rule {
    case .unlisted: "ops"
    case .listed(let op, _, _): "ops.\(op).run"
    case .rank: "limits.max_rank"
    case .extent(_, let axis, _, _): "limits.max_extent.\(axis)"
    case .element: "dtypes.activation"
    case .attribute(let field, _, _, _): field.rawValue
    case .engine: "ops.engine"
    case .fusion: "fusion"
    case .types(let op, _, _): "ops.\(op).types"
    case .weights(let op, let key, _, _): "ops.\(op).\(key)"
    case .scheme(let key, _, _): key
    case .segments: "limits.max_segments"
    }
  }

  /// What the graph has.
  package var actual: String {
    switch rule {
    case .unlisted(let op): op
    case .listed(_, let run, _): run.rawValue
    case .rank(let type, _): "\(type.rank)"
    case .extent(_, _, let actual, _): "\(actual)"
    case .element(let type, _): type.element.rawValue
    case .attribute(_, let actual, _, _): "\(actual)"
    case .engine(let actual, _), .fusion(_, let actual, _), .weights(_, _, let actual, _),
      .scheme(_, let actual, _):
      actual
    case .types(_, let actual, _): "\(actual)"
    case .segments(let actual, _): "\(actual)"
    }
  }

  /// What the target allows.
  package var allowed: String {
    switch rule {
    case .unlisted: "an op that the target lists"
    case .listed: Target.Support.Run.native.rawValue
    case .rank(_, let most), .extent(_, _, _, let most): "at most \(most)"
    case .element(_, let allowed): "one of \(allowed.joined(separator: ", "))"
    case .attribute(_, _, let allowed, _): "\(allowed)"
    case .engine(_, let allowed), .fusion(_, _, let allowed), .weights(_, _, _, let allowed),
      .scheme(_, _, let allowed):
      allowed
    case .types(_, _, let allowed): "one of \(allowed.map(\.description).joined(separator: ", "))"
    case .segments(_, let most): "at most \(most)"
    }
  }

  /// Rule, actual and allowed value in a sentence.
  package var sentence: String {
    let sentence =
      switch rule {
      case .unlisted(let op): "the chip has no '\(op)'"
      case .listed(let op, let run, let because):
        because ?? (run == .decompose ? "the chip has no single '\(op)'" : "the chip can't run '\(op)'")
      case .rank(let type, let most):
        "the chip takes tensors of rank \(most) at most, \(type) has rank \(type.rank)"
      case .extent(let type, let axis, let actual, let most):
        "the chip takes extents of \(most) at most along \(axis), \(type) has \(actual)"
      case .element(let type, _): "the chip does not compute on \(type.element.rawValue) tensors"
      case .attribute(let field, let actual, let allowed, let because):
        "\(because) (\(field.rawValue) is \(actual), allowed is \(allowed))"
      case .engine(let actual, let allowed): "engine '\(actual)' has it, and '\(allowed)' the op"
      case .fusion(let host, let actual, _): "the chip does not apply '\(actual)' within '\(host)'"
      case .types(let op, let actual, _): "the chip has no '\(op)' of \(actual) (allowed is \(allowed))"
      case .weights(let op, _, let actual, let allowed):
        "weights of '\(op)' are to be \(allowed), these are \(actual)"
      case .scheme(let key, let actual, let allowed):
        "no scheme of the chip is of such numbers (\(key) is \(actual), allowed is \(allowed))"
      case .segments(_, let most):
        "the chip runs \(most) piece\(most == 1 ? "" : "s") of a network, and this is behind"
      }
    return part.map { "\($0): \(sentence)" } ?? sentence
  }
}
