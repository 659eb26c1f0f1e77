import IR
package import Importers
import Tensors

/// Opens the samples that lie at a path, in the order of their file names. They may be
///
/// - `.npz` files, one sample a file, with arrays named as the inputs; or a single such file by its own path
/// - `NAME_0001.npy`, `NAME_0002.npy` and so on for every input, or one sample of `NAME.npy` files
/// - a folder for every input, `NAME/0001.npy`, with the same file names in each
/// - where the function has one input, `.npy` files of any names
///
/// A name is an input's own, or that as a file name (characters outside `[A-Za-z0-9._-]` are `_`). Arrays are read
/// and checked when a sample is; what is checked here is that every sample has its files.
package func openSamples(path: String, for inputs: [SampleInput]) throws(ImportError) -> StoredSamples {
  if path.hasSuffix(".npz") {
    return StoredSamples(inputs: inputs, samples: [.archive(path)])
  }
  return StoredSamples(inputs: inputs, samples: try SampleFolder(path, inputs).samples())
}

/// What lies in a folder of samples, sorted out by kind.
private struct SampleFolder {
  private typealias Files = StoredSamples.Files

  private let path: String
  private let inputs: [SampleInput]
  private let entries: [String]
  private var archives: [String] = []
  /// `NAME.npy` by input.
  private var plain: [String: String] = [:]
  /// `NAME_DIGITS.npy` by digits and input.
  private var numbered: [String: [String: String]] = [:]
  /// `NAME/FILE.npy` by file and input.
  private var inFolders: [String: [String: String]] = [:]
  /// Names of `.npy` files that are none of these.
  private var others: [String] = []

  init(_ path: String, _ inputs: [SampleInput]) throws(ImportError) {
    self.path = path
    self.inputs = inputs
    entries = try Self.names(path)
    for entry in entries {
      if entry.hasSuffix(".npz") {
        archives.append(entry)
      } else if entry.hasSuffix(".npy") {
        try sortOut(array: entry)
      } else if let input = try input(entry) {
        guard let files = try? fileNames(inFolder: "\(path)/\(entry)") else { continue }
        for file in files where file.hasSuffix(".npy") {
          inFolders[file, default: [:]][input] = "\(path)/\(entry)/\(file)"
        }
      }
    }
  }

  private static func names(_ path: String) throws(ImportError) -> [String] {
    do { return try fileNames(inFolder: path) } catch { throw ImportError(error, advice: "check the path") }
  }

  private func input(_ name: String) throws(ImportError) -> String? {
    do {
      return try inputMeant(by: name, of: inputs)?.name
    } catch {
      throw ImportError(file: path, found: error.problems.joined(separator: "; "))
    }
  }

  private mutating func sortOut(array file: String) throws(ImportError) {
    let name = String(file.dropLast(4))
    if let input = try input(name) {
      plain[input] = "\(path)/\(file)"
      return
    }
    if let divider = name.lastIndex(of: "_") {
      let digits = name[name.index(after: divider)...]
      if !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
        let input = try input(String(name[..<divider]))
      {
        numbered[String(digits), default: [:]][input] = "\(path)/\(file)"
        return
      }
    }
    others.append(file)
  }

  func samples() throws(ImportError) -> [StoredSamples.Files] {
    let kinds: [(name: String, isThere: Bool)] = [
      (".npz files", !archives.isEmpty), ("an .npy file named as an input", !plain.isEmpty),
      ("numbered .npy files", !numbered.isEmpty), ("folders of .npy files", !inFolders.isEmpty),
    ]
    let found = kinds.filter(\.isThere).map(\.name)
    guard found.count < 2 else {
      throw ImportError(
        file: path, found: "has \(found.joined(separator: " and "))", expected: "samples of one kind",
        advice: "move the others to another folder")
    }
    if !archives.isEmpty { return archives.map { .archive("\(path)/\($0)") } }
    if !numbered.isEmpty { return try complete(numbered) { "\(fileName($0))_\($1).npy" } }
    if !inFolders.isEmpty { return try complete(inFolders) { "\(fileName($0))/\($1)" } }
    if !plain.isEmpty { return [arrays(plain)] }
    if inputs.count == 1, !others.isEmpty {
      return others.map { .arrays([(inputs[0].name, "\(path)/\($0)")]) }
    }
    throw nothing
  }

  /// Samples that have files for every input.
  private func complete(
    _ sets: [String: [String: String]], file: (_ input: String, _ key: String) -> String
  ) throws(ImportError) -> [StoredSamples.Files] {
    for (key, files) in sets.sorted(by: { $0.key < $1.key }) {
      guard let missing = inputs.first(where: { files[$0.name] == nil }) else { continue }
      throw ImportError(
        file: files.values.min() ?? path,
        found: "has no companion for input '\(missing.name)', \(missing.type)",
        expected: "\(path)/\(file(missing.name, key)) beside it",
        advice: "write a file for every input of each sample")
    }
    return sets.sorted { $0.key < $1.key }.map { arrays($0.value) }
  }

  private func arrays(_ files: [String: String]) -> StoredSamples.Files {
    .arrays(inputs.compactMap { input in files[input.name].map { (input.name, $0) } })
  }

  private var nothing: ImportError {
    let missing = inputs.map { "input '\($0.name)', \($0.type), is missing" }
    let images = entries.filter { name in
      [".png", ".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
    }
    return ImportError(
      file: path, found: "has no arrays for the function: \(listed(missing))",
      expected: "a .npz file for each sample, with arrays named as the inputs",
      advice: images.isEmpty
        ? "write them with numpy.savez" : "for its \(images.count) pictures say --image-input NAME")
  }
}
