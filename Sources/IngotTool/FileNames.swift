/// A tensor's name as a file name without extension: characters outside `[A-Za-z0-9._-]` become `_`, and what no
/// file system would take is cut.
func fileName(_ name: String) -> String {
  String(
    name.prefix(200).map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
        ? character : "_"
    })
}

/// File names for tensors, each its own: names that need no change keep theirs, and of others that would be the same
/// the later get a number.
func fileNames(_ names: [String]) -> [String] {
  var taken = Set(names.filter { fileName($0) == $0 })
  return names.map { name in
    let plain = fileName(name)
    if plain == name { return name }
    var unique = plain
    var number = 2
    while !taken.insert(unique).inserted {
      unique = "\(plain)_\(number)"
      number += 1
    }
    return unique
  }
}

/// Arrays by the names of the inputs that they are for: a name may be an input's own, or its file name where no
/// other input has that. Names of no input stay.
func named<Array>(_ given: [String: Array], for inputs: [String]) throws(ToolError) -> [String: Array] {
  var found: [String: (given: String, array: Array)] = [:]
  for (name, array) in given.sorted(by: { $0.key < $1.key }) {
    let input = try inputName(name, inputs)
    if let other = found[input] {
      throw ToolError("input '\(input)' is given twice, as '\(other.given)' and as '\(name)'; leave one out")
    }
    found[input] = (name, array)
  }
  return found.mapValues(\.array)
}

/// The input that a name stands for; the name itself where there is none.
private func inputName(_ name: String, _ inputs: [String]) throws(ToolError) -> String {
  if inputs.contains(name) { return name }
  let candidates = inputs.filter { fileName($0) == name }
  guard candidates.count < 2 else {
    let listed = candidates.map { "'\($0)'" }.joined(separator: " or ")
    throw ToolError("'\(name)' may be input \(listed); give it by its own name")
  }
  return candidates.first ?? name
}
