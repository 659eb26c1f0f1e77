import Bundle
import IR
import IngotCompiler
import Machine
import Tensors
import TestSupport
import Testing

/// Program passes by their golden files: program text in, pass, program text out.
@Suite struct ProgramPassTests {
  private static let panels = Target.Panels(
    rows: Whole(4), columns: Whole(8), leastRows: Whole(5), groups: Whole(4), source: "", trust: .guess)
  private static let everyPass = everyProgramPass + [repackWeights(panels)]

  @Test(arguments: everyPass.map(\.name))
  func passDoesAsItsGoldenFileSays(name: String) throws {
    try checkGolden("ProgramPasses/\(name).txt") { item in
      var program = try parseProgram(item.input)
      let passes = try item.argument.split(separator: ",").map { part in
        let name = part.drop { $0 == " " }
        return try #require(Self.everyPass.first { $0.name == name }, "no program pass is called '\(name)'")
      }
      try run(passes, on: &program, verifying: true)
      return program.text
    }
  }

  /// Graph text in; the program as it is emitted, as program passes leave it, and with addresses.
  @Test func graphsAreLoweredAsTheGoldenFileSays() throws {
    try checkGolden("ProgramPasses/lowering.txt") { item in
      let module = try parseModule(item.input, file: "text")
      var program = try emitAlone(module.functions[0], functions: module.functions)
      var texts = [program.text]
      try run(programPasses, on: &program, verifying: true)
      texts.append(program.text)
      try run([planMemory], on: &program, verifying: true)
      return (texts + [program.text]).joined(separator: "\n\n")
    }
  }

  /// Graph text in; the program as it is emitted to need little memory, or no more than so many bytes.
  @Test func stripesAreCutAsTheGoldenFileSays() throws {
    try checkGolden("ProgramPasses/stripes.txt") { item in
      let module = try parseModule(item.input, file: "text")
      let limit = Int(item.argument.drop { !$0.isNumber })
      return try emitScheduled(module.functions[0], limit == nil ? .small : .fast, limit: limit).text
    }
  }

  /// Module text in; its programs, with the weights that each reads, in panels where all of them read them so.
  @Test func weightsAreStoredAsTheGoldenFileSays() throws {
    try checkGolden("ProgramPasses/fold-repacks.txt") { item in
      let module = try parseModule(item.input, file: "text")
      let programs = try lowerTogether(module, passes: programPasses + [repackWeights(Self.panels)])
      return programs.map(\.text).joined(separator: "\n\n")
    }
  }

  // MARK: Text

  @Test(arguments: 0..<20) func textIsReadBack(group: Int) throws {
    for seed in (group * 10)..<(group * 10 + 10) {
      let graph = try randomGraph(seed: UInt64(seed))
      let module = try randomModule(seed: UInt64(seed))
      for program in [
        try emitAlone(graph), try lowerAlone(graph).program,
        try emitAlone(module.functions[0], functions: module.functions),
        try lowerAlone(module.functions[0], functions: module.functions).program,
      ] {
        var expected = program
        for index in expected.instructions.indices { expected.instructions[index].origin = nil }
        let text = program.text
        let read = try parseProgram(text)
        #expect(read == expected && read.text == text, "seed \(seed)\n\(text)\n\(read.text)")
      }
    }
  }

  @Test func everythingThatTextHoldsIsReadBack() throws {
    let text = """
      program @"a \\"b\\" \\u{1b}"(%0 "x": i64[] in $0) -> (%1 "y": f16[0, 7] in $1 sized {0 = %2, 1 = %2}, %2: i64[] in $2) {
        memory @sram: 128 bytes
        memory @"d ram": 64 bytes
        buffer $0 = input 0: 8 bytes in @sram at 64
        buffer $1 = output 0: 0 bytes in @"d ram" at 0
        buffer $2 = output 1: 8 bytes in @sram at 0
        buffer $3 = weight 4: 64 bytes
        weight %3 "w": f32[2] in $3
        weight %4 "w": f32[2] in $3 + 8
        weight %5 @"v 1": f32[2] in $3 + 16
        loop 65536 times {
          loop 2 times {
            %2 = elementwise none, %0, %3, %4, @"v 1" {step = [clip.f32(0, -inf, 5e-324), add.i64(1, 2), affine.i64(3, -9223372036854775808, 9223372036854775807)]} name "other"
          }
        }
        tensor %6 "unused": u8[3] in $0 + 5
      }
      """
    let read = try parseProgram(text).text
    #expect(read == text, "\(read)")
  }

  @Test(arguments: [
    ("program", "text:1:8: found the end of the text, expected '@'"),
    ("program @p(%1: f32[] in $0) -> () {\n}", "text:1:27: port %1 stands out of order, expected %0"),
    ("program @p() -> () {\n  memory @m\n  memory @m\n}", "text:4:1: there are two memories 'm'"),
    (
      "program @p() -> () {\n  buffer $1: 4 bytes\n}", "text:2:12: buffer $1 stands out of order, expected $0"
    ),
    ("program @p() -> () {\n  buffer $0: 4 bytes in @m\n}", "text:3:1: there is no memory 'm'"),
    ("program @p() -> () {\n  %0 = copy %1\n}", "text:2:6: %0 is not declared"),
    ("program @p() -> () {\n  %0: f8[] in $0 = copy %0\n}", "text:2:9: there is no element type 'f8'"),
    ("program @p() -> () {\n  %0: f32[] in $0 = fly %0\n}", "text:2:25: there is no opcode 'fly'"),
    (
      "program @p() -> () {\n  %0: f32[] in $0 = softmax %0 {axis = x}\n}",
      "text:3:1: softmax: 'x' is no integer"
    ),
    (
      "program @p() -> () {\n  %0: f32[] in $0 = softmax %0\n}",
      "text:3:1: softmax: attribute 'axis' is missing"
    ),
    (
      "program @p() -> () {\n  %0: f32[] in $0 = copy %0 {axis = 0}\n}",
      "text:3:1: copy: there is no attribute 'axis'"
    ),
    (
      "program @p() -> () {\n  %0: f32[] in $0 = elementwise %0 {step = [fly.f32(0)]}\n}",
      "text:3:1: elementwise: there is no function 'fly'"
    ),
    ("program @p() -> () {\n  tensor %0: f32[] in $0\n}", "text:3:2: %0 lies in $0, but there are 0 buffers"),
    ("program @p() -> () {\n} x", "text:2:3: found 'x', expected the end of the text"),
    ("program @p() -> () {\n  loop 2 times {\n  }", "text:3:4: found the end of the text, expected '%'"),
    ("program @\"p", "text:1:10: a string does not end"),
  ])
  func badTextIsRefused(text: String, message: String) {
    #expect {
      try parseProgram(text, file: "text")
    } throws: { error in
      "\(error)".hasPrefix(message)
    }
  }
}
