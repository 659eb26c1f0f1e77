package import Importers
package import Tensors

/// Samples in files of NumPy: an `.npz` each, or an `.npy` for each input. Read when asked for, by mapping the file.
package struct StoredSamples: SampleSource {
  /// The files of a sample.
  enum Files: Sendable {
    /// An `.npz` with all its arrays.
    case archive(String)
    /// An `.npy` for each of some inputs, with the input's name.
    case arrays([(input: String, path: String)])

    var title: String {
      switch self {
      case .archive(let path): path
      case .arrays(let arrays): arrays.first?.path ?? ""
      }
    }
  }

  package let inputs: [SampleInput]
  let samples: [Files]

  package var count: Int { samples.count }
  package func title(of sample: Int) -> String { samples[sample].title }

  /// Arrays of an `.npz` that are for no input, such as labels, are passed over.
  package func read(_ sample: Int) throws(ImportError) -> [Tensor] {
    var given: [String: GivenArray] = [:]
    switch samples[sample] {
    case .archive(let path):
      for array in try Npz.read(path: path) {
        given[array.name] = GivenArray(file: path, array: array.array)
      }
    case .arrays(let arrays):
      for (input, path) in arrays {
        given[input] = GivenArray(file: path, array: try Npy.readArray(path: path))
      }
    }
    var others: [String] = []
    do {
      for name in given.keys.sorted() where try inputMeant(by: name, of: inputs) == nil {
        others.append(name)
        given[name] = nil
      }
      return try match(given, with: inputs)
    } catch {
      let found = others.isEmpty ? [] : ["it has \(listed(others)), which the function has no inputs for"]
      throw ImportError(
        file: title(of: sample), found: error.problems[0], notes: error.problems.dropFirst() + found)
    }
  }
}
