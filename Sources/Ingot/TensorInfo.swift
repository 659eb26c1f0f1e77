import CInterpreter
package import Tensors

/// Name, type and shape of an input or output.
public struct TensorInfo: Sendable, Hashable {
  /// What a tensor's elements are.
  public enum Element: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case f32, f16, bf16, i8, u8, i16, i32, i64, bool

    /// The name, such as `f32`.
    public var description: String { rawValue }
  }

  /// The name from the source model.
  public let name: String
  /// What the elements are.
  public let element: Element
  /// Extents, outermost first. Of an output whose size only a run tells, the bounds; see
  /// ``Session/outputShape(_:)-(Int)``.
  public let shape: [Int]
  /// Size in bytes.
  public let byteCount: Int

  /// Nil for an element that this version does not know.
  init?(_ info: ingot_tensor_info) {
    guard let element = Element(info.element) else { return nil }
    name = text(info.name, info.name_bytes)
    self.element = element
    shape = withUnsafeBytes(of: info.dims) { dims in
      dims.bindMemory(to: Int64.self).prefix(Int(info.rank)).map { Int($0) }
    }
    byteCount = info.bytes
  }

  /// How many elements the shape has.
  public var count: Int { shape.reduce(1, *) }

  /// The element type as the compiler's modules know it.
  package var elementType: ElementType { element.type }
}

extension TensorInfo.Element {
  /// Size of one element in bytes.
  public var byteCount: Int { type.byteCount }

  /// The element that the C interface calls so.
  init?(_ element: ingot_element) {
    switch element {
    case INGOT_F32: self = .f32
    case INGOT_F16: self = .f16
    case INGOT_BF16: self = .bf16
    case INGOT_I8: self = .i8
    case INGOT_U8: self = .u8
    case INGOT_I16: self = .i16
    case INGOT_I32: self = .i32
    case INGOT_I64: self = .i64
    case INGOT_BOOL: self = .bool
    default: return nil
    }
  }

  fileprivate var type: ElementType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .i8: .i8
    case .u8: .u8
    case .i16: .i16
    case .i32: .i32
    case .i64: .i64
    case .bool: .bool
    }
  }
}
