package import Tensors

/// NumPy's format for several named arrays: a zip file of `.npy` members.
package enum Npz {
  package struct Array: Sendable {
    package let name: String
    /// In the type that the file has.
    package let array: StoredArray
  }

  /// Reads all arrays, in the file's order, as `numpy.savez` and `numpy.savez_compressed` write them.
  package static func read(path: String) throws(ImportError) -> [Array] {
    let storage: Storage
    do {
      storage = try Storage.map(path: path)
    } catch {
      throw ImportError(error, advice: "check the path")
    }
    return try read(bytes: storage, path: path)
  }

  /// Reads from memory; `path` names it in messages.
  package static func read(bytes: Storage, path: String) throws(ImportError) -> [Array] {
    guard ZipArchive.matches(bytes) else {
      throw ImportError(
        file: path, found: "is not a zip file", expected: "an .npz file", advice: "write it with numpy.savez")
    }
    let archive: ZipArchive
    do { archive = try ZipArchive(bytes) } catch { throw error.located(in: path) }
    return try read(archive, path: path)
  }

  static func read(_ archive: ZipArchive, path: String) throws(ImportError) -> [Array] {
    var arrays: [Array] = []
    var budget = CopyBudget(fileByteCount: archive.storage.bytes.count)
    for member in archive.members {
      guard member.name.hasSuffix(".npy") else {
        throw ImportError(
          file: path, found: "has the member \(ImportError.quoted(member.name))",
          expected: "a file of torch.save or NumPy arrays")
      }
      let name = String(member.name.dropLast(4))
      do {
        let (storage, range) = try archive.contents(of: member, &budget)
        arrays.append(Array(name: name, array: try Npy.read(storage, range, budget: &budget)))
      } catch {
        throw error.located(in: path, at: "array \(ImportError.quoted(name))")
      }
    }
    return arrays
  }
}
