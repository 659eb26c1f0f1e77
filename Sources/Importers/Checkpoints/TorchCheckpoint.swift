import Tensors

/// Files written by `torch.save`: today's zip archives and the plain sequences of pickles before PyTorch 1.6.
enum TorchCheckpoint {
  /// The number that the older form begins with.
  static let legacyMagic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// Whether the bytes start like the older form: a pickle whose value is its magic number.
  static func matchesLegacy(_ storage: Storage) -> Bool {
    storage.bytes.count > 2 && storage.bytes[0] == 0x80 && (2...5).contains(storage.bytes[1])
  }

  static func isArchive(_ archive: ZipArchive) -> Bool { pickle(in: archive) != nil }

  /// Archives have one folder, named after the file when it was saved.
  private static func pickle(in archive: ZipArchive) -> ZipArchive.Member? {
    archive.members.first { $0.name.hasSuffix("/data.pkl") || $0.name == "data.pkl" }
  }

  static func read(_ archive: ZipArchive, path: String, state: String?) throws(ImportError) -> Checkpoint {
    let file = archive.storage
    do {
      guard let member = pickle(in: archive) else {
        throw Finding("has no data.pkl", expected: "a file of torch.save")
      }
      let folder = String(member.name.dropLast("data.pkl".count))
      if archive[folder + "constants.pkl"] != nil {
        let kind = FileKind.torchScript
        throw Finding(kind.description, expected: "a state dictionary", advice: kind.adviceAsCheckpoint)
      }
      if let order = archive[folder + "byteorder"] {
        let text = String(decoding: file.bytes[try archive.range(of: order)], as: UTF8.self)
        guard text == "little" else {
          throw Finding(
            "has the byte order \(ImportError.quoted(text))", expected: "little",
            advice: "load it with PyTorch on a common machine and save it again")
        }
      }
      let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[try archive.range(of: member)])
      var machine = PickleMachine(try ByteReader(bytes))
      let root = try machine.run()

      var heap = machine.heap
      var ranges: [String: Range<Int>] = [:]
      for storage in storages(heap) {
        try heap.charge(reading: folder)
        guard let data = archive[folder + "data/" + storage.key] else { continue }
        ranges[storage.key] = try archive.range(of: data)
      }
      return try checkpoint(root, heap: heap, file: file, ranges: ranges, path: path, state: state)
    } catch let error as ImportError {
      throw error
    } catch let finding as Finding {
      throw finding.located(in: path)
    } catch {
      throw ImportError(file: path, found: "can't be read: \(error)")
    }
  }

  static func readLegacy(_ file: Storage, path: String, state: String?) throws(ImportError) -> Checkpoint {
    do {
      var machine = PickleMachine(try ByteReader(file.bytes))
      guard case .longInteger(legacyMagic) = try machine.run() else {
        throw Finding(
          "is a pickle, but not of torch.save", expected: "a state dictionary",
          advice: "save model.state_dict() with torch.save")
      }
      guard case .integer(1001) = try machine.run() else {
        throw Finding("has an unknown version", expected: "version 1001 of PyTorch's older format")
      }
      try checkSystem(try machine.run(), heap: machine.heap)
      let root = try machine.run()
      let keys = try machine.run()
      let ranges = try legacyRanges(
        machine.heap.elements(keys) ?? [], heap: machine.heap, file: file, from: machine.position)
      return try checkpoint(root, heap: machine.heap, file: file, ranges: ranges, path: path, state: state)
    } catch let error as ImportError {
      throw error
    } catch let finding as Finding {
      throw finding.located(in: path)
    } catch {
      throw ImportError(file: path, found: "can't be read: \(error)")
    }
  }

  private static func checkSystem(_ value: PickleValue, heap: PickleHeap) throws(Finding) {
    guard case .dictionary(let index) = value else {
      throw Finding("does not describe the machine it was saved on")
    }
    for case (.string("little_endian"), .bool(false)) in heap.dictionaries[index] {
      throw Finding(
        "was saved on a big-endian machine", expected: "little-endian data",
        advice: "load it with PyTorch on a common machine and save it again")
    }
  }

  /// The older form ends in the storages in the order of `keys`, each with its number of elements in front.
  private static func legacyRanges(
    _ keys: [PickleValue], heap: PickleHeap, file: Storage, from position: Int
  ) throws(Finding) -> [String: Range<Int>] {
    var known: [String: TorchStorage] = [:]
    for storage in storages(heap) { known[storage.key] = storage }
    var reader = try ByteReader(file.bytes, at: position)
    var ranges: [String: Range<Int>] = [:]
    for key in keys {
      guard case .string(let key) = key, let storage = known[key], let size = storage.elementByteCount else {
        throw Finding(
          "has storages that no tensor views, or of unknown type", expected: "a state dictionary",
          advice: "save model.state_dict() with a current PyTorch")
      }
      let count: Int64 = try reader.integer()
      let (byteCount, overflow) = Int(count).multipliedReportingOverflow(by: size)
      guard count == storage.count, !overflow else {
        throw Finding(
          "has \(count) elements in the storage \(ImportError.quoted(key))", expected: "\(storage.count)")
      }
      let start = reader.position
      _ = try reader.take(byteCount)
      ranges[key] = start..<reader.position
    }
    return ranges
  }

  private static func storages(_ heap: PickleHeap) -> [TorchStorage] {
    var seen = Set<String>()
    return heap.tensors.map(\.storage).filter { seen.insert($0.key).inserted }
  }

  private static func checkpoint(
    _ root: PickleValue, heap: PickleHeap, file: Storage, ranges: [String: Range<Int>], path: String,
    state: String?
  ) throws -> Checkpoint {
    if case .object(let type) = root {
      throw Finding(
        "holds a whole \(ImportError.quoted(type)) object", expected: "a state dictionary",
        advice: "save model.state_dict() instead of the model")
    }
    let dictionary = try StateDictionary(of: root, heap: heap, state: state)
    var unreadable = dictionary.unreadable
    var reader = TorchTensorReader(file: file, ranges: ranges)
    var entries: [Checkpoint.Entry] = []
    for (name, index) in dictionary.tensors {
      let view = heap.tensors[index]
      if let found = TorchTensorReader.unreadableType(view) {
        unreadable.append((name, found))
        continue
      }
      do {
        entries.append(Checkpoint.Entry(name: name, tensor: try reader.read(view)))
      } catch {
        throw error.located(in: path, at: "tensor \(ImportError.quoted(name))")
      }
    }
    return Checkpoint(
      path: path, entries: entries, unreadable: unreadable, state: dictionary.state,
      otherStates: dictionary.otherStates)
  }
}
