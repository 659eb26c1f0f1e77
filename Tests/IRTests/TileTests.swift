import IR
import Tensors
import TestSupport
import Testing

/// A tile computes from regions of the operands alone what the whole op computes in a region of its result.
@Suite struct TileTests {
  @Test(arguments: opCases) func tilesComputeTheirRegion(_ opCase: OpCase) throws {
    try checkTiles(of: GeneratedOp(opCase.op, opCase.operands.map(\.type)), opCase.tensors)
  }

  @Test(arguments: OpFamily.allCases) func tilesOfRandomOpsComputeTheirRegion(_ family: OpFamily) throws {
    var count = 0
    for seed in 0..<20 {
      var draw = Draw(seed: UInt64(seed))
      let generated = family.generate(&draw)
      count += try checkTiles(of: generated, generated.tensors(seed: UInt64(seed)))
    }
    let undivided: [OpFamily] = [.argPool, .nms, .nonZero, .recurrent, .recurrentInteger, .unique]
    #expect((count > 0) != undivided.contains(family))
  }

  /// The op on the tile's operands gives the region of the whole op's results. Returns how many tiles there were.
  @discardableResult
  private func checkTiles(of generated: GeneratedOp, _ operands: [Tensor]) throws -> Int {
    let op = generated.op
    let whole = try op.evaluate(operands)
    guard whole[0].elementCount > 0, whole.allSatisfy({ $0.shape == whole[0].shape }) else { return 0 }
    let types = operands.map { TensorType($0.element, $0.shape) }
    var random = SplitMix64(seed: UInt64(whole[0].elementCount))
    var count = 0
    for _ in 0..<6 {
      let region = Region(
        whole[0].shape.extents.map { extent in
          let (a, b) = (Int(random.next() % UInt64(extent)), Int(random.next() % UInt64(extent)))
          return random.next() % 3 == 0 ? 0..<extent : min(a, b)..<(max(a, b) + 1)
        })
      guard let tile = try op.tile(region, of: types) else { continue }
      let description: Comment = "\(op) \(types), region \(region) reads \(tile.reads) for \(tile.op)"
      count += 1
      #expect(tile.reads.count == operands.count, description)
      let parts = try zip(operands, tile.reads).map { try $0.part($1) }
      let results = try tile.op.evaluate(parts)
      for (result, expected) in zip(results, whole) {
        let wanted = try expected.part(region)
        #expect(generated.disagreement(result, wanted, moved: false) == nil, description)
      }
    }
    return count
  }

  /// Ops over images are split by rows, products by both sides, and what mixes an axis is not split along it.
  @Test func readsAreAsSmallAsTheyCanBe() throws {
    let image = TensorType(.f32, [1, 4, 9, 9])
    let window = Window(strides: [2, 2], pads: [1, 1, 1, 1])
    func reads(_ op: Op, _ region: [Range<Int>], _ types: [TensorType]) throws -> [[Range<Int>]]? {
      try op.tile(Region(region), of: types)?.reads.map(\.ranges)
    }
    let weight = TensorType(.f32, [6, 4, 3, 3])
    #expect(
      try reads(.conv(Conv(window)), [0..<1, 2..<4, 1..<3, 0..<5], [image, weight])
        == [[0..<1, 0..<4, 1..<6, 0..<9], [2..<4, 0..<4, 0..<3, 0..<3]])
    let depthwise = TensorType(.f32, [4, 1, 3, 3])
    #expect(
      try reads(.conv(Conv(window, group: 4)), [0..<1, 1..<3, 0..<1, 0..<5], [image, depthwise])
        == [[0..<1, 1..<3, 0..<2, 0..<9], [1..<3, 0..<1, 0..<3, 0..<3]])
    let transposed = TensorType(.f32, [4, 6, 2, 2])
    #expect(
      try reads(
        .convTranspose(ConvTranspose(Window(strides: [2, 2]))), [0..<1, 0..<6, 4..<8, 0..<18],
        [image, transposed])
        == [[0..<1, 0..<4, 2..<4, 0..<9], [0..<4, 0..<6, 0..<2, 0..<2]])
    #expect(
      try reads(
        .matmul(MatMul(transposeB: true)), [0..<2, 3..<5],
        [TensorType(.f32, [8, 5]), TensorType(.f32, [7, 5])])
        == [[0..<2, 0..<5], [3..<5, 0..<5]])
    #expect(
      try reads(.resize(Resize(.nearest, sizes: [18, 18])), [0..<1, 0..<4, 4..<10, 0..<18], [image])
        == [[0..<1, 0..<4, 2..<5, 0..<9]])
    #expect(try reads(.softmax(Softmax(axis: 1)), [0..<1, 0..<2, 0..<9, 0..<9], [image]) == nil)
    #expect(
      try reads(.softmax(Softmax(axis: 1)), [0..<1, 0..<4, 3..<4, 0..<9], [image]) == [
        [0..<1, 0..<4, 3..<4, 0..<9]
      ])
    #expect(
      try reads(.concat(Concat(axis: 1)), [0..<1, 3..<6, 0..<2, 0..<9], [image, image])
        == [[0..<1, 3..<4, 0..<2, 0..<9], [0..<1, 0..<2, 0..<2, 0..<9]])
    #expect(
      try reads(.reshape(Reshape([36, 9])), [9..<18, 0..<9], [image]) == [[0..<1, 1..<2, 0..<9, 0..<9]])
  }
}

extension Tensor {
  fileprivate func part(_ region: Region) throws -> Tensor {
    let slice = Slice(starts: region.ranges.map(\.lowerBound), counts: region.shape.extents)
    return try Op.slice(slice).evaluate([self])[0]
  }
}
