package import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// NumPy's format for a single array: a signature, a header in the syntax of a Python dictionary, then the
/// elements.
package enum Npy {
  private static let signature: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

  /// Reads an array of numbers or booleans in either byte and axis order. Types that tensors lack are
  /// widened: float64 becomes fp32, whose range its values must keep to, unsigned types the next wider signed
  /// one.
  package static func read(path: String) throws(ImportError) -> Tensor {
    try tensor(of: try readArray(path: path), path: path)
  }

  /// Reads an array from memory; `path` names it in messages.
  package static func read(bytes: Storage, path: String) throws(ImportError) -> Tensor {
    try tensor(of: try readArray(bytes: bytes, path: path), path: path)
  }

  private static func tensor(of array: StoredArray, path: String) throws(ImportError) -> Tensor {
    do { return try array.tensor() } catch { throw error.located(in: path) }
  }

  /// Reads an array in the type that the file has.
  package static func readArray(path: String) throws(ImportError) -> StoredArray {
    let storage: Storage
    do {
      storage = try Storage.map(path: path)
    } catch {
      throw ImportError(error, advice: "check the path")
    }
    return try readArray(bytes: storage, path: path)
  }

  /// Reads an array from memory in its own type.
  package static func readArray(bytes: Storage, path: String) throws(ImportError) -> StoredArray {
    var budget = CopyBudget(fileByteCount: bytes.bytes.count)
    do {
      return try read(bytes, 0..<bytes.bytes.count, budget: &budget)
    } catch {
      throw error.located(in: path)
    }
  }

  /// Reads the array in a part of a file.
  static func read(_ storage: Storage, _ range: Range<Int>, budget: inout CopyBudget) throws(Finding)
    -> StoredArray
  {
    let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[range])
    var reader = try ByteReader(bytes)
    guard bytes.starts(with: signature) else {
      throw Finding("is not a NumPy array", expected: "a .npy file", advice: "write it with numpy.save")
    }
    _ = try reader.take(signature.count)
    let version = try reader.byte()
    _ = try reader.byte()
    guard (1...3).contains(version) else {
      throw Finding(
        "has format version \(version)", expected: "version 1, 2 or 3", advice: "write it with numpy.save")
    }
    let length = version == 1 ? Int(try reader.integer(UInt16.self)) : Int(try reader.integer(UInt32.self))
    let header = try NpyHeader(try reader.take(length))
    let shape = header.shape
    let byteCount = try header.type.byteCount(of: shape)
    guard byteCount == reader.remaining else {
      throw Finding(
        "has \(reader.remaining) bytes of data", expected: "\(byteCount) for the shape \(shape)",
        advice: "the file may be cut off; write it again")
    }
    var source = storage
    var offset = range.lowerBound + reader.position
    if header.isBigEndian, header.type.byteCount > 1, byteCount > 0 {
      let size = header.type.byteCount
      let data = try reader.take(byteCount)
      try budget.take(byteCount)
      source = Storage(byteCount: byteCount) { target in
        for index in 0..<byteCount { target[index] = data[index - index % size + size - 1 - index % size] }
      }
      offset = 0
    }
    if header.isColumnMajor, shape.rank > 1, byteCount > 0 {
      try budget.take(byteCount)
      let strides = Array(Shape(shape.extents.reversed()).strides.reversed())
      source = source.gather(
        elementByteCount: header.type.byteCount, shape: shape, strides: strides, byteOffset: offset)
      offset = 0
    }
    return StoredArray(type: header.type, shape: shape, storage: source, byteOffset: offset)
  }

  /// The array as a version 1 file. NumPy has no bf16, such tensors are written as float32.
  package static func encode(_ tensor: Tensor) -> [UInt8] {
    let tensor = tensor.element == .bf16 ? tensor.converted(to: .f32) : tensor
    let extents = tensor.shape.map { "\($0)," }.joined(separator: " ")
    let shape = tensor.shape.rank == 1 ? extents : String(extents.dropLast())
    var header = "{'descr': '\(descriptor(tensor.element))', 'fortran_order': False, 'shape': (\(shape)), }"
    // The data begins at a multiple of 64, after a line feed.
    header += String(repeating: " ", count: 63 - (signature.count + 4 + header.utf8.count) % 64) + "\n"
    let length = UInt16(truncatingIfNeeded: header.utf8.count)
    var bytes = signature + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(header.utf8)
    tensor.withBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Writes the array to a file, which appears complete or not at all.
  package static func write(_ tensor: Tensor, path: String) throws(FileError) {
    do {
      try Data(encode(tensor)).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw FileError(path: path, reason: "can't be written: \(error)")
    }
  }

  private static func descriptor(_ element: ElementType) -> String {
    switch element {
    case .f32, .bf16: "<f4"
    case .f16: "<f2"
    case .i8: "|i1"
    case .u8: "|u1"
    case .i16: "<i2"
    case .i32: "<i4"
    case .i64: "<i8"
    case .bool: "|b1"
    }
  }
}
