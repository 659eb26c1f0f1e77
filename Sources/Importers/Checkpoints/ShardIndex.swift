import Tensors

/// The index of a checkpoint in several files: a JSON object whose `weight_map` gives the file of each
/// tensor.
enum ShardIndex {
  /// Whether the bytes start like a JSON object. Safetensors files start with a length instead.
  static func matches(_ storage: Storage) -> Bool {
    storage.bytes.prefix(64).first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } == UInt8(ascii: "{")
      && !Safetensors.matches(storage)
  }

  static func read(_ storage: Storage, path: String, followsLinks: Bool) throws(ImportError) -> Checkpoint {
    let companions = CompanionFiles(of: path, followsLinks: followsLinks)
    let files: [(file: CompanionFiles.File, names: Set<String>)]
    do { files = try parse(storage, companions) } catch { throw error.located(in: path) }
    var entries: [Checkpoint.Entry] = []
    var bytes = 0
    for (file, names) in files {
      let shard = file.path
      let contents: Checkpoint
      do {
        let storage = try Storage.map(path: file.target)
        bytes += storage.bytes.count
        contents = try Checkpoint.readSingle(storage, path: shard, state: nil)
      } catch let error as ImportError {
        throw error
      } catch let error as FileError {
        throw ImportError(file: shard, found: error.reason, advice: "fetch all files that \(path) lists")
      } catch {
        throw ImportError(file: shard, found: "can't be read: \(error)")
      }
      let listed = contents.entries.filter { names.contains($0.name) }
      if listed.count < names.count, let missing = names.subtracting(listed.map(\.name)).min() {
        throw ImportError(
          file: shard, found: "has no tensor \(ImportError.quoted(missing))",
          expected: "what \(path) lists for it",
          advice: "fetch both files from one place")
      }
      entries += listed
    }
    var checkpoint = Checkpoint(path: path, entries: entries)
    checkpoint.fileBytes = bytes
    return checkpoint
  }

  /// The files in the order of first mention, with the names of their tensors. Each is listed once, however it is
  /// spelled.
  private static func parse(
    _ storage: Storage, _ companions: CompanionFiles
  ) throws(Finding) -> [(file: CompanionFiles.File, names: Set<String>)] {
    guard case .object(let index) = try JSON.parse(storage.bytes),
      case .object(let map)? = index.first(where: { $0.key == "weight_map" })?.value
    else {
      throw Finding("is JSON without a weight_map", expected: "the index of a checkpoint in several files")
    }
    var files: [(file: CompanionFiles.File, names: Set<String>)] = []
    var positions: [String: Int] = [:]
    for (name, value) in map {
      guard case .string(let listed) = value else {
        throw Finding("gives no file for \(ImportError.quoted(name))", expected: "a file name")
      }
      let file = try companions.find(listed)
      let position = positions[file.target] ?? files.count
      if position == files.count {
        positions[file.target] = position
        files.append((file, []))
      }
      files[position].names.insert(name)
    }
    return files
  }
}
