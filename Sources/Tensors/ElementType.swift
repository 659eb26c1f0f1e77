/// Element types of tensors in the IR and in bundles.
package enum ElementType: String, CaseIterable, Sendable, Hashable, Codable {
  case f32, f16, bf16, i8, u8, i16, i32, i64, bool

  /// Size of one element in bytes.
  package var byteCount: Int {
    switch self {
    case .i8, .u8, .bool: 1
    case .f16, .bf16, .i16: 2
    case .f32, .i32: 4
    case .i64: 8
    }
  }

  package var isFloat: Bool {
    switch self {
    case .f32, .f16, .bf16: true
    default: false
    }
  }

  /// Whether the type is an integer type; `bool` is neither an integer nor a float.
  package var isInteger: Bool { !isFloat && self != .bool }

  /// The most that rounding a number to the type changes it by, relative to the number; 0 for integers and bool.
  package var roundoff: Double {
    switch self {
    case .f32: 0x1p-24
    case .f16: 0x1p-11
    case .bf16: 0x1p-8
    default: 0
    }
  }

  /// The values an integer type can hold; nil for floats and bool.
  package var integerRange: ClosedRange<Int64>? {
    switch self {
    case .i8: -128...127
    case .u8: 0...255
    case .i16: -32768...32767
    case .i32: Int64(Int32.min)...Int64(Int32.max)
    case .i64: Int64.min...Int64.max
    default: nil
    }
  }
}
