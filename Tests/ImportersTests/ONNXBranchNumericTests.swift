import IR
import Importers
import Tensors
import Testing

/// Branches that depend on data, of which one fails if it is run: only the one that is chosen may.
@Suite struct ONNXBranchNumericTests {
  private static let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
  private static let fallback = Tensor([-1, -2] as [Float], shape: [2])

  private func index(_ value: Int, _ element: ElementType, _ shape: Shape = []) -> Tensor {
    Tensor([Int64](repeating: Int64(value), count: shape.elementCount), shape: shape, element: element)
  }

  /// The rows of x by an index that `condition` guards, in either branch.
  private func guarded(
    _ type: String, condition: String = "Less(i, limit)", by operation: String = "Gather(x, i)",
    functions: String = ""
  ) -> String {
    """
    \(functions)
    (float[3, 2] x, \(type) i, float[2] e) => (y, z) <\(type) limit = {3}> {
      c = \(condition)
      n = Not(c)
      y = If<then_branch = { => (t) { t = \(operation) } }, else_branch = { => (f) { f = Identity(e) } }>(c)
      z = If<then_branch = { => (u) { u = Identity(e) } }, else_branch = { => (g) { g = \(operation) } }>(n)
    }
    """
  }

  private func results(_ text: String, _ index: Tensor) throws -> [[Float]] {
    try evaluate(try imported(text), [Self.x, index, Self.fallback]).map(\.floats)
  }

  @Test(arguments: ["int64", "int32"]) func gathers(type: String) throws {
    let text = guarded(type)
    let element: ElementType = type == "int64" ? .i64 : .i32
    for (value, row) in [(0, [1, 2]), (2, [5, 6]), (-1, [5, 6]), (-3, [1, 2])] as [(Int, [Float])] {
      #expect(try results(text, index(value, element)) == [row, row], "\(value)")
    }
    for value in [3, 7, Int(Int32.max)] {
      #expect(try results(text, index(value, element)) == [[-1, -2], [-1, -2]], "\(value)")
    }
    // The branch is chosen, and the index is wrong.
    for value in [-4, -1000] {
      #expect(throws: (any Error).self, "\(value)") { try results(text, index(value, element)) }
    }
  }

  /// An initializer of a branch may have the name of a value around it, which it hides there and nowhere else.
  @Test(arguments: [
    ("input", "float[2] x, float[2] w, bool c", "", ""),
    ("initializer", "float[2] x, bool c", "<float[2] w = {1, 2}>", ""),
    ("result", "float[2] x, float[2] v, bool c", "", "w = Identity(v)"),
  ])
  func initializersHideOuterNames(_ hidden: String, inputs: String, initializers: String, node: String) throws
  {
    let module = try imported(
      """
      (\(inputs)) => (y, z) \(initializers) {
        \(node)
        y = If<then_branch = { => (t) <float[2] w = {10, 20}> { t = Add(x, w) } },
          else_branch = { => (f) { f = Sub(x, w) } }>(c)
        z = Mul(y, w)
      }
      """)
    let x = Tensor([100, 200] as [Float], shape: [2])
    let outer = hidden == "initializer" ? [] : [Tensor([1, 2] as [Float], shape: [2])]
    func results(_ condition: Int64) throws -> [[Float]] {
      let flag = Tensor([condition], shape: [], element: .bool)
      return try evaluate(module, [x] + outer + [flag]).map(\.floats)
    }
    #expect(try results(1) == [[110, 220], [110, 440]])
    #expect(try results(0) == [[99, 198], [99, 396]])
  }

  @Test func inFunctionsLoopsAndBranches() throws {
    let functions = """
      function local.Row(x, i) => (y) { y = Gather(x, i) }
      function local.Deep(x, i, c) => (y) {
        n = Constant<value_int = 1>()
        s = Constant<value_ints = [0]>()
        e = ReduceSum<keepdims = 0>(x, s)
        y = If<then_branch = { => (t) {
          t = Loop<body = { (int64 k, bool go, float[2] a) => (more, b) {
            more = Identity(go)
            b = local.Row(x, i)
          } }>(n, _, e)
        } }, else_branch = { => (f) { f = Neg(e) } }>(c)
      }
      """
    let text = guarded("int64", by: "local.Deep(x, i, c)", functions: functions)
    #expect(try results(text, index(1, .i64)) == [[3, 4], [3, 4]])
    #expect(try results(text, index(9, .i64)) == [[-1, -2], [-1, -2]])
    #expect(throws: (any Error).self) { try results(text, index(-9, .i64)) }
  }

  @Test func scatters() throws {
    let text = """
      (float[3, 2] x, int64[1, 1] i, float[2] e) => (y) <int64 limit = {3}, int64[2] row = {1, 2}> {
        u = Reshape(e, row)
        k = Squeeze(i)
        c = Less(k, limit)
        y = If<then_branch = { => (t) { t = ScatterND(x, i, u) } }, else_branch = { => (f) { f = Neg(x) } }>(c)
      }
      """
    #expect(try results(text, index(1, .i64, [1, 1])) == [[1, 2, -1, -2, 5, 6]])
    #expect(try results(text, index(5, .i64, [1, 1])) == [[-1, -2, -3, -4, -5, -6]])
    #expect(throws: (any Error).self) { try results(text, index(-5, .i64, [1, 1])) }
  }

  /// A part of an index that is out of range, though the whole is the position of another element.
  @Test(
    arguments: [
      ("GatherND(x, i)", [[0, 1], [-1, -2], [2, -1]], [[0, 2], [1, -3], [-4, 3], [3, 0]]),
      ("ScatterND(x, i, u)", [[0, 1], [-1, -2]], [[0, 2], [1, -3], [-4, 3]]),
      ("GatherElements<axis = 1>(x, i)", [[0, 1], [-1, -2]], [[0, 2], [-3, 0]]),
      ("ScatterElements<axis = 1>(x, i, v)", [[0, 1], [-1, -2]], [[0, 2], [-3, 0]]),
    ] as [(String, [[Int64]], [[Int64]])])
  func partsOfIndices(operation: String, right: [[Int64]], wrong: [[Int64]]) throws {
    let text = """
      (float[3, 2] x, int64[1, 2] i, float[2] e) => (y) <float[1] u = {7}, float[1, 2] v = {7}> { y = \(operation) }
      """
    let graph = try imported(text)
    func run(_ index: [Int64]) throws -> [Tensor] {
      try evaluate(graph, [Self.x, Tensor(index, shape: [1, 2]), Self.fallback])
    }
    for index in right { #expect(throws: Never.self, "\(index)") { try run(index) } }
    for index in wrong { #expect(throws: (any Error).self, "\(index)") { try run(index) } }
  }

  /// An index that is wrong whatever it is.
  @Test func outOfNothing() throws {
    let text = """
      (float[0, 2] x, int64[1] i, bool c) => (y) <float[1, 2] e = {9}> {
        y = If<then_branch = { => (t) { t = Gather(x, i) } }, else_branch = { => (f) { f = Identity(e) } }>(c)
      }
      """
    let graph = try imported(text)
    let empty = Tensor(zeros: .f32, [0, 2])
    let no = Tensor([0] as [Int64], shape: [], element: .bool)
    let yes = Tensor([1] as [Int64], shape: [], element: .bool)
    #expect(try evaluate(graph, [empty, index(0, .i64, [1]), no])[0].floats == [9, 9])
    #expect(throws: (any Error).self) { try evaluate(graph, [empty, index(0, .i64, [1]), yes]) }
  }
}
