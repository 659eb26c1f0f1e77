import Importers
import Tensors
import Testing

@Suite struct TorchCheckpointTests {
  private let weight = (0..<12).map { Float($0) / 8 }
  private let bias: [Float] = [0.5, -1.5, 2.25]

  /// Today's archive, the form before it, and a training script's wrapping of data-parallel weights.
  @Test(arguments: ["plain", "legacy", "wrapped"])
  func theFormsOfPyTorch(file: String) throws {
    let checkpoint = try Checkpoint.read(path: dataPath("Checkpoints/\(file).pth"))
    #expect(checkpoint.names == ["fc.weight", "fc.bias", "steps"])
    #expect(checkpoint["fc.weight"]?.shape == [3, 4])
    #expect(checkpoint["fc.weight"]?.floats == weight)
    #expect(checkpoint["fc.bias"]?.floats == bias)
    #expect(checkpoint["steps"]?.integers == [7])
  }

  @Test func otherEntriesCanBeAskedFor() throws {
    let path = dataPath("Checkpoints/wrapped.pth")
    #expect(try Checkpoint.read(path: path, state: "optimizer").names == ["state.0.step"])
    #expect(
      message { _ = try Checkpoint.read(path: path, state: "ema") }.replacing(path, with: "wrapped.pth")
        == "wrapped.pth: has the entries 'epoch', 'best', 'args', 'optimizer', 'model'; expected an entry 'ema'"
    )
    #expect(
      message { _ = try Checkpoint.read(path: path, state: "args") }.replacing(path, with: "wrapped.pth")
        == "wrapped.pth: holds no tensors; its entry 'the whole file' is a '__main__.Options' object; "
        + "expected a state dictionary; save model.state_dict() instead")
  }

  @Test func stridedViews() throws {
    let checkpoint = try Checkpoint.read(path: dataPath("Checkpoints/strided.pth"))
    #expect(checkpoint["transposed"]?.shape == [4, 3])
    let transposed = (0..<12).map { (index: Int) in weight[index % 3 * 4 + index / 3] }
    #expect(checkpoint["transposed"]?.floats == transposed)
    #expect(checkpoint["column"]?.floats == [weight[1], weight[5], weight[9]])
    #expect(checkpoint["broadcast"]?.floats == bias + bias)
    #expect(checkpoint["tail"]?.floats == Array(bias[1...]))
  }

  @Test func halvesAndParameters() throws {
    let checkpoint = try Checkpoint.read(path: dataPath("Checkpoints/halves.pth"))
    #expect(checkpoint["fc.weight"]?.element == .bf16 && checkpoint["fc.weight"]?.floats == weight)
    #expect(checkpoint["fc.bias"]?.element == .f16 && checkpoint["fc.bias"]?.floats == bias)
  }

  @Test func typesAreWidenedOrNamed() throws {
    let checkpoint = try Checkpoint.read(path: dataPath("Checkpoints/types.pth"))
    #expect(checkpoint["double"]?.element == .f32 && checkpoint["double"]?.floats == bias)
    #expect(checkpoint["bytes"]?.integers == [0, 255])
    #expect(checkpoint["mask"]?.element == .bool && checkpoint["mask"]?.integers == [1, 0, 1])
    #expect(checkpoint["wide"]?.element == .i32 && checkpoint["wide"]?.integers == [1, 65535])
    #expect(checkpoint["small"]?.floats == bias)
    #expect(
      message { _ = try checkpoint.weight("complex") }.hasSuffix(
        "types.pth: entry 'complex': is a tensor with elements of type 'ComplexFloatStorage'; expected a tensor of "
          + "numbers; save model.state_dict() with plain tensors"))
  }

  @Test func wholeModulesAreRefused() {
    #expect(
      message { _ = try Checkpoint.read(path: dataPath("Checkpoints/module.pth")) }.hasSuffix(
        "module.pth: holds a whole 'torch.nn.modules.linear.Linear' object; expected a state dictionary; "
          + "save model.state_dict() instead of the model"))
  }

  @Test func sharedStoragesStayShared() throws {
    let view = { (offset: Int) in Pickle.tensor(offset: offset, shape: [2], strides: [1]) }
    let checkpoint = try readCheckpoint(
      archive(Pickle.dictionary(("a", view(0)), ("b", view(2)), ("c", view(0)))))
    #expect(checkpoint.entries.map(\.tensor.floats) == [[0, 1], [2, 3], [0, 1]])
  }

  @Test func nestedDictionariesAreFlattened() throws {
    let tensor = Pickle.tensor(shape: [4], strides: [1])
    let list = [0x5d, 0x28] + tensor + tensor + [0x65]
    let root = Pickle.dictionary(
      (
        "encoder",
        Pickle.dictionary(("w", tensor), ("args", Pickle.call(Pickle.global("foo", "Bar"), [0x29])))
      ),
      ("decoder", list), ("epoch", Pickle.integer(3)))
    let checkpoint = try readCheckpoint(archive(root))
    #expect(checkpoint.names == ["encoder.w", "decoder.0", "decoder.1"])
    #expect(
      message { _ = try checkpoint.weight("encoder.args") }
        == "file.pth: entry 'encoder.args': is a 'foo.Bar' object; expected a tensor of numbers; "
        + "save model.state_dict() with plain tensors")
  }

  @Test func laterEntriesReplaceEarlierOnes() throws {
    let root = Pickle.dictionary(
      ("a", Pickle.tensor(shape: [1], strides: [1])),
      ("a", Pickle.tensor(offset: 1, shape: [1], strides: [1])))
    #expect(try readCheckpoint(archive(root)).entries.map(\.tensor.floats) == [[1]])
  }

  @Test func scalarsAndEmptyTensors() throws {
    let root = Pickle.dictionary(
      ("scalar", Pickle.tensor(offset: 3, shape: [], strides: [])),
      ("empty", Pickle.tensor(offset: 99, shape: [0, 7], strides: [7, 1])),
      ("unit", Pickle.tensor(offset: 0, shape: [1, 4], strides: [99, 1])))
    let checkpoint = try readCheckpoint(archive(root))
    #expect(checkpoint["scalar"]?.floats == [3] && checkpoint["scalar"]?.shape == [])
    #expect(checkpoint["empty"]?.shape == [0, 7])
    #expect(checkpoint["unit"]?.floats == [0, 1, 2, 3])
  }
}

