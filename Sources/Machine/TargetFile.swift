package import Foundation
import TargetFiles
import Tensors

/// Why a target file can't be used: names the file and the key.
package struct TargetError: Error, CustomStringConvertible, Hashable, Sendable {
  package var message: String
  package var description: String { printable(message) }
}

/// Reads target files and finds them by name.
package struct TargetLibrary: Sendable {
  /// Folders that are searched in order.
  package var folders: [String]
  package init(folders: [String]) { self.folders = folders }

  /// The `Targets` folder that belongs to a program: beside it or one of its parent folders, or in
  /// `share/ingot` there.
  package static func beside(executable path: String) -> TargetLibrary {
    var folders: [String] = []
    var folder = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
    while true {
      let prefix = "/" + folder.joined(separator: "/")
      for candidate in ["Targets", "share/ingot/targets"] + TargetFiles.folderNames {
        let full = prefix == "/" ? "/\(candidate)" : "\(prefix)/\(candidate)"
        if !jsonFiles(in: full).isEmpty { folders.append(full) }
      }
      guard !folder.isEmpty else { break }
      folder = folder.dropLast()
    }
    return TargetLibrary(folders: folders)
  }

  /// The target files that belong to the program that runs.
  package static var ofThisProgram: TargetLibrary {
    let executable = Bundle.main.executablePath ?? CommandLine.arguments[0]
    return beside(
      executable: URL(filePath: executable).resolvingSymlinksInPath().path(percentEncoded: false))
  }

  /// The names of all targets, sorted.
  package var names: [String] {
    var names: [String] = []
    for file in folders.flatMap({ Self.jsonFiles(in: $0) }) where !names.contains(file) { names.append(file) }
    return names.sorted()
  }

  /// A target by its name, or by the path of a file when it ends in `.json`.
  package func target(_ name: String) throws(TargetError) -> Target {
    if name.hasSuffix(".json") { return try readTarget(path: name) }
    for folder in folders where Self.jsonFiles(in: folder).contains(name) {
      let target = try readTarget(path: "\(folder)/\(name).json")
      guard target.name == name else {
        throw TargetError(message: "\(folder)/\(name).json: is named '\(target.name)', expected '\(name)'")
      }
      return target
    }
    let known = names.isEmpty ? "no target files were found" : "known are \(names.joined(separator: ", "))"
    throw TargetError(
      message: "there is no target '\(name)'; \(known); a path ending in .json is read as a file")
  }

  /// The machine that the interpreter runs on: the first target of a CPU.
  package func interpreter() throws(TargetError) -> Target {
    for name in names {
      let target = try target(name)
      if target.family == .cpu { return target }
    }
    throw TargetError(message: "no target file describes a CPU; looked in \(folders.joined(separator: ", "))")
  }

  private static func jsonFiles(in folder: String) -> [String] {
    let files = (try? fileNames(inFolder: folder)) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
  }
}

/// Reads one target file. Unknown keys, missing keys and sources that are not listed are errors.
package func readTarget(path: String) throws(TargetError) -> Target {
  let storage: Storage
  do { storage = try Storage.map(path: path) } catch { throw TargetError(message: "\(error)") }
  return try decodeTarget(withExtendedLifetime(storage) { Data(storage.bytes) }, path: path)
}

/// Decodes a target file's contents.
package func decodeTarget(_ data: Data, path: String) throws(TargetError) -> Target {
  let target: Target
  let written: JSONTree
  let known: JSONTree
  do {
    // First, since it says where a number stands that is too large for a Double.
    written = try JSONDecoder().decode(JSONTree.self, from: data)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    target = try decoder.decode(Target.self, from: data)
    try checkFigures(target, path: path)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    known = try JSONDecoder().decode(JSONTree.self, from: try encoder.encode(target))
  } catch let error as TargetError {
    throw error
  } catch let error as DecodingError {
    throw TargetError(message: "\(path): \(describe(error))")
  } catch {
    throw TargetError(message: "\(path): \(error)")
  }
  if let key = written.firstKey(missingFrom: known) {
    throw TargetError(message: "\(path): key '\(key)' is unknown; remove it or correct its spelling")
  }
  guard target.format == "target/1" else {
    throw TargetError(message: "\(path): format is '\(target.format)', expected 'target/1'")
  }
  guard !target.engines.isEmpty else {
    throw TargetError(message: "\(path): engines is empty, expected at least one")
  }
  return target
}

private func checkFigures(_ target: Target, path: String) throws(TargetError) {
  let figures = target.figures
  if let problem = figures.compactMap(\.problem).first ?? target.ruleProblem {
    throw TargetError(message: "\(path): \(problem)")
  }
  let rules = target.ops.values.flatMap { $0.rules ?? [] }
  let named = Set(figures.map(\.quantity.source) + rules.map(\.source))
  if let unknown = named.subtracting(target.sources.keys).sorted().first {
    throw TargetError(message: "\(path): source '\(unknown)' is used but not listed under 'sources'")
  }
}

private func describe(_ error: DecodingError) -> String {
  func place(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String {
    let keys = context.codingPath + (last.map { [$0] } ?? [])
    return keys.map { key in key.intValue.map { "[\($0)]" } ?? snakeCase(key.stringValue) }
      .joined(separator: ".").replacing(".[", with: "[")
  }
  switch error {
  case .keyNotFound(let key, let context): return "key '\(place(context, key))' is missing"
  case .typeMismatch(let type, let context): return "'\(place(context))' has the wrong type, expected \(type)"
  case .valueNotFound(let type, let context): return "'\(place(context))' is null, expected \(type)"
  case .dataCorrupted(let context):
    return context.codingPath.isEmpty
      ? "is not valid JSON"
      : "'\(place(context))' is not allowed: \(context.debugDescription)"
  @unknown default: return "\(error)"
  }
}

/// A property's name as the file's key.
private func snakeCase(_ name: String) -> String {
  guard name.first?.isLowercase == true else { return name }
  return name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}

/// A JSON document without its scalars, for comparing which keys it has.
private indirect enum JSONTree: Decodable {
  case object([String: JSONTree])
  case array([JSONTree])
  case scalar

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    if let object = try? decoder.container(keyedBy: Key.self) {
      self = .object(
        try object.allKeys.reduce(into: [:]) {
          $0[$1.stringValue] = try object.decode(JSONTree.self, forKey: $1)
        })
    } else if var array = try? decoder.unkeyedContainer() {
      var elements: [JSONTree] = []
      while !array.isAtEnd { elements.append(try array.decode(JSONTree.self)) }
      self = .array(elements)
    } else {
      let container = try decoder.singleValueContainer()
      guard
        container.decodeNil() || (try? container.decode(Bool.self)) != nil
          || (try? container.decode(String.self)) != nil || (try? container.decode(Double.self)) != nil
      else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: "the number is too large")
      }
      self = .scalar
    }
  }

  /// The path of the first key, in sorted order, that `other` has not.
  func firstKey(missingFrom other: JSONTree) -> String? {
    switch (self, other) {
    case (.object(let mine), .object(let theirs)):
      for key in mine.keys.sorted() {
        guard let value = mine[key], let counterpart = theirs[key] else { return key }
        if let inner = value.firstKey(missingFrom: counterpart) { return "\(key).\(inner)" }
      }
      return nil
    case (.array(let mine), .array(let theirs)):
      for (index, pair) in zip(mine, theirs).enumerated() {
        if let inner = pair.0.firstKey(missingFrom: pair.1) { return "[\(index)].\(inner)" }
      }
      return nil
    default: return nil
    }
  }
}
