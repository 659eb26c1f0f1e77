import Tensors

extension Unary {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.unary(self), reads: [region])
  }
}

extension Cast {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.cast(self), reads: [region])
  }
}

extension Binary {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.binary(self), reads: operands.map { region.broadcast(from: $0.shape) })
  }
}

extension Select {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.select(self), reads: operands.map { region.broadcast(from: $0.shape) })
  }
}

extension Elementwise {
  package func tile(_ region: Region, of operands: [TensorType], _ results: [TensorType]) -> Tile? {
    Tile(.elementwise(self), reads: operands.map { region.broadcast(from: $0.shape) })
  }
}
