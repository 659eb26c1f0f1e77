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
  precondition(
    origins.isEmpty || origins.count == programs.count, "origins are those of all programs, or none")
  let encoded = try programs.enumerated().map { index, program in
    try encode(program, origins.isEmpty ? nil : origins[index], layouts)
  }
  let sectionCount = 2 + programs.count + chunks.count + origins.count
  var writer = try SectionWriter(sectionCount: sectionCount, compression, to: &sink)
  try writer.write(INGOT_SECTION_MANIFEST, table: Array(try manifest.encoded()), to: &sink)
  for (index, encoded) in encoded.enumerated() {
    try writer.write(INGOT_SECTION_PROGRAM, index, table: encoded.program, to: &sink)
  }
  let weightTable = try encodeWeightTable(weights, chunks, layouts)
  try writer.write(INGOT_SECTION_WEIGHT_TABLE, table: weightTable, to: &sink)
  let total = max(chunks.reduce(0) { $0 + $1.rawBytes }, 1)
  var written = 0
  for (index, chunk) in chunks.enumerated() {
    try writer.write(INGOT_SECTION_WEIGHT_CHUNK, index, to: &sink) { compression throws(BundleError) in
      try chunk.contents(from: weights, compression)
    }
    written += chunk.rawBytes
    progress(Double(written) / Double(total))
  }
  for (index, origins) in encoded.compactMap(\.origins).enumerated() {
    try writer.write(INGOT_SECTION_ORIGINS, index, table: origins, to: &sink)
  }
  try writer.finish(&sink)
}

/// Writes sections behind room for header and section table, which follow when all are known.
private struct SectionWriter {
  private let sectionCount: Int
  private let compression: BundleCompression
  private var table = ByteBuffer()
  private var end: Int
  /// What the compressed sections unpack to.
  private var unpackedBytes = 0

  init(sectionCount: Int, _ compression: BundleCompression, to sink: inout some BundleSink) throws {
    guard sectionCount <= Int(INGOT_MAX_SECTIONS) else {
      throw BundleError(
        "the bundle would have \(sectionCount) sections, at most \(INGOT_MAX_SECTIONS) are allowed")
    }
    self.sectionCount = sectionCount
    self.compression = compression
    end = MemoryLayout<ingot_file_header>.size + sectionCount * MemoryLayout<ingot_section>.size
    try Self.append(zeros: end, to: &sink)
  }

  /// A section of tables or text.
  mutating func write(
    _ kind: ingot_section_kind, _ index: Int = 0, table bytes: [UInt8], to sink: inout some BundleSink
  ) throws {
    try write(kind, index, to: &sink) { compression throws(BundleError) in
      try SectionContents(table: bytes, compression)
    }
  }

  /// A section with what `contents` gives, as compressed as a reader allows.
  mutating func write(
    _ kind: ingot_section_kind, _ index: Int, to sink: inout some BundleSink,
    contents pack: (BundleCompression) throws(BundleError) -> SectionContents
  ) throws {
    var contents = try pack(compression)
    // The file will be longer than up to here, so a reader will allow no less.
    if contents.compression != INGOT_RAW,
      UInt64(unpackedBytes + contents.rawBytes) > ingot_max_unpacked_bytes(UInt64(end))
    {
      contents = try pack(.none)
    }
    let isMapped = kind == INGOT_SECTION_WEIGHT_CHUNK && contents.compression == INGOT_RAW
    let alignment = Int(isMapped ? INGOT_MAPPED_ALIGNMENT : INGOT_SECTION_ALIGNMENT)
    let start = (end + alignment - 1) / alignment * alignment
    try Self.append(zeros: start - end, to: &sink)
    try contents.stored.withUnsafeBytes { try sink.append($0) }
    end = start + contents.stored.count
    if contents.compression != INGOT_RAW { unpackedBytes += contents.rawBytes }

    var entry = ingot_section()
    entry.kind = kind.rawValue
    entry.index = UInt32(index)
    entry.compression = contents.compression.rawValue
    entry.planes = UInt32(contents.planes)
    entry.offset = UInt64(start)
    entry.stored_bytes = UInt64(contents.stored.count)
    entry.raw_bytes = UInt64(contents.rawBytes)
    store(sha256(contents.stored), in: &entry.digest)
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
