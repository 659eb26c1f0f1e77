import Importers
import Tensors
import Testing

@Suite struct SafetensorsTests {
  @Test func everyType() throws {
    let parts: [(name: String, bytes: [UInt8], expected: [Float], element: ElementType)] = [
      ("F64", littleEndian(0.5, -2), [0.5, -2], .f32), ("F32", littleEndian(1.5 as Float), [1.5], .f32),
      ("F16", littleEndian(0.25 as Float16), [0.25], .f16), ("BF16", [0x40, 0xbf], [-0.75], .bf16),
      ("F8_E4M3", [0x38, 0xb8, 0x01, 0x7e, 0x08], [1, -1, 0.001953125, 448, 0.015625], .f32),
      ("F8_E5M2", [0x3c, 0xc0, 0x7b, 0x01], [1, -2, 57344, 1.5258789e-05], .f32),
      ("I64", littleEndian(-3 as Int64), [-3], .i64), ("I32", littleEndian(-4 as Int32), [-4], .i32),
      ("I16", littleEndian(-5 as Int16), [-5], .i16), ("I8", [0xfa], [-6], .i8),
      ("U64", littleEndian(7 as UInt64), [7], .i64), ("U32", littleEndian(UInt32.max), [4_294_967_296], .i64),
      ("U16", littleEndian(UInt16.max), [65535], .i32), ("U8", [255], [255], .u8),
      ("BOOL", [1, 0], [1, 0], .bool),
    ]
    var data: [UInt8] = []
    var entries: [String] = []
    for part in parts {
      let range = "[\(data.count), \(data.count + part.bytes.count)]"
      entries.append(
        #""\#(part.name)": {"dtype": "\#(part.name)", "shape": [\#(part.expected.count)], "data_offsets": \#(range)}"#
      )
      data += part.bytes
    }
    let header = #"{"__metadata__": {"format": "pt"}, \#(entries.joined(separator: ", "))}"#
    let checkpoint = try readCheckpoint(safetensors(header, data: data))
    #expect(checkpoint.names == parts.map(\.name))
    for part in parts {
      let tensor = try #require(checkpoint[part.name])
      #expect(tensor.floats == part.expected && tensor.element == part.element, "\(part.name)")
    }
  }

  @Test func theFileOfTheReferenceImplementation() throws {
    let checkpoint = try Checkpoint.read(path: dataPath("Checkpoints/plain.safetensors"))
    #expect(Set(checkpoint.names) == ["fc.weight", "fc.bias", "steps"])
    #expect(try checkpoint.weight("fc.weight").shape == [3, 4])
    #expect(try checkpoint.weight("fc.weight").floats == (0..<12).map { Float($0) / 8 })
    #expect(try checkpoint.weight("fc.bias").floats == [0.5, -1.5, 2.25])
    #expect(try checkpoint.weight("steps").integers == [7])
    // Aligned data is used where it lies.
    #expect(checkpoint.entries[1].tensor.storage === checkpoint.entries[2].tensor.storage)
  }

  @Test func missingWeightsAreNamed() throws {
    let checkpoint = try Checkpoint.read(
      bytes: safetensors(#"{"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}"#),
      path: "w.safetensors")
    #expect(checkpoint["b"] == nil)
    #expect(
      message { _ = try checkpoint.weight("b") }
        == "w.safetensors: has no tensor 'b' among its 1; expected the parameters of the network under their own "
        + "names; check that it belongs to this network, its names begin with 'a'")
  }

  private static func one(_ type: String = "F32", _ shape: String = "[1]", _ offsets: String = "[0, 4]")
    -> String
  {
    #"{"a": {"dtype": "\#(type)", "shape": \#(shape), "data_offsets": \#(offsets)}}"#
  }

