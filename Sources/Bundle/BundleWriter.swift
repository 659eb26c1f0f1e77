import CBundleFormat
import FoundationEssentials
import Tensors

/// Serializes a bundle: the same bytes for the same manifest, programs and weights.
package func encodeBundle(
  manifest: Manifest, programs: [Program], weights: [BundleWeight], compress: Bool = true
) throws -> [UInt8] {
  var chunks = planChunks(weights)
  for index in chunks.indices { try chunks[index].fill(from: weights, compress: compress) }

  var sections: [PendingSection] = [PendingSection(INGOT_SECTION_MANIFEST, Array(try manifest.encoded()))]
  for (index, program) in programs.enumerated() {
    sections.append(PendingSection(INGOT_SECTION_PROGRAM, index: index, try encode(program)))
  }
  sections.append(PendingSection(INGOT_SECTION_WEIGHT_TABLE, try encodeWeightTable(weights, chunks)))
  for (index, chunk) in chunks.enumerated() {
    sections.append(
      PendingSection(
        INGOT_SECTION_WEIGHT_CHUNK, index: index, chunk.stored, compression: chunk.compression,
        rawBytes: chunk.rawBytes
      ))
  }
  return try assemble(sections)
}

private struct PendingSection {
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

private func assemble(_ sections: [PendingSection]) throws(BundleError) -> [UInt8] {
  guard sections.count <= Int(INGOT_MAX_SECTIONS) else {
    throw BundleError(
      "the bundle would have \(sections.count) sections, at most \(INGOT_MAX_SECTIONS) are allowed")
  }
  let headerBytes = MemoryLayout<ingot_file_header>.size
  var end = headerBytes + sections.count * MemoryLayout<ingot_section>.size
  var offsets: [Int] = []
  for section in sections {
    let start = (end + section.alignment - 1) / section.alignment * section.alignment
    offsets.append(start)
    end = start + section.bytes.count
  }

  var table = ByteBuffer()
  for (section, offset) in zip(sections, offsets) {
    var entry = ingot_section()
    entry.kind = section.kind.rawValue
    entry.index = UInt32(section.index)
    entry.compression = section.compression.rawValue
    entry.offset = UInt64(offset)
    entry.stored_bytes = UInt64(section.bytes.count)
    entry.raw_bytes = UInt64(section.rawBytes)
    store(sha256(section.bytes), in: &entry.digest)
    table.append(entry)
  }

  var header = ingot_file_header()
  let magic: [UInt8] = [0x89] + Array("INGOT\r\n".utf8)
  withUnsafeMutableBytes(of: &header.magic) { $0.copyBytes(from: magic) }
  header.version = INGOT_FORMAT_VERSION
  header.section_count = UInt32(sections.count)
  header.file_bytes = UInt64(end)
  header.section_table = UInt64(headerBytes)
  let undigested = withUnsafeBytes(of: header) { Array($0) }
  store(sha256(undigested + table.bytes), in: &header.digest)

  var file = [UInt8](repeating: 0, count: end)
  withUnsafeBytes(of: header) { file.replaceSubrange(0..<headerBytes, with: $0) }
  file.replaceSubrange(headerBytes..<(headerBytes + table.count), with: table.bytes)
  for (section, offset) in zip(sections, offsets) {
    file.replaceSubrange(offset..<(offset + section.bytes.count), with: section.bytes)
  }
  return file
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
