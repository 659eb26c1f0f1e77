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
    if let max { parts.append("at most \(max)") }
    if let min { parts.append("at least \(min)") }
    if let multipleOf { parts.append("a multiple of \(multipleOf)") }
    if let oneOf { parts.append("one of " + listed(oneOf.map(String.init), limit: 32)) }
    return parts.joined(separator: ", ")
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
    case .element: "activations"
    case .attribute(let field, _, _, _): field.rawValue
    case .engine: "ops.engine"
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
    case .engine(let actual, _): actual
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
    case .engine(_, let allowed): allowed
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
      }
    return part.map { "\($0): \(sentence)" } ?? sentence
  }
}
