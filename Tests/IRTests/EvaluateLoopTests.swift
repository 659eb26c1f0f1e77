import IR
import Tensors
import TestSupport
import Testing

/// Calls and loops by hand-written numbers.
@Suite struct EvaluateLoopTests {
  private func floats(_ text: String, _ inputs: [Tensor], function: Int = 0) throws -> [[Float]] {
    try evaluate(parseModule(text, file: "t"), function: function, inputs).map(\.floats)
  }

  private func vector(_ numbers: Float...) -> Tensor { Tensor(numbers, shape: [numbers.count]) }

  @Test func aCarriedValueGoesFromRunToRun() throws {
    let text = """
      graph @main(%x: f32[2], %d: f32[2]) -> (%y) {
        %y = loop %x, %d {function = @add, count = 5, carried = 1} : f32[2]
      }
      graph @add(%a: f32[2], %d: f32[2]) -> (%b) {
        %b = add %a, %d
      }
      """
    #expect(try floats(text, [vector(1, 2), vector(10, 0.5)]) == [[51, 4.5]])
    #expect(try floats(text, [vector(1, 2), vector(10, 0.5)], function: 1) == [[11, 2.5]])
  }

  /// Both new values are computed from both old ones.
  @Test func carriedValuesChangeAtOnce() throws {
    let text = """
      graph @main(%x: f32[1], %y: f32[1]) -> (%p, %q) {
        %p, %q = loop %x, %y {function = @fibonacci, count = 10, carried = 2} : f32[1], f32[1]
      }
      graph @fibonacci(%a: f32[1], %b: f32[1]) -> (%b, %c) {
        %c = add %a, %b
      }
      """
    #expect(try floats(text, [vector(0), vector(1)]) == [[55], [89]])
  }

