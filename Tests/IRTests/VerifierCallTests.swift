import IR
import Tensors
import Testing

/// V15 and V16: what functions run. Text shows the place of the node.
@Suite struct VerifierCallTests {
  /// A graph @main of one node, after a function @step(f32[2], f32[3]) -> (f32[2], f32[4]).
  private func expectError(
    _ invariant: Int, _ node: String, _ part: String, location: SourceLocation = #_sourceLocation
  ) {
    let text = """
      graph @step(%a: f32[2], %b: f32[3]) -> (%a, @w) {
        weight @w: f32[4] = [1, 2, 3, 4]
      }
      graph @main(%x: f32[2], %y: f32[3], %s: f32[5, 3]) -> (%x) {
        \(node)
      }
      """
    do {
      _ = try parseModule(text, file: "t")
      Issue.record("V\(invariant) is not found broken", sourceLocation: location)
    } catch {
      let found = "\(error)"
      #expect(
        found.hasPrefix("t:5:") && found.contains("[V\(invariant)] @main, node \"p\": "),
        sourceLocation: location)
      #expect(found.contains(part), "\(found)", sourceLocation: location)
    }
  }

  @Test func v15FunctionsAreInTheModule() {
    expectError(
      15, "%p, %q = call %x, %y {function = @stpe} : f32[2], f32[4]",
      "the module has no function @stpe; did you mean @step?")
    expectError(
      15, "%p, %q = loop %x, %y {function = @decoder, carried = 1} : f32[2], f32[1, 4]",
      "the module has no function @decoder; the functions are @step, @main")
  }

  @Test func everyCallIsChecked() {
    let text = """
      graph @main(%x: f32[2]) -> (%b) {
        %a = call %x {function = @gone} : f32[2]
        %b = call %a {function = @lost} : f32[2]
      }
      """
    let error = #expect(throws: Diagnostic.self) { try parseModule(text, file: "t") }
    #expect(error?.message == "[V15] @main, node \"a\": the module has no function @gone")
    #expect(error?.notes.first?.hasPrefix("also: t:3:8: call: [V15] @main, node \"b\": ") == true)
  }

  @Test func v15NodesGiveWhatFunctionsTake() {
    expectError(
      15, "%p, %q = call %x {function = @step} : f32[2], f32[4]",
      "has 1 values for inputs of @step, expected 2")
    expectError(
      15, "%p = call %x, %y {function = @step} : f32[2]", "has 1 values for outputs of @step, expected 2")
    expectError(
      15, "%p, %q = call %y, %y {function = @step} : f32[2], f32[4]",
      "has f32[3] for input 0 of @step, expected f32[2]")
    expectError(
      15, "%p, %q = call %x, %y {function = @step} : f32[2], f16[4]",
      "has f16[4] for output 1 of @step, expected f32[4]")
    // A loop gives parts, and takes whole stacks.
    expectError(
      15, "%p, %q = loop %x, %y {function = @step, count = 5, carried = 1} : f32[2], f32[5, 5]",
      "has f32[5] for output 1 of @step, expected f32[4]")
    expectError(
      15, "%p, %q = loop %x, %s {function = @step, count = 5, carried = 1} : f32[2], f32[5, 4]",
      "has f32[5, 3] for input 1 of @step, expected f32[3]")
  }

  @Test func soundCallsPass() throws {
    let text = """
      graph @main(%x: f32[2], %s: f32[5, 3]) -> (%p, %q, %r) {
        %p, %q = loop %x, %s {function = @step, count = 5, carried = 1, stepped = 1} : f32[2], f32[5, 4]
        %y = slice %s {starts = [0, 0], counts = [1, 3]}
        %z = reshape %y {shape = [3]}
        %n, %r = call %x, %z {function = @step} : f32[2], f32[4]
      }
      graph @step(%a: f32[2], %b: f32[3]) -> (%a, @w) {
        weight @w: f32[4] = [1, 2, 3, 4]
      }
      """
    try verify(parseModule(text, file: "t"))
  }

  /// A module of functions on f32[1] in which each runs these, in order.
  private func module(_ calls: [(name: String, callees: [String])]) -> String {
    calls.map { name, callees in
      var text = "graph @\(name)(%x: f32[1]) -> (%x) {\n"
      for (index, callee) in callees.enumerated() {
        text += "  %v\(index) = call %x {function = @\(callee)} : f32[1]\n"
      }
      return text + "}\n"
    }.joined()
  }

  private func expectError(_ text: String, _ expected: String, location: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: Diagnostic.self, sourceLocation: location) {
      try parseModule(text, file: "t")
    }
    #expect(error?.description == expected, sourceLocation: location)
  }

  @Test func v16NoFunctionRunsItself() {
    expectError(
      module([("a", ["a"])]),
      "t:2:9: call: [V16] @a, node \"v0\": @a runs @a, in a circle; repeat a function by 'loop'")
    expectError(
      module([
        ("main", ["leaf", "a"]), ("a", ["leaf", "b"]), ("b", ["c"]), ("c", ["leaf", "b"]), ("leaf", []),
      ]),
      "t:10:9: call: [V16] @b, node \"v0\": @b runs @c runs @b, in a circle; repeat a function by 'loop'")
  }

  @Test func v16CallsEnd() throws {
    func chain(_ length: Int) -> String {
      module((0..<length).map { ("f\($0)", $0 == length - 1 ? [] : ["f\($0 + 1)"]) })
    }
    try verify(parseModule(chain(Limits.callDepth), file: "t"))
    expectError(
      chain(Limits.callDepth + 1),
      "t:2:9: call: [V16] @f0, node \"v0\": functions run functions more than 16 deep")
    // Many paths are no depth: every function runs all behind it.
    let names = (0..<Limits.callDepth).map { "f\($0)" }
    let wide = names.indices.map { (name: names[$0], callees: Array(names[($0 + 1)...])) }
    try verify(parseModule(module(wide), file: "t"))
  }
}
