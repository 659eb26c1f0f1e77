import Foundation
import Importers
import Ingot
import Tensors

/// Reads arrays for a function's inputs, given as NAME=FILE.npy, NAME=FILE.npz or FILE.npz. A name is an input's own,
/// or that as a file name.
func readInputs(_ words: [String], for inputs: [TensorInfo], of bundle: String) throws -> [Tensor] {
  var given: [String: Tensor] = [:]
  for word in words {
    if let named = NamedValue(argument: word) {
      given[named.name] = try readArray(named.value, entry: named.name)
    } else if word.hasSuffix(".npz") {
      for array in try Npz.read(path: word) { given[array.name] = array.tensor }
    } else {
      throw ToolError("'\(word)' is not of the form NAME=FILE.npy")
    }
  }
  return try match(given, with: inputs, of: bundle)
}

/// Reads the arrays of a folder: `NAME.npy` for each input, or all `.npz` files in it.
func readInputs(directory: String, for inputs: [TensorInfo], of bundle: String) throws -> [Tensor] {
  let files = try fileNames(inFolder: directory)
  var given: [String: Tensor] = [:]
  for file in files where file.hasSuffix(".npz") {
    for array in try Npz.read(path: "\(directory)/\(file)") { given[array.name] = array.tensor }
  }
  let names = Set(inputs.flatMap { [$0.name, fileName($0.name)] })
  for file in files where file.hasSuffix(".npy") && names.contains(String(file.dropLast(4))) {
    given[String(file.dropLast(4))] = try Npy.read(path: "\(directory)/\(file)")
  }
  return try match(given.filter { names.contains($0.key) }, with: inputs, of: bundle)
}

private func readArray(_ path: String, entry: String) throws -> Tensor {
  guard path.hasSuffix(".npz") else { return try Npy.read(path: path) }
  let arrays = try Npz.read(path: path)
  guard
    let array = arrays.first(where: { $0.name == entry })
      ?? arrays.first(where: { $0.name == fileName(entry) })
  else {
    throw ToolError("\(path): has no array '\(entry)', it has \(listed(arrays.map(\.name)))")
  }
  return array.tensor
}

/// Orders arrays as the inputs stand; lists all that is missing, unknown or misshapen at once.
private func match(_ given: [String: Tensor], with inputs: [TensorInfo], of bundle: String) throws -> [Tensor]
{
  let given = try named(given, for: inputs.map(\.name))
  var problems: [String] = []
  var tensors: [Tensor] = []
  for input in inputs {
    guard let tensor = given[input.name] else {
      problems.append("input '\(input.name)', \(input.element)\(input.shape), is missing")
      continue
    }
    guard tensor.shape.extents == input.shape,
      case let element = input.elementType, element == tensor.element || widens(tensor.element, to: element)
    else {
      problems.append(
        "input '\(input.name)' is \(tensor.element.rawValue)\(tensor.shape), expected \(input.element)\(input.shape)"
      )
      continue
    }
    tensors.append(tensor.converted(to: element))
  }
  for name in given.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
    problems.append(
      "there is no input '\(name)'; the inputs are \(listed(inputs.map(\.name)))")
  }
  guard problems.isEmpty else { throw ToolError(bundle, problems: problems) }
  return tensors
}

/// Whether every value of one type is a value of the other, so that converting loses nothing. NumPy has no
/// bf16, whose files hold fp32.
private func widens(_ from: ElementType, to: ElementType) -> Bool {
  switch (from, to) {
  case (.f32, .bf16): true
  case (.i32, .i64), (.i16, .i64), (.i16, .i32), (.u8, .i64), (.u8, .i32), (.i8, .i64), (.i8, .i32),
    (.f16, .f32),
    (.bf16, .f32), (.u8, .f32), (.i8, .f32), (.bool, .f32):
    true
  default: false
  }
}
