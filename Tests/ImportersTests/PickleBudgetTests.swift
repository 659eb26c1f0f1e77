import Importers
import Tensors
import Testing

/// Pickles of which a few bytes ask for much. What they cost is counted where it arises, and reading ends at a limit
/// that follows from the pickle's size, which the message names.
@Suite struct PickleBudgetTests {
  /// Pushes a text of any length.
  private static func long(_ count: Int) -> [UInt8] {
    [0x58] + littleEndian(UInt32(count)) + [UInt8](repeating: 0x61, count: count)
  }

  /// Remembers the last value as number `key` and takes it off the stack.
  private static func keep(_ key: UInt8) -> [UInt8] { [0x71, key, 0x30] }

  private static func times(_ count: Int, _ code: [UInt8]) -> [UInt8] {
    (0..<count).flatMap { _ in code }
  }

  private static let tensor = Pickle.tensor(shape: [4], strides: [1])

  static let hostile: [(name: String, program: [UInt8])] = [
    // A long name joined to itself again and again, with nothing kept of it, and with all.
    (
      "names that are joined", long(100_000) + keep(0) + times(2000, [0x68, 0, 0x68, 0, 0x93, 0x30]) + [0x4e]
    ),
    ("names that are kept", long(100_000) + keep(0) + times(2000, [0x68, 0, 0x68, 0, 0x93])),
    // A key repeated n times in a dictionary that a list names n times.
    (
      "one key many times, listed many times",
      Pickle.text("k") + keep(0) + [0x7d, 0x28] + times(30_000, [0x68, 0, 0x4e]) + [0x75] + keep(1)
        + [0x5d, 0x28] + times(30_000, [0x68, 1]) + [0x65]
    ),
    // A long key looked up n times.
    (
      "a long key many times",
      long(200_000) + keep(0) + [0x7d, 0x28] + times(20_000, [0x68, 0, 0x4e]) + [0x75]
    ),
    // A long key above many tensors: each has a name of its own.
    (
      "a long key over a list of tensors",
      tensor + keep(0) + [0x7d] + long(1000) + [0x5d, 0x28] + times(200_000, [0x68, 0]) + [0x65, 0x73]
    ),
    // The same above objects that can't be read, which messages may name.
    (
      "a long key over a list of objects",
      Pickle.global("m", "C") + keep(0) + [0x7d] + long(1000) + [0x5d, 0x28] + times(200_000, [0x68, 0])
        + [0x65, 0x73]
    ),
    // A function of a long name called again and again.
    (
      "calls of a long name",
      long(200_000) + keep(0) + [0x68, 0, 0x68, 0, 0x93] + keep(1)
        + times(20_000, [0x68, 1, 0x29, 0x52, 0x30])
        + [0x4e]
    ),
    // Storages of a type with a long name.
    (
      "storages of a long type",
      long(200_000) + keep(0) + [0x68, 0, 0x68, 0, 0x93] + keep(1)
        + Pickle.tuple(
          Pickle.text("storage"), [0x68, 1], Pickle.text("0"), Pickle.text("cpu"), Pickle.integer(4))
        + keep(2) + times(20_000, [0x68, 2, 0x51, 0x30]) + [0x4e]
    ),
    // Objects out of objects: each carries what the one before was.
    ("objects of objects", [0x4e] + times(500_000, [0x29, 0x52])),
    // An ordered dictionary out of one long list again and again.
    (
      "dictionaries of one list",
      [0x5d] + keep(0) + [0x68, 0, 0x28] + times(20_000, [0x4e, 0x4e, 0x86]) + [0x65, 0x30]
        + Pickle.global("collections", "OrderedDict") + keep(1) + [0x68, 0, 0x85] + keep(2)
        + times(2000, [0x68, 1, 0x68, 2, 0x52, 0x30]) + [0x4e]
    ),
    // Dictionaries in one another, looked through at each level for where the weights begin.
    (
      "a chain of well-known keys",
      Pickle.text("model") + keep(0) + tensor + keep(1)
        + times(3000, [0x7d, 0x68, 0]) + [0x68, 1] + times(3000, [0x73])
    ),
  ]

  @Test(arguments: hostile) func costsAreBounded(_ name: String, _ program: [UInt8]) {
    let text = refusal(of: archive(program))
    let limit = (16 << 20) + 128 * (program.count + 3)
    let isRefused =
      text.hasPrefix("file.pth: takes more than \(limit) bytes and steps to read")
      || text.hasPrefix("file.pth: nests dictionaries too deeply")
    #expect(isRefused, "\(name): \(text)")
  }

  /// What is large in an honest way costs little: far less than the limit.
  @Test func lengthByItselfIsFine() throws {
    // 900,000 values of no interest under a long key, and a tensor.
    let list = [0x5d, 0x28] + Self.times(900_000, [0x4e]) + [0x65]
    let program =
      [0x7d] + Self.long(1000) + list + [0x73] + Pickle.text("w") + Self.tensor + [0x73] + Pickle.text("text")
      + Self.long(3_000_000) + [0x73]
    #expect(try readCheckpoint(archive(program)).names == ["w"])
  }

  @Test func manyTensorsAreFine() throws {
    var program: [UInt8] = [0x7d, 0x28]
    for index in 0..<5000 {
      program += Pickle.text("model.encoder.layers.\(index).attention.self.query.weight") + Self.tensor
    }
    let checkpoint = try readCheckpoint(archive(program + [0x75]))
    #expect(checkpoint.entries.count == 5000)
  }

  /// Tensors that view the same bytes again and again: whoever uses them looks at all.
  @Test(arguments: ["BoolStorage", "FloatStorage"]) func viewsOfOneStorageAreBounded(_ type: String) {
    let count = 4 << 20
    let id = Pickle.tuple(
      Pickle.text("storage"), Pickle.global("torch", type), Pickle.text("0"), Pickle.text("cpu"),
      Pickle.integer(count / 4))
    // A quarter of the bytes, or all.
    let shape = [0x28] + Pickle.integer(count / 4) + [0x74]
    let view =
      Pickle.global("torch._utils", "_rebuild_tensor_v2")
      + Pickle.tuple(
        id + [0x51], Pickle.integer(0), shape, [0x28] + Pickle.integer(1) + [0x74], [0x89], [0x4e])
      + [0x52]
    let program = view + Self.keep(0) + [0x5d, 0x28] + Self.times(1000, [0x68, 0]) + [0x65]
    let file = Storage(
      zip([("m/data.pkl", Pickle.program(program)), ("m/data/0", [UInt8](repeating: 1, count: count))]))
    #expect(refusal(of: file).contains("unpacks to far more bytes than the file has"))
  }

  @Test func keysOfStoragesAreShort() {
    let root = Pickle.dictionary(
      ("w", Pickle.tensor(storage: String(repeating: "0", count: 255), shape: [1], strides: [1])))
    #expect(refusal(of: archive(root)).contains("which is missing"))
    let id =
      [0x28] + Pickle.text("storage") + Pickle.global("torch", "FloatStorage") + Self.long(256)
      + Pickle.text("cpu") + Pickle.integer(4) + [0x74, 0x51]
    #expect(refusal(of: archive(id)).contains("malformed arguments of a persistent id"))
  }
}
