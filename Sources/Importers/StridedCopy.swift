import Tensors

extension Storage {
  /// The elements of a strided view in row-major order. The view must lie within the bytes and have elements;
  /// strides are in elements.
  func gather(elementByteCount: Int, shape: Shape, strides: [Int], byteOffset: Int) -> Storage {
    let strides = strides.map { $0 * elementByteCount }
    defer { withExtendedLifetime(self) {} }
    return Storage(byteCount: shape.elementCount * elementByteCount) { target in
      switch elementByteCount {
      case 1: copy(UInt8.self, bytes, byteOffset, shape, strides, into: target)
      case 2: copy(UInt16.self, bytes, byteOffset, shape, strides, into: target)
      case 4: copy(UInt32.self, bytes, byteOffset, shape, strides, into: target)
      default: copy(UInt64.self, bytes, byteOffset, shape, strides, into: target)
      }
    }
  }
}

/// Strides are in bytes.
private func copy<T: FixedWidthInteger>(
  _ type: T.Type, _ source: UnsafeRawBufferPointer, _ start: Int, _ shape: Shape, _ strides: [Int],
  into target: UnsafeMutableRawBufferPointer
) {
  let size = MemoryLayout<T>.size
  let inner = shape.rank - 1
  guard inner >= 0 else { return }
  var index = [Int](repeating: 0, count: shape.rank)
  var row = start
  var written = 0
  while true {
    for column in 0..<shape[inner] {
      let value = source.loadUnaligned(fromByteOffset: row + column * strides[inner], as: T.self)
      target.storeBytes(of: value, toByteOffset: written, as: T.self)
      written += size
    }
    // Advances the outer axes like an odometer.
    var axis = inner - 1
    while axis >= 0 {
      index[axis] += 1
      row += strides[axis]
      if index[axis] < shape[axis] { break }
      row -= index[axis] * strides[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}
