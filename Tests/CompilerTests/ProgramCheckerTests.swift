import Bundle
import IR
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// The checker that replays programs finds what is wrong with their memory.
@Suite struct ProgramCheckerTests {
  private let sound = """
    program @main(%0 "x": i8[1, 1, 4, 16] in $0) -> (%1 "y": i8[1, 1, 4, 16] in $1) {
      memory @sram: 256 bytes
      buffer $0 = input 0: 64 bytes in @sram at 0
      buffer $1 = output 0: 64 bytes in @sram at 64
      buffer $2: 64 bytes in @sram at 128
      buffer $3: 64 bytes in @sram at 192
      %2: i8[1, 1, 4, 16] in $2 = softmax %0 {axis = 3}
      %3: i8[1, 1, 4, 16] in $3 = cumsum %2 {axis = 3}
      %1 = elementwise %2, %3 {step = [add.f32(0, 1)]}
    }
    """

  @Test func soundProgramsPass() throws {
    let program = try parseProgram(sound)
    #expect(problems(of: program) == [])
    #expect(problems(of: program, capacities: ["sram": 256, "dram": 1]) == [])
    for seed in 0..<60 {
      let lowered = try lowerAlone(randomGraph(seed: UInt64(seed))).program
      #expect(problems(of: lowered) == [], "seed \(seed)")
    }
  }

  @Test(arguments: [
    (
      "at 192", "at 128",
      "instruction 2, elementwise 'y', reads tensor 2 of buffer 2, where buffer 3 wrote last"
    ),
    ("at 192", "at 200", "no multiple of 64"),
    ("at 192", "at 256", "leaves its memory of 256"),
    ("softmax %0", "softmax %4: i8[1, 1, 4, 16] in $3", "where nothing wrote"),
    ("buffer $2: 64", "buffer $2: 32", "leaves its buffer of 32"),
    ("%1 = elementwise", "%4: i8[1, 1, 4, 16] in $3 = elementwise", "the caller reads tensor 1"),
  ])
  func faultsAreFound(old: String, new: String, message: String) throws {
    let text = sound.replacing(old, with: new, maxReplacements: 1)
    #expect(text != sound)
    let program = try parseProgram(text)
    #expect(problems(of: program).contains { $0.contains(message) }, "\(problems(of: program))")
  }

  @Test func memoriesKeepTheirCapacity() throws {
    let found = problems(of: try parseProgram(sound), capacities: ["sram": 255])
    #expect(found == ["memory 'sram' takes 256 bytes, 255 are there"])
  }

  /// Rows of a ring that nothing wrote are missed, though others of it are there.
  @Test func rowsAreToldApart() throws {
    let text = """
      program @main(%0 "x": i8[1, 2, 4, 8] in $0) -> (%1 "y": i8[1, 2, 4, 8] in $1) {
        memory @sram: 192 bytes
        buffer $0 = input 0: 64 bytes in @sram at 0
        buffer $1 = output 0: 64 bytes in @sram at 64
        buffer $2: 48 bytes in @sram at 128
        %3: i8[1, 2, 2, 8] rows 2 of 3 in $2 = copy %2: i8[1, 2, 2, 8] rows 0 of 4 in $0
        %5: i8[1, 2, 2, 8] rows 0 of 4 in $1 = copy %4: i8[1, 2, 2, 8] rows FIRST of 3 in $2
        %7: i8[1, 2, 2, 8] rows 2 of 4 in $1 = copy %6: i8[1, 2, 2, 8] rows 2 of 4 in $0
      }
      """
    #expect(problems(of: try parseProgram(text.replacing("FIRST", with: "2"))) == [])
    let found = problems(of: try parseProgram(text.replacing("FIRST", with: "1")))
    #expect(found.count == 1 && found[0].contains("reads tensor 4 of buffer 2, where nothing wrote"))
  }
}