  @Test func partsAreTakenAndStackedInOrder() throws {
    let text = """
      graph @main(%x: f32[2], %s: f32[3, 2], %k: f32[2]) -> (%last, %sums, %parts, %same) {
        %last, %sums, %parts, %same = loop %x, %s, %k {function = @step, count = 3, carried = 1, stepped = 1}
          : f32[2], f32[3, 2], f32[3, 2], f32[3, 2]
      }
      graph @step(%a: f32[2], %u: f32[2], %k: f32[2]) -> (%n, %n as "sum", %u as "part", %k as "same") {
        %n = add %a, %u
      }
      """
    let steps = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
    #expect(
      try floats(text, [vector(0, 100), steps, vector(7, 8)]) == [
        [9, 112], [1, 102, 4, 106, 9, 112], [1, 2, 3, 4, 5, 6], [7, 8, 7, 8, 7, 8],
      ])
  }

  @Test func loopsRunInLoops() throws {
    // The outer loop goes over the rows, the inner one over the numbers of a row.
    let text = """
      graph @main(%x: f32[], %s: f32[2, 3]) -> (%total, %rows, %all) {
        %total, %rows, %all = loop %x, %s {function = @row, count = 2, carried = 1, stepped = 1}
          : f32[], f32[2], f32[2, 3]
      }
      graph @row(%t: f32[], %r: f32[3]) -> (%n, %n as "sum", %each) {
        %n, %each = loop %t, %r {function = @number, count = 3, carried = 1, stepped = 1} : f32[], f32[3]
      }
      graph @number(%t: f32[], %u: f32[]) -> (%n, %n as "sum") {
        %n = add %t, %u
      }
      """
    let steps = Tensor([1, 2, 3, 10, 20, 30] as [Float], shape: [2, 3])
    #expect(
      try floats(text, [Tensor(scalar: 0.5), steps]) == [
        [66.5], [6.5, 66.5], [1.5, 3.5, 6.5, 16.5, 36.5, 66.5],
      ])
  }

  /// With what every run is given, before those inside it.
  @Test func runsOfFunctionsAreSeen() throws {
    let text = """
      graph @main(%x: f32[], %s: f32[2]) -> (%z) {
        %y = loop %x, %s {function = @row, count = 2, carried = 1, stepped = 1} : f32[]
        %z = call %y, %y {function = @add} : f32[]
      }
      graph @row(%t: f32[], %u: f32[]) -> (%n) {
        %n = call %t, %u {function = @add} : f32[]
      }
      graph @add(%a: f32[], %b: f32[]) -> (%c) {
        %c = add %a, %b
      }
      """
    let module = try parseModule(text, file: "t")
    var runs: [String] = []
    var nodes: [String] = []
    func place(_ path: [EvaluationCall]) -> String {
      path.map { "\($0.function)[\($0.step.map(String.init) ?? "")]/" }.joined()
    }
    _ = try evaluate(
      module.functions[0], [Tensor(scalar: 1), vector(10, 20)], functions: module.functions,
      observe: { event in
        let value = event.graph[event.node].results[0]
        nodes.append("\(place(event.path))\(event.graph[value].name) \(Int(event.results[0].floats[0]))")
      },
      enter: { runs.append("\(place($0.path))\($0.graph.name)\($0.inputs.map { Int($0.floats[0]) })") })
    #expect(
      runs == [
        "main[0]/row[1, 10]", "main[0]/row[]/add[1, 10]", "main[1]/row[11, 20]", "main[1]/row[]/add[11, 20]",
        "main[]/add[31, 31]",
      ])
    #expect(
      nodes == [
        "main[0]/row[]/c 11", "main[0]/n 11", "main[1]/row[]/c 31", "main[1]/n 31", "y 31", "main[]/c 62",
        "z 62",
      ])
  }

  @Test func everyElementTypeIsStacked() throws {
    for element in ElementType.allCases {
      let text = """
        graph @main(%s: \(element.rawValue)[3, 2]) -> (%all) {
          %all = loop %s {function = @same, count = 3, stepped = 1} : \(element.rawValue)[3, 2]
        }
        graph @same(%u: \(element.rawValue)[2]) -> (%u) {
        }
        """
      let steps = Tensor(random: element, [3, 2], seed: 1)
      let outputs = try evaluate(parseModule(text, file: "t"), [steps])
      #expect(outputs.count == 1 && outputs[0].isIdentical(to: steps), "\(element)")
    }
  }

  @Test func nothingIsCarriedTakenAndStacked() throws {
    let text = """
      graph @main(%x: f32[0], %s: f32[2, 0, 3]) -> (%y, %all) {
        %y, %all = loop %x, %s {function = @same, count = 2, carried = 1, stepped = 1} : f32[0], f32[2, 0, 3]
      }
      graph @same(%x: f32[0], %u: f32[0, 3]) -> (%y, %u) {
        %y = exp %x
      }
      """
    let outputs = try evaluate(
      parseModule(text, file: "t"), [Tensor(zeros: .f32, [0]), Tensor(zeros: .f32, [2, 0, 3])])
    #expect(outputs.map(\.shape) == [[0], [2, 0, 3]])
  }

  @Test func aLoopNeedsNoOperands() throws {
    let text = """
      graph @main(%x: f32[1]) -> (%all) {
        %all = loop {function = @two, count = 3} : f32[3, 2]
      }
      graph @two() -> (@w) {
        weight @w: f32[2] = [5, 6]
      }
      """
    #expect(try floats(text, [vector(0)]) == [[5, 6, 5, 6, 5, 6]])
  }

  @Test func callsSeeOnlyWhatTheyAreGiven() throws {
    let text = """
      graph @main(%x: f32[1], %y: f32[1]) -> (%d, %s) {
        %d = call %y, %x {function = @f} : f32[1]
        %s, %t = call %x, %d {function = @g} : f32[1], f32[1]
      }
      graph @f(%x: f32[1], %y: f32[1]) -> (%d) {
        %d = sub %x, %y
      }
      graph @g(%x: f32[1], %y: f32[1]) -> (%m, %y) {
        %d = call %x, %y {function = @f} : f32[1]
        %m = mul %d, %d
      }
      """
    #expect(try floats(text, [vector(1), vector(10)]) == [[9], [64]])
  }

  @Test func errorsNameWhatRanTheNode() throws {
    let text = """
      graph @main(%i: i64[3, 1]) -> (%y) {
        %y = call %i {function = @all} : f32[3, 1]
      }
      graph @all(%i: i64[3, 1]) -> (%y) {
        %y = loop %i {function = @one, count = 3, stepped = 1} : f32[3, 1] name "rows"
      }
      graph @one(%i: i64[1]) -> (%y) {
        weight @w: f32[4] = [1, 2, 3, 4]
        %y = gather @w, %i
      }
      """
    let indices = Tensor([0, 3, 4] as [Int64], shape: [3, 1])
    let error = #expect(throws: Diagnostic.self) { try evaluate(parseModule(text, file: "t"), [indices]) }
    #expect(
      error?.description
        == "t:9:8: gather: index 4 lies outside axis 0 of [4], expected -4 to 3\n  in node 'y'\n  run by node 'rows'\n  run by node 'y'"
    )
  }

  @Test func onlyTheModuleKnowsFunctions() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[1]) -> (%y) {
        %y = call %x {function = @f} : f32[1]
      }
      graph @f(%x: f32[1]) -> (%y) {
        %a = exp %x
        %y = log %a
      }
      """, file: "t")
    let error = #expect(throws: Diagnostic.self) { try evaluate(module.functions[0], [vector(1)]) }
    #expect(
      error?.description
        == "t:2:8: call: runs function 'f', which is known only to the module; evaluate the module instead of the graph\n  in node 'y'"
    )
  }
}
