import Foundation
import Machine
import Testing

/// What target files may say, and what the error says when they say something else: key, found, expected.
@Suite struct TargetFileTests {
  private static let sound: String = {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let file = folder.appending(path: "../Golden/Placements/Targets/small-npu.json").standardized
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }()

  private func decode(_ text: String) throws -> Target { try decodeTarget(Data(text.utf8), path: "t.json") }

  @Test func whatIsSoundIsRead() throws {
    let target = try decode(Self.sound)
    #expect(target.name == "small-npu")
    #expect(target.limits.maxExtent["W"]?.value == 64)
    #expect(target.ops["conv"]?.rules?[3].bound.oneOf == [1, 2, 4])
  }

  /// One change each, and the message.
  @Test(arguments: [
    // Words, of which there are few.
    (
      "\"family\": \"ethos-u\"", "\"family\": \"npu\"",
      "'family' is \"npu\", expected one of cpu, ane, hexagon-htp, edgetpu, apu, exynos-npu, ethos-u"
    ),
    (
      "\"role\": \"vector\"", "\"role\": \"scaler\"",
      "'engines[1].role' is \"scaler\", expected one of matrix, vector, scalar"
    ),
    (
      "\"kind\": \"sram\"", "\"kind\": \"ram\"",
      "'memories[0].kind' is \"ram\", expected one of sram, cache, dram, flash, register-file"
    ),
    (
      "\"kind\": \"estimate\"", "\"kind\": \"rumour\"",
      "'sources.made-up.kind' is \"rumour\", expected one of vendor-doc, source-code, measurement, reverse-engineering, press, estimate"
    ),
    (
      "\"run\": \"decompose\"", "\"run\": \"split\"",
      "'ops.tanh.run' is \"split\", expected one of native, decompose, fallback"
    ),
    (
      "\"otherwise\": \"slow\"", "\"otherwise\": \"cpu\"",
      "'ops.conv.rules[0].otherwise' is \"cpu\", expected one of fallback, decompose, slow"
    ),
    (
      "\"field\": \"out.C\"", "\"field\": \"out.H\"",
      "'ops.conv.rules[0].field' is \"out.H\", expected one of kernel.h, kernel.w, kernel.max, kernel.hw, kernel.h_dilated, kernel.hw_dilated, stride.h, stride.w, stride.max, dilation.max, dilation.spread, padding.max, groups, group.inputs, multiplier, spatial.rank, in.N, in.C, in.H, in.W, in.hw, out.C, rank, axis, axis.size, reduced, factor, weight.abs_sum, bias.bits"
    ),
    (
      "\"f32\", \"i8\"", "\"fp32\", \"i8\"",
      "'dtypes.activation[0]' is \"fp32\", expected one of f32, f16, bf16, i4, u4, i8, u8, i16, u16, i32, i40, i48, i64, bool, palette1, palette2, palette3, palette4, palette6, palette8"
    ),
    (
      "\"gather\":", "\"gathr\":",
      "key 'ops.gathr' names no op; expected '*' or an op of the IR, such as conv"
    ),
    (
      "\"engine\": \"mac\",\n", "\"engine\": \"mca\",\n",
      "'ops.conv.engine' is \"mca\", expected one of mac, vec, host"
    ),
    ("\"target/1\"", "\"target/2\"", "'format' is \"target/2\", expected \"target/1\""),
    // Kinds of values.
    ("{\"value\": 64,", "{\"value\": \"64\",", "'limits.max_extent.W.value' is \"64\", expected a number"),
    ("\"planned\": true", "\"planned\": 1", "'memories[0].planned' is 1, expected true or false"),
    ("\"fallback\": {\"engine\": \"host\"}", "\"fallback\": []", "'fallback' is a list, expected an object"),
    ("[\"activations\"]", "\"activations\"", "'memories[0].holds' is \"activations\", expected a list"),
    (
      "\"planned\": true", "\"planned\": false",
      "'memories' has none that is planned and holds \"activations\", expected at least one"
    ),
    ("\"engine\": \"host\"", "\"engine\": null", "'fallback.engine' is null, expected text in quotes"),
    ("\"year\": 2025,", "", "key 'year' is missing"),
    (
      "\"year\": 2025", "\"yaer\": 5, \"year\": 2025",
      "key 'yaer' is unknown; remove it or correct its spelling"
    ),
    // Figures that no chip has.
    ("\"year\": 2025", "\"year\": -1", "'year' is -1, expected a year from 1950 to 2100"),
    ("\"year\": 2025", "\"year\": 20.5", "'year' is 20.5, expected a whole number of at most 64 bits"),
    ("\"year\": 2025", "\"year\": 1e400", "'year' is 1e400, expected a number of at most 64 bits"),
    (
      "{\"value\": 5,", "{\"value\": 0,", "'limits.max_rank' is 0, expected a whole number from 1 to 2^53"
    ),
    (
      "{\"value\": 64,", "{\"value\": -64,",
      "'limits.max_extent.W' is -64.0, expected a whole number from 1 to 2^53"
    ),
    (
      "\"planned\": true",
      "\"planned\": true, \"alignment_bytes\": {\"value\": 48, \"source\": \"made-up\", \"trust\": \"guess\"}",
      "'memories[0].alignment_bytes' is 48, expected a power of two up to 2^20, such as 64"
    ),
    (
      "\"planned\": true",
      "\"planned\": true, \"alignment_bytes\": {\"value\": 0, \"source\": \"made-up\", \"trust\": \"guess\"}",
      "'memories[0].alignment_bytes' is 0, expected a power of two up to 2^20, such as 64"
    ),
    (
      "\"id\": \"vec\"", "\"id\": \"mac\"",
      "'engines[1].id' is \"mac\", as is that of another; expected one of its own"
    ),
    (
      "\"multiple_of\": 4", "\"multiple_of\": 0",
      "'ops.conv.rules[0].multiple_of' is 0, expected a number from 1"
    ),
    (
      "\"multiple_of\": 4", "\"max\": 4, \"min\": 5",
      "'ops.conv.rules[0].min' is 5, expected at most 'max', which is 4"
    ),
    (
      "\"multiple_of\": 4, ", "",
      "'ops.conv.rules[0]' has no bound, expected one of max, min, multiple_of, one_of"
    ),
    ("[1, 2, 4]", "[]", "'ops.conv.rules[3].one_of' is empty, expected numbers"),
    (
      "\"source\": \"made-up\"", "\"source\": \"rumour\"",
      "source 'rumour' is used but not listed under 'sources'"
    ),
    (
      "{\"value\": 1048576,", "{",
      "key 'memories[0].size_bytes.value' is missing"
    ),
    (
      "{\"value\": 1048576,", "{\"value\": 0,",
      "'memories[0].size_bytes' is 0, expected a whole number from 1 to 2^53"
    ),
    (
      "\"role\": \"matrix\"",
      "\"role\": \"matrix\", \"clock_mhz\": {\"value\": 0, \"source\": \"made-up\", \"trust\": \"guess\"}",
      "'engines[0].clock_mhz' is 0, expected a number above 0, at most 10^9"
    ),
    (
      "\"role\": \"matrix\"",
      "\"role\": \"matrix\", \"macs_per_cycle\": {\"int8\": {\"value\": 8, \"source\": \"made-up\", \"trust\": \"guess\"}}",
      "key 'engines[0].macs_per_cycle.int8' is no pair of formats, such as i8xi8"
    ),
    (
      "[\"activations\"]", "[\"activations\", \"activations\"]",
      "'memories[0].holds[1]' is \"activations\", which stands there twice; remove one"
    ),
    (
      "\"id\": \"sram\"", "\"id\": \"\"",
      "'memories[0].id' is \"\", expected up to 40 of a-z, 0-9, '-', '.' and '_' after a letter"
    ),
    // The document itself.
    ("\"year\": 2025", "\"year\": 2025, \"year\": 2026", "key 'year' stands there twice; remove one"),
    ("\"year\": 2025", "\"year\": 2025, \"\\u0079ear\": 2026", "key 'year' stands there twice; remove one"),
    ("\"year\": 2025,", "\"year\": 2025", "is not valid JSON: line 7 can't be read"),
    ("\"year\": 2025,", "\"year\": truth,", "is not valid JSON: line 6, under 'year' can't be read"),
  ])
  func anErrorSaysWhatIsExpected(_ old: String, _ new: String, _ message: String) throws {
    #expect(Self.sound.contains(old))
    let range = try #require(Self.sound.firstRange(of: old))
    let error = #expect(throws: TargetError.self) {
      try decode(Self.sound.replacingCharacters(in: range, with: new))
    }
    #expect(error?.description == "t.json: \(message)")
  }

  @Test func longTextsAndDeepDocumentsAreRefused() throws {
    func message(_ text: String) throws -> String {
      let error = #expect(throws: TargetError.self) { try decode(text) }
      return error?.message ?? ""
    }
    let long = String(repeating: "x", count: 1 << 20)
    #expect(
      try message(Self.sound.replacing("A small NPU", with: long))
        == "t.json: 'title' has 1048593 bytes of text, expected at most 2000")
    #expect(
      try message(Self.sound.replacing("A small NPU", with: long.prefix(200)))
        == "t.json: 'title' has 217 bytes, expected 1 to 100")
    #expect(
      try message(String(repeating: "[", count: 1 << 20)) == "t.json: is nested deeper than 64 levels")
    #expect(try message("") == "t.json: is not valid JSON: line 1 can't be read")
    #expect(try message("[1, 2]") == "t.json: holds a list, expected an object")
    #expect(try message("{}}") == "t.json: is not valid JSON: something follows its end")
  }
}
