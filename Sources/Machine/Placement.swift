/// Where a node runs, and why it is not natively where it isn't.
package struct Placement: Sendable, Hashable {
  package enum Verdict: Sendable, Hashable {
    /// On the engine, as one operation at full speed.
    case native
    /// On the engine, slower than it could.
    case slow(Breach)
    /// On the engine, as several operations.
    case decomposed(Breach)
    /// On the fallback engine.
    case fallback(Breach)

    package var name: String {
      switch self {
      case .native: "native"
      case .slow: "slow"
      case .decomposed: "decomposed"
      case .fallback: "fallback"
      }
    }

    /// The rule that was broken; nil of a native op.
    package var breach: Breach? {
      switch self {
      case .native: nil
      case .slow(let breach), .decomposed(let breach), .fallback(let breach): breach
      }
    }

    static let severityOfSlow = 1

    /// How far from native; the worst rule that an op breaks decides.
    var severity: Int {
      switch self {
      case .native: 0
      case .slow: 1
      case .decomposed: 2
      case .fallback: 3
      }
    }
  }

  /// What crosses between the engines and what they fall back to.
  package struct Border: Sendable, Hashable {
    package var bytesIn = 0
    package var bytesOut = 0
    /// Microseconds of handing over and of moving the bytes; nil where the target does not say.
    package var microseconds: Double?

    package var bytes: Int { bytesIn &+ bytesOut }
  }

  /// The node's name, or its value's number where it has none.
  package var node: String
  package var op: String
  package var engine: String
  package var verdict: Verdict
  /// What the target says of the op where it runs natively; may be empty.
  package var remark: String
  package var multiplyAdds: Int
  /// What the engines have for what the op reads; nil where they have nothing, or it reads nothing.
  package var format: Target.Format?
  package var terms: CostTerms
  /// The piece of the network that it is in, of ``PlacedGraph/segments``.
  package var segment = 0
  /// What its being on another engine than its neighbors costs.
  package var border = Border()

  /// A sentence; empty when the op runs natively and there is nothing to say of it.
  package var reason: String {
    switch verdict {
    case .native: remark
    case .slow(let breach): "runs slowly: \(breach.sentence)"
    case .decomposed(let breach): "runs as several operations: \(breach.sentence)"
    case .fallback(let breach): breach.sentence
    }
  }
}
