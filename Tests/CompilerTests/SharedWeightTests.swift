import Bundle
import IR
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// Weights that are one another's transpose, part or reshape are stored once.
@Suite struct SharedWeightTests {
  private static let table = Tensor(random: .f32, [192, 96], seed: 5)

  /// Compiles, checks that the bundle computes what the graph means, and gives what was compiled.
  private func compiled(_ body: String, _ weights: [String: Tensor]) throws -> CompiledBundle {
    var graph = try parseGraph("graph @main(\(body)\n}\n", file: "text")
    for (name, tensor) in weights {
      let weight = try #require(graph.findWeight(name))
      graph.bind(weight, to: tensor)
    }
    let inputs = graph.inputs.map { port in
      let type = graph.type(of: port.value)
      return Tensor(random: type.element, type.shape, seed: 9)
    }
    let expected = try evaluate(graph, inputs)
    for optimizes in [true, false] {
      for (found, wanted) in zip(try interpret(graph, inputs, optimizes: optimizes), expected) {
        #expect(TensorDifference(found, reference: wanted).relative < 1e-5)
      }
    }
    return try compile(Module([graph]), CompileOptions(target: cpu))
  }

  private func transposed(_ tensor: Tensor) throws -> Tensor {
    try Op.transpose(Transpose([1, 0])).evaluate([tensor])[0]
  }

  private func copy(_ tensor: Tensor, _ shape: Shape, from element: Int = 0) -> Tensor {
    Tensor(Array(tensor.floats[element..<(element + shape.elementCount)]), shape: shape)
  }

  @Test func aTableOfEmbeddingsIsTheClassifierToo() throws {
    let bundle = try compiled(
      """
      %ids: i64[5]) -> (%y) {
        weight @table: f32[192, 96]
        weight @head: f32[96, 192]
        %e = gather @table, %ids
        %h = tanh %e
        %y = matmul %h, @head
      """, ["table": Self.table, "head": try transposed(Self.table)])
    #expect(bundle.weightBytes == Self.table.byteCount)
    #expect(bundle.bundleBytes < Self.table.byteCount * 105 / 100)
  }

  @Test func soItStaysWhenScaledOrTransposedInTheGraph() throws {
    let bundle = try compiled(
      """
      %ids: i64[5]) -> (%y) {
        weight @table: f32[192, 96]
        %e = gather @table, %ids
        %h = tanh %e
        %t = transpose @table {permutation = [1, 0]}
        %s = affine %h {scale = 0.1}
        %y = matmul %s, %t
      """, ["table": Self.table])
    #expect(bundle.weightBytes == Self.table.byteCount)
  }

  @Test func partsAndReshapesAreViews() throws {
    let bundle = try compiled(
      """
      %x: f32[16, 96], %ids: i64[5]) -> (%e, %y, %z, %q) {
        weight @part: f32[16, 96]
        weight @table: f32[192, 96]
        weight @flat: f32[3, 64, 96]
        weight @row: f32[96]
        %e = gather @table, %ids
        %y = add %x, @part
        %z = exp @flat
        %q = add %x, @row
      """,
      [
        "table": Self.table, "part": copy(Self.table, [16, 96], from: 40 * 96),
        "flat": copy(Self.table, [3, 64, 96]), "row": copy(Self.table, [96], from: 191 * 96),
      ])
    // exp of a weight is one more.
    #expect(bundle.weightBytes == 2 * Self.table.byteCount)
    #expect(bundle.programs[0].tensors.contains { $0.name == "part" && $0.offset == 40 * 96 * 4 })
    #expect(bundle.programs[0].tensors.contains { $0.name == "row" && $0.offset == 191 * 96 * 4 })
  }

  @Test func whatNothingReadsTransposedIsNoted() throws {
    let bundle = try compiled(
      """
      %ids: i64[5]) -> (%e, %f) {
        weight @table: f32[192, 96]
        weight @head: f32[96, 192]
        %e = gather @table, %ids
        %f = gather @head, %ids
      """, ["table": Self.table, "head": try transposed(Self.table)])
    #expect(bundle.weightBytes == 2 * Self.table.byteCount)
    let notes = bundle.module.notes.map(\.message)
    #expect(notes.contains { $0.contains("'table' and 'head'") && $0.contains("gather 'f'") }, "\(notes)")
  }
}
