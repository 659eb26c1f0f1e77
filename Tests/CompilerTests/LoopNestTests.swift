import Bundle
import IR
import IngotCompiler
import Testing

/// Loops in, behind and around each other, calls, and how long their values live. Every module is also
/// simulated and run.
@Suite struct LoopNestTests {
  @Test func aLoopFollowsALoop() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %s: f32[3, 4]) -> (%z, %stack) {
        %y, %ys = loop %x, %s {function = @body, count = 3, carried = 1, stepped = 1} : f32[4], f32[3, 4]
        %z, %stack = loop %y, %ys {function = @body, count = 3, carried = 1, stepped = 1} : f32[4], f32[3, 4]
      }
      graph @body(%h: f32[4], %u: f32[4]) -> (%n, %m) {
        %n = tanh %h
        %p = mul %n, %u
        %m = sigmoid %p
      }
      """)
    let loop = ["loop", "take", "elementwise", "elementwise", "elementwise", "put", "copy"]
    #expect(lowered.operations == ["copy"] + loop + ["copy"] + loop)
  }

  @Test func innerLoopsUseWhatOuterOnesCarry() throws {
    try checkModule(
      """
      graph @main(%x: f32[2, 4], %s: f32[3, 2, 4]) -> (%z, %zs, %all) {
        %z, %zs, %all = loop %x, %s {function = @outer, count = 3, carried = 1, stepped = 1}
          : f32[2, 4], f32[3, 4], f32[3, 2, 4]
      }
      graph @outer(%h: f32[2, 4], %u: f32[2, 4]) -> (%n, %g, %gs) {
        %first = slice %h {starts = [0, 0], counts = [1, 4]}
        %i = reshape %first {shape = [4]}
        %g, %gs = loop %i, %h, %u, %h {function = @inner, count = 2, carried = 1, stepped = 2}
          : f32[4], f32[2, 4]
        %t = max %gs, %h
        %n = tanh %t
      }
      graph @inner(%g: f32[4], %row: f32[4], %u: f32[4], %whole: f32[2, 4]) -> (%n, %g as "before") {
        %a = mul %row, %u
        %b = reduce %whole {kind = mean, axes = [0], keep = false}
        %c = max %a, %b
        %d = sub %c, %g
        %n = affine %d {scale = 0.5}
      }
      """)
  }

  /// What an inner loop gives is overwritten in the outer one as soon as nobody reads it any more.
  @Test func innerResultsLiveNoLongerThanTheyAreRead() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[3, 4]) -> (%z) {
        %z = loop %x {function = @outer, count = 3, stepped = 1} : f32[3, 2, 4]
      }
      graph @outer(%u: f32[4]) -> (%m) {
        %last, %all = loop %u {function = @inner, count = 2, carried = 1} : f32[4], f32[2, 4]
        %a = tanh %last
        %b = tanh %all
        %m = mul %a, %b
      }
      graph @inner(%h: f32[4]) -> (%n, %h as "old") {
        %n = sigmoid %h
      }
      """)
    #expect(try lowered.place("a") == lowered.place("last"))
    #expect(try lowered.place("b") == lowered.place("all"))
    #expect(try lowered.place("m") == lowered.place("b"))
  }

  @Test func outputsAreWhatLoopsGive() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4]) -> (%z, %stack, %z as "again") {
        %z, %stack = loop %x {function = @body, count = 3, carried = 1} : f32[4], f32[3, 4]
      }
      graph @body(%h: f32[4]) -> (%n, %n as "all") {
        %n = tanh %h
      }
      """)
    // Both are computed where the caller finds them; only the second name of one takes a copy.
    #expect(lowered.operations == ["copy", "loop", "elementwise", "put", "copy", "copy"])
    let (program, kinds) = (lowered.program, lowered.program.buffers.map(\.kind))
    #expect(kinds.filter { $0 == .arena }.count == 1)
    #expect(program.isOutput(program.instructions[3].results[0]))
  }

  // MARK: Calls

  @Test func whatIsPassedThroughIsCopiedIntoOutputs() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %y: f32[4]) -> (%p, %q, %r) {
        %p, %q, %r = call %x, %y {function = @pass} : f32[4], f32[4], f32[4]
      }
      graph @pass(%a: f32[4], %b: f32[4]) -> (%b, %a, @w) {
        weight @w: f32[4] = [1, 2, 3, 4]
      }
      """)
    #expect(lowered.operations == ["copy", "copy", "copy"])
  }

  @Test func callsOfCallsLeaveNoTrace() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4]) -> (%y) {
        %a = call %x {function = @twice} : f32[4]
        %y = call %a {function = @twice} : f32[4]
      }
      graph @twice(%x: f32[4]) -> (%y) {
        %a = call %x {function = @once} : f32[4]
        %y = call %a {function = @once} : f32[4]
      }
      graph @once(%x: f32[4]) -> (%y) {
        %y = tanh %x
      }
      """)
    #expect(lowered.operations == ["elementwise", "elementwise", "elementwise", "elementwise"])
    #expect(lowered.program.instructions.map(\.name) == ["a/a/y", "a/y/y", "y/a/y", "y/y/y"])
  }

  // MARK: When

  /// What a loop reads is live until it ends, what it puts together since it begins.
  @Test func stepsCoverTheWholeLoop() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %k: f32[4]) -> (%z, %all) {
        %a = tanh %k
        %z, %all = loop %x, %a {function = @body, count = 3, carried = 1} : f32[4], f32[3, 4]
        %dead = exp %z
      }
      graph @body(%h: f32[4], %a: f32[4]) -> (%n, %m) {
        %m = mul %h, %a
        %n = tanh %m
      }
      """)
    // a; copy x; loop: mul, tanh, put, copy; dead.
    #expect(
      lowered.operations
        == ["elementwise", "copy", "loop", "elementwise", "elementwise", "put", "copy", "elementwise"])
    func steps(_ name: String) throws -> ClosedRange<Int>? {
      lowered.memory.bufferSteps[try lowered.place(name).buffer]
    }
    #expect(try steps("a") == 1...7)
    #expect(try steps("x") == 0...2)
    #expect(try steps("z") == 2...9)
    #expect(try steps("all") == 3...9)
    #expect(try steps("m") == 4...6)
  }

  @Test func programsShowLoops() throws {
    let lowered = try checkModule(
      """
      graph @main(%s: f32[3, 2, 4]) -> (%z) {
        %z = loop %s {function = @rows, count = 3, stepped = 1} : f32[3, 2, 4]
      }
      graph @rows(%r: f32[2, 4]) -> (%o) {
        %o = loop %r {function = @row, count = 2, stepped = 1} : f32[2, 4]
      }
      graph @row(%r: f32[4]) -> (%o) {
        %o = tanh %r
      }
      """)
    #expect(
      lowered.program.text == """
        program @main(%0 "s": f32[3, 2, 4] in $0) -> (%1 "z": f32[3, 2, 4] in $1) {
          memory @memory: 448 bytes
          buffer $0 = input 0: 96 bytes in @memory at 0
          buffer $1 = output 0: 96 bytes in @memory at 128
          buffer $2: 32 bytes in @memory at 256
          buffer $3: 32 bytes in @memory at 320
          buffer $4: 16 bytes in @memory at 384
          loop 3 times {
            %2 "z": f32[2, 4] in $2 = take %0
            loop 2 times {
              %3 "z/o": f32[4] in $4 = take %2
              %4 "o": f32[4] in $4 = elementwise %3 {step = [tanh.f32(0)]} name "z/o/o"
              %5 "o": f32[2, 4] in $3 = put %4 name "z/o"
            }
            %1 = put %5
          }
        }
        """)
    #expect(lowered.program.nesting.map(\.depth) == [0, 1, 1, 2, 2, 2, 1])
    #expect(lowered.program.nesting.map(\.executions) == [1, 3, 3, 6, 6, 6, 3])
    #expect(lowered.program.executions == 24)
  }
}

extension Program {
  fileprivate func isOutput(_ tensor: Int) -> Bool {
    (inputCount..<(inputCount + outputCount)).contains(tensor)
  }
}
