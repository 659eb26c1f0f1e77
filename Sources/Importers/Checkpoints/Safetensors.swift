import Tensors

/// The safetensors format: a length, a JSON header naming each tensor's type, shape and place, then all the
/// data.
enum Safetensors {
  private static let types: [String: StoredType] = [
    "F64": .f64, "F32": .f32, "F16": .f16, "BF16": .bf16, "F8_E4M3": .f8e4m3, "F8_E5M2": .f8e5m2,
    "I64": .i64, "I32": .i32, "I16": .i16, "I8": .i8, "U64": .u64, "U32": .u32, "U16": .u16, "U8": .u8,
    "BOOL": .bool,
  ]

  /// Whether the bytes start like a header.
  static func matches(_ storage: Storage) -> Bool {
    guard storage.bytes.count >= 10, storage.bytes[8] == UInt8(ascii: "{") else { return false }
    let length = UInt64(littleEndian: storage.bytes.loadUnaligned(as: UInt64.self))
    return length < 1 << 40
  }

  static func read(_ storage: Storage, path: String) throws(ImportError) -> [Checkpoint.Entry] {
    do {
      var reader = try ByteReader(storage.bytes)
      let headerLength: UInt64 = try reader.integer()
      guard headerLength <= 100_000_000, headerLength <= UInt64(reader.remaining) else {
        throw Finding(
          "announces a header of \(headerLength) bytes",
          expected: "at most \(min(100_000_000, reader.remaining)) bytes", advice: "fetch the file again")
      }
      guard case .object(let header) = try JSON.parse(try reader.take(Int(headerLength))) else {
        throw Finding("has a header that is not an object", expected: "a safetensors header")
      }
      return try entries(header, storage: storage, dataOffset: reader.position, path: path)
    } catch let error as ImportError {
      throw error
    } catch let finding as Finding {
      throw finding.located(in: path)
    } catch {
      throw ImportError(file: path, found: "can't be read: \(error)")
    }
  }

  private static func entries(
    _ header: [(key: String, value: JSON)], storage: Storage, dataOffset: Int, path: String
  ) throws(ImportError) -> [Checkpoint.Entry] {
    var budget = CopyBudget(fileByteCount: storage.bytes.count)
    var entries: [Checkpoint.Entry] = []
    var ranges: [(range: Range<Int>, name: String)] = []
    for (name, value) in header {
      let place = "tensor \(ImportError.quoted(name))"
      do {
        if name == "__metadata__" {
          try checkMetadata(value)
          continue
        }
        let (type, shape, range) = try description(value, dataByteCount: storage.bytes.count - dataOffset)
        ranges.append((range, name))
        let tensor = try type.tensor(
          shape, in: storage, byteOffset: dataOffset + range.lowerBound, budget: &budget)
        entries.append(Checkpoint.Entry(name: name, tensor: tensor))
      } catch {
        throw error.located(in: path, at: place)
      }
    }
    // The format has neither overlaps nor holes, which rules out files with hidden contents.
    ranges.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    var end = 0
    for (range, name) in ranges {
      guard range.lowerBound == end else {
        throw ImportError(
          file: path, place: "tensor \(ImportError.quoted(name))",
          found: "begins at byte \(range.lowerBound) of the data",
          expected: "byte \(end), where its predecessor ends", advice: "save the file again")
      }
      end = range.upperBound
    }
    guard end == storage.bytes.count - dataOffset else {
      throw ImportError(
        file: path, found: "has \(storage.bytes.count - dataOffset) bytes of data",
        expected: "the \(end) bytes that its tensors take", advice: "fetch the file again")
    }
    return entries
  }

  private static func checkMetadata(_ value: JSON) throws(Finding) {
    guard case .object(let entries) = value else {
      throw Finding("is not an object", expected: "strings by name")
    }
    for (key, value) in entries {
      guard case .string = value else {
        throw Finding(
          "has a value for \(ImportError.quoted(key)) that is not a string", expected: "strings by name")
      }
    }
  }

  private static func description(
    _ value: JSON, dataByteCount: Int
  ) throws(Finding) -> (StoredType, Shape, Range<Int>) {
    guard case .object(let fields) = value else {
      throw Finding("is not described by an object", expected: "dtype, shape and data_offsets")
    }
    func field(_ name: String) -> JSON? { fields.first { $0.key == name }?.value }
    guard case .string(let typeName) = field("dtype") else {
      throw Finding("has no dtype", expected: "a string")
    }
    guard let type = types[typeName] else {
      throw Finding(
        "has the dtype \(ImportError.quoted(typeName))",
        expected: "one of \(types.keys.sorted().joined(separator: ", "))",
        advice: "convert the tensor before saving")
    }
    let shape = Shape(try integers(field("shape"), "shape"))
    let offsets = try integers(field("data_offsets"), "data_offsets")
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataByteCount else {
      throw Finding(
        "has the data_offsets \(Shape(Array(offsets.prefix(4))))",
        expected: "a begin and an end within the \(dataByteCount) bytes of data",
        advice: "the file may be cut off; fetch it again")
    }
    let byteCount = try type.byteCount(of: shape)
    guard byteCount == offsets[1] - offsets[0] else {
      throw Finding(
        "has \(offsets[1] - offsets[0]) bytes of data", expected: "\(byteCount) for \(typeName)\(shape)")
    }
    return (type, shape, offsets[0]..<offsets[1])
  }

  private static func integers(_ value: JSON?, _ name: String) throws(Finding) -> [Int] {
    guard case .array(let elements) = value else {
      throw Finding("has no \(name)", expected: "an array of integers")
    }
    var integers: [Int] = []
    for element in elements {
      guard case .integer(let integer) = element else {
        throw Finding("has a \(name) that is not all integers", expected: "an array of integers")
      }
      integers.append(integer)
    }
    return integers
  }
}
