package import Tensors

/// ONNX's numbering of element types (`TensorProto.DataType`).
package enum ONNXElementType {
  static let float: Int64 = 1
  static let double: Int64 = 11

  private static let table: [(name: String, stored: StoredType?)] = [
    ("UNDEFINED", nil), ("FLOAT", .f32), ("UINT8", .u8), ("INT8", .i8), ("UINT16", .u16), ("INT16", .i16),
    ("INT32", .i32), ("INT64", .i64), ("STRING", nil), ("BOOL", .bool), ("FLOAT16", .f16), ("DOUBLE", .f64),
    ("UINT32", .u32), ("UINT64", .u64), ("COMPLEX64", nil), ("COMPLEX128", nil), ("BFLOAT16", .bf16),
    ("FLOAT8E4M3FN", nil), ("FLOAT8E4M3FNUZ", nil), ("FLOAT8E5M2", nil), ("FLOAT8E5M2FNUZ", nil),
    ("UINT4", .u4), ("INT4", .i4), ("FLOAT4E2M1", nil), ("FLOAT8E8M0", nil), ("UINT2", nil), ("INT2", nil),
  ]

  /// ONNX's name of a type: "FLOAT16"; "type 99" for a number it does not define.
  package static func name(_ number: Int64) -> String {
    table.indices.contains(Int(clamping: number)) ? table[Int(number)].name : "type \(number)"
  }

  /// The type that elements have once read, wider than ONNX's where the IR has no equal; nil for types that
  /// are not computed with, be they read or not. This is also what the `to` attribute of Cast means.
  package static func element(_ number: Int64) -> ElementType? {
    stored(number).flatMap { $0.isHalfByte ? nil : $0.element }
  }

  /// Bits of an unsigned integer type that has a wider signed one once read.
  static func unsignedBits(_ number: Int64) -> Int? {
    switch stored(number) {
    case .u16: 16
    case .u32: 32
    case .u64: 64
    default: nil
    }
  }

  static func stored(_ number: Int64) -> StoredType? {
    table.indices.contains(Int(clamping: number)) ? table[Int(number)].stored : nil
  }
}
