package import Tensors

extension FileKind {
  /// The kind of the contents, nil for what is not known. Looks at the first bytes and, in zip files, at names.
  package init?(_ storage: Storage) {
    let bytes = storage.bytes
    if let kind = Self.signature(bytes) {
      self = kind == .zip ? Self.archive(storage) : kind
    } else if Safetensors.matches(storage) {
      self = .safetensors
    } else if let kind = Self.knownText(storage) ?? Self.pickle(storage) ?? Self.protobuf(bytes)
      ?? Self.text(bytes)
    {
      self = kind
    } else {
      return nil
    }
  }

  private static let signatures: [(offset: Int, bytes: [UInt8], kind: FileKind)] = [
    (0, [0x89] + Array("INGOT\r\n".utf8), .bundle), (0, Array("PK\u{3}\u{4}".utf8), .zip),
    (0, Array("PK\u{5}\u{6}".utf8), .zip), (0, [0x89] + Array("HDF\r\n\u{1a}\n".utf8), .hdf5),
    (0, Array("GGUF".utf8), .gguf), (0, Array("lmgg".utf8), .ggml), (0, Array("fmgg".utf8), .ggml),
    (0, Array("tjgg".utf8), .ggml), (0, Array("algg".utf8), .ggml), (0, Array("RKNN".utf8), .rknn),
    (0, Array("ftrt".utf8), .tensorRT), (0, Array("ptrt".utf8), .tensorRT),
    (0, [1] + Array("HEF".utf8), .hailo),
    (0, Array("LDMK".utf8), .kendryte), (0, [0x12, 1, 0, 0, 0, 0, 0, 0], .mxnet),
    (4, Array("TFL3".utf8), .tfLite), (4, Array("ORTM".utf8), .onnxRuntime),
    (4, Array("ET1".utf8), .executorch), (0, [0x93] + Array("NUMPY".utf8), .array),
    (0, [0x1f, 0x8b], .gzip),
    (0, [0xfd] + Array("7zXZ\0".utf8), .xz), (0, [0x28, 0xb5, 0x2f, 0xfd], .zstd),
    (0, Array("BZh".utf8), .bzip2), (0, Array("7z".utf8) + [0xbc, 0xaf, 0x27, 0x1c], .sevenZip),
    (257, Array("ustar".utf8), .tar), (0, Array("Rar!\u{1a}\u{7}".utf8), .rar),
    (0, Array("MATLAB 5.0 MAT-file".utf8), .matlab), (0, Array("SQLite format 3\0".utf8), .database),
    (0, Array("%PDF-".utf8), .pdf), (0, [0x7f] + Array("ELF".utf8), .program),
    (0, [0xcf, 0xfa, 0xed, 0xfe], .program), (0, [0xca, 0xfe, 0xba, 0xbe], .program),
    (0, Array("\0asm".utf8), .program), (0, Array("MZ".utf8) + [0x90, 0], .program),
    (0, [0x89] + Array("PNG\r\n".utf8), .image), (0, [0xff, 0xd8, 0xff], .image),
    (0, Array("GIF8".utf8), .image), (8, Array("WEBP".utf8), .image), (0, Array("II*\0".utf8), .image),
    (8, Array("WAVE".utf8), .sound), (0, Array("OggS".utf8), .sound), (0, Array("fLaC".utf8), .sound),
    (0, Array("ID3".utf8), .sound), (4, Array("ftyp".utf8), .sound),
    (0, [0xff, 0xfe], .wideText), (0, [0xfe, 0xff], .wideText),
  ]

  private static func signature(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
    signatures.first { offset, signature, _ in
      guard bytes.dropFirst(offset).starts(with: signature) else { return false }
      // Elsewhere a producer's name may stand.
      switch offset {
      // Flatbuffers begin with a small offset, files of Apple's kind with a small length in the other order.
      case 4 where signature == Array("ftyp".utf8):
        return bytes.loadUnaligned(as: UInt32.self).bigEndian < 1 << 8
      case 4: return bytes.loadUnaligned(as: UInt32.self).littleEndian < 1 << 16
      case 8: return bytes.starts(with: Array("RIFF".utf8))
      default: return true
      }
    }?.kind
  }

  private static func archive(_ storage: Storage) -> FileKind {
    guard let archive = try? ZipArchive(storage) else { return .zip }
    let names = archive.members.map(\.name)
    func has(_ file: String) -> Bool { names.contains { $0 == file || $0.hasSuffix("/" + file) } }
    if has("constants.pkl") { return .torchScript }
    if has("archive_format") || has("serialized_exported_program.json") || has("models/model.json") {
      return .exportedProgram
    }
    if has("data.pkl") { return .torchCheckpoint }
    if has("model.weights.h5") { return .keras }
    if names.contains(where: { $0.contains("com.apple.CoreML/") }) { return .coreMLPackage }
    if has("saved_model.pb") { return .savedModel }
    return !names.isEmpty && names.allSatisfy { $0.hasSuffix(".npy") } ? .arrays : .zip
  }

