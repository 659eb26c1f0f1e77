import Foundation
import Machine
import Testing

/// The schema that comes with the target files and the reader say the same: of every file, and of every way to damage one.
@Suite struct TargetSchemaTests {
  private let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Targets").standardized

  private var schema: JSONSchema {
    get throws { JSONSchema(root: try document("schema")) }
  }

  private func document(_ name: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  private var names: [String] {
    TargetLibrary(folders: [folder.path(percentEncoded: false)]).names
  }

  private func message(_ document: JSONValue) -> String? {
    do {
      _ = try decodeTarget(Data(document.json.utf8), path: "t.json")
      return nil
    } catch { return error.message }
  }

  @Test func everyFileKeepsTheSchema() throws {
    #expect(names.count >= 19)
    #expect(!names.contains("schema"))
    for name in names {
      #expect(try schema.firstBreach(in: document(name)) == nil, "\(name)")
      #expect(try target(name).name == name)
    }
  }

  @Test func filesThatComeWithTheToolAreThoseOfTheFolder() throws {
    let manifest = folder.deletingLastPathComponent().appending(path: "Package.swift")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    let list = try #require(text.firstMatch(of: /let chips = \[([^\]]*)\]/)).1
    #expect(list.matches(of: /"([^"]*)"/).map { String($0.1) }.sorted() == names)
  }

  /// A file with every key, damaged in every place and way: the schema refuses what the reader refuses, at the same place,
  /// but for what a schema can't say.
  @Test func whatTheSchemaRefusesTheReaderRefusesAtTheSamePlace() throws {
    let schema = try schema
    let whole = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: everyKey))
    #expect(message(whole) == nil)
    var counts = (refused: 0, byReaderAlone: 0)
    for mutation in mutations(of: whole) {
      let breach = schema.firstBreach(in: mutation.document)
      let message = message(mutation.document)
      if let breach {
        let message = try #require(message, "the reader takes \(mutation.what)")
        counts.refused += 1
        #expect(
          [mutation.place, breach].contains { message.contains("'\($0)") || $0.isEmpty },
          "\(mutation.what): \(message)")
      } else if let message {
        counts.byReaderAlone += 1
        let isBeyondSchemas = [
          "as is that of another", "not listed under", ", expected at most '", "engine' is",
        ]
        .contains { message.contains($0) }
        #expect(isBeyondSchemas, "the schema takes \(mutation.what): \(message)")
      }
    }
    #expect(counts.refused > 500)
    #expect(counts.byReaderAlone > 10)
  }

  /// Every property that the schema names stands in the file that is damaged.
  @Test func theFileThatIsDamagedHasEveryKey() throws {
    let text = try String(contentsOf: everyKey, encoding: .utf8)
    func properties(_ schema: JSONValue) -> [String] {
      (schema["properties"]?.object ?? [:]).flatMap { [$0.key] + properties($0.value) }
    }
    let root = try document("schema")
    let keys = properties(root) + (root["$defs"]?.object ?? [:]).values.flatMap(properties)
    for key in Set(keys) { #expect(text.contains("\"\(key)\":"), "\(key)") }
  }

  private var everyKey: URL {
    folder.deletingLastPathComponent().appending(path: "Tests/Golden/Placements/Targets/every-key.json")
  }

  private struct Mutation {
    var what: String
    /// What the reader's message names, unless it names what the schema found.
    var place: String
    var document: JSONValue
  }

  private func mutations(of root: JSONValue) -> [Mutation] {
    var found: [Mutation] = []
    func walk(_ value: JSONValue, _ path: String, _ replaced: (JSONValue?) -> JSONValue) {
      // A figure is named without '.value'.
      let place = path.replacing(/\.value$/, with: "")
      for (what, other) in damages(of: value) {
        found.append(Mutation(what: "\(path) \(what)", place: place, document: replaced(other)))
      }
      switch value {
      case .object(let members):
        var more = members
        more["unknown_key"] = .number(1)
        let key = path.isEmpty ? "unknown_key" : "\(path).unknown_key"
        found.append(Mutation(what: "\(path) and a key more", place: key, document: replaced(.object(more))))
        for (key, member) in members.sorted(by: { $0.key < $1.key }) {
          walk(member, path.isEmpty ? key : "\(path).\(key)") { other in
            var changed = members
            changed[key] = other
            return replaced(.object(changed))
          }
        }
      case .list(let values):
        for (index, element) in values.prefix(2).enumerated() {
          walk(element, "\(path)[\(index)]") { other in
            var changed = values
            if let other { changed[index] = other } else { changed.remove(at: index) }
            return replaced(.list(changed))
          }
        }
      default: break
      }
    }
    walk(root, "") { $0 ?? .null }
    return found
  }

  private func damages(of value: JSONValue) -> [(String, JSONValue?)] {
    var list: [(String, JSONValue?)] = [("left out", nil)]
    switch value {
    case .number:
      list += [-1, 0, 0.5, 1e300, 0x1p53 + 2].map { ("as \($0)", .number($0)) }
      list += [("as text", .text("7")), ("as a list", .list([]))]
    case .text:
      list += [("as another word", .text("no such word")), ("as a number", .number(3)), ("empty", .text(""))]
    case .bool: list += [("as a number", .number(1)), ("as text", .text("true"))]
    case .list(let values):
      list += [("as an object", .object([:])), ("empty", .list([])), ("twice", .list(values + values))]
    case .object: list += [("as a list", .list([])), ("as text", .text("x"))]
    case .null: list += [("as text", .text("null"))]
    }
    return list
  }
}
