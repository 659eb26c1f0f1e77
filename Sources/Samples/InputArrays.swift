import IR
package import Importers
package import Tensors

/// An array and the file that it comes from.
package struct GivenArray: Sendable {
  package var file: String
  package var array: StoredArray

  package init(file: String, array: StoredArray) {
    self.file = file
    self.array = array
  }
}

/// All that is wrong with the arrays that were given for a function's inputs, a clause each.
package struct InputProblems: Error, Hashable {
  package var problems: [String]

  init(_ problems: [String]) { self.problems = problems }
}

/// Orders arrays, given under names of inputs or those as file names, as the inputs stand and in their types; lists
/// all that is missing, unknown or does not fit at once.
package func match(_ given: [String: GivenArray], with inputs: [SampleInput]) throws(InputProblems)
  -> [Tensor]
{
  let given = try byInput(given, of: inputs)
  var problems: [String] = []
  var tensors: [Tensor] = []
  for input in inputs {
    guard let (file, array) = given[input.name].map({ ($0.file, $0.array) }) else {
      problems.append("input '\(input.name)', \(input.type), is missing")
      continue
    }
    guard array.shape == input.type.shape else {
      let found = "input '\(input.name)' is \(array.typeText) in \(file), expected \(input.type)"
      problems.append(([found] + [advice(array.shape, for: input)].compactMap { $0 }).joined(separator: "; "))
      continue
    }
    do {
      tensors.append(
        try array.converted(to: input.type.element, file: file, place: "input '\(input.name)'"))
    } catch {
      problems.append("\(error)")
    }
  }
  for name in given.keys.sorted() where !inputs.contains(where: { $0.name == name }) {
    problems.append("there is no input '\(name)'; the inputs are \(listed(inputs.map(\.name)))")
  }
  guard problems.isEmpty else { throw InputProblems(problems) }
  return tensors
}

/// Arrays by the names of the inputs that they are for. Names of no input stay.
private func byInput(
  _ given: [String: GivenArray], of inputs: [SampleInput]
) throws(InputProblems) -> [String: GivenArray] {
  var found: [String: (given: String, array: GivenArray)] = [:]
  for (name, array) in given.sorted(by: { $0.key < $1.key }) {
    let input = try inputMeant(by: name, of: inputs)?.name ?? name
    if let other = found[input] {
      throw InputProblems([
        "input '\(input)' is given twice, as '\(other.given)' and as '\(name)'; leave one out"
      ])
    }
    found[input] = (name, array)
  }
  return found.mapValues(\.array)
}

/// What to do about an array of another shape, where it can be told what it holds.
private func advice(_ found: Shape, for input: SampleInput) -> String? {
  let (found, wanted) = (found.extents, input.type.shape.extents)
  let numpy = "numpy.savez('0001.npz', \(fileName(input.name))="
  if found.count == wanted.count + 1, found.dropFirst() == wanted[...] {
    return
      "it seems to hold \(found[0]) samples, which are not split: write each to a file of its own, as by \(numpy)array[0])"
  }
  guard let batch = wanted.first else { return nil }
  if found.count == wanted.count, found.dropFirst() == wanted.dropFirst(), found[0] > batch {
    return
      "it seems to hold \(found[0]) samples along its first axis, which are not split: write each to a file of its own, as by \(numpy)array[0:\(batch)])"
  }
  if batch == 1, found[...] == wanted.dropFirst() {
    return "its first axis seems to be missing: write it as by \(numpy)array[None])"
  }
  return nil
}
