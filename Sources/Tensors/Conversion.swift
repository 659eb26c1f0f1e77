/// Conversions between stored elements and the two working types. They live in one file so that the rounding
/// rules are in one place and the loops are concrete.

/// bf16 bits of a float, rounded to nearest even; NaN stays NaN.
package func bfloat16Bits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
}

/// Truncates toward zero into `range`; NaN gives 0.
package func saturate(_ value: Float, to range: ClosedRange<Int64>) -> Int64 {
  if value.isNaN { return 0 }
  if value >= 9.223372036854775807e18 { return range.upperBound }
  if value <= -9.223372036854775808e18 { return range.lowerBound }
  return min(max(Int64(value), range.lowerBound), range.upperBound)
}

func encode(
  floats: UnsafeBufferPointer<Float>, as element: ElementType, into bytes: UnsafeMutableRawBufferPointer
) {
  guard let source = floats.baseAddress, let base = bytes.baseAddress, floats.count > 0 else { return }
  let count = floats.count
  switch element {
  case .f32: base.copyMemory(from: source, byteCount: count * 4)
  case .f16:
    let target = base.assumingMemoryBound(to: Float16.self)
    for index in 0..<count { target[index] = Float16(source[index]) }
  case .bf16:
    let target = base.assumingMemoryBound(to: UInt16.self)
    for index in 0..<count { target[index] = bfloat16Bits(source[index]) }
  case .bool:
    let target = base.assumingMemoryBound(to: UInt8.self)
    for index in 0..<count { target[index] = source[index] != 0 ? 1 : 0 }
  case .i8, .u8, .i16, .i32, .i64:
    let range = element.integerRange ?? 0...0
    let integers = floats.map { saturate($0, to: range) }
    integers.withUnsafeBufferPointer { encode(integers: $0, as: element, into: bytes) }
  }
}

func encode(
  integers: UnsafeBufferPointer<Int64>, as element: ElementType, into bytes: UnsafeMutableRawBufferPointer
) {
  guard let source = integers.baseAddress, let base = bytes.baseAddress, integers.count > 0 else { return }
  let count = integers.count
  switch element {
  case .i8, .u8:
    let target = base.assumingMemoryBound(to: UInt8.self)
    for index in 0..<count { target[index] = UInt8(truncatingIfNeeded: source[index]) }
  case .bool:
    let target = base.assumingMemoryBound(to: UInt8.self)
    for index in 0..<count { target[index] = source[index] != 0 ? 1 : 0 }
  case .i16:
    let target = base.assumingMemoryBound(to: Int16.self)
    for index in 0..<count { target[index] = Int16(truncatingIfNeeded: source[index]) }
  case .i32:
    let target = base.assumingMemoryBound(to: Int32.self)
    for index in 0..<count { target[index] = Int32(truncatingIfNeeded: source[index]) }
  case .i64: base.copyMemory(from: source, byteCount: count * 8)
  case .f32, .f16, .bf16:
    let floats = integers.map { Float($0) }
    floats.withUnsafeBufferPointer { encode(floats: $0, as: element, into: bytes) }
  }
}

func decode(
  _ bytes: UnsafeRawBufferPointer, _ element: ElementType, floats: UnsafeMutableBufferPointer<Float>
) {
  guard let base = bytes.baseAddress, let target = floats.baseAddress else { return }
  let count = bytes.count / element.byteCount
  switch element {
  case .f32: UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: count * 4)
  case .f16:
    for index in 0..<count {
      target[index] = Float(base.loadUnaligned(fromByteOffset: index * 2, as: Float16.self))
    }
  case .bf16:
    for index in 0..<count {
      let bits = base.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
      target[index] = Float(bitPattern: UInt32(bits) << 16)
    }
  case .i8: for index in 0..<count { target[index] = Float(base.load(fromByteOffset: index, as: Int8.self)) }
  case .u8: for index in 0..<count { target[index] = Float(base.load(fromByteOffset: index, as: UInt8.self)) }
  case .bool:
    for index in 0..<count { target[index] = base.load(fromByteOffset: index, as: UInt8.self) != 0 ? 1 : 0 }
  case .i16:
    for index in 0..<count {
      target[index] = Float(base.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
    }
  case .i32:
    for index in 0..<count {
      target[index] = Float(base.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
    }
  case .i64:
    for index in 0..<count {
      target[index] = Float(base.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
    }
  }
}

func decode(
  _ bytes: UnsafeRawBufferPointer, _ element: ElementType, integers: UnsafeMutableBufferPointer<Int64>
) {
  guard let base = bytes.baseAddress, let target = integers.baseAddress else { return }
  let count = bytes.count / element.byteCount
  switch element {
  case .i8: for index in 0..<count { target[index] = Int64(base.load(fromByteOffset: index, as: Int8.self)) }
  case .u8: for index in 0..<count { target[index] = Int64(base.load(fromByteOffset: index, as: UInt8.self)) }
  case .bool:
    for index in 0..<count { target[index] = base.load(fromByteOffset: index, as: UInt8.self) != 0 ? 1 : 0 }
  case .i16:
    for index in 0..<count {
      target[index] = Int64(base.loadUnaligned(fromByteOffset: index * 2, as: Int16.self))
    }
  case .i32:
    for index in 0..<count {
      target[index] = Int64(base.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
    }
  case .i64: UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: count * 8)
  case .f32, .f16, .bf16:
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      decode(bytes, element, floats: buffer)
      initialized = count
    }
    for index in 0..<count { target[index] = saturate(values[index], to: Int64.min...Int64.max) }
  }
}
