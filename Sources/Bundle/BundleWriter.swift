import CBundleFormat
import FoundationEssentials
import Tensors

/// Serializes a bundle: the same bytes for the same manifest, programs, origins and weights.
package func encodeBundle(
  manifest: Manifest, programs: [Program], origins: [ProgramOrigins] = [], weights: [BundleWeight],
  compression: BundleCompression = .standard
) throws -> [UInt8] {
  var sink = BundleBytes()
  try writeBundle(
    manifest: manifest, programs: programs, origins: origins, weights: weights, compression: compression,
    to: &sink)
  return sink.bytes
}

/// Writes a bundle; see ``encodeBundle(manifest:programs:origins:weights:compression:)``. Besides what `sink` holds,
/// it takes the memory of one chunk of weights at a time. Origins are those of all programs, or none. `progress` is
/// told the share of the weights' bytes that is written.
package func writeBundle(
  manifest: Manifest, programs: [Program], origins: [ProgramOrigins] = [], weights: [BundleWeight],
  compression: BundleCompression = .standard,
  to sink: inout some BundleSink, progress: (Double) -> Void = { _ in }
) throws {
  let chunks = planChunks(weights)
  let layouts = try LayoutTable(programs, weights)
  var sections = [Section(INGOT_SECTION_MANIFEST, Array(try manifest.encoded()))]
  precondition(
    origins.isEmpty || origins.count == programs.count, "origins are those of all programs, or none")
  var originSections: [Section] = []
  for (index, program) in programs.enumerated() {
    let encoded = try encode(program, origins.isEmpty ? nil : origins[index], layouts)
    sections.append(Section(INGOT_SECTION_PROGRAM, index: index, encoded.program))
    if let bytes = encoded.origins {
      originSections.append(Section(INGOT_SECTION_ORIGINS, index: index, bytes))
    }
  }
  sections.append(Section(INGOT_SECTION_WEIGHT_TABLE, try encodeWeightTable(weights, chunks, layouts)))

  var writer = try SectionWriter(
    sectionCount: sections.count + chunks.count + originSections.count, to: &sink)
  for section in sections { try writer.write(section, to: &sink) }
  let total = max(chunks.reduce(0) { $0 + $1.rawBytes }, 1)
  var written = 0
  for (index, chunk) in chunks.enumerated() {
    let contents = try chunk.encoded(from: weights, compression)
    let section = Section(
      INGOT_SECTION_WEIGHT_CHUNK, index: index, contents.stored, compression: contents.compression,
      rawBytes: chunk.rawBytes)
    try writer.write(section, to: &sink)
    written += chunk.rawBytes
    progress(Double(written) / Double(total))
  }
  for section in originSections { try writer.write(section, to: &sink) }
  try writer.finish(&sink)
}

private struct Section {
  var kind: ingot_section_kind
  var index: Int
  var bytes: [UInt8]
  var compression: ingot_compression
  var rawBytes: Int

  init(
    _ kind: ingot_section_kind, index: Int = 0, _ bytes: [UInt8], compression: ingot_compression = INGOT_RAW,
    rawBytes: Int? = nil
  ) {
    self.kind = kind
    self.index = index
    self.bytes = bytes
    self.compression = compression
    self.rawBytes = rawBytes ?? bytes.count
  }

  var alignment: Int {
    let isMapped = kind == INGOT_SECTION_WEIGHT_CHUNK && compression == INGOT_RAW
    return Int(isMapped ? INGOT_MAPPED_ALIGNMENT : INGOT_SECTION_ALIGNMENT)
  }
}

/// Writes sections behind room for header and section table, which follow when all are known.
private struct SectionWriter {
  private let sectionCount: Int
  private var table = ByteBuffer()
  private var end: Int

  init(sectionCount: Int, to sink: inout some BundleSink) throws {
    guard sectionCount <= Int(INGOT_MAX_SECTIONS) else {
      throw BundleError(
        "the bundle would have \(sectionCount) sections, at most \(INGOT_MAX_SECTIONS) are allowed")
    }
    self.sectionCount = sectionCount
    end = MemoryLayout<ingot_file_header>.size + sectionCount * MemoryLayout<ingot_section>.size
    try Self.append(zeros: end, to: &sink)
  }

  mutating func write(_ section: Section, to sink: inout some BundleSink) throws {
    let start = (end + section.alignment - 1) / section.alignment * section.alignment
    try Self.append(zeros: start - end, to: &sink)
    try section.bytes.withUnsafeBytes { try sink.append($0) }
    end = start + section.bytes.count

    var entry = ingot_section()
    entry.kind = section.kind.rawValue
    entry.index = UInt32(section.index)
    entry.compression = section.compression.rawValue
    entry.offset = UInt64(start)
    entry.stored_bytes = UInt64(section.bytes.count)
    entry.raw_bytes = UInt64(section.rawBytes)
    store(sha256(section.bytes), in: &entry.digest)
    table.append(entry)
  }

  func finish(_ sink: inout some BundleSink) throws {
    let headerBytes = MemoryLayout<ingot_file_header>.size
    var header = ingot_file_header()
    let magic: [UInt8] = [0x89] + Array("INGOT\r\n".utf8)
    withUnsafeMutableBytes(of: &header.magic) { $0.copyBytes(from: magic) }
    header.version = INGOT_FORMAT_VERSION
    header.section_count = UInt32(sectionCount)
    header.file_bytes = UInt64(end)
    header.section_table = UInt64(headerBytes)
    let undigested = withUnsafeBytes(of: header) { Array($0) }
    store(sha256(undigested + table.bytes), in: &header.digest)
    let head = withUnsafeBytes(of: header) { Array($0) } + table.bytes
    try head.withUnsafeBytes { try sink.overwriteHead($0) }
  }

  private static func append(zeros count: Int, to sink: inout some BundleSink) throws {
    try [UInt8](repeating: 0, count: count).withUnsafeBytes { try sink.append($0) }
  }
}

private func sha256(_ bytes: [UInt8]) -> [UInt8] {
  var hash = ingot_sha256()
  var digest = [UInt8](repeating: 0, count: 32)
  ingot_sha256_begin(&hash)
  ingot_sha256_add(&hash, bytes, bytes.count)
  ingot_sha256_end(&hash, &digest)
  return digest
}

private func store<Digest: BitwiseCopyable>(_ digest: [UInt8], in field: inout Digest) {
  withUnsafeMutableBytes(of: &field) { $0.copyBytes(from: digest) }
}
