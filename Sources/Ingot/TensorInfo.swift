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
    guard let element = Element(code: info.element) else { return nil }
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

  /// The element with this number in the C interface, which counts from 1 in the order of the cases.
  init?(code: UInt32) {
    guard code >= 1, code <= Self.allCases.count else { return nil }
    self = Self.allCases[Int(code) - 1]
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
