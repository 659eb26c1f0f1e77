package import Tensors

/// What is known of a value before it is computed. Shapes are static.
package struct TensorType: Hashable, Sendable {
  package var element: ElementType
  package var shape: Shape

  package init(_ element: ElementType, _ shape: Shape) {
    self.element = element
    self.shape = shape
  }

  package var byteCount: Int { shape.elementCount * element.byteCount }
  package var rank: Int { shape.rank }

  /// The same shape with another element type.
  package func with(_ element: ElementType) -> TensorType { TensorType(element, shape) }
  /// The same element type with another shape.
  package func with(_ shape: Shape) -> TensorType { TensorType(element, shape) }
}

extension TensorType: CustomStringConvertible {
  /// The textual form: `f32[1, 3, 224, 224]`.
  package var description: String { element.rawValue + shape.description }
}
