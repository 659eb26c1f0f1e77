import Bundle
import Tensors
import Testing

/// How weights are packed: small ones together, large ones alone, compressed where that pays, aligned for
/// mapping where not.
@Suite struct WeightChunkTests {
  private func chunks(_ weights: [Tensor], compression: BundleCompression = .standard) throws
    -> [BundleContents.Section]
  {
    let named = weights.enumerated().map { BundleWeight(name: "w\($0)", tensor: $1) }
    let bytes = try encodeBundle(
      manifest: sampleManifest(), programs: [], weights: named, compression: compression)
    return try contents(bytes).sections.filter { $0.kind == "weights" }
  }

  @Test func smallWeightsShareAChunk() throws {
    let found = try chunks([noise(100), noise(1), noise(0), noise(64)])
    #expect(found.map(\.rawBytes) == [128 + 64 + 64])
  }

  @Test func aWeightThatDoesNotFitBeginsAChunk() throws {
    let megabyte = 1 << 20
    let found = try chunks([noise(3 * megabyte), noise(megabyte), noise(1), noise(5 * megabyte), noise(7)])
    #expect(found.map(\.rawBytes) == [4 * megabyte, 1, 5 * megabyte, 7])
  }

  @Test func whatShrinksIsCompressed() throws {
    let found = try chunks([Tensor(zeros: .f32, [1000])])
    #expect(found.map(\.isCompressed) == [true])
    #expect(found[0].rawBytes == 4000)
    #expect(found[0].storedBytes < 100)
  }

  @Test func whatDoesNotShrinkIsMapped() throws {
    let found = try chunks([noise(5 << 20), noise(4 << 20), Tensor(zeros: .u8, [4 << 20])])
    #expect(found.map(\.isCompressed) == [false, false, true])
    #expect(found[0].storedBytes == 5 << 20)
    #expect(found[0].offset % 16384 == 0)
    #expect(found[1].offset % 16384 == 0)
    #expect(found[2].offset % 64 == 0)
  }

  @Test func withoutCompressionEverythingIsMapped() throws {
    let found = try chunks([Tensor(zeros: .f32, [1000])], compression: .none)
    #expect(found.map(\.isCompressed) == [false])
    #expect(found[0].offset % 16384 == 0)
  }

  @Test func sectionsAreAlignedAndDoNotOverlap() throws {
    let bytes = try encodeBundle(
      manifest: sampleManifest(["a", "b"]), programs: [sampleProgram("a"), sampleProgram("b")],
      weights: sampleWeights())
    var end = 64
    for section in try contents(bytes).sections {
      #expect(section.offset % 64 == 0)
      #expect(section.offset >= end)
      end = section.offset + section.storedBytes
    }
    #expect(end == bytes.count)
  }
}
