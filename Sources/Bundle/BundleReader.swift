import CBundleFormat
import FoundationEssentials
package import Tensors

/// A bundle taken apart for printing: what ``encodeBundle(manifest:programs:origins:weights:compression:)`` was given,
/// without the weights' contents.
///
/// It serves inspection and tests. Devices open bundles with the interpreter, whose loader checks everything;
/// do so first with a file from an unknown source.
package struct BundleContents: Sendable {
  package struct WeightEntry: Sendable, Equatable {
    package var name: String
    package var element: ElementType
    package var shape: Shape
    package var bytes: Int
    /// The order in which its elements are stored; nil for row-major.
    package var layout: Layout?
  }
  package struct Section: Sendable, Equatable {
    package var kind: String
    package var offset: Int
    package var storedBytes: Int
    package var rawBytes: Int
    package var compression: Compression

    /// The bytes as they are; packed by zstd, in order or first split into planes.
    package enum Compression: Sendable, Equatable {
      case none
      case zstd(planes: Int)

      package var text: String {
        switch self {
        case .none: "raw"
        case .zstd(planes: 0): "zstd"
        case .zstd(let planes): "zstd of \(planes) byte planes"
        }
      }
    }
  }

  package var manifest: Manifest
  package var programs: [Program]
  /// Of each program, or none.
  package var origins: [ProgramOrigins]
  package var weights: [WeightEntry]
  package var sections: [Section]
  package var fileBytes: Int

  package init(_ storage: Storage, path: String) throws(BundleError) {
    do {
      try self.init(bytes: storage.bytes)
    } catch {
      throw BundleError("\(path): \(error.message)")
    }
  }

  private init(bytes: UnsafeRawBufferPointer) throws(BundleError) {
    let table = try Self.sectionTable(bytes)
    let contents = try Self.contents(of: table, in: bytes)
    var manifest: Manifest?
    programs = []
    origins = []
    weights = []
    var strings: [SectionReader.Strings] = []
    sections = []
    fileBytes = bytes.count
    let layouts = try Self.layouts(table, contents)
    for (entry, contents) in zip(table, contents) {
      let kind: String
      switch ingot_section_kind(entry.kind) {
      case INGOT_SECTION_MANIFEST:
        kind = "manifest"
        do {
          manifest = try Manifest.decode(Data(contents))
        } catch {
          throw BundleError("the manifest can't be read: \(error)")
        }
      case INGOT_SECTION_PROGRAM:
        kind = "program"
        let decoded = try decodeProgram(contents, layouts)
        programs.append(decoded.program)
        strings.append(decoded.strings)
      case INGOT_SECTION_WEIGHT_TABLE:
        kind = "weight table"
        weights = try Self.weightTable(contents, layouts)
      case INGOT_SECTION_WEIGHT_CHUNK: kind = "weights"
      case INGOT_SECTION_ORIGINS:
        kind = "origins"
        guard origins.count < programs.count else {
          throw BundleError("has origins of more functions than it has")
        }
        origins.append(try decodeOrigins(contents, strings[origins.count]))
      default: throw BundleError("section kind \(entry.kind) is unknown")
      }
      sections.append(
        Section(
          kind: kind, offset: Int(entry.offset), storedBytes: Int(entry.stored_bytes),
          rawBytes: Int(clamping: entry.raw_bytes),
          compression: entry.compression == INGOT_ZSTD.rawValue ? .zstd(planes: Int(entry.planes)) : .none))
    }
    guard let manifest else { throw BundleError("has no manifest") }
    self.manifest = manifest
  }

  private static func sectionTable(_ bytes: UnsafeRawBufferPointer) throws(BundleError) -> [ingot_section] {
    var reader = SectionReader(Array(bytes.prefix(MemoryLayout<ingot_file_header>.size)))
    let header: ingot_file_header = try reader.read()
    guard withUnsafeBytes(of: header.magic, { $0.elementsEqual([0x89] + Array("INGOT\r\n".utf8)) }) else {
      throw BundleError("is not an .ingot bundle")
    }
    guard header.version == INGOT_FORMAT_VERSION else {
      throw BundleError("has format version \(header.version), this program reads \(INGOT_FORMAT_VERSION)")
    }
    let count = min(Int(header.section_count), bytes.count)
    let rest = bytes.dropFirst(MemoryLayout<ingot_file_header>.size)
    var entries = SectionReader(Array(rest.prefix(count * MemoryLayout<ingot_section>.stride)))
    return try entries.read(count: Int(header.section_count))
  }

  /// What the sections hold; of chunks of weights nothing.
  private static func contents(
    of table: [ingot_section], in bytes: UnsafeRawBufferPointer
  ) throws(BundleError) -> [[UInt8]] {
    var unpackedBytes: UInt64 = 0
    return try table.map { section throws(BundleError) in
      let (end, overflow) = Int(clamping: section.offset).addingReportingOverflow(
        Int(clamping: section.stored_bytes))
      guard !overflow, end <= bytes.count, section.offset <= UInt64(bytes.count) else {
        throw BundleError("a section lies outside the file")
      }
      guard section.kind != INGOT_SECTION_WEIGHT_CHUNK.rawValue else { return [] }
      let stored = UnsafeRawBufferPointer(rebasing: bytes[Int(section.offset)..<end])
      guard section.compression == INGOT_ZSTD.rawValue else { return Array(stored) }
      let limit = ingot_max_unpacked_bytes(UInt64(bytes.count))
      guard section.raw_bytes <= limit - unpackedBytes else {
        throw BundleError("unpacks to more than \(limit) bytes, the limit for a file of this size")
      }
      unpackedBytes += section.raw_bytes
      return try unpacked(stored, count: Int(section.raw_bytes))
    }
  }

  /// The layouts that programs name, which stand with the weights.
  private static func layouts(
    _ table: [ingot_section], _ contents: [[UInt8]]
  ) throws(BundleError) -> LayoutTable {
    guard let index = table.firstIndex(where: { $0.kind == INGOT_SECTION_WEIGHT_TABLE.rawValue }) else {
      return try LayoutTable([])
    }
    var reader = SectionReader(contents[index])
    let header: ingot_weight_table = try reader.read()
    return try LayoutTable(try reader.read(count: Int(header.layout_count)))
  }

  private static func weightTable(
    _ bytes: [UInt8], _ layouts: LayoutTable
  ) throws(BundleError) -> [WeightEntry] {
    var reader = SectionReader(bytes)
    let header: ingot_weight_table = try reader.read()
    let _: [ingot_layout] = try reader.read(count: Int(header.layout_count))
    let entries: [ingot_weight] = try reader.read(count: Int(header.count))
    let strings = try reader.read(bytes: Int(header.string_bytes))
    return try entries.map { entry throws(BundleError) in
      guard let element = ElementType(code: entry.element), entry.rank <= INGOT_MAX_RANK else {
        throw BundleError("weight with element \(entry.element) and rank \(entry.rank) is unknown")
      }
      let extents = withUnsafeBytes(of: entry.dims) {
        Array($0.bindMemory(to: Int64.self).prefix(Int(entry.rank)))
      }
      return WeightEntry(
        name: try strings.text(entry.name, entry.name_bytes), element: element,
        shape: Shape(extents.map { Int($0) }), bytes: Int(clamping: entry.bytes),
        layout: try layouts.layout(entry.layout))
    }
  }
}
