import Bundle
import IR
import IngotCompiler
import Testing

/// What loops carry, take and put lies where it must, in every run. Every module is also simulated and run.
@Suite struct LoopTests {
  // MARK: Carried values

  @Test(arguments: [
    // From the second on, a value that another one's update would overwrite is copied first.
    ("%b, %a", ["copy", "copy", "loop", "copy", "copy", "copy"]),
    ("%a, %b", ["copy", "copy"]),
    ("%b, %b", ["copy", "copy", "loop", "copy"]),
    ("%a, %a", ["copy", "copy", "loop", "copy", "copy"]),
  ])
  func carriedValuesChangePlaces(outputs: String, operations: [String]) throws {
    let names = outputs.split(separator: " ").enumerated().map { "\($1.filter { $0 != "," }) as \"o\($0)\"" }
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %y: f32[4]) -> (%p, %q) {
        %p, %q = loop %x, %y {function = @body, count = 3, carried = 2} : f32[4], f32[4]
      }
      graph @body(%a: f32[4], %b: f32[4]) -> (\(names.joined(separator: ", "))) {
      }
      """)
    #expect(lowered.operations == operations)
  }

  @Test(arguments: [
    "%b as \"x\", %c as \"y\", %a as \"z\"", "%c as \"x\", %a as \"y\", %b as \"z\"",
    "%c as \"x\", %c as \"y\", %e as \"z\"",
  ])
  func threeCarriedValuesRotate(outputs: String) throws {
    try checkModule(
      """
      graph @main(%x: f32[4], %y: f32[4], %z: f32[4]) -> (%p, %q, %r) {
        %p, %q, %r = loop %x, %y, %z {function = @body, count = 4, carried = 3} : f32[4], f32[4], f32[4]
      }
      graph @body(%a: f32[4], %b: f32[4], %c: f32[4]) -> (\(outputs)) {
        %e = tanh %a
      }
      """)
  }

  @Test func carriedValuesBecomeViewsOfOthers() throws {
    try checkModule(
      """
      graph @main(%x: f32[2, 2], %y: f32[4], %z: f32[2, 4]) -> (%p, %q, %r) {
        %p, %q, %r = loop %x, %y, %z {function = @body, count = 3, carried = 3}
          : f32[2, 2], f32[4], f32[2, 4]
      }
      graph @body(%a: f32[2, 2], %b: f32[4], %c: f32[2, 4]) -> (%s as "a", %v as "b", %d as "c") {
        %s = reshape %b {shape = [2, 2]}
        %u = slice %c {starts = [1, 0], counts = [1, 4]}
        %v = reshape %u {shape = [4]}
        %r = reshape %a {shape = [1, 4]}
        %d = concat %u, %r
      }
      """)
  }

  /// The new value is computed while the old one is still read, so never in its place.
  @Test func newValuesDoNotOverwriteOldOnesTooSoon() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %y: f32[4]) -> (%p, %q) {
        %p, %q = loop %x, %y {function = @body, count = 5, carried = 2} : f32[4], f32[4]
      }
      graph @body(%a: f32[4], %b: f32[4]) -> (%c, %d) {
        %s = sub %a, %b
        %c = affine %s {scale = 0.5}
        %t = max %a, %b
        %d = tanh %t
      }
      """)
    #expect(try lowered.place("c").buffer != lowered.place("p").buffer)
  }

  @Test func aBodyThatWritesNothingIsNoLoop() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %y: f32[4]) -> (%p) {
        %p = loop %x, %y {function = @outer, count = 3, carried = 1} : f32[4]
      }
      graph @outer(%a: f32[4], %b: f32[4]) -> (%p) {
        %p = loop %a, %b {function = @inner, count = 2, carried = 1} : f32[4]
      }
      graph @inner(%a: f32[4], %b: f32[4]) -> (%a) {
      }
      """)
    // The inner loop goes; the outer one still copies what it hands to it and back.
    #expect(lowered.operations == ["copy", "loop", "copy", "copy"])
  }

  // MARK: Parts

  @Test func everythingCanBeStacked() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[4], %k: f32[2, 2], %s: f32[3, 4]) -> (%c, %o0, %o1, %o2, %o3, %o4, %o5, %o6) {
        weight @v: f32[4] = [4, 3, 2, 1]
        %c, %o0, %o1, %o2, %o3, %o4, %o5, %o6 = loop %x, %s, @v, %k
            {function = @body, count = 3, carried = 1, stepped = 1}
          : f32[4], f32[3, 4], f32[3, 4], f32[3, 4], f32[3, 2, 2], f32[3, 2], f32[3, 4], f32[3, 4]
      }
      graph @body(%a: f32[4], %u: f32[4], %w: f32[4], %k: f32[2, 2]) -> (
          %n, %a as "carried", %u as "stepped", %w as "weight", %k as "input", %h as "view", @own, %n as "new"
        ) {
        weight @own: f32[4] = [1, 2, 3, 4]
        %m = sub %a, %u
        %n = affine %m {scale = 0.5}
        %h = slice %a {starts = [2], counts = [2]}
      }
      """)
    #expect(lowered.operations.count { $0 == "put" } == 7)
    #expect(lowered.operations.count { $0 == "take" } == 1)
  }

  @Test func everythingCanBeTakenApart() throws {
    try checkModule(
      """
      graph @main(%x: f32[3, 4], %y: f32[2, 3, 4]) -> (%z, %stack) {
        weight @w: f32[3, 4] = [1, 0, 1, 0, 0.5, 0.5, 0.5, 0.5, -1, -1, -1, -1]
        %r = tanh %x
        %t = slice %y {starts = [1, 0, 0], counts = [1, 3, 4]}
        %u = reshape %t {shape = [3, 4]}
        %zero = slice %x {starts = [0, 0], counts = [1, 4]}
        %z, %stack = loop %zero, %x, %r, @w, %u {function = @body, count = 3, carried = 1, stepped = 4}
          : f32[1, 4], f32[3, 1, 4]
      }
      graph @body(%h: f32[1, 4], %a: f32[4], %b: f32[4], %c: f32[4], %d: f32[4]) -> (%n, %n as "all") {
        %s = mul %a, %b
        %t = max %c, %d
        %u = sub %s, %t
        %v = mul %u, %h
        %n = tanh %v
      }
      """)
  }

  @Test func aPartIsOverwrittenAndAWholeIsNot() throws {
    let lowered = try checkModule(
      """
      graph @main(%s: f32[3, 4], %x: f32[4]) -> (%z) {
        %v = exp %x
        %c = tanh %v
        %z = loop %s, %c {function = @body, count = 3, stepped = 1} : f32[3, 4]
      }
      graph @body(%p: f32[4], %k: f32[4]) -> (%o) {
        %q = tanh %p
        %m = tanh %k
        %o = mul %q, %m
      }
      """)
    let part = try #require(lowered.program.instructions.first { $0.operation == "take" }?.results[0])
    let place = lowered.program.tensors[part]
    #expect(try lowered.place("q") == .init(buffer: place.buffer, offset: place.offset))
    #expect(try lowered.place("m").buffer != lowered.place("c").buffer)
  }

  // MARK: Concat

  /// `a` is computed once, into `c`, which is there in every run: nothing in the loop may overwrite it.
  @Test func partsOfAConcatAreComputedBeforeTheLoop() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[2, 4], %y: f32[2, 4]) -> (%z, %all) {
        %a = softmax %x
        %z, %all = loop %y, %a {function = @body, count = 3, carried = 1} : f32[2, 4], f32[3, 4, 4]
      }
      graph @body(%h: f32[2, 4], %a: f32[2, 4]) -> (%n, %e) {
        %b = softmax %h {axis = 0}
        %c = concat %a, %b
        %e = tanh %c
        %n = slice %e {starts = [1, 0], counts = [2, 4]}
      }
      """)
    #expect(try lowered.place("a") == lowered.place("c"))
    #expect(try lowered.place("e").buffer != lowered.place("c").buffer)
  }

  @Test func partsOfAConcatAreComputedInTheOuterLoop() throws {
    let lowered = try checkModule(
      """
      graph @main(%x: f32[2, 4]) -> (%z) {
        %z = loop %x {function = @outer, count = 3, carried = 1} : f32[2, 4]
      }
      graph @outer(%h: f32[2, 4]) -> (%n) {
        %a = softmax %h
        %r = reshape %a {shape = [1, 8]}
        %n = loop %h, %r {function = @inner, count = 2, carried = 1} : f32[2, 4]
      }
      graph @inner(%g: f32[2, 4], %r: f32[1, 8]) -> (%n) {
        %b = softmax %g {axis = 0}
        %q = reshape %b {shape = [1, 8]}
        %c = concat %q, %r
        %t = tanh %c
        %s = slice %t {starts = [1, 0], counts = [1, 8]}
        %n = reshape %s {shape = [2, 4]}
      }
      """)
    #expect(try lowered.place("a").buffer == lowered.place("c").buffer)
  }

  @Test func loopResultsAreCopiedIntoAConcat() throws {
    try checkModule(
      """
      graph @main(%x: f32[2, 4]) -> (%c) {
        %z, %all = loop %x {function = @body, count = 3, carried = 1} : f32[2, 4], f32[3, 2, 4]
        %r = reshape %all {shape = [6, 4]}
        %c = concat %z, %r, %x
      }
      graph @body(%h: f32[2, 4]) -> (%n, %h as "before") {
        %n = tanh %h
      }
      """)
  }

  // MARK: Loops and loops

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

  // MARK: Nothing

  @Test func nothingIsCarriedTakenAndPut() throws {
    try checkModule(
      """
      graph @main(%x: f32[0, 4], %s: f32[3, 0], %y: f32[2, 4]) -> (%z, %v, %o, %p) {
        %z, %v, %o, %p = loop %x, %y, %s {function = @body, count = 3, carried = 2, stepped = 1}
          : f32[0, 4], f32[2, 4], f32[3, 0, 4], f32[3, 0]
      }
      graph @body(%h: f32[0, 4], %v: f32[2, 4], %u: f32[0]) -> (%n, %w, %h as "before", %u as "part") {
        %n = tanh %h
        %c = concat %n, %v
        %w = tanh %c
      }
      """)
  }

  @Test func integersAreCarriedExactly() throws {
    try checkModule(
      """
      graph @main(%x: i64[3], %s: i32[4, 3], %b: bool[3]) -> (%z, %all, %flags) {
        %z, %all, %flags = loop %x, %s, %b {function = @body, count = 4, carried = 1, stepped = 1}
          : i64[3], i64[4, 3], bool[4, 3]
      }
      graph @body(%h: i64[3], %u: i32[3], %b: bool[3]) -> (%n, %h as "before", %f) {
        %c = cast %u {to = i64}
        %n = sub %c, %h
        %l = less %h, %c
        %f = xor %l, %b
      }
      """)
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
        program @main(%0 "s": f32[3, 2, 4] at 0) -> (%1 "z": f32[3, 2, 4] at 128) {
          loop 3 times over the next 6
            %2: f32[2, 4] at 256 = take %0   // z
            loop 2 times over the next 3
              %5: f32[4] at 384 = take %2   // z/o
              %6: f32[4] at 384 = elementwise %5 [0, 1, 26, 0, 0, 0, 0, 0]   // z/o/o
              %4: f32[2, 4] at 320 = put %6   // z/o
            %1: f32[3, 2, 4] at 128 = put %4   // z
        }
        """)
    #expect(lowered.program.nesting.map(\.depth) == [0, 1, 1, 2, 2, 2, 1])
    #expect(lowered.program.nesting.map(\.executions) == [1, 3, 3, 6, 6, 6, 3])
    #expect(lowered.program.executions == 24)
  }
}

extension Program {
  func isOutput(_ tensor: Int) -> Bool { (inputCount..<(inputCount + outputCount)).contains(tensor) }
}
