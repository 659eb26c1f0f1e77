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
    return files.filter { $0.hasSuffix(".json") && $0 != "schema.json" }.map { String($0.dropLast(5)) }
  }
}

/// Reads one target file. Unknown keys, missing keys and sources that are not listed are errors.
package func readTarget(path: String) throws(TargetError) -> Target {
  let storage: Storage
  do { storage = try Storage.map(path: path) } catch { throw TargetError(message: "\(error)") }
  guard storage.bytes.count <= Target.largestFile else {
    throw TargetError(
      message:
        "\(FileError.shown(path)): has \(storage.bytes.count) bytes, expected at most \(Target.largestFile)")
  }
  return try decodeTarget(withExtendedLifetime(storage) { Data(storage.bytes) }, path: path)
}

/// Decodes a target file's contents.
package func decodeTarget(_ data: Data, path: String) throws(TargetError) -> Target {
  do {
    let written = try JSONTree(data)
    if let text = written.firstText(longerThan: Target.longestText) {
      throw TargetError(
        message: "'\(text.path)' has \(text.bytes) bytes of text, expected at most \(Target.longestText)")
    }
    let target = try Target(written, data)
    if let problem = target.problem { throw TargetError(message: problem) }
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    if let key = written.firstKey(missingFrom: try JSONTree(try encoder.encode(target))) {
      throw TargetError(message: "key '\(key)' is unknown; remove it or correct its spelling")
    }
    return target
  } catch let error as TargetError {
    throw TargetError(message: "\(FileError.shown(path)): \(error.message)")
  } catch let error as JSONTree.Problem {
    throw TargetError(message: "\(FileError.shown(path)): \(error.message)")
  } catch {
    throw TargetError(message: "\(FileError.shown(path)): \(error)")
  }
}

extension Target {
  /// Titles, notes and sentences are for people to read.
  static let longestText = 2000
  static let largestFile = 1 << 20

  /// Decodes a document; errors say which key, what was found and what is allowed.
  fileprivate init(_ written: JSONTree, _ data: Data) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Target.self, from: data)
    } catch let error as DecodingError {
      throw TargetError(message: describe(error, written))
    }
  }
}

private func describe(_ error: DecodingError, _ written: JSONTree) -> String {
  func place(_ path: [any CodingKey]) -> String {
    path.map { key in key.intValue.map { "[\($0)]" } ?? snakeCase(key.stringValue) }
      .joined(separator: ".").replacing(".[", with: "[")
  }
  func mismatch(_ context: DecodingError.Context, _ expected: String) -> String {
    guard !context.codingPath.isEmpty else { return "holds \(written.description), expected an object" }
    let found = written.value(at: context.codingPath.map { WrittenKey($0) })
    return "'\(place(context.codingPath))' is \(found?.description ?? "unreadable"), expected \(expected)"
  }
  switch error {
  case .keyNotFound(let key, let context): return "key '\(place(context.codingPath + [key]))' is missing"
  case .typeMismatch(let type, let context): return mismatch(context, words(for: type))
  case .valueNotFound(let type, let context): return mismatch(context, words(for: type))
  case .dataCorrupted(let context):
    // Foundation's own are numbers beyond the type's range.
    let isOurs = context.underlyingError == nil && !context.debugDescription.contains("Number")
    return mismatch(context, isOurs ? context.debugDescription : "a number of at most 64 bits")
  @unknown default: return "\(error)"
  }
}

/// What a type is in JSON.
private func words(for type: any Any.Type) -> String {
  switch type {
  case is String.Type: "text in quotes"
  case is Bool.Type: "true or false"
  case is Double.Type, is Int.Type: "a number"
  case is [String: Any].Type: "an object"
  case is [Any].Type: "a list"
  default: "\(type)".contains("Dictionary") || "\(type)".contains("Keyed") ? "an object" : "a list"
  }
}

/// A coding key as the file has it.
private struct WrittenKey: CodingKey {
  var stringValue: String
  var intValue: Int?
  init(_ key: any CodingKey) {
    stringValue = snakeCase(key.stringValue)
    intValue = key.intValue
  }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) {
    stringValue = "\(intValue)"
    self.intValue = intValue
  }
}

/// A property's name as the file's key.
private func snakeCase(_ name: String) -> String {
  guard name.first?.isLowercase == true else { return name }
  return name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}
