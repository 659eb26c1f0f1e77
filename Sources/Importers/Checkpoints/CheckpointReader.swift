package import Tensors

extension Checkpoint {
  /// Reads a safetensors file or a file of `torch.save`, or all files that a `*.index.json` lists. The
  /// contents decide, not the file's name.
  ///
  /// `entry` names the entry of a `torch.save` file that holds the weights, for the rare file that keeps
  /// several networks; without it the usual names are tried.
  package static func read(path: String, entry: String? = nil) throws(ImportError) -> Checkpoint {
    let storage: Storage
    do {
      storage = try Storage.map(path: path)
    } catch {
      throw ImportError(error, advice: "check the path")
    }
    return try read(bytes: storage, path: path, entry: entry)
  }

  /// Reads a checkpoint from memory; `path` names it in messages, and the files that an index lists lie
  /// beside it.
  package static func read(bytes: Storage, path: String, entry: String? = nil) throws(ImportError)
    -> Checkpoint
  {
    if ShardIndex.matches(bytes) { return try ShardIndex.read(bytes, path: path) }
    return try readSingle(bytes, path: path, entry: entry)
  }

  /// Reads a file that holds tensors itself.
  static func readSingle(_ bytes: Storage, path: String, entry: String?) throws(ImportError) -> Checkpoint {
    if Safetensors.matches(bytes) {
      return Checkpoint(path: path, entries: try Safetensors.read(bytes, path: path))
    }
    if ZipArchive.matches(bytes) {
      let archive: ZipArchive
      do { archive = try ZipArchive(bytes) } catch { throw error.located(in: path) }
      if TorchCheckpoint.isArchive(archive) {
        return try TorchCheckpoint.read(archive, path: path, entry: entry)
      }
      let arrays = try Npz.read(archive, path: path)
      return Checkpoint(path: path, entries: arrays.map { Entry(name: $0.name, tensor: $0.tensor) })
    }
    if TorchCheckpoint.matchesLegacy(bytes) {
      return try TorchCheckpoint.readLegacy(bytes, path: path, entry: entry)
    }
    throw ImportError(
      file: path, found: "is \(kind(of: bytes))", expected: "a safetensors file or a file of torch.save",
      advice: "convert it to safetensors")
  }

  /// The kind of a file that is not read, as far as its first bytes tell.
  private static func kind(of storage: Storage) -> String {
    let bytes = storage.bytes
    if bytes.isEmpty { return "empty" }
    let kinds: [(signature: [UInt8], kind: String)] = [
      ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"), ([0x47, 0x47, 0x55, 0x46], "a GGUF file"),
      ([0x1f, 0x8b], "compressed with gzip"), ([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], "a single NumPy array"),
      ([0x7b], "a JSON file without a weight_map"),
    ]
    if let kind = kinds.first(where: { bytes.starts(with: $0.signature) })?.kind { return kind }
    if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      return "a tar archive, as PyTorch before 0.2 saved"
    }
    return "of no known kind"
  }
}
