package import Tensors

extension Checkpoint {
  /// Reads a safetensors file or a file of `torch.save`, or all files that a `*.index.json` lists. The
  /// contents decide, not the file's name.
  ///
  /// `state` names what holds the weights in a file that keeps several sets of them: the key of a dictionary of a
  /// `torch.save` file, or keys joined by dots, or else what stands before a dot in the tensors' names. Without it
  /// the usual keys are tried.
  ///
  /// Files that an index lists must lie in its folder; `followsLinks` allows links there that lead out of it.
  package static func read(
    path: String, state: String? = nil, followsLinks: Bool = false
  ) throws(ImportError) -> Checkpoint {
    try FileKind.checkNoFolder(path: path, as: .checkpoint)
    let storage: Storage
    do {
      storage = try Storage.map(path: path)
    } catch {
      throw ImportError(error, advice: "check the path")
    }
    return try read(bytes: storage, path: path, state: state, followsLinks: followsLinks)
  }

  /// Reads a checkpoint from memory; `path` names it in messages, and the files that an index lists lie
  /// beside it.
  package static func read(
    bytes: Storage, path: String, state: String? = nil, followsLinks: Bool = false
  ) throws(ImportError) -> Checkpoint {
    // Given as names begin: `online.` for `online`.
    let state = state.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
    if let state, state.isEmpty {
      throw ImportError(
        file: path, found: "--state names nothing", expected: "the name of a set of weights",
        advice: "leave it out, and 'compile' says which sets there are")
    }
    if ShardIndex.matches(bytes) {
      let checkpoint = try ShardIndex.read(bytes, path: path, followsLinks: followsLinks)
      guard let state else { return checkpoint }
      return try checkpoint.selecting(state: state)
    }
    var checkpoint = try readSingle(bytes, path: path, state: state)
    checkpoint.fileBytes = bytes.bytes.count
    return checkpoint
  }

  /// Reads several files. A `state` needs to be in one of them only; the others are read as without it.
  package static func read(
    paths: [String], state: String?, followsLinks: Bool = false
  ) throws(ImportError) -> [Checkpoint] {
    var checkpoints: [Checkpoint] = []
    var refusal: ImportError?
    var isFound = false
    for path in paths {
      guard let state else {
        checkpoints.append(try read(path: path, followsLinks: followsLinks))
        continue
      }
      do {
        checkpoints.append(try read(path: path, state: state, followsLinks: followsLinks))
        isFound = true
      } catch {
        refusal = refusal ?? error
        checkpoints.append(try read(path: path, followsLinks: followsLinks))
      }
    }
    if !isFound, let refusal { throw refusal }
    return checkpoints
  }

  /// Reads a file that holds tensors itself.
  static func readSingle(_ bytes: Storage, path: String, state: String?) throws(ImportError) -> Checkpoint {
    if Safetensors.matches(bytes) {
      let checkpoint = Checkpoint(path: path, entries: try Safetensors.read(bytes, path: path))
      guard let state else { return checkpoint }
      return try checkpoint.selecting(state: state)
    }
    try FileKind.check(bytes, path: path, as: .checkpoint)
    if ZipArchive.matches(bytes) {
      let archive: ZipArchive
      do { archive = try ZipArchive(bytes) } catch { throw error.located(in: path) }
      if TorchCheckpoint.isArchive(archive) {
        return try TorchCheckpoint.read(archive, path: path, state: state)
      }
      var entries: [Entry] = []
      var budget = CopyBudget(fileByteCount: bytes.bytes.count)
      for array in try Npz.read(archive, path: path) {
        do {
          entries.append(Entry(name: array.name, tensor: try array.array.tensor(budget: &budget)))
        } catch {
          throw error.located(in: path, at: "array \(ImportError.quoted(array.name))")
        }
      }
      return Checkpoint(path: path, entries: entries)
    }
    if TorchCheckpoint.matchesLegacy(bytes) {
      return try TorchCheckpoint.readLegacy(bytes, path: path, state: state)
    }
    throw ImportError(
      file: path,
      found: FileKind(bytes)?.description ?? (bytes.bytes.isEmpty ? "is empty" : "is of no known kind"),
      expected: "a safetensors file or a file of torch.save", advice: "save it with safetensors or torch.save"
    )
  }
}
