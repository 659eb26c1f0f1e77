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

  /// `[rows, columns]` of a matrix.
  private func slice(_ tensor: Tensor, _ rows: Range<Int>, _ columns: Range<Int>, step: Int = 1) -> Tensor {
    let values = tensor.floats
    let (r, c) = (Array(stride(from: rows.lowerBound, to: rows.upperBound, by: step)), Array(columns))
    return Tensor(r.flatMap { row in c.map { values[row * 96 + $0] } }, shape: [r.count, c.count])
  }

  /// A gather reads the table, or a part of it, and a matmul a part of its transpose, or all.
  @Test(arguments: [
    (0..<192, 0..<100), (0..<192, 37..<165), (0..<60, 0..<192), (50..<150, 0..<192),
  ])
  func partsOfTransposesAreViews(_ gathered: Range<Int>, _ multiplied: Range<Int>) throws {
    let table = slice(Self.table, gathered, 0..<96)
    let head = try transposed(slice(Self.table, multiplied, 0..<96))
    let bundle = try compiled(
      """
      %ids: i64[5], %x: f32[2, 96]) -> (%e, %y) {
        weight @table: f32\(table.shape)
        weight @head: f32\(head.shape)
        %e = gather @table, %ids
        %y = matmul %x, @head
      """, ["table": table, "head": head])
    #expect(bundle.weightBytes == Self.table.byteCount)
    #expect(bundle.module.notes.isEmpty)
  }

  @Test func severalPartsOfOneTranspose() throws {
    let head = try transposed(Self.table)
    let bundle = try compiled(
      """
      %x: f32[2, 96]) -> (%y, %z, %v) {
        weight @head: f32[96, 192]
        weight @first: f32[96, 64]
        weight @last: f32[96, 128]
        %y = matmul %x, @head
        %z = matmul %x, @first
        %v = matmul %x, @last
      """,
      [
        "head": head, "first": try transposed(slice(Self.table, 0..<64, 0..<96)),
        "last": try transposed(slice(Self.table, 64..<192, 0..<96)),
      ])
    #expect(bundle.weightBytes == Self.table.byteCount)
  }

  /// What can't be a view is stored, and a note says why.
  @Test func whatIsStoredTwiceIsNoted() throws {
    let half = Self.table.converted(to: .f16)
    for (part, note) in [
      (slice(Self.table, 0..<192, 16..<64), "'part' is the slice [:, 16:64] of 'table'"),
      (slice(Self.table, 1..<192, 0..<96, step: 2), "'part' is the slice [1:192:2, :] of 'table'"),
      (slice(Self.table, 30..<190, 8..<40), "'part' is the slice [30:190, 8:40] of 'table'"),
      (try transposed(slice(Self.table, 10..<90, 0..<96)), "'part' is a part of 'table' transposed"),
      (half, "'part' holds in f16 what 'table' holds in f32"),
    ] {
      let bundle = try compiled(
        """
        %ids: i64[5]) -> (%e, %f) {
          weight @table: f32[192, 96]
          weight @part: \(part.element.rawValue)\(part.shape)
          %e = gather @table, %ids
          %f = gather @part, %ids
        """, ["table": Self.table, "part": part])
      #expect(bundle.weightBytes == Self.table.byteCount + part.byteCount)
      let notes = bundle.module.notes.map(\.message)
      #expect(notes.count == 1 && notes[0].contains(note) && notes[0].contains("bytes more"), "\(notes)")
    }
    // Weights of one number are no copies of one another.
    let bundle = try compiled(
      """
      %ids: i64[5]) -> (%e, %f) {
        weight @table: f32[192, 96]
        weight @part: f32[192, 48]
        %e = gather @table, %ids
        %f = gather @part, %ids
      """, ["table": Tensor(zeros: .f32, [192, 96]), "part": Tensor(zeros: .f32, [192, 48])])
    #expect(bundle.module.notes.isEmpty)
  }
}