  @Test(arguments: [
    (one("F4"), "tensor 'a': has the dtype 'F4'; expected one of BF16, BOOL, F16, F32, F64, F8_E4M3"),
    (one("F32", "[2]"), "tensor 'a': has 4 bytes of data; expected 8 for F32[2]"),
    (one("F32", "[-1]"), "tensor 'a': has the impossible shape [-1]"),
    (one("F32", "[4611686018427387904, 4]"), "tensor 'a': has the impossible shape"),
    (one("F32", "[1.5]"), "tensor 'a': has a shape that is not all integers"),
    (one("F32", "3"), "tensor 'a': has no shape; expected an array of integers"),
    (
      one("F32", "[1]", "[0, 8]"),
      "tensor 'a': has the data_offsets [0, 8]; expected a begin and an end within the 4"
    ),
    (one("F32", "[1]", "[4, 0]"), "tensor 'a': has the data_offsets [4, 0]"),
    (one("F32", "[1]", "[-4, 0]"), "tensor 'a': has the data_offsets [-4, 0]"),
    (one("F32", "[1]", "[0]"), "tensor 'a': has the data_offsets [0]"),
    (one("F32", "[0]", "[0, 0]"), "has 4 bytes of data; expected the 0 bytes that its tensors take"),
    (
      one("F32", "[0]", "[2, 2]"),
      "tensor 'a': begins at byte 2 of the data; expected byte 0, where its predecessor"
    ),
    (#"{"a": {"shape": [1], "data_offsets": [0, 4]}}"#, "tensor 'a': has no dtype; expected a string"),
    (#"{"a": 3}"#, "tensor 'a': is not described by an object"),
    (#"{"__metadata__": {"a": 1}}"#, "tensor '__metadata__': has a value for 'a' that is not a string"),
    (#"{"a": 1, "\u0061": 2}"#, "has a second 'a' at byte 17 of its JSON; expected well-formed JSON"),
    (#"{"a": "\ud800"}"#, "has half a surrogate pair at byte 13 of its JSON"),
    (#"{"a": nil}"#, "has an unknown word at byte 9 of its JSON"),
    (#"{"a": [1}"#, "has no ']' at byte 8 of its JSON"),
    (#"{"a""#, "has an unexpected end at byte 4 of its JSON"),
    ("{} x", "has text after the end at byte 3 of its JSON"),
    (
      #"{"a": "# + String(repeating: "[", count: 200_000),
      "has more than 8 levels of nesting at byte 14 of its JSON"
    ),
  ])
  func refusals(header: String, found: String) {
    let text = refusal(of: safetensors(header, data: [0, 0, 0, 0]))
    #expect(text.hasPrefix("file.pth: " + found), "\(text)")
  }

  @Test func overlapsAreRefused() {
    let header =
      #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "#
      + #""b": {"dtype": "U8", "shape": [2], "data_offsets": [3, 5]}}"#
    #expect(
      refusal(of: safetensors(header, data: [0, 0, 0, 0, 0]))
        == "file.pth: tensor 'b': begins at byte 3 of the data; expected byte 4, where its predecessor ends; "
        + "save the file again")
  }

  @Test func theHeaderMustFitTheFile() {
    let bytes = littleEndian(UInt64(1000)) + Array("{}".utf8)
    #expect(
      refusal(of: Storage(bytes))
        == "file.pth: announces a header of 1000 bytes; expected at most 2 bytes; fetch the file again")
  }
}

@Suite struct ShardIndexTests {
  private let header = #"{"NAME": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}"#

  @Test func everyFileIsReadOnce() throws {
    try withTemporaryDirectory { directory in
      for (file, name, value) in [("one", "b", 1), ("two", "a", 2)] as [(String, String, UInt8)] {
        let storage = safetensors(header.replacing("NAME", with: name), data: [value])
        try write(Array(storage.bytes), to: directory + file)
      }
      let path = directory + "model.safetensors.index.json"
      try write(
        Array(#"{"metadata": {"total_size": 2}, "weight_map": {"a": "two", "b": "one"}}"#.utf8), to: path)
      let checkpoint = try Checkpoint.read(path: path)
      #expect(checkpoint.names == ["a", "b"])
      #expect(checkpoint.entries.map(\.tensor.integers) == [[2], [1]])

      func refusal(_ map: String) -> String {
        message {
          _ = try Checkpoint.read(bytes: Storage(Array(#"{"weight_map": \#(map)}"#.utf8)), path: path)
        }.replacing(directory, with: "")
      }
      let index = "model.safetensors.index.json"
      #expect(
        refusal(#"{"a": "one"}"#)
          == "one: has no tensor 'a'; expected what \(index) lists for it; fetch both files from one place")
      #expect(
        refusal(#"{"a": "../one"}"#)
          == "\(index): names the file '../one'; expected a relative path that stays in the folder; "
          + "put the file beside this one, under its plain name")
      #expect(
        refusal(#"{"a": "three"}"#) == "three: No such file or directory; fetch all files that \(index) lists"
      )
      #expect(refusal(#"{"a": 3}"#) == "\(index): gives no file for 'a'; expected a file name")
      #expect(refusal(#"{"a": "\#(index)"}"#).contains("is the index of a checkpoint in several files"))
      #expect(refusal("[]").contains("is JSON without a weight_map"))
    }
  }
}
