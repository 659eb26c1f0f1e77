import Tensors

/// The directory of a zip file. Members that are stored as they are, as PyTorch and NumPy write them, are
/// used in place; those that are deflated are unpacked where they are read.
struct ZipArchive {
  struct Member {
    var name: String
    fileprivate var method: UInt16
    fileprivate var flags: UInt16
    fileprivate var compressedByteCount: UInt64
    fileprivate var byteCount: UInt64
    fileprivate var headerOffset: UInt64
  }

  let storage: Storage
  /// In the directory's order; names are unique.
  let members: [Member]
  private let positions: [String: Int]
  /// Where members and the directory begin, in the file's order.
  private let borders: [UInt64]

  static func matches(_ storage: Storage) -> Bool {
    storage.bytes.starts(with: [0x50, 0x4b, 0x03, 0x04])
      || storage.bytes.starts(with: [0x50, 0x4b, 0x05, 0x06])
  }

  init(_ storage: Storage) throws(Finding) {
    self.storage = storage
    let (offset, count) = try Self.directory(storage.bytes)
    var reader = try ByteReader(storage.bytes, at: offset)
    var members: [Member] = []
    var positions: [String: Int] = [:]
    for _ in 0..<count {
      let member = try Self.member(&reader)
      guard positions.updateValue(members.count, forKey: member.name) == nil else {
        throw Finding(
          "has two members \(ImportError.quoted(member.name))", expected: "a zip file with unique names")
      }
      members.append(member)
    }
    self.members = members
    self.positions = positions
    borders = (members.map(\.headerOffset) + [UInt64(offset)]).sorted()
  }

  /// Where the part of the file ends that may belong to a member alone. Members that share bytes could unpack to
  /// any size.
  private func border(after member: Member) -> UInt64 {
    var (low, high) = (0, borders.count)
    while low < high {
      let middle = (low + high) / 2
      if borders[middle] < member.headerOffset { low = middle + 1 } else { high = middle }
    }
    // The member itself stands at `low`.
    return low + 1 < borders.count ? borders[low + 1] : 0
  }

  subscript(name: String) -> Member? { positions[name].map { members[$0] } }

  /// Where the contents of a member lie in the file.
  func range(of member: Member) throws(Finding) -> Range<Int> {
    let name = "the member \(ImportError.quoted(member.name))"
    guard member.method == 0, member.compressedByteCount == member.byteCount else {
      throw Finding(
        "has \(name) compressed", expected: "stored members, as torch.save and numpy.savez write them",
        advice: "save the file again, or repack it with `zip -0`")
    }
    return try storedRange(of: member)
  }

  /// The contents of a member, unpacked if it is compressed: what holds them, and where.
  func contents(of member: Member, _ budget: inout CopyBudget) throws(Finding) -> (Storage, Range<Int>) {
    guard member.method == Self.deflate else { return (storage, try range(of: member)) }
    let packed = try storedRange(of: member)
    let count = Int(clamping: member.byteCount)
    try budget.take(count)
    guard let bytes = inflate(UnsafeRawBufferPointer(rebasing: storage.bytes[packed]), byteCount: count)
    else {
      throw Finding(
        "has the member \(ImportError.quoted(member.name)), which does not unpack to its \(count) bytes",
        expected: "an undamaged zip file", advice: "fetch or save the file again")
    }
    return (bytes, 0..<count)
  }

  private static let deflate: UInt16 = 8

