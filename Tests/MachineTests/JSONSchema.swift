import Foundation

/// A JSON value, as the validator reads schema and document.
enum JSONValue: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var list: [JSONValue]? { if case .list(let value) = self { value } else { nil } }
  var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }

  /// The value as JSON text, with sorted keys.
  var json: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .text(let value): String(decoding: (try? JSONEncoder().encode(value)) ?? Data(), as: UTF8.self)
    case .list(let values): "[" + values.map(\.json).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(JSONValue.text($0.key).json):\($0.value.json)" }
        .joined(separator: ",") + "}"
    }
  }
}

/// Checks documents by the keywords of JSON Schema (draft 2020-12) that the schema of target files uses; any other
/// keyword is a failure, so that nothing in it goes unread.
struct JSONSchema {
  let root: JSONValue

  /// The path of the first place that breaks the schema; nil when none does.
  func firstBreach(in document: JSONValue) -> String? { breach(document, root, "") }

  private func breach(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> String? {
    for (keyword, argument) in (schema.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      if let found = breach(value, keyword, argument, schema, path) { return found }
    }
    return nil
  }

  private func breach(
    _ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONValue, _ path: String
  ) -> String? {
    let isSound: Bool
    switch keyword {
    case "$schema", "$id", "$defs", "title", "description": isSound = true
    case "$ref": return breach(value, definition(argument), path)
    case "type": isSound = (argument.list ?? [argument]).contains { value.is($0.text ?? "") }
    case "const": isSound = value == argument
    case "enum": isSound = argument.list?.contains(value) ?? false
    case "anyOf": isSound = (argument.list ?? []).contains { breach(value, $0, path) == nil }
    case "minimum": isSound = value.number.map { $0 >= argument.number ?? 0 } ?? true
    case "maximum": isSound = value.number.map { $0 <= argument.number ?? 0 } ?? true
    case "exclusiveMinimum": isSound = value.number.map { $0 > argument.number ?? 0 } ?? true
    case "minLength": isSound = value.text.map { Double($0.count) >= argument.number ?? 0 } ?? true
    case "maxLength": isSound = value.text.map { Double($0.count) <= argument.number ?? 0 } ?? true
    case "pattern":
      isSound = value.text.map { (try? Regex(argument.text ?? "").firstMatch(in: $0)) != nil } ?? true
    case "minItems": isSound = value.list.map { Double($0.count) >= argument.number ?? 0 } ?? true
    case "uniqueItems":
      isSound = value.list.map { list in !list.indices.contains { list[..<$0].contains(list[$0]) } } ?? true
    case "contains": isSound = value.list.map { $0.contains { breach($0, argument, path) == nil } } ?? true
    case "items":
      return (value.list ?? []).enumerated().lazy.compactMap {
        breach($0.element, argument, "\(path)[\($0.offset)]")
      }.first
    case "required":
      let missing = (argument.list ?? []).compactMap(\.text).first { key in
        value.object.map { $0[key] == nil } ?? false
      }
      return missing.map { join(path, $0) }
    case "properties", "additionalProperties", "propertyNames":
      return breachOfMembers(value, keyword, argument, schema, path)
    default: return "keyword \(keyword) of the schema is not checked"
    }
    return isSound ? nil : path
  }

  private func breachOfMembers(
    _ value: JSONValue, _ keyword: String, _ argument: JSONValue, _ schema: JSONValue, _ path: String
  ) -> String? {
    for (key, member) in (value.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let place = join(path, key)
      switch keyword {
      case "properties":
        if let inner = argument[key], let found = breach(member, inner, place) { return found }
      case "propertyNames": if breach(.text(key), argument, place) != nil { return place }
      default:
        guard schema["properties"]?[key] == nil else { continue }
        if argument == .bool(false) { return place }
        if let found = breach(member, argument, place) { return found }
      }
    }
    return nil
  }

  private func definition(_ reference: JSONValue) -> JSONValue {
    let name = reference.text?.split(separator: "/").last.map(String.init) ?? ""
    guard let found = root["$defs"]?[name] else { preconditionFailure("the schema has no \(name)") }
    return found
  }

  private func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

extension JSONValue {
  fileprivate func `is`(_ type: String) -> Bool {
    switch (type, self) {
    case ("null", .null), ("boolean", .bool), ("number", .number), ("string", .text), ("array", .list),
      ("object", .object):
      true
    case ("integer", .number(let value)): value == value.rounded()
    default: false
    }
  }
}
