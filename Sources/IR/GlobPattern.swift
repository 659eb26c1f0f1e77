/// A pattern of names as shells have it: `*` stands for any characters, none included and dots too, `?` for any one,
/// `[a-z0-9]` for one of a set and `[!a-z]` for one outside of it. A backslash takes the next character as it is.
package struct GlobPattern: Hashable, Sendable, CustomStringConvertible {
  private enum Part: Hashable {
    case anything
    case anyOne
    case one(Unicode.Scalar)
    case oneOf([ClosedRange<Unicode.Scalar>], inverted: Bool)

    func accepts(_ scalar: Unicode.Scalar) -> Bool {
      switch self {
      case .anything, .anyOne: true
      case .one(let expected): scalar == expected
      case .oneOf(let ranges, let inverted): ranges.contains { $0.contains(scalar) } != inverted
      }
    }
  }

  /// The pattern as it was written.
  package let description: String
  private let parts: [Part]

  /// A `[` without its `]` is taken as it is.
  package init(_ text: String) {
    description = text
    var rest = Substring(text).unicodeScalars
    var parts: [Part] = []
    while let scalar = rest.popFirst() {
      switch scalar {
      case "*":
        // Neighbors mean the same as one, and only cost time.
        if parts.last != .anything { parts.append(.anything) }
      case "?": parts.append(.anyOne)
      case "\\": parts.append(.one(rest.popFirst() ?? scalar))
      case "[":
        if let set = Self.set(&rest) { parts.append(set) } else { parts.append(.one(scalar)) }
      default: parts.append(.one(scalar))
      }
    }
    self.parts = parts
  }

  /// What stands between brackets; nil, with nothing taken, if they are not closed.
  private static func set(_ rest: inout Substring.UnicodeScalarView) -> Part? {
    var ahead = rest
    let inverted = ahead.first == "!" || ahead.first == "^"
    if inverted { ahead.removeFirst() }
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    while let first = ahead.popFirst() {
      // A bracket that comes first is a member.
      if first == "]", !ranges.isEmpty {
        rest = ahead
        return .oneOf(ranges, inverted: inverted)
      }
      var last = first
      if ahead.first == "-", let end = ahead.dropFirst().first, end != "]" {
        ahead.removeFirst(2)
        last = end
      }
      ranges.append(min(first, last)...max(first, last))
    }
    return nil
  }

  /// Whether the whole name is one that the pattern stands for. Takes time in name × pattern at most.
  package func matches(_ name: String) -> Bool {
    let scalars = Array(name.unicodeScalars)
    var (position, part) = (0, 0)
    // Where to go on when what follows the last `*` does not fit: the star takes one character more.
    var retry: (position: Int, part: Int)?
    while position < scalars.count {
      if part < parts.count, parts[part] == .anything {
        part += 1
        retry = (position, part)
      } else if part < parts.count, parts[part].accepts(scalars[position]) {
        position += 1
        part += 1
      } else if let last = retry {
        retry = (last.position + 1, last.part)
        (position, part) = (last.position + 1, last.part)
      } else {
        return false
      }
    }
    return parts[part...].allSatisfy { $0 == .anything }
  }
}
