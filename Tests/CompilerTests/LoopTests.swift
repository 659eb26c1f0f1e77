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

  /// The views are of values that are updated earlier, and of some that are updated later.
  @Test(arguments: [["a", "b", "c"], ["c", "b", "a"], ["c", "a", "b"]])
  func carriedValuesBecomeViewsOfOthers(order: [String]) throws {
    let types = ["a": "f32[2, 2]", "b": "f32[4]", "c": "f32[2, 4]"]
    let next = ["a": "%s as \"a\"", "b": "%v as \"b\"", "c": "%d as \"c\""]
    func list(_ text: (String, String) -> String) -> String {
      order.map { text($0, types[$0] ?? "") }.joined(separator: ", ")
    }
    try checkModule(
      """
      graph @main(\(list { "%\($0): \($1)" })) -> (\(list { name, _ in "%\(name)o" })) {
        \(list { name, _ in "%\(name)o" }) = loop \(list { name, _ in "%\(name)" })
          {function = @body, count = 3, carried = 3} : \(list { $1 })
      }
      graph @body(\(list { "%\($0): \($1)" })) -> (\(list { name, _ in next[name] ?? "" })) {
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
}
