/// A choice in a target file, written as one of a few words.
package protocol TargetWord: RawRepresentable<String>, CaseIterable, Codable, Sendable {}

extension TargetWord {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let value = Self(rawValue: try container.decode(String.self)) else {
      let words = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "one of \(words)")
    }
    self = value
  }
}

extension TargetWord {
  /// All words that it may be.
  static var names: [String] { allCases.map(\.rawValue) }
}