@Suite struct TorchRefusalTests {
  @Test(
    arguments: [
      (-1, [1], [1]), (4, [1], [1]), (0, [5], [1]), (0, [2], [4]), (0, [2], [-1]), (1, [2, 2], [2, 1]),
      (0, [3, 3], [Int.max, 1]), (Int.max, [2], [1]),
    ] as [(Int, [Int], [Int])])
  func viewsMustLieInTheirStorage(offset: Int, shape: [Int], strides: [Int]) {
    let root = Pickle.dictionary(("w", Pickle.tensor(offset: offset, shape: shape, strides: strides)))
    #expect(
      refusal(of: archive(root))
        == "file.pth: tensor 'w': has offset \(offset), shape \(Shape(shape)) and strides \(Shape(strides)); "
        + "expected a view within the 4 elements of its storage; the file may be damaged; fetch or save it again"
    )
  }

  @Test func repeatedDataIsBounded() {
    let root = Pickle.dictionary(("w", Pickle.tensor(shape: [1 << 30], strides: [0])))
    #expect(
      refusal(of: archive(root))
        == "file.pth: tensor 'w': unpacks to far more bytes than the file has; expected a file that doesn't repeat "
        + "its data")
  }

  @Test func missingStorages() {
    let root = Pickle.dictionary(("w", Pickle.tensor(storage: "7", shape: [1], strides: [1])))
    #expect(refusal(of: archive(root)) == "file.pth: tensor 'w': views the storage '7', which is missing")
  }

  @Test func archivesThatAreNotStateDictionaries() {
    let tensor = Pickle.dictionary(("w", Pickle.tensor(shape: [1], strides: [1])))
    #expect(
      refusal(of: archive(tensor, extra: [("m/byteorder", Array("big".utf8))]))
        == "file.pth: has the byte order 'big'; expected little; load it with PyTorch on a common machine and save it again"
    )
    #expect(
      refusal(of: archive(tensor, extra: [("m/constants.pkl", [])]))
        == "file.pth: is a TorchScript program; expected a state dictionary; save model.state_dict() instead, "
        + "torch.jit.load(FILE).state_dict() has it")
    #expect(
      refusal(of: archive(Pickle.integer(3)))
        == "file.pth: holds no tensors; expected a state dictionary; save model.state_dict()")
    #expect(
      refusal(of: Storage(zip([("m/data.pkl", [0x2e])], method: 8))).hasPrefix(
        "file.pth: has the member 'm/data.pkl' compressed; expected stored members"))
    #expect(
      refusal(of: Storage(zip([("m/data.pkl", [0x2e])], flags: 1))).hasPrefix(
        "file.pth: has the member 'm/data.pkl' encrypted"))
    #expect(
      refusal(of: Storage(zip([("readme", [])])))
        == "file.pth: is a zip file; expected a safetensors file or a file of torch.save; unpack it and give the "
        + "file inside")
    #expect(
      refusal(of: Storage(zip([("a", []), ("a", [])])))
        == "file.pth: has two members 'a'; expected a zip file with unique names")
    #expect(
      refusal(of: Storage(Array(zip([("m/data.pkl", [])]).dropLast())))
        == "file.pth: is a zip file without a directory; it is cut off; fetch it again")
  }

  @Test(
    arguments: [([], "is empty"), (Array("hello\u{1}".utf8), "is of no known kind")] as [([UInt8], String)])
  func otherFiles(bytes: [UInt8], found: String) {
    #expect(
      refusal(of: Storage(bytes))
        == "file.pth: \(found); expected a safetensors file or a file of torch.save; save it with safetensors or "
        + "torch.save")
  }

  /// Two members that share their bytes, as archives of great size out of few bytes have them.
  @Test func membersDoNotOverlap() {
    let plain = zip([("m/data.pkl", Pickle.program([0x4e])), ("m/data/0", [1, 2, 3, 4])])
    // The directory says that the second member begins where the first one does.
    let directory = plain.count - 22 - 46 - "m/data/0".utf8.count
    var bytes = plain
    for index in 0..<4 { bytes[directory + 42 + index] = 0 }
    #expect(
      refusal(of: Storage(bytes))
        == "file.pth: has the member 'm/data.pkl' in bytes that are also another's; expected members one behind the "
        + "other; the file may be damaged; fetch or save it again")
  }

  @Test func otherPickles() {
    #expect(
      refusal(of: Storage(Pickle.program(Pickle.integer(3))))
        == "file.pth: is a pickle, but not of torch.save; expected a state dictionary; "
        + "save model.state_dict() with torch.save")
  }
}
