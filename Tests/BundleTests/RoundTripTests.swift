import Bundle
import Tensors
import Testing

/// What is written is read back, and the same is written every time.
@Suite struct RoundTripTests {
  @Test func everythingComesBack() throws {
    let programs = [sampleProgram("encoder"), sampleProgram("decoder")]
    let manifest = sampleManifest(["encoder", "decoder"])
    let weights = sampleWeights()
    let bytes = try encodeBundle(manifest: manifest, programs: programs, weights: weights)
    let read = try contents(bytes)
    #expect(read.manifest == manifest)
    #expect(read.programs == programs)
    #expect(read.fileBytes == bytes.count)
    #expect(read.weights.map(\.name) == weights.map(\.name))
    #expect(read.weights.map(\.element) == weights.map(\.tensor.element))
    #expect(read.weights.map(\.shape) == weights.map(\.tensor.shape))
    #expect(read.weights.map(\.bytes) == weights.map(\.tensor.byteCount))
    // A chunk for the elements of each size: 1, 2, 4 and 8 bytes.
    let chunks = [String](repeating: "weights", count: 4)
    #expect(read.sections.map(\.kind) == ["manifest", "program", "program", "weight table"] + chunks)
  }

  @Test func originsComeBack() throws {
    let programs = [sampleProgram("encoder"), sampleProgram("decoder")]
    let origins = [sampleOrigins(), ProgramOrigins(values: [.init(name: "image"), .init(name: "")])]
    let bytes = try encodeBundle(
      manifest: sampleManifest(["encoder", "decoder"]), programs: programs, origins: origins,
      weights: sampleWeights())
    let read = try contents(bytes)
    #expect(read.origins == origins)
    #expect(read.programs == programs)
    #expect(read.sections.map(\.kind).suffix(3) == ["weights", "origins", "origins"])
    #expect(origins[0].path(of: .init(call: 1, name: "product")) == "größe/inner/product")
  }

  @Test func emptyBundle() throws {
    let manifest = Manifest(
      format: 1, compiler: "", target: "", targetFamily: "", precision: "", functions: [],
      provenance: [:])
    let read = try contents(try encodeBundle(manifest: manifest, programs: [], weights: []))
    #expect(read.manifest == manifest)
    #expect(read.programs.isEmpty)
    #expect(read.weights.isEmpty)
    #expect(read.sections.map(\.kind) == ["manifest", "weight table"])
  }

  @Test(arguments: [BundleCompression.none, .standard, .zstd(level: 19)])
  func sameBytesEveryTime(compression: BundleCompression) throws {
    func encoded() throws -> [UInt8] {
      try encodeBundle(
        manifest: sampleManifest(), programs: [sampleProgram()], weights: sampleWeights(),
        compression: compression)
    }
    #expect(try encoded() == encoded())
  }

  @Test func elementTypesHaveDistinctNumbers() {
    #expect(Set(ElementType.allCases.map(\.code)).count == ElementType.allCases.count)
    for element in ElementType.allCases { #expect(ElementType(code: element.code) == element) }
    #expect(ElementType(code: 0) == nil)
    #expect(ElementType(code: 200) == nil)
  }

  @Test func rankAboveTheFormatsIsRefused() throws {
    let extents = [Int](repeating: 1, count: 9)
    var program = sampleProgram()
    program.tensors[3].shape = Shape(extents)
    program.tensors[3].name = "deep"
    #expect(throws: BundleError("tensor 'deep' has rank 9, a bundle holds at most 8")) {
      try encodeBundle(manifest: sampleManifest(), programs: [program], weights: [])
    }
    let weight = BundleWeight(name: "w", tensor: Tensor(zeros: .f32, Shape(extents)))
    #expect(throws: BundleError("weight 'w' has rank 9, a bundle holds at most 8")) {
      try encodeBundle(manifest: sampleManifest(), programs: [], weights: [weight])
    }
  }

  @Test func operandsAboveTheFormatsLimitAreRefused() throws {
    var program = sampleProgram()
    program.instructions[0].inputs = [Int?](repeating: 0, count: 4095)
    #expect(throws: Never.self) {
      try encodeBundle(manifest: sampleManifest(), programs: [program], weights: [])
    }
    program.instructions[0].inputs.append(nil)
    #expect(throws: BundleError("'fc' has more than 4096 operands")) {
      try encodeBundle(manifest: sampleManifest(), programs: [program], weights: [])
    }
  }
}
