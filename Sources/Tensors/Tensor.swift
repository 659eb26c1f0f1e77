/// An immutable dense row-major tensor. Copies share the storage.
package struct Tensor: Sendable {
  package let element: ElementType
  package let shape: Shape
  package let storage: Storage
  /// Where the first element lies in the storage.
  package let byteOffset: Int

  /// Views `storage` from `byteOffset`; the bytes must lie within it.
  package init(element: ElementType, shape: Shape, storage: Storage, byteOffset: Int = 0) {
    precondition(
      byteOffset >= 0 && byteOffset + shape.elementCount * element.byteCount <= storage.bytes.count,
      "tensor outside its storage")
    self.element = element
    self.shape = shape
    self.storage = storage
    self.byteOffset = byteOffset
  }

  /// Allocates and lets `fill` write the elements, which start as zero.
  package init(element: ElementType, shape: Shape, fill: (UnsafeMutableRawBufferPointer) throws -> Void)
    rethrows
  {
    let storage = try Storage(byteCount: shape.elementCount * element.byteCount, fill: fill)
    self.init(element: element, shape: shape, storage: storage)
  }

  /// Zeros.
  package init(zeros element: ElementType, _ shape: Shape) {
    self.init(element: element, shape: shape) { _ in }
  }

  /// Converts `values` to `element` (rounding to nearest even, saturating integers) in row-major order.
  package init(_ values: [Float], shape: Shape, element: ElementType = .f32) {
    precondition(values.count == shape.elementCount, "\(values.count) values for shape \(shape)")
    self.init(element: element, shape: shape) { bytes in
      values.withUnsafeBufferPointer { encode(floats: $0, as: element, into: bytes) }
    }
  }

  /// Stores `values` as `element`; integers wrap.
  package init(_ values: [Int64], shape: Shape, element: ElementType = .i64) {
    precondition(values.count == shape.elementCount, "\(values.count) values for shape \(shape)")
    self.init(element: element, shape: shape) { bytes in
      values.withUnsafeBufferPointer { encode(integers: $0, as: element, into: bytes) }
    }
  }

  /// A scalar.
  package init(scalar: Float, element: ElementType = .f32) {
    self.init([scalar], shape: [], element: element)
  }

  package var byteCount: Int { shape.elementCount * element.byteCount }
  package var elementCount: Int { shape.elementCount }

  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[byteOffset..<(byteOffset + byteCount)])
    return try withExtendedLifetime(storage) { try body(bytes) }
  }

  /// Says that the contents will not be read soon; see ``Storage/evict(_:)``. Small tensors stay.
  package func evict() {
    if byteCount >= 1 << 20 { storage.evict(byteOffset..<(byteOffset + byteCount)) }
  }

  /// Elements as fp32 (int64 values beyond 2^24 round to nearest).
  package var floats: [Float] {
    withBytes { bytes in
      [Float](unsafeUninitializedCapacity: elementCount) { buffer, count in
        decode(bytes, element, floats: buffer)
        count = elementCount
      }
    }
  }

  /// Elements as int64; floats truncate toward zero and saturate, NaN gives 0.
  package var integers: [Int64] {
    withBytes { bytes in
      [Int64](unsafeUninitializedCapacity: elementCount) { buffer, count in
        decode(bytes, element, integers: buffer)
        count = elementCount
      }
    }
  }

  /// The same elements under another shape of the same count.
  package func reshaped(_ shape: Shape) -> Tensor {
    precondition(shape.elementCount == elementCount, "reshape of \(self.shape) to \(shape)")
    return Tensor(element: element, shape: shape, storage: storage, byteOffset: byteOffset)
  }

  /// Elements converted to another type: float to integer truncates and saturates, integers wrap, bool is `!=
  /// 0`.
  package func converted(to target: ElementType) -> Tensor {
    if target == element { return self }
    if element.isFloat || target.isFloat {
      return Tensor(floats, shape: shape, element: target)
    }
    return Tensor(integers, shape: shape, element: target)
  }

  /// Whether type, shape and every byte agree.
  package func isIdentical(to other: Tensor) -> Bool {
    guard element == other.element, shape == other.shape else { return false }
    if storage === other.storage, byteOffset == other.byteOffset { return true }
    return withBytes { mine in other.withBytes { mine.elementsEqual($0) } }
  }

  /// 64-bit digest of the bytes, for naming contents in text; not for security.
  package var digest: UInt64 {
    withBytes { bytes in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      let words = bytes.count / 8
      for index in 0..<words {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
        hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 29
      }
      for index in (words * 8)..<bytes.count {
        hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3
      }
      return hash ^ (hash >> 32)
    }
  }
}
