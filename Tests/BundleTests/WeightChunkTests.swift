import Bundle
import Tensors
import TestSupport
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
    #expect(found.map(\.compression) == [.zstd(planes: 0)])
    #expect(found[0].rawBytes == 4000)
    #expect(found[0].storedBytes < 100)
  }

  @Test func whatDoesNotShrinkIsMapped() throws {
    let found = try chunks([noise(5 << 20), noise(4 << 20), Tensor(zeros: .u8, [4 << 20])])
    #expect(found.map(\.compression) == [.none, .none, .zstd(planes: 0)])
    #expect(found[0].storedBytes == 5 << 20)
    #expect(found[0].offset % 16384 == 0)
    #expect(found[1].offset % 16384 == 0)
    #expect(found[2].offset % 64 == 0)
  }

  @Test func weightsOfOneElementSizeShareAChunk() throws {
    let found = try chunks([
      noise(100), Tensor(random: .f32, [3], seed: 1), noise(30), Tensor(random: .i32, [5], seed: 2),
      Tensor(random: .f16, [7], seed: 3),
    ])
    #expect(found.map(\.rawBytes) == [128 + 30, 64 + 20, 14])
  }

  /// Exponents repeat and mantissas don't, so floats are shorter in planes.
  @Test(arguments: [(ElementType.f32, 4, 0.87), (.f16, 2, 0.93)])
  func floatsLieInPlanes(element: ElementType, planes: Int, share: Double) throws {
    let weights = [Tensor(random: element, [40_001], seed: 4), Tensor(random: element, [5], seed: 5)]
    let found = try chunks(weights)
    #expect(found.map(\.compression) == [.zstd(planes: planes)])
    #expect(Double(found[0].storedBytes) < share * Double(found[0].rawBytes))
  }

  @Test func whatIsShorterInOrderStaysInOrder() throws {
    let pattern = Tensor(element: .u8, shape: [40_000]) { bytes in
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: index % 1000 * 37) }
    }
    let words = Tensor(element: .f32, shape: [10_000]) { target in
      pattern.withBytes { target.copyBytes(from: $0) }
    }
    #expect(try chunks([words]).map(\.compression) == [.zstd(planes: 0)])
  }

  /// A reader refuses small files that unpack to much, so a writer stores raw what is too repetitive.
  @Test func aBundleUnpacksToNoMoreThanAReaderAllows() throws {
    let zeros = Tensor(zeros: .u8, [150 << 20])
    let found = try chunks([zeros, zeros])
    #expect(found.map(\.compression) == [.zstd(planes: 0), .none])
  }

  @Test func tablesAreCompressed() throws {
    let program = sampleProgram()
    func sizes(_ compression: BundleCompression) throws -> [BundleContents.Section] {
      let bytes = try encodeBundle(
        manifest: sampleManifest(), programs: [program], origins: [sampleOrigins()], weights: sampleWeights(),
        compression: compression)
      return try contents(bytes).sections.filter { $0.kind != "weights" && $0.kind != "origins" }
    }
    let (raw, packed) = (try sizes(.none), try sizes(.standard))
    #expect(raw.map(\.compression) == [.none, .none, .none])
    #expect(packed.map(\.compression) == [.zstd(planes: 0), .zstd(planes: 0), .zstd(planes: 0)])
    #expect(packed.map(\.rawBytes) == raw.map(\.storedBytes))
    for (packed, raw) in zip(packed, raw) { #expect(packed.storedBytes * 2 < raw.storedBytes) }
  }

  /// Mapping would take a gap of up to 16 KiB before it.
  @Test func whatIsSmallIsNotMapped() throws {
    let found = try chunks([noise(60_000)])
    #expect(found.map(\.compression) == [.zstd(planes: 0)])
    #expect(found[0].storedBytes < 60_020)
  }

  @Test func withoutCompressionEverythingIsMapped() throws {
    let found = try chunks([Tensor(zeros: .f32, [1000])], compression: .none)
    #expect(found.map(\.compression) == [.none])
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