  /// Where a member's bytes lie in the file, compressed or not.
  private func storedRange(of member: Member) throws(Finding) -> Range<Int> {
    let name = "the member \(ImportError.quoted(member.name))"
    guard member.flags & 1 == 0 else {
      throw Finding(
        "has \(name) encrypted", expected: "plain members", advice: "unpack it and save again without")
    }
    var reader = try ByteReader(storage.bytes, at: Int(clamping: member.headerOffset))
    guard try reader.integer(UInt32.self) == 0x0403_4b50 else {
      throw Finding(
        "has no header for \(name) at byte \(member.headerOffset)", expected: "an undamaged zip file")
    }
    _ = try reader.take(22)
    let nameLength = Int(try reader.integer(UInt16.self))
    let extraLength = Int(try reader.integer(UInt16.self))
    _ = try reader.take(nameLength + extraLength)
    let start = reader.position
    _ = try reader.take(Int(clamping: member.compressedByteCount))
    guard reader.position <= border(after: member) else {
      throw Finding(
        "has \(name) in bytes that are also another's", expected: "members one behind the other",
        advice: "the file may be damaged; fetch or save it again")
    }
    return start..<reader.position
  }

  /// Offset and length of the directory, out of the record at the file's end that a comment may follow.
  private static func directory(_ bytes: UnsafeRawBufferPointer) throws(Finding) -> (offset: Int, count: Int)
  {
    let tail = max(0, bytes.count - 22 - 0xffff)
    guard
      let end = stride(from: bytes.count - 22, through: tail, by: -1).first(where: {
        bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self).littleEndian == 0x0605_4b50
      })
    else {
      throw Finding("is a zip file without a directory", advice: "it is cut off; fetch it again")
    }
    var record = try ByteReader(bytes, at: end + 10)
    var count = UInt64(try record.integer(UInt16.self))
    _ = try record.take(4)
    var offset = UInt64(try record.integer(UInt32.self))
    if count == 0xffff || offset == 0xffff_ffff, end >= 20 {
      var locator = try ByteReader(bytes, at: end - 20)
      if try locator.integer(UInt32.self) == 0x0706_4b50 {
        _ = try locator.take(4)
        var wide = try ByteReader(bytes, at: Int(clamping: try locator.integer(UInt64.self)))
        guard try wide.integer(UInt32.self) == 0x0606_4b50 else {
          throw Finding("has a damaged zip64 directory", advice: "fetch the file again")
        }
        _ = try wide.take(28)
        count = try wide.integer()
        _ = try wide.take(8)
        offset = try wide.integer()
      }
    }
    // Each entry of the directory takes at least 46 bytes.
    guard offset <= UInt64(bytes.count), count <= UInt64(bytes.count / 46) else {
      throw Finding("has a directory of \(count) members at byte \(offset)", expected: "one inside the file")
    }
    return (Int(offset), Int(count))
  }

  private static func member(_ reader: inout ByteReader) throws(Finding) -> Member {
    let start = reader.position
    guard try reader.integer(UInt32.self) == 0x0201_4b50 else {
      throw Finding("has a damaged zip directory at byte \(start)", advice: "fetch the file again")
    }
    _ = try reader.take(4)
    let flags: UInt16 = try reader.integer()
    let method: UInt16 = try reader.integer()
    _ = try reader.take(8)
    var compressed = UInt64(try reader.integer(UInt32.self))
    var byteCount = UInt64(try reader.integer(UInt32.self))
    let nameLength = Int(try reader.integer(UInt16.self))
    let extraLength = Int(try reader.integer(UInt16.self))
    let commentLength = Int(try reader.integer(UInt16.self))
    _ = try reader.take(8)
    var offset = UInt64(try reader.integer(UInt32.self))
    let name = try reader.text(nameLength)
    var extra = try ByteReader(try reader.take(extraLength))
    while extra.remaining >= 4 {
      let kind: UInt16 = try extra.integer()
      var field = try ByteReader(try extra.take(Int(try extra.integer(UInt16.self))))
      guard kind == 1 else { continue }
      // The wide values stand for those that are all ones, in this order.
      if byteCount == 0xffff_ffff { byteCount = try field.integer() }
      if compressed == 0xffff_ffff { compressed = try field.integer() }
      if offset == 0xffff_ffff { offset = try field.integer() }
    }
    _ = try reader.take(commentLength)
    return Member(
      name: name, method: method, flags: flags, compressedByteCount: compressed, byteCount: byteCount,
      headerOffset: offset)
  }
}
