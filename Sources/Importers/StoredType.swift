import Tensors

/// What is wrong with a piece of a file, before anyone has said where the piece lies.
struct Finding: Error, Hashable {
  var found: String
  var expected: String?
  var advice: String?

  init(_ found: String, expected: String? = nil, advice: String? = nil) {
    self.found = found
    self.expected = expected
    self.advice = advice
  }

  func located(in file: String, at place: String? = nil) -> ImportError {
    ImportError(file: file, place: place, found: found, expected: expected, advice: advice)
  }
}

/// How many bytes of tensors a reader may still copy out of a file or hand out views of. Files can name the same bytes
/// many times over, so sizes that each fit the file do not bound their sum.
struct CopyBudget {
  private var remaining: Int

  /// Room for sixteen times the file and some more, which no honest file needs.
  init(fileByteCount: Int) {
    remaining = (64 << 20) + min(fileByteCount, Int.max >> 6) * 16
  }

  /// Raises the budget for another file of the same model.
  mutating func add(fileByteCount: Int) {
    remaining += min(fileByteCount, Int.max >> 8) * 16
  }

  mutating func take(_ byteCount: Int) throws(Finding) {
    guard byteCount <= remaining else {
      throw Finding(
        "unpacks to far more bytes than the file has", expected: "a file that doesn't repeat its data")
    }
    remaining -= byteCount
  }
}

/// Element types as files have them. Types that the IR lacks are widened to one that holds every value: fp64
/// becomes fp32, rounded; the fp8 types become fp32; unsigned types become the next wider signed one; types of
/// 4 bits, which lie two in a byte, the first in its low half, become those of 8.
enum StoredType: Sendable {
  case f64, f32, f16, bf16, f8e4m3, f8e5m2, i64, i32, i16, i8, i4, u64, u32, u16, u8, u4, bool

  /// A type that tensors have.
  init(_ element: ElementType) {
    switch element {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    case .i8: self = .i8
    case .u8: self = .u8
    case .i16: self = .i16
    case .i32: self = .i32
    case .i64: self = .i64
    case .bool: self = .bool
    }
  }

  var byteCount: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .f8e4m3, .f8e5m2, .i8, .u8, .i4, .u4, .bool: 1
    }
  }

  /// Whether two elements share a byte.
  var isHalfByte: Bool { self == .i4 || self == .u4 }

  /// The type the elements have once read.
  var element: ElementType {
    switch self {
    case .f64, .f32, .f8e4m3, .f8e5m2: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .i64, .u64, .u32: .i64
    case .i32, .u16: .i32
    case .i16: .i16
    case .i8, .i4: .i8
    case .u8, .u4: .u8
    case .bool: .bool
    }
  }

  private var isWidened: Bool {
    switch self {
    case .f64, .f8e4m3, .f8e5m2, .u64, .u32, .u16, .i4, .u4: true
    default: false
    }
  }

  /// Bytes that `shape` takes in the file, or an error if the shape is impossible.
  func byteCount(of shape: Shape) throws(Finding) -> Int {
    guard shape.rank <= 32 else { throw Finding("has rank \(shape.rank)", expected: "at most 32") }
    guard let count = shape.checkedCount, count <= Int.max / 16 else {
      throw Finding(
        "has the impossible shape \(shape)", expected: "extents of at least 0 whose product fits 64 bits")
    }
    return isHalfByte ? count / 2 + count % 2 : count * byteCount
  }

  /// The row-major tensor whose elements lie in `storage` from `byteOffset`. Views the bytes where they are
  /// if type and alignment allow, and copies otherwise.
  func tensor(
    _ shape: Shape, in storage: Storage, byteOffset: Int, budget: inout CopyBudget
  ) throws(Finding) -> Tensor {
    let byteCount = try byteCount(of: shape)
    guard byteOffset >= 0, byteOffset <= storage.bytes.count, byteCount <= storage.bytes.count - byteOffset
    else {
      throw Finding(
        "needs \(byteCount) bytes from byte \(byteOffset)",
        expected: "at most \(storage.bytes.count) bytes in all",
        advice: "fetch the file again, it may be cut off")
    }
    // The address of an empty tensor is never used, and an offset at the end is fine for it.
    guard byteCount > 0 else { return Tensor(zeros: element, shape) }
    let source = UnsafeRawBufferPointer(rebasing: storage.bytes[byteOffset..<(byteOffset + byteCount)])
    defer { withExtendedLifetime(storage) {} }
    if self == .bool, source.contains(where: { $0 > 1 }) {
      try budget.take(byteCount)
      return Tensor(element: .bool, shape: shape) { target in
        for index in 0..<byteCount { target[index] = source[index] == 0 ? 0 : 1 }
      }
    }
    if !isWidened {
      if UInt(bitPattern: source.baseAddress) % UInt(self.byteCount) == 0 {
        return Tensor(element: element, shape: shape, storage: storage, byteOffset: byteOffset)
      }
      try budget.take(byteCount)
      return Tensor(element: element, shape: shape) { $0.copyMemory(from: source) }
    }
    try budget.take(shape.elementCount * element.byteCount)
    return try widened(source, shape)
  }

  private func widened(_ source: UnsafeRawBufferPointer, _ shape: Shape) throws(Finding) -> Tensor {
    let count = source.count / byteCount
    func read<T>(_ index: Int, as type: T.Type) -> T {
      source.loadUnaligned(fromByteOffset: index * byteCount, as: type)
    }
    func write<T>(_ convert: (Int) -> T) -> Tensor {
      Tensor(element: element, shape: shape) { target in
        for index in 0..<count {
          target.storeBytes(of: convert(index), toByteOffset: index * MemoryLayout<T>.size, as: T.self)
        }
      }
    }
    switch self {
    case .i4, .u4:
      return Tensor(element: element, shape: shape) { target in
        for index in target.indices {
          let number = source[index / 2] >> UInt8(index % 2 * 4) & 15
          target[index] = self == .i4 && number > 7 ? number | 0xf0 : number
        }
      }
    case .f64: return write { Float(read($0, as: Double.self)) }
    case .f8e4m3: return write { float8E4M3(source[$0]) }
    case .f8e5m2: return write { Float(Float16(bitPattern: UInt16(source[$0]) << 8)) }
    case .u32: return write { Int64(read($0, as: UInt32.self)) }
    case .u16: return write { Int32(read($0, as: UInt16.self)) }
    case .u64:
      for index in 0..<count {
        let value = read(index, as: UInt64.self)
        guard value <= UInt64(Int64.max) else {
          throw Finding("holds the uint64 value \(value)", expected: "values below 2^63")
        }
      }
      return write { Int64(bitPattern: read($0, as: UInt64.self)) }
    default: return write { source[$0] }
    }
  }
}

/// The value of an fp8 number with four bits of exponent, three of mantissa and no infinities.
func float8E4M3(_ bits: UInt8) -> Float {
  let exponent = Int(bits >> 3) & 15
  let mantissa = Float(bits & 7)
  if bits & 0x7f == 0x7f { return .nan }
  let magnitude =
    exponent == 0
    ? mantissa * Float(sign: .plus, exponent: -9, significand: 1)
    : (1 + mantissa / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
  return bits & 0x80 == 0 ? magnitude : -magnitude
}
