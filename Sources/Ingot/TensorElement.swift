import Tensors

/// A Swift type whose values are the elements of a tensor: `Float`, `Float16`, ``BFloat16``, `Int8`, `UInt8`,
/// `Int16`, `Int32`, `Int64` and `Bool`.
public protocol TensorElement: BitwiseCopyable, Sendable {
  /// The element type that it is.
  static var element: TensorInfo.Element { get }
}

extension Float: TensorElement {
  /// `f32`.
  public static var element: TensorInfo.Element { .f32 }
}

#if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
  extension Float16: TensorElement {
    /// `f16`.
    public static var element: TensorInfo.Element { .f16 }
  }
#endif

extension Int8: TensorElement {
  /// `i8`.
  public static var element: TensorInfo.Element { .i8 }
}

extension UInt8: TensorElement {
  /// `u8`.
  public static var element: TensorInfo.Element { .u8 }
}

extension Int16: TensorElement {
  /// `i16`.
  public static var element: TensorInfo.Element { .i16 }
}

extension Int32: TensorElement {
  /// `i32`.
  public static var element: TensorInfo.Element { .i32 }
}

extension Int64: TensorElement {
  /// `i64`.
  public static var element: TensorInfo.Element { .i64 }
}

extension Bool: TensorElement {
  /// `bool`.
  public static var element: TensorInfo.Element { .bool }
}

/// The upper half of an fp32 number.
public struct BFloat16: TensorElement, Hashable {
  /// `bf16`.
  public static var element: TensorInfo.Element { .bf16 }

  /// Sign, 8 bits of exponent, 7 bits of fraction.
  public var bitPattern: UInt16

  /// The number with these bits.
  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even. NaN stays NaN.
  public init(_ value: Float) { bitPattern = bfloat16Bits(value) }
}

extension Float {
  /// The same number.
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
