import Bundle
import Graphs
import IR
import IngotCompiler
import Tensors
import Testing

/// What is found about memory from a program alone agrees with what the compiler knew, and with plans made
/// by hand.
@Suite struct StorageMemoryTests {
  @Test func agreesWithTheManifest() throws {
    var graph = try findGraph("efficientformerv2", variant: "digits").variant.build()
    graph.bindRandomWeights(seed: 1)
    let compiled = try compile(Module([graph]), CompileOptions(target: cpu))
    for (function, program) in zip(compiled.manifest.functions, compiled.programs) {
      let memory = ProgramMemory(program)
      #expect(memory.lowerBound == function.arenaLowerBoundBytes)
      #expect(program.arenaBytes == function.arenaBytes)
      #expect(program.arenaBytes >= memory.lowerBound)
    }
  }

  /// Steps of tensors are those of their bytes: a part lives as long as the whole is read, a view since its
  /// operand was written.
  @Test func stepsFollowBytes() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%y) {
        %a = softmax %x
        %b = transpose %x {permutation = [1, 0]}
        %r = reshape %b {shape = [2, 8]}
        %c = concat %a, %r
        %s = softmax %c
        %v = reshape %c {shape = [8, 4]}
        %y = exp %v
        %dead = exp %s
      }
      """)
    try lowered.check()
    let steps = Dictionary(
      uniqueKeysWithValues: lowered.memory.places.map { (lowered.program.tensors[$0.tensor].name, $0.steps) })
    #expect(
      steps == [
        "x": 0...2, "a": 1...4, "b": 2...4, "c": 1...4, "v": 1...4, "s": 3...5, "y": 4...6, "dead": 5...5,
      ])
    #expect(lowered.memory.lastStep == 6)
    #expect(lowered.memory.liveBytes == [[64, 192, 192, 256, 256, 256, 128]])
  }

  @Test func tensorsThatShareBytesAreListed() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%z) {
        %a = softmax %x
        %b = softmax %x {axis = 0}
        %c = concat %a, %b
        %z = softmax %c
      }
      """)
    let shared = lowered.memory.places.map { place in
      let names = place.sharesWith.map { lowered.program.tensors[$0].name }
      return "\(lowered.program.tensors[place.tensor].name): \(names.joined(separator: " "))"
    }
    #expect(shared == ["x: ", "a: c", "c: a b", "b: c", "z: "])
  }

  @Test func copiesIntoOutputsAreOneStep() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%x as "first", %x as "second") {
      }
      """)
    #expect(lowered.operations == ["copy", "copy"])
    #expect(lowered.memory.lastStep == 1)
    #expect(lowered.memory.liveBytes == [[64, 192]])
    #expect(lowered.memory.step(ofInstruction: 1) == 1)
  }

  @Test func programsHaveText() throws {
    let lowered = try LoweredGraph(
      """
      graph @"a b"(%x as "in\\"put": f32[2, 2]) -> (%y) {
        weight @fc: f32[2, 2] = [1, 2, 3, 4]
        %a = matmul %x, @fc
        %y = softmax %a name "last"
      }
      """)
    #expect(
      lowered.program.text == """
        program @"a b"(%0 "in\\"put": f32[2, 2] in $0) -> (%1 "y": f32[2, 2] in $1) {
          memory @memory: 128 bytes
          buffer $0 = input 0: 16 bytes in @memory at 0
          buffer $1 = output 0: 16 bytes in @memory at 0
          buffer $2 = weight 0: 16 bytes
          buffer $3: 16 bytes in @memory at 64
          weight %2 @fc: f32[2, 2] in $2
          %3 "a": f32[2, 2] in $3 = matmul %0, @fc
          %1 = softmax %3 {axis = 1} name "last"
        }
        """)
  }
}
