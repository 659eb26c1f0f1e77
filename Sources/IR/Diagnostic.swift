import Tensors

/// Where a node came from.
package enum Location: Hashable, Sendable, CustomStringConvertible {
  /// The Swift call that built it.
  case builder(file: String, line: Int)
  /// IR text.
  case text(file: String, line: Int, column: Int)
  /// A node of an imported model.
  case model(file: String, node: String)
  /// Made by a pass from other nodes.
  case pass(String)
  case unknown

  package var description: String {
    switch self {
    case .builder(let file, let line): "\(file):\(line)"
    case .text(let file, let line, let column): "\(printable(file)):\(line):\(column)"
    case .model(let file, let node): printable(node.isEmpty ? file : "\(file): node '\(node)'")
    case .pass(let name): "pass \(name)"
    case .unknown: "unknown location"
    }
  }
}

/// An error at a place: names file and node, the op, what was found, what was expected and what to do.
package struct Diagnostic: Error, Hashable, Sendable, CustomStringConvertible {
  package var location: Location
  /// The op's name in the IR or the foreign operator's name; empty when none is concerned.
  package var op: String
  package var message: String
  /// What the user can do; may be empty.
  package var advice: String
  /// Further places or facts, one per line.
  package var notes: [String]

  package init(
    _ message: String, at location: Location = .unknown, op: String = "", advice: String = "",
    notes: [String] = []
  ) {
    self.location = location
    self.op = op
    self.message = message
    self.advice = advice
    self.notes = notes
  }

  package var description: String {
    var text = location == .unknown ? "" : "\(location): "
    if !op.isEmpty { text += "\(op): " }
    text += message
    if !advice.isEmpty { text += "; \(advice)" }
    return ([text] + notes.map { "  \($0)" }).map(printable).joined(separator: "\n")
  }
}

/// What is wrong with an op's operands or attributes, before it is known where the op stands.
package struct OpError: Error, Hashable, Sendable, CustomStringConvertible {
  package var message: String
  package var advice: String

  package init(_ message: String, advice: String = "") {
    self.message = message
    self.advice = advice
  }

  package var description: String { printable(advice.isEmpty ? message : "\(message); \(advice)") }

  /// The same error at a place.
  package func located(at location: Location, op: String) -> Diagnostic {
    Diagnostic(message, at: location, op: op, advice: advice)
  }
}
