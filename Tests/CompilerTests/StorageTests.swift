import Bundle
import IR
import IngotCompiler
import Testing

/// Which values share memory. Every graph is also simulated, with ports in the arena and with the caller's
/// own.
@Suite struct StorageTests {
  // MARK: Views

  @Test func reshapeIsAView() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%z) {
        %a = softmax %x
        %r = reshape %a {shape = [4, 4]}
        %z = softmax %r
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "softmax"])
    #expect(try lowered.place("r") == lowered.place("a"))
  }

  @Test(arguments: [
    ("[2, 0]", "[1, 8]", 64), ("[1, 0]", "[3, 8]", 32), ("[2, 3]", "[1, 4]", 76), ("[0, 0]", "[4, 8]", 0),
  ])
  func contiguousSliceIsAView(starts: String, counts: String, offset: Int) throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[4, 8]) -> (%z) {
        %a = softmax %x
        %s = slice %a {starts = \(starts), counts = \(counts)}
        %z = softmax %s
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "softmax"])
    let whole = try lowered.place("a")
    #expect(try lowered.place("s") == .init(buffer: whole.buffer, offset: offset))
  }

  @Test(arguments: [
    ("[0, 2]", "[4, 3]", ""), ("[1, 1]", "[2, 4]", ""), ("[0, 0]", "[2, 8]", ", steps = [2, 1]"),
    ("[3, 0]", "[4, 8]", ", steps = [-1, 1]"),
  ])
  func otherSlicesAreCopied(starts: String, counts: String, steps: String) throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[4, 8]) -> (%z) {
        %a = softmax %x
        %s = slice %a {starts = \(starts), counts = \(counts)\(steps)}
        %z = softmax %s
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "slice", "softmax"])
  }

  @Test func viewsOfAnInputStayInItsMemory() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[4, 8]) -> (%z) {
        %r = reshape %x {shape = [8, 4]}
        %s = slice %r {starts = [6, 0], counts = [2, 4]}
        %z = exp %s
      }
      """)
    try lowered.check()
    let input = try lowered.place("x")
    #expect(try lowered.place("s") == .init(buffer: input.buffer, offset: 96))
    #expect(try lowered.place("z").buffer != input.buffer)
  }

  // MARK: Concat

  @Test func concatIsComputedInPlace() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%z) {
        %a = softmax %x
        %b = transpose %x {permutation = [1, 0]}
        %r = reshape %b {shape = [2, 8]}
        %c = concat %a, %r
        %z = softmax %c
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "transpose", "softmax"])
    let whole = try lowered.place("c")
    #expect(try lowered.place("a") == whole)
    #expect(try lowered.place("b") == .init(buffer: whole.buffer, offset: 64))
  }

  @Test func nestedConcatsShareOneBuffer() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[1, 2, 4]) -> (%z) {
        %a = softmax %x
        %b = softmax %x {axis = 1}
        %c = concat %a, %b {axis = 1}
        %d = softmax %x {axis = 0}
        %e = concat %d, %c {axis = 1}
        %z = softmax %e
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "softmax", "softmax", "softmax"])
    let whole = try lowered.place("e")
    #expect(try lowered.place("d") == whole)
    #expect(try lowered.place("a") == .init(buffer: whole.buffer, offset: 32))
    #expect(try lowered.place("b") == .init(buffer: whole.buffer, offset: 64))
  }

  @Test func concatCopiesWhatCannotBeComputedInPlace() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 4]) -> (%z, %o) {
        weight @w: f32[1, 4] = [1, 2, 3, 4]
        %a = softmax %x
        %o = softmax %x {axis = 0}
        %c = concat %a, %x, %a, @w, %o
        %z = softmax %c
      }
      """)
    try lowered.check()
    #expect(
      lowered.operations.sorted() == [String](repeating: "copy", count: 4)
        + [String](repeating: "softmax", count: 3))
    #expect(try lowered.place("a") == .init(buffer: lowered.place("c").buffer, offset: 64))
  }

  @Test func anOperandOfTwoConcatsIsComputedIntoOne() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 4]) -> (%y, %z) {
        %a = softmax %x
        %b = softmax %x {axis = 0}
        %c = concat %a, %b
        %d = concat %b, %a
        %y = softmax %c
        %z = softmax %d
      }
      """)
    try lowered.check()
    #expect(lowered.operations.count { $0 == "copy" } == 2)
  }

  @Test func concatOfAnInnerAxisIsAKernelCall() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 4]) -> (%c) {
        %a = softmax %x
        %c = concat %a, %x {axis = 1}
      }
      """)
    try lowered.check()
    #expect(lowered.operations == ["softmax", "concat"])
  }

  // MARK: In place

  @Test func elementwiseOpsOverwriteWhatNobodyReadsLater() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8], %y: f32[1, 8]) -> (%d) {
        %a = softmax %x
        %b = exp %a
        %c = add %y, %b
        %d = cast %c {to = i32}
      }
      """)
    try lowered.check()
    let place = try lowered.place("a")
    #expect(try lowered.place("b") == place)
    #expect(try lowered.place("c") == place)
    #expect(try lowered.place("d") == place)
    #expect(lowered.program.buffers.count == 3)
  }

  @Test func aPartOfABufferIsOverwritten() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[4, 8]) -> (%z) {
        %a = softmax %x
        %s = slice %a {starts = [2, 0], counts = [2, 8]}
        %e = exp %s
        %z = softmax %e
      }
      """)
    try lowered.check()
    #expect(try lowered.place("e") == lowered.place("s"))
  }

  @Test(arguments: [
    ("the operand is an input", "%z = exp %x", "%z"),
    ("the operand is read later", "%a = softmax %x\n%b = exp %a\n%z = add %a, %b", "%z"),
    (
      "a view of the operand is read later",
      "%a = softmax %x\n%r = reshape %a {shape = [8, 2]}\n%b = exp %a\n%c = softmax %r\n%z = softmax %b",
      "%c, %z"
    ),
    (
      "a part of the operand is read later",
      "%a = softmax %x\n%s = slice %a {starts = [1, 0], counts = [1, 8]}\n%b = exp %a\n%z = mul %b, %s", "%z"
    ),
    ("the operand is an output", "%a = softmax %x\n%b = exp %a", "%a, %b"),
    (
      "another operand is a row of the same memory",
      "%a = softmax %x\n%s = slice %a {starts = [0, 0], counts = [1, 8]}\n%z = add %a, %s", "%z"
    ),
    ("the shape grows", "%a = softmax %x\n%m = reduce %a {kind = max, axes = [0]}\n%z = add %m, %x", "%z"),
    ("the element size changes", "%a = softmax %x\n%h = cast %a {to = f16}\n%z = softmax %h", "%z"),
  ])
  func memoryThatIsNeededIsNotOverwritten(reason: String, body: String, outputs: String) throws {
    let lowered = try LoweredGraph("graph @g(%x: f32[2, 8]) -> (\(outputs)) {\n\(body)\n}")
    try lowered.check()
    for instruction in lowered.program.instructions {
      let written = instruction.results.map { lowered.program.tensors[$0].buffer }
      let reads = instruction.inputs.compactMap { $0.map { lowered.program.tensors[$0].buffer } }
      if instruction.name != "z" || !reason.contains("later") {
        #expect(Set(written).isDisjoint(with: reads), "\(reason): \(instruction.name)")
      }
    }
  }

  // MARK: Outputs

  @Test func outputsOfAllKinds() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (
          %x as "input", @w as "weight", %a as "value", %a as "again", %r as "view", %s as "part",
          %c as "whole"
        ) {
        weight @w: f32[2] = [1, 2]
        %a = softmax %x
        %r = reshape %a {shape = [16]}
        %s = slice %a {starts = [1, 0], counts = [1, 8]}
        %b = exp %x
        %c = concat %b, %b
      }
      """)
    try lowered.check()
    #expect(
      lowered.operations == ["softmax", "elementwise", "copy"] + [String](repeating: "copy", count: 5)
    )
    let names = lowered.program.instructions.suffix(5).map(\.name)
    #expect(names == ["input", "weight", "again", "view", "part"])
  }

  @Test func anOutputIsComputedInItsOwnMemory() throws {
    let lowered = try LoweredGraph(
      "graph @g(%x: f32[2, 8]) -> (%y) {\n%a = softmax %x\n%y = exp %a\n}")
    try lowered.check()
    #expect(lowered.program.buffers.map(\.kind) == [.input(0), .output(0)])
  }

  // MARK: Nothing

  @Test func tensorsOfNoElementsTakeNoMemory() throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[0, 8], %y: f32[2, 8]) -> (%e as "empty", %c as "whole", %s as "none") {
        %e = exp %x
        %f = softmax %x
        %a = softmax %y
        %c = concat %f, %a, %e
        %s = slice %a {starts = [1, 0], counts = [0, 8]}
      }
      """)
    try lowered.check()
    #expect(lowered.program.arenaBytes == 128)
  }

  @Test(arguments: ["[100, 0]", "[-7, 0]", "[9223372036854775807, 0]"])
  func aSliceOfNothingMayStartAnywhere(starts: String) throws {
    let lowered = try LoweredGraph(
      """
      graph @g(%x: f32[2, 8]) -> (%z) {
        %a = softmax %x
        %s = slice %a {starts = \(starts), counts = [0, 8]}
        %z = concat %s, %a
      }
      """)
    try lowered.check()
  }

  @Test func aGraphWithoutNodes() throws {
    let lowered = try LoweredGraph("graph @g(%x: f32[2]) -> (%x) {\n}")
    try lowered.check()
    #expect(lowered.operations == ["copy"])
    #expect(lowered.memory.lowerBound == 128)
  }
}
