import Foundation
import Importers
import Ingot
import Tensors

/// Reads arrays for a function's inputs, given as NAME=FILE.npy, NAME=FILE.npz or FILE.npz. A name is an input's own,
/// or that as a file name.
func readInputs(_ words: [String], for inputs: [TensorInfo], of bundle: String) throws -> [Tensor] {
  var given: [String: GivenArray] = [:]
  func add(_ name: String, _ array: GivenArray) throws {
    guard let other = given.updateValue(array, forKey: name) else { return }
    throw ToolError("input '\(name)' is given twice, by \(other.file) and by \(array.file); leave one out")
  }
  let names = Set(inputs.flatMap { [$0.name, fileName($0.name)] })
  for word in words {
    let named = NamedValue(argument: word)?.read { name, _ in names.contains(name) }
    // The path of a file with several arrays may hold the sign.
    let isFile =
      named.map { !names.contains($0.name) && FileManager.default.fileExists(atPath: word) } ?? true
    if let named, !isFile {
      let array = try StoredArray.read(path: named.value, names: [named.name, fileName(named.name)])
      try add(named.name, GivenArray(file: named.value, array: array))
    } else if word.hasSuffix(".npz") {
      for array in try Npz.read(path: word) {
        try add(array.name, GivenArray(file: word, array: array.array))
      }
    } else {
      throw ToolError("'\(word)' is not of the form NAME=FILE.npy")
    }
  }
  return try match(given, with: inputs, of: bundle)
}

/// Reads the arrays of a folder: `NAME.npy` for each input, or all `.npz` files in it.
func readInputs(directory: String, for inputs: [TensorInfo], of bundle: String) throws -> [Tensor] {
  let files = try fileNames(inFolder: directory)
  var given: [String: GivenArray] = [:]
  for file in files where file.hasSuffix(".npz") {
    let path = "\(directory)/\(file)"
    for array in try Npz.read(path: path) { given[array.name] = GivenArray(file: path, array: array.array) }
  }
  let names = Set(inputs.flatMap { [$0.name, fileName($0.name)] })
  for file in files where file.hasSuffix(".npy") && names.contains(String(file.dropLast(4))) {
    let path = "\(directory)/\(file)"
    given[String(file.dropLast(4))] = GivenArray(file: path, array: try Npy.readArray(path: path))
  }
  return try match(given.filter { names.contains($0.key) }, with: inputs, of: bundle)
}

/// An array and the file that it comes from.
private struct GivenArray {
  var file: String
  var array: StoredArray
}

/// Orders arrays as the inputs stand, in their types; lists all that is missing, unknown or does not fit at once.
private func match(_ given: [String: GivenArray], with inputs: [TensorInfo], of bundle: String) throws
  -> [Tensor]
{
  let given = try named(given, for: inputs.map(\.name))
  var problems: [String] = []
  var tensors: [Tensor] = []
  for input in inputs {
    guard let (file, array) = given[input.name].map({ ($0.file, $0.array) }) else {
      problems.append("input '\(input.name)', \(input.element)\(input.shape), is missing")
      continue
    }
    guard array.shape.extents == input.shape else {
      problems.append(
        "input '\(input.name)' is \(array.typeText) in \(file), expected \(input.element)\(input.shape)")
      continue
    }
    do {
      tensors.append(try array.converted(to: input.elementType, file: file, place: "input '\(input.name)'"))
    } catch {
      problems.append("\(error)")
    }
  }
  for name in given.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
    problems.append(
      "there is no input '\(name)'; the inputs are \(listed(inputs.map(\.name)))")
  }
  guard problems.isEmpty else { throw ToolError(bundle, problems: problems) }
  return tensors
}
