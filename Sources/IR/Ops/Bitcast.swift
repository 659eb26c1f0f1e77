package import Tensors

/// The same bits read as another element type of the same size. Nothing is read as bool, which has two values
/// only.
package struct Bitcast: OpDefinition {
  package var to = ElementType.i32
  package init(_ to: ElementType = .i32) { self.to = to }

  package var name: String { "bitcast" }
  package var `default`: Bitcast { Bitcast() }
  package var attributes: [Attribute<Bitcast>] { [.word("to", \.to)] }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(1...1)
    let x = operands[0]
    guard x.element.byteCount == to.byteCount, to != .bool || x.element == .bool else {
      throw OpError(
        "\(x) can't be read as \(to.rawValue), expected an element type of \(x.element.byteCount) bytes")
    }
    return [x.with(to)]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let x = operands[0]
    return [Tensor(element: to, shape: x.shape, storage: x.storage, byteOffset: x.byteOffset)]
  }
}