  /// Text of formats that are known.
  private static func knownText(_ storage: Storage) -> FileKind? {
    let beginning = String(decoding: storage.bytes.prefix(512), as: UTF8.self)
    let words = beginning.drop { $0.isWhitespace || $0 == "\u{feff}" }
    if words.hasPrefix("version https://git-lfs") { return .gitPointer }
    if words.hasPrefix("graph @") { return .graphText }
    if words.hasPrefix("7767517") { return .ncnn }
    if words.hasPrefix("ir_version:") { return .onnxText }
    let tag = words.lowercased()
    if tag.hasPrefix("<!doctype html") || tag.hasPrefix("<html") { return .webPage }
    if tag.hasPrefix("<net ") || (tag.hasPrefix("<?xml") && tag.contains("<net ")) { return .openVINO }
    guard ShardIndex.matches(storage) else { return nil }
    if beginning.contains("\"cells\"") || beginning.contains("\"nbformat\"") { return .notebook }
    return beginning.contains("\"weight_map\"") || beginning.contains("\"metadata\"") ? .shardIndex : .json
  }

  /// Other text, which has no control characters but those of lines.
  private static func text(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
    // A character may be cut at the end.
    let beginning = String(decoding: bytes.prefix(4096), as: UTF8.self).unicodeScalars.dropLast(
      bytes.count > 4096 ? 3 : 0)
    let isText = beginning.allSatisfy { scalar in
      scalar.value >= 0x20
        ? !(0x7f...0x9f).contains(scalar.value) && scalar != "\u{fffd}"
        : "\t\n\r\u{c}".unicodeScalars.contains(scalar)
    }
    guard isText, beginning.count >= 4 else { return nil }
    let lines = String(beginning).split(whereSeparator: \.isNewline)
    if lines.contains(where: isPython) { return .pythonSource }
    let isNetwork = lines.contains {
      $0.hasPrefix("layer {") || $0.hasPrefix("layers {") || $0.hasPrefix("layer{")
    }
    return isNetwork ? .caffeText : .text
  }

  private static func isPython(_ line: Substring) -> Bool {
    let words = line.split(separator: " ")
    switch words.first {
    case "import": return words.count > 1
    case "from": return words.count > 3 && words[2] == "import"
    case "def", "class": return line.hasSuffix(":")
    case let first?: return first.hasPrefix("#!") && line.contains("python")
    case nil: return false
    }
  }

  private static func pickle(_ storage: Storage) -> FileKind? {
    guard TorchCheckpoint.matchesLegacy(storage) else { return nil }
    return storage.bytes.dropFirst(2).starts(with: [0x8a, 0x0a] + TorchCheckpoint.legacyMagic)
      ? .legacyTorchCheckpoint : .pickle
  }

  /// Protobuf has no signature, but the numbers of a message's fields tell it.
  private static func protobuf(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
    guard let fields = topFields(bytes), let first = fields.first else { return nil }
    let numbers = Set(fields.map(\.number))
    func isMessage(_ number: Int) -> Bool { fields.contains { $0.number == number && $0.isMessage } }
    // A graph, and nothing that no version of the format has.
    if isMessage(7), !isMessage(1), numbers.allSatisfy({ (1...8).contains($0) || (14...26).contains($0) }) {
      return .onnx
    }
    // A version and a description, then the model under a number that tells its type.
    if first.number == 1, !first.isMessage, numbers.contains(where: { (200...3000).contains($0) }),
      fields.allSatisfy({ $0.number < 200 || $0.isMessage })
    {
      return .coreML
    }
    if first.number == 1, !first.isMessage, isMessage(2), numbers.isSubset(of: [1, 2]) { return .savedModel }
    // Blocks, each with its number in front.
    if first.number == 1, first.isMessage, numbers.isSubset(of: [1, 4, 5]), bytes[first.range].first == 0x08 {
      return .paddle
    }
    // A name, and layers of the old kind or of the new.
    if first.number == 1, first.isMessage, isMessage(100) || isMessage(2), !numbers.contains(7),
      numbers.isSubset(of: [1, 2, 3, 4, 5, 6, 8, 100]),
      text(UnsafeRawBufferPointer(rebasing: bytes[first.range])) != nil
    {
      return .caffe
    }
    // Nodes, each with its name in front.
    if first.number == 1, first.isMessage, numbers.isSubset(of: [1, 2, 3, 4]),
      bytes[first.range].first == 0x0a
    {
      return .graphDefinition
    }
    return nil
  }

  /// The fields of a message without what is in them; nil for what is no message.
  private static func topFields(
    _ bytes: UnsafeRawBufferPointer
  ) -> [(number: Int, isMessage: Bool, range: Range<Int>)]? {
    var fields: [(number: Int, isMessage: Bool, range: Range<Int>)] = []
    var position = 0
    func varint() -> UInt64? {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 70, by: 7) {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        position += 1
        value |= UInt64(byte & 0x7f) << shift
        if byte < 0x80 { return value }
      }
      return nil
    }
    while position < bytes.count {
      // More tell no more.
      if fields.count == 10_000 { return fields }
      guard let key = varint(), key >> 3 > 0, key >> 3 < 1 << 29 else { return nil }
      let length: UInt64
      switch key & 7 {
      case 0:
        guard varint() != nil else { return nil }
        length = 0
      case 1: length = 8
      case 2:
        guard let given = varint() else { return nil }
        length = given
      case 5: length = 4
      default: return nil
      }
      guard length <= UInt64(bytes.count - position) else { return nil }
      let start = position
      position += Int(length)
      fields.append((Int(key >> 3), key & 7 == 2, start..<position))
    }
    return fields
  }
}
