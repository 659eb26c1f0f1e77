/// A function applied to numbers, as it stands in attributes: `clip(0.0, 6.0)`.
package struct Call: Hashable, Sendable {
  package var function: String
  package var arguments: [Double]
  package init(_ function: String, _ arguments: [Double] = []) {
    self.function = function
    self.arguments = arguments
  }
}

/// The value of an attribute in the textual form.
package enum AttributeValue: Hashable, Sendable {
  case int(Int)
  case float(Double)
  case ints([Int])
  case floats([Double])
  /// A bare word: an enumeration's case, an element type, `true` or `false`.
  case word(String)
  /// The name of a function.
  case function(String)
  case call(Call)
  case calls([Call])
}

/// One attribute of an op: the single description from which printer, parser and documentation derive.
package struct Attribute<Owner> {
  package let name: String
  package let get: (Owner) -> AttributeValue?
  /// Returns false when the value has the wrong kind or is no known word.
  package let set: (inout Owner, AttributeValue) -> Bool

  package init(
    _ name: String, get: @escaping (Owner) -> AttributeValue?,
    set: @escaping (inout Owner, AttributeValue) -> Bool
  ) {
    self.name = name
    self.get = get
    self.set = set
  }
}

extension Attribute {
  package static func int(_ name: String, _ path: WritableKeyPath<Owner, Int>) -> Attribute {
    Attribute(name, get: { .int($0[keyPath: path]) }) { owner, value in
      guard case .int(let number) = value else { return false }
      owner[keyPath: path] = number
      return true
    }
  }

  package static func ints(_ name: String, _ path: WritableKeyPath<Owner, [Int]>) -> Attribute {
    Attribute(name, get: { .ints($0[keyPath: path]) }) { owner, value in
      guard case .ints(let numbers) = value else { return false }
      owner[keyPath: path] = numbers
      return true
    }
  }

  package static func float(_ name: String, _ path: WritableKeyPath<Owner, Double>) -> Attribute {
    Attribute(name, get: { .float($0[keyPath: path]) }) { owner, value in
      switch value {
      case .float(let number): owner[keyPath: path] = number
      case .int(let number): owner[keyPath: path] = Double(number)
      default: return false
      }
      return true
    }
  }

  package static func floats(_ name: String, _ path: WritableKeyPath<Owner, [Double]>) -> Attribute {
    Attribute(name, get: { .floats($0[keyPath: path]) }) { owner, value in
      switch value {
      case .floats(let numbers): owner[keyPath: path] = numbers
      case .ints(let numbers): owner[keyPath: path] = numbers.map { Double($0) }
      default: return false
      }
      return true
    }
  }

  package static func flag(_ name: String, _ path: WritableKeyPath<Owner, Bool>) -> Attribute {
    Attribute(name, get: { .word($0[keyPath: path] ? "true" : "false") }) { owner, value in
      guard case .word(let word) = value, word == "true" || word == "false" else { return false }
      owner[keyPath: path] = word == "true"
      return true
    }
  }

  package static func function(_ name: String, _ path: WritableKeyPath<Owner, String>) -> Attribute {
    Attribute(name, get: { .function($0[keyPath: path]) }) { owner, value in
      guard case .function(let function) = value else { return false }
      owner[keyPath: path] = function
      return true
    }
  }

  package static func word<Words: RawRepresentable>(_ name: String, _ path: WritableKeyPath<Owner, Words>)
    -> Attribute
  where Words.RawValue == String {
    Attribute(name, get: { .word($0[keyPath: path].rawValue) }) { owner, value in
      guard case .word(let word) = value, let known = Words(rawValue: word) else { return false }
      owner[keyPath: path] = known
      return true
    }
  }

  /// A fused activation: absent, or a unary function with its parameters.
  package static func activation(_ name: String, _ path: WritableKeyPath<Owner, Unary?>) -> Attribute {
    Attribute(name, get: { $0[keyPath: path].map { .call($0.call) } }) { owner, value in
      let call: Call
      switch value {
      case .call(let written): call = written
      case .word(let word): call = Call(word)
      default: return false
      }
      guard let unary = Unary(call) else { return false }
      owner[keyPath: path] = unary
      return true
    }
  }
}
