package import IR
package import Passes
import Tensors

/// How the readers of a weight take its numbers.
package enum WeightReading: Hashable, Sendable {
  /// One row, or of two axes one column, for each output, which this axis counts.
  case outputs(axis: Int)
  /// As a table of two axes of whose rows some are gathered, beside products that read it row by row.
  case table
  /// As floats, which are looked up in palettes: the axes before this one count rows.
  case rows(axis: Int)
  /// As floats alone, of any width.
  case floats

  /// How two readers of one weight take it.
  fileprivate func joined(_ other: WeightReading) -> WeightReading {
    switch (self, other) {
    case _ where self == other: self
    case (.outputs(0), .table), (.table, .outputs(0)): .table
    default: .floats
    }
  }
}

/// A constant that nodes read as their weight.
package struct WeightSite: Sendable {
  package let value: ValueID
  package let readers: [NodeID]
  package let reading: WeightReading

  /// Nil where anything reads the value otherwise, or it is not there.
  package init?(_ value: ValueID, in graph: Graph) {
    readers = Set(graph.users(of: value)).sorted()
    let readings = readers.map { graph[$0].reading(of: value, in: graph) }
    guard graph.constant(value) != nil, !graph.isOutput(value), !readings.isEmpty, !readings.contains(nil)
    else { return nil }
    let all = readings.compactMap { $0 }
    self.value = value
    reading = all.dropFirst().reduce(all[0]) { $0.joined($1) }
  }

  /// That of a node's weight.
  package init?(of node: NodeID, in graph: Graph) {
    let entry = graph[node]
    let values = entry.operands.prefix(2).filter { entry.reading(of: $0, in: graph) != nil }
    guard let value = values.first else { return nil }
    self.init(value, in: graph)
  }

  /// Lets the readers read the weight as it was encoded.
  package func write(_ encoded: EncodedWeight, _ context: inout PassContext) throws(Diagnostic) {
    guard let op = encoded.op else { return try writeFloats(encoded.operands[0], &context) }
    let operands = encoded.operands.map { context.addWeight(foldedFrom: value, $0) }
    let name = context.graph[value].name
    for reader in readers {
      let node = context.graph[reader]
      if case .palette(let palette) = op, case .gather = node.op {
        try lookUpRows(palette, operands, reader, &context)
        continue
      }
      let weight = try context.insert(op, operands, before: reader)
      var read = node.op
      if encoded.isTransposed, case .matmul(var product) = read {
        product.transposeB.toggle()
        read = .matmul(product)
      }
      try context.rewrite(
        reader, as: read, node.operands.map { $0 == value ? weight : $0 }, "quantized '\(name)'")
    }
  }

  /// Looks up what is gathered, not the whole table.
  private func lookUpRows(
    _ palette: Palette, _ operands: [ValueID], _ reader: NodeID, _ context: inout PassContext
  ) throws(Diagnostic) {
    let node = context.graph[reader]
    var rows = palette
    rows.axis += context.graph.shape(of: node.operands[1]).rank - 1
    let numbers = try context.insert(node.op, [operands[0], node.operands[1]], before: reader)
    try context.rewrite(
      reader, as: .palette(rows), [numbers, operands[1]], "quantized '\(context.graph[value].name)'")
  }

  /// Readers widen floats as they load them. A gather's result has its table's type, so that a cast follows.
  private func writeFloats(_ tensor: Tensor, _ context: inout PassContext) throws(Diagnostic) {
    let name = context.graph[value].name
    context.setWeight(value, to: tensor, "stores '\(name)' in \(tensor.element.rawValue)")
    for reader in readers {
      let node = context.graph[reader]
      guard case .gather = node.op else { continue }
      let gathered = try context.insert(node.op, node.operands, before: reader)
      try context.rewrite(
        reader, as: .cast(Cast(.f32)), [gathered], "casts what is gathered from \(tensor.element.rawValue)")
    }
  }
}

extension Node {
  /// How a node reads its weight; nil where the value is anything else to it.
  fileprivate func reading(of value: ValueID, in graph: Graph) -> WeightReading? {
    let shape = graph.shape(of: value)
    if case .gather(let op) = self.op {
      guard operands[0] == value, operands[1] != value else { return nil }
      return shape.rank == 2 && shape.normalized(axis: op.axis) == 0 ? .table : .floats
    }
    guard operands.count > 1, operands[1] == value, operands[0] != value,
      !operands.dropFirst(2).contains(value)
    else { return nil }
    switch op {
    case .matmul(let op):
      return shape.rank == 2 ? .outputs(axis: op.transposeB ? 0 : 1) : .rows(axis: shape.rank - 1)
    case .conv: return .outputs(axis: 0)
    case .convTranspose: return .rows(axis: 1)
    case .recurrent: return .rows(axis: 2)
    default: return nil
    }
  }
}
