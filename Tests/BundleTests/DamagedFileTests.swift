import Bundle
import Tensors
import TestSupport
import Testing

/// The reader gives an error or a value for any bytes, and never reads outside them. (That every damage is
/// an error is the interpreter's promise; this reader takes files apart that the interpreter has opened.)
@Suite struct DamagedFileTests {
  private let sound: [UInt8]

  init() throws {
    sound = try encodeBundle(
      manifest: sampleManifest(), programs: [sampleProgram()], origins: [sampleOrigins()],
      weights: sampleWeights(), compression: .none)
  }

  /// Any of the last section's words may be anything.
  @Test func changedOriginsAreReadOrRefused() throws {
    let start = try contents(sound).sections.last { $0.kind == "origins" }.map(\.offset) ?? sound.count
    #expect(start < sound.count)
    var refused = 0
    for place in stride(from: start, to: sound.count, by: 4) {
      for word in [0, 1, 2, 0x7fff_ffff, 0xffff_ffff] as [UInt32] {
        var bytes = sound
        withUnsafeBytes(of: word.littleEndian) { bytes.replaceSubrange(place..<(place + 4), with: $0) }
        guard let read = try? contents(bytes) else {
          refused += 1
          continue
        }
        for origins in read.origins { for case let value? in origins.values { _ = origins.path(of: value) } }
      }
    }
    #expect(refused > 20)
  }

  @Test func cutFilesAreErrors() {
    for length in stride(from: 0, to: sound.count, by: 97) {
      #expect(throws: BundleError.self, "cut to \(length) bytes") { try contents(Array(sound[..<length])) }
    }
  }

  /// Sections that claim to be packed, or to unpack to more or less than they do.
  @Test func claimsOfCompressionAreRefused() throws {
    let packed = try encodeBundle(
      manifest: sampleManifest(), programs: [sampleProgram()], weights: sampleWeights())
    func message(_ bytes: [UInt8], section: Int, at offset: Int, _ word: UInt64, width: Int = 8) -> String {
      var bytes = bytes
      let place = 64 + 72 * section + offset
      withUnsafeBytes(of: word.littleEndian) {
        bytes.replaceSubrange(place..<(place + width), with: $0.prefix(width))
      }
      do { _ = try contents(bytes) } catch { return "\(error)" }
      return "read"
    }
    let (compression, rawBytes) = (8, 32)
    #expect(message(sound, section: 1, at: compression, 1, width: 4).contains("is no zstd frame of"))
    #expect(message(packed, section: 1, at: rawBytes, 0).contains("is no zstd frame of 0 bytes"))
    #expect(message(packed, section: 1, at: rawBytes, 1 << 27).contains("is no zstd frame of"))
    for much in [1 << 40, 1 << 63, .max] as [UInt64] {
      #expect(message(packed, section: 1, at: rawBytes, much).contains("the limit for a file of this size"))
    }
    var damaged = packed
    let section = try contents(packed).sections[1]
    for place in (section.offset + 12)..<(section.offset + section.storedBytes) {
      damaged[place] ^= 0x10
      _ = try? contents(damaged)
      damaged[place] ^= 0x10
    }
  }

  @Test func messagesNameTheFile() {
    #expect(throws: BundleError("test.ingot: is not an .ingot bundle")) {
      try contents([UInt8](repeating: 0, count: 64))
    }
    var other = sound
    other[8] = 77
    #expect(throws: BundleError("test.ingot: has format version 77, this program reads 1")) {
      try contents(other)
    }
  }

  @Test(arguments: 0..<20)
  func changedFilesAreReadOrRefused(group: Int) {
    var generator = SplitMix64(seed: UInt64(group))
    // Weights are not read, so only what stands before them is changed.
    let readable = min(sound.count, 4096)
    for _ in 0..<100 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&bytes, below: readable, &generator) }
      let read = try? contents(bytes)
      // Reading everything that was found must be as safe as finding it.
      #expect((read?.programs.count ?? 0) < 16)
    }
  }

  /// Sets a byte, a whole word to an extreme, or copies one part over another.
  private func change(_ bytes: inout [UInt8], below count: Int, _ generator: inout SplitMix64) {
    let place = Int.random(in: 0..<(count - 8), using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 2:
      let extremes: [UInt64] = [0, 1, 0x7fff_ffff, 0xffff_ffff, .max, 1 << 63, .max >> 1]
      let word = extremes.randomElement(using: &generator) ?? 0
      let width = Bool.random(using: &generator) ? 8 : 4
      let start = place / width * width
      for index in 0..<width { bytes[start + index] = UInt8(truncatingIfNeeded: word >> (8 * UInt64(index))) }
    default:
      let source = Int.random(in: 0..<(count - 8), using: &generator)
      for index in 0..<8 { bytes[place + index] = bytes[source + index] }
    }
  }
}
