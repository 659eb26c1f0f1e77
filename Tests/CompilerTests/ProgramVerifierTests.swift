import Bundle
import IR
import IngotCompiler
import TestSupport
import Testing

/// Each invariant of programs is checked: a sound program with one thing broken is unsound for that reason.
@Suite struct ProgramVerifierTests {
  private let sound = """
    program @p(%0 "x": f32[8] in $0) -> (%1 "y": f32[8] in $1, %2 "n": i64[] in $2) {
      memory @sram: 192 bytes
      memory @dram: 64 bytes
      buffer $0 = input 0: 32 bytes in @sram at 0
      buffer $1 = output 0: 32 bytes in @sram at 64
      buffer $2 = output 1: 8 bytes in @sram at 128
      buffer $3: 32 bytes in @dram at 0
      buffer $4 = weight 0: 32 bytes
      weight %3 @w: f32[8] in $4
      loop 2 times {
        %4 "a": f32[8] in $3 = elementwise %0, @w
      }
      %1 = softmax %4 {axis = 0}
      %2 = copy %5 "part": i64[] in $3 + 8
    }
    """

  @Test func aSoundProgramHasNoViolations() throws {
    #expect(violations(of: try parseProgram(sound)) == [])
  }

  @Test(arguments: [
    (1, "output 1: 8 bytes", "input 1: 8 bytes"), (2, "f32[8] in $3 =", "f32[9] in $3 ="),
    (2, "$3 + 8", "$3 + 28"), (2, "$3 + 8", "$3 + 4"),
    (3, "%1 \"y\": f32[8] in $1", "%1 \"y\": f32[8] in $0"),
    (3, "%1 \"y\": f32[8]", "%1 \"y\": f32[4]\u{20}"), (4, "%1 = softmax", "%0 = softmax"),
    (4, "%1 = softmax", "@w = softmax"), (5, "softmax %4 {axis = 0}", "take %4"),
    (6, "softmax %4", "softmax %1"),
    (7, "  %4 \"a\": f32[8] in $3 = elementwise %0", "  %4 \"a\": f32[8] in $3 = elementwise %4"),
    (7, "%2 = copy %5 \"part\": i64[] in $3 + 8", ""), (8, "in $2) {", "in $2 sized {0 = %1}) {"),
    (8, "in $1,", "in $1 sized {1 = %2},"), (9, "in @dram at 0", "in @dram"), (9, "@dram: 64 bytes", "@dram"),
    (9, "in @dram at 0", "in @dram at 32"), (9, "in @dram at 0", "in @dram at 64"),
    (10, "in @dram at 0", "in @sram at 0"), (10, "in @sram at 128", "in @sram at 64"),
  ])
  func aBrokenInvariantIsFound(invariant: Int, old: String, new: String) throws {
    var text = sound
    text.replace(old, with: new)
    #expect(text != sound)
    // A shorter output is still written as a whole.
    if new.hasPrefix("%1 \"y\": f32[4]") {
      text.replace("%1 = softmax", with: "%6 \"whole\": f32[8] in $1 = softmax")
    }
    let found = violations(of: try parseProgram(text))
    #expect(found.contains { $0.hasSuffix("(invariant \(invariant))") }, "\(found)")
  }

  /// Bytes that no instruction can hold in text.
  @Test func brokenIndicesAreFound() throws {
    var program = try parseProgram(sound)
    program.buffers[3].memory = 2
    program.tensors[4].buffer = 9
    program.instructions[2].inputs = [77]
    program.instructions[0].attributes[1] = 9
    let found = violations(of: program).map { String($0.suffix(13)) }
    #expect(found == ["(invariant 1)", "(invariant 2)", "(invariant 5)", "(invariant 4)"])
  }

  @Test func theErrorNamesThePass() throws {
    let program = try parseProgram(sound.replacing("softmax %4", with: "softmax %1"))
    let error = #expect(throws: Diagnostic.self) { try verify(program, after: "some-pass") }
    #expect(
      error?.description.hasPrefix(
        "pass some-pass: program 'p' is unsound: instruction 2, softmax 'y', writes %1 over %1 (invariant 6)")
        == true, "\(error?.description ?? "")")
  }
}
