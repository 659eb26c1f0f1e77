package import Tensors

/// How stored integers stand for real numbers: real = (stored − zeroPoint) × scale.
package struct Quantization: Hashable, Sendable {
  /// One scale per tensor, or one per extent of `axis`.
  package var scales: [Float]
  /// As many as scales; all 0 when symmetric.
  package var zeroPoints: [Int32]
  /// The channel axis; nil when per tensor.
  package var axis: Int?

  package init(scales: [Float], zeroPoints: [Int32], axis: Int? = nil) {
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.axis = axis
  }
}

/// Order of a tensor's bytes in memory. Shapes are logical (NCHW) whatever the layout.
package enum Layout: String, Hashable, Sendable, CaseIterable {
  /// Row-major in logical order.
  case rowMajor = "row_major"
  /// Channels last.
  case channelsLast = "channels_last"
}

/// What is known of a value before it is computed. Shapes are static.
package struct TensorType: Hashable, Sendable {
  package var element: ElementType
  package var shape: Shape
  package var quantization: Quantization?
  package var layout: Layout

  package init(
    _ element: ElementType, _ shape: Shape, quantization: Quantization? = nil, layout: Layout = .rowMajor
  ) {
    self.element = element
    self.shape = shape
    self.quantization = quantization
    self.layout = layout
  }

  package var byteCount: Int { shape.elementCount * element.byteCount }
  package var rank: Int { shape.rank }

  /// The same shape with another element type.
  package func with(_ element: ElementType) -> TensorType { TensorType(element, shape) }
  /// The same element type with another shape.
  package func with(_ shape: Shape) -> TensorType { TensorType(element, shape) }
}

extension TensorType: CustomStringConvertible {
  /// The textual form without quantization and layout: `f32[1, 3, 224, 224]`.
  package var description: String { element.rawValue + shape.description }
}
