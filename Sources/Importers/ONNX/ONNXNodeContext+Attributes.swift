import Tensors

/// Attributes, checked for their kind.
extension ONNXNodeContext {
  /// The value, with references of function bodies resolved; nil if the attribute is absent.
  func value(_ name: String) -> ONNXAttribute.Value? {
    let value = node.attribute(name)
    if case .reference(let outer)? = value { return references[outer] }
    return value
  }

  private func wrongKind(_ name: String, expected: String) -> Finding {
    Finding("attribute \(ImportError.quoted(name)) has another kind", expected: expected)
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  func optionalInt(_ name: String) throws(Finding) -> Int? {
    switch value(name) {
    case nil: return nil
    case .int(let number)?: return Int(number)
    default: throw wrongKind(name, expected: "an integer")
    }
  }

  func int(_ name: String, _ standard: Int) throws(Finding) -> Int { try optionalInt(name) ?? standard }

  func requiredInt(_ name: String) throws(Finding) -> Int {
    guard let number = try optionalInt(name) else { throw missing(name) }
    return number
  }

  func flag(_ name: String, _ standard: Bool = false) throws(Finding) -> Bool {
    try int(name, standard ? 1 : 0) != 0
  }

  func ints(_ name: String) throws(Finding) -> [Int]? {
    switch value(name) {
    case nil: return nil
    case .ints(let numbers)?: return numbers.map { Int($0) }
    default: throw wrongKind(name, expected: "a list of integers")
    }
  }

  func optionalFloat(_ name: String) throws(Finding) -> Double? {
    switch value(name) {
    case nil: return nil
    case .float(let number)?: return decimal(number)
    default: throw wrongKind(name, expected: "a number")
    }
  }

  func float(_ name: String, _ standard: Double) throws(Finding) -> Double {
    try optionalFloat(name) ?? standard
  }

  func floats(_ name: String) throws(Finding) -> [Float]? {
    switch value(name) {
    case nil: return nil
    case .floats(let numbers)?: return numbers
    default: throw wrongKind(name, expected: "a list of numbers")
    }
  }

  func string(_ name: String, _ standard: String) throws(Finding) -> String {
    switch value(name) {
    case nil: return standard
    case .string(let text)?: return text
    default: throw wrongKind(name, expected: "a string")
    }
  }

  func strings(_ name: String) throws(Finding) -> [String]? {
    switch value(name) {
    case nil: return nil
    case .strings(let texts)?: return texts
    default: throw wrongKind(name, expected: "a list of strings")
    }
  }

  /// A string that must be one of some words.
  func word<Words: RawRepresentable & CaseIterable>(_ name: String, _ standard: Words) throws(Finding)
    -> Words
  where Words.RawValue == String {
    let text = try string(name, standard.rawValue)
    guard let word = Words(rawValue: text) else {
      let known = Words.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw Finding("attribute '\(name)' is \(ImportError.quoted(text))", expected: "one of \(known)")
    }
    return word
  }

  func tensor(_ name: String) throws(Finding) -> Tensor? {
    switch value(name) {
    case nil: return nil
    case .tensor(let tensor, _)?: return tensor
    default: throw wrongKind(name, expected: "a tensor")
    }
  }

  /// Bits of the unsigned type, wider once read, that a tensor has.
  func unsignedBits(ofTensor name: String) -> Int? {
    if case .tensor(_, let bits)? = value(name) { return bits }
    return nil
  }

  func graph(_ name: String) throws(Finding) -> ONNXGraph {
    switch value(name) {
    case .graph(let graph)?: return graph
    case nil: throw missing(name)
    default: throw wrongKind(name, expected: "a graph")
    }
  }

  func missing(_ name: String) -> Finding {
    Finding(
      "attribute '\(name)' is missing", expected: "one, as \(node.operatorName) of opset \(opset) needs it",
      advice: "add it, or check that the node is one of that opset")
  }
}
