import Importers
import Tensors
import Testing

@Suite struct PickleTests {
  /// Pickles that no program wrote. Each has to be refused; that the refusal is quick and small is the point.
  @Test(
    arguments: [
      ([0x2e], "has an operation without operands before byte 3"),
      ([0x52], "has an operation without operands before byte 3"),
      ([0x74], "has an operation without its mark before byte 3"),
      ([0x28, 0x30], "has an operation without operands before byte 4"),
      ([0x68, 9], "has a reference to the unknown value 9 before byte 4"),
      ([0x49, 0x31, 0x0a], "has the pickle operation 73 before byte 3"),
      ([0x80, 9], "has pickle protocol 9 before byte 4"),
      ([0x7d, 0x28, 0x4e, 0x75], "has a key without a value before byte 6"),
      ([0x58, 0xff, 0xff, 0xff, 0xff], "ends at byte 8; expected 4294967295 more bytes from byte 7"),
      ([0x8b, 0xff, 0xff, 0xff, 0xff], "has an integer of -1 bytes before byte 7"),
      (
        [0x8e] + [UInt8](repeating: 0xff, count: 8),
        "announces 18446744073709551615 bytes; expected at most the 1 that"
      ),
      ([0x63, 0x61], "has an unfinished line at byte 3"),
      ([0x4e, 0x51], "has malformed arguments of a persistent id"),
      (Array("ctorch._utils\n_rebuild_tensor_v2\n)R".utf8), "has malformed arguments of a tensor"),
      (
        Array("ctorch._utils\n_rebuild_parameter\n)R".utf8),
        "has malformed arguments of torch._utils._rebuild_par"
      ),
      ([0x4e, 0x4e, 0x93], "has a class name that is not a string"),
    ] as [([UInt8], String)])
  func malformedPrograms(program: [UInt8], found: String) {
    let text = refusal(of: archive(program))
    #expect(text.hasPrefix("file.pth: " + found), "\(text)")
  }

  @Test func nothingIsCalled() {
    let call = Pickle.call(Pickle.global("os", "system"), Pickle.tuple(Pickle.text("false")))
    #expect(
      refusal(of: archive(call))
        == "file.pth: holds a whole 'os.system' object; expected a state dictionary; "
        + "save model.state_dict() instead of the model")
  }

  @Test func depthCostsNoStack() {
    let nested = [0x4e] + [UInt8](repeating: 0x85, count: 1_000_000)
    #expect(refusal(of: archive(nested)).hasPrefix("file.pth: nests dictionaries too deeply"))
    let lists = [UInt8](repeating: 0x5d, count: 1000) + [UInt8](repeating: 0x61, count: 999)
    #expect(refusal(of: archive(lists)).hasPrefix("file.pth: nests dictionaries too deeply"))
  }

  /// Each level has two references to the level below.
  @Test func sharedValuesAreNotMultiplied() {
    var program: [UInt8] = Pickle.dictionary(("x", Pickle.tensor(shape: [4], strides: [1])))
    for level in 0..<UInt8(15) {
      program += [0x71, level, 0x30] + [0x7d, 0x28]
      for index in 0..<10 { program += Pickle.text("\(index)") + [0x68, level] }
      program += [0x75]
    }
    #expect(refusal(of: archive(program)).contains("bytes and steps to read"))
  }

  @Test func cyclesEnd() {
    let cycle: [UInt8] = [0x7d, 0x71, 0] + Pickle.text("model") + [0x68, 0, 0x73]
    #expect(refusal(of: archive(cycle)).hasPrefix("file.pth: nests dictionaries too deeply"))
  }

  @Test func copiesOfListsAreBounded() {
    // An ordered dictionary out of the same long list, again and again.
    var program: [UInt8] = [0x5d, 0x71, 0, 0x28] + [UInt8](repeating: 0x4e, count: 100_000) + [0x65, 0x30]
    program += Pickle.global("collections", "OrderedDict") + [0x71, 1, 0x30, 0x68, 0, 0x85, 0x71, 2, 0x30]
    for _ in 0..<1000 { program += [0x68, 1, 0x68, 2, 0x52, 0x30] }
    #expect(
      refusal(of: archive(program + [0x4e]))
        == "file.pth: takes more than 30350848 bytes and steps to read, which its size does not explain; expected a "
        + "file that does not repeat itself; the file may be damaged; fetch or save it again")
  }

  @Test func lengthIsBounded() {
    let long = [UInt8](repeating: 0, count: 2_000_001).flatMap { _ in [0x4e, 0x30] as [UInt8] }
    #expect(
      refusal(of: archive(long))
        == "file.pth: has a pickle of more than 4000000 operations; expected a state dictionary; "
        + "save model.state_dict() by itself")
  }

  /// What Python 2 and the newest protocols write for the same dictionary.
  @Test func protocols() throws {
    let tensor = Pickle.tensor(shape: [4], strides: [1])
    let ordered = Pickle.call(Pickle.global("collections", "OrderedDict"), [0x5d, 0x85])
    let forms: [[UInt8]] = [
      [0x80, 4, 0x95] + littleEndian(UInt64(99)) + [0x7d, 0x94] + Pickle.text("w") + [0x94] + tensor + [0x73],
      [0x7d, 0x55, 1, 0x77] + tensor + [0x73],
      [0x28, 0x58, 1, 0, 0, 0, 0x77] + tensor + [0x64],
      ordered + [0x8d] + littleEndian(UInt64(1)) + [0x77] + tensor + [0x73] + [0x7d, 0x62],
      [0x7d] + Pickle.text("w") + Pickle.text("torch._utils") + Pickle.text("_rebuild_parameter") + [0x93]
        + tensor + [0x88, 0x7d, 0x87, 0x52, 0x73],
    ]
    for form in forms {
      let checkpoint = try readCheckpoint(archive(form))
      #expect(checkpoint.names == ["w"])
      #expect(checkpoint["w"]?.floats == [0, 1, 2, 3])
    }
  }
}
