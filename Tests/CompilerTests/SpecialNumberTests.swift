import IR
import Tensors
import Testing

/// What functions make of zeros of both signs, infinities and NaN, to the bit, in reference and kernels, with
/// the passes and without.
@Suite struct SpecialNumberTests {
  private static let inputs: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 2, -2]

  private func check(_ expected: [Float], _ graph: Graph) throws {
    let x = Tensor(Self.inputs, shape: [Self.inputs.count])
    let results = [
      try evaluate(graph, [x]), try interpret(graph, [x]), try interpret(graph, [x], optimizes: false),
    ]
    for result in results {
      for (index, (found, wanted)) in zip(result[0].floats, expected).enumerated() {
        let isSame = found.bitPattern == wanted.bitPattern || found.isNaN && wanted.isNaN
        #expect(isSame, "\(found) for \(Self.inputs[index]), expected \(wanted)\n\(graph.text)")
      }
    }
  }

  private func graph(_ body: String) throws -> Graph {
    try parseGraph(
      "graph @main(%x: f32[9]) -> (%y) {\n  weight @zero: f32[] = [0]\n  weight @minus: f32[] = [-0.0]\n\(body)\n}",
      file: "text")
  }

  @Test(
    arguments: [
      ("neg %x", [-0.0, 0, -1, 1, -.infinity, .infinity, .nan, -2, 2]),
      ("sign %x", [0, 0, 1, -1, 1, -1, .nan, 1, -1]),
      ("abs %x", [0, 0, 1, 1, .infinity, .infinity, .nan, 2, 2]),
      ("relu %x", [0, -0.0, 1, 0, .infinity, 0, .nan, 2, 0]),
      ("clip %x {min = 0, max = 1.5}", [0, -0.0, 1, 0, 1.5, 0, .nan, 1.5, 0]),
      ("affine %x {scale = 2}", [0, -0.0, 2, -2, .infinity, -.infinity, .nan, 4, -4]),
      ("affine %x {scale = -2}", [-0.0, 0, -2, 2, -.infinity, .infinity, .nan, -4, 4]),
      ("affine %x {offset = 0}", [0, 0, 1, -1, .infinity, -.infinity, .nan, 2, -2]),
      ("affine %x {scale = 0}", [0, -0.0, 0, -0.0, .nan, .nan, .nan, 0, -0.0]),
      ("add %x, @zero", [0, 0, 1, -1, .infinity, -.infinity, .nan, 2, -2]),
      ("add @minus, %x", [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 2, -2]),
      ("sub %x, @zero", [0, -0.0, 1, -1, .infinity, -.infinity, .nan, 2, -2]),
      ("sub %x, @minus", [0, 0, 1, -1, .infinity, -.infinity, .nan, 2, -2]),
      ("sub @zero, %x", [0, 0, -1, 1, -.infinity, .infinity, .nan, -2, 2]),
      ("mul %x, @minus", [-0.0, 0, -0.0, 0, .nan, .nan, .nan, -0.0, 0]),
      ("max %x, @zero", [0, 0, 1, 0, .infinity, 0, .nan, 2, 0]),
    ] as [(String, [Float])])
  func oneFunction(_ call: String, _ expected: [Float]) throws {
    try check(expected, try graph("  %y = \(call)"))
  }

  @Test func powersOfOneHalfAreNoRootsEverywhere() throws {
    let root = Float(2).squareRoot()
    try check(
      [0, 0, 1, .nan, .infinity, .infinity, .nan, root, .nan],
      try graph("  weight @half: f32[] = [0.5]\n  %y = pow %x, @half"))
    try check(
      [.infinity, .infinity, 1, .nan, 0, 0, .nan, 1 / root, .nan],
      try graph("  weight @half: f32[] = [-0.5]\n  %y = pow %x, @half"))
  }

  @Test func aReciprocalTellsTheSignOfAZero() throws {
    try check(
      [.infinity, .infinity, 1, -1, 0, -0.0, .nan, 0.5, -0.5],
      try graph("  %a = add @zero, %x\n  %b = reshape %a {shape = [9]}\n  %y = reciprocal %b"))
    // −(1 − x) is −0 at 1.
    try check(
      [-1, -1, -.infinity, -0.5, 0, -0.0, .nan, 1, -1 / 3],
      try graph("  %a = affine %x {scale = -1, offset = 1}\n  %b = neg %a\n  %y = reciprocal %b"))
  }
}
