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
    package var isCompressed: Bool
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
    var reader = SectionReader(bytes)
    let header: ingot_file_header = try reader.read()
    guard withUnsafeBytes(of: header.magic, { $0.elementsEqual([0x89] + Array("INGOT\r\n".utf8)) }) else {
      throw BundleError("is not an .ingot bundle")
    }
    guard header.version == INGOT_FORMAT_VERSION else {
      throw BundleError("has format version \(header.version), this program reads \(INGOT_FORMAT_VERSION)")
    }
    let table: [ingot_section] = try reader.read(count: Int(header.section_count))
    var manifest: Manifest?
    programs = []
    origins = []
    weights = []
    var strings: [SectionReader.Strings] = []
    sections = []
    fileBytes = bytes.count
    let layouts = try Self.layouts(table, bytes)
    for entry in table {
      let contents = try Self.contents(of: entry, in: bytes)
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
          rawBytes: Int(clamping: entry.raw_bytes), isCompressed: entry.compression == INGOT_ZSTD.rawValue))
    }
    guard let manifest else { throw BundleError("has no manifest") }
    self.manifest = manifest
  }

  private static func contents(
    of section: ingot_section, in bytes: UnsafeRawBufferPointer
  ) throws(BundleError) -> UnsafeRawBufferPointer {
    let (end, overflow) = Int(clamping: section.offset).addingReportingOverflow(
      Int(clamping: section.stored_bytes))
    guard !overflow, end <= bytes.count, section.offset <= UInt64(bytes.count) else {
      throw BundleError("a section lies outside the file")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[Int(section.offset)..<end])
  }

  /// The layouts that programs name, which stand with the weights.
  private static func layouts(
    _ table: [ingot_section], _ bytes: UnsafeRawBufferPointer
  ) throws(BundleError) -> LayoutTable {
    guard let section = table.first(where: { $0.kind == INGOT_SECTION_WEIGHT_TABLE.rawValue }) else {
      return try LayoutTable([])
    }
    var reader = SectionReader(try contents(of: section, in: bytes))
    let header: ingot_weight_table = try reader.read()
    return try LayoutTable(try reader.read(count: Int(header.layout_count)))
  }

  private static func weightTable(
    _ bytes: UnsafeRawBufferPointer, _ layouts: LayoutTable
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
