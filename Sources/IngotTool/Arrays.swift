import Foundation
import IR
import Importers
import Ingot
import Samples
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
  do {
    return try match(given, with: sampleInputs(of: inputs))
  } catch {
    throw ToolError(bundle, problems: error.problems)
  }
}

/// The inputs of a bundle's function, as samples have to fill them.
func sampleInputs(of inputs: [TensorInfo]) -> [SampleInput] {
  inputs.map { SampleInput(name: $0.name, type: TensorType($0.elementType, Shape($0.shape))) }
}
