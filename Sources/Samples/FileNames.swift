/// A tensor's name as a file name without extension: characters outside `[A-Za-z0-9._-]` become `_`, and what no
/// file system would take is cut.
package func fileName(_ name: String) -> String {
  String(
    name.prefix(200).map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
        ? character : "_"
    })
}

/// File names for tensors, each its own: names that need no change keep theirs, and of others that would be the same
/// the later get a number.
package func fileNames(_ names: [String]) -> [String] {
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

/// The input that a name stands for: its own name, or its file name where no other input has that; nil if none.
func inputMeant(by name: String, of inputs: [SampleInput]) throws(InputProblems) -> SampleInput? {
  if let input = inputs.first(where: { $0.name == name }) { return input }
  let candidates = inputs.filter { fileName($0.name) == name }
  guard candidates.count < 2 else {
    let listed = candidates.map { "'\($0.name)'" }.joined(separator: " or ")
    throw InputProblems(["'\(name)' may be input \(listed); give it by its own name"])
  }
  return candidates.first
}
