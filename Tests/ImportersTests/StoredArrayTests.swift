import Importers
import Tensors
import Testing

/// The header of an array of this NumPy type and one axis, then the bytes.
private func array(_ type: String, _ count: Int, _ bytes: [UInt8]) throws -> StoredArray {
  let header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(count),), }\n".utf8)
  let start = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0]
  return try Npy.readArray(bytes: Storage(start + header + bytes), path: "x.npy")
}

private func converted(_ array: StoredArray, to element: ElementType) throws -> Tensor {
  try array.converted(to: element, file: "x.npy", place: "input 'x'")
}

@Suite struct StoredArrayTests {
  @Test func exactValuesChangeTheirType() throws {
    let doubles = try array("<f8", 4, littleEndian(1.5 as Double, -0.0, .infinity, .nan))
    #expect(doubles.typeText == "f64[4]")
    let floats = try converted(doubles, to: .f32).floats
    #expect(floats[0] == 1.5 && floats[1].sign == .minus && floats[2] == .infinity && floats[3].isNaN)
    let whole = try array("<f8", 2, littleEndian(16_777_217 as Double, -3))
    #expect(try converted(whole, to: .i64).integers == [16_777_217, -3])
    let bytes = try array("|u1", 3, [0, 1, 255])
    #expect(try converted(bytes, to: .f32).floats == [0, 1, 255])
    #expect(try converted(bytes, to: .f16).floats == [0, 1, 255])
    #expect(try converted(try array("|u1", 2, [0, 1]), to: .bool).element == .bool)
    #expect(try converted(try array("|b1", 2, [0, 1]), to: .i32).integers == [0, 1])
    let long = try array("<i8", 2, littleEndian(1 << 24 as Int64, -5))
    #expect(try converted(long, to: .f32).floats == [16_777_216, -5])
    #expect(try converted(long, to: .i32).integers == [16_777_216, -5])
    #expect(try converted(try array("<f4", 1, littleEndian(1.5 as Float)), to: .bf16).floats == [1.5])
    #expect(
      try converted(try array(">f8", 1, littleEndian((2.5 as Double).bitPattern.byteSwapped)), to: .f32)
        .floats == [2.5])
    #expect(try converted(try array("<f8", 0, []), to: .i8).elementCount == 0)
  }

  @Test(
    arguments: [
      ("<f8", littleEndian(0.1 as Double), .f32, "f64[1] and holds 0.1", "float32"),
      ("<f8", littleEndian(16_777_217 as Double), .f32, "f64[1] and holds 16777217.0", "float32"),
      ("<f8", littleEndian(1e-300 as Double), .f32, "f64[1] and holds 1e-300", "float32"),
      ("<f8", littleEndian(0.5 as Double), .i64, "f64[1] and holds 0.5", "int64"),
      ("<f8", littleEndian(Double.nan), .i32, "f64[1] and holds nan", "int32"),
      ("<f4", littleEndian(Float.infinity), .i32, "f32[1] and holds inf", "int32"),
      ("<f4", littleEndian(1 as Float + .ulpOfOne), .f16, "f32[1] and holds 1.0000001192092896", "float16"),
      ("<i8", littleEndian(16_777_217 as Int64), .f32, "i64[1] and holds 16777217", "float32"),
      ("<i8", littleEndian(Int64.max), .f32, "i64[1] and holds 9223372036854775807", "float32"),
      ("<i8", littleEndian(1 << 31 as Int64), .i32, "i64[1] and holds 2147483648", "int32"),
      ("|i1", [0xff], .u8, "i8[1] and holds -1", "uint8"),
      ("|u1", [2], .bool, "u8[1] and holds 2", "bool_"),
      ("<u2", [0xff, 0xff], .i16, "u16[1] and holds 65535", "int16"),
    ] as [(String, [UInt8], ElementType, String, String)])
  func otherValuesAreRefused(
    type: String, bytes: [UInt8], element: ElementType, found: String, numPy: String
  ) throws {
    let stored = try array(type, 1, bytes)
    #expect(
      message { _ = try converted(stored, to: element) }
        == "x.npy: input 'x': is \(found) at [0], which \(element.rawValue) can't hold exactly; "
        + "expected elements of type \(element.rawValue); convert the array with .astype(numpy.\(numPy)) before saving it"
    )
  }

  @Test func valuesForHalfThePrecisionAreRoundedBefore() throws {
    #expect(
      message { _ = try converted(try array("<f4", 1, littleEndian(0.1 as Float)), to: .bf16) }.hasSuffix(
        "expected elements of type bf16; round the values to bf16 before saving them as float32"))
  }
}
