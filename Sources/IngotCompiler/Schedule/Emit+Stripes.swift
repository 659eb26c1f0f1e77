import Bundle
import CBundleFormat
import IR
import Tensors

extension Emitter {
  /// Writes the calls of a cascade in the order of its stripes.
  mutating func emit(_ cascade: Cascade, _ weights: inout WeightPool) throws(Diagnostic) {
    for position in cascade.range {
      let node = graph[graph.order[position]]
      guard let result = node.results.first, !graph.isConstant(result) else { continue }
      try requireRanks(of: node)
      if let dead = cascade.overwrites[position] {
        places[result.index] = places[dead.index]
      } else {
        places[result.index] = newPlace(.arena, result, ring: cascade.rings[position])
      }
    }
    defer { stagedTensors = [:] }
    for stripe in cascade.stripes {
      try stageWeights(at: stripe.position, &weights)
      try emit(graph[graph.order[stripe.position]], rows: stripe.rows, &weights)
    }
  }

  private mutating func stageWeights(at position: Int, _ weights: inout WeightPool) throws(Diagnostic) {
    guard staged.contains(graph.order[position]) else { return }
    try stageWeights(of: graph[graph.order[position]], &weights)
  }

  /// Writes the call that moves a node's weights to where values lie.
  mutating func stageWeights(of node: Node, _ weights: inout WeightPool) throws(Diagnostic) {
    guard let weight = node.stagedWeight(in: graph), stagedTensors[weight.index] == nil else { return }
    let source = try tensor(weight, &weights)
    let place = newPlace(.arena, weight)
    var view = program.tensors[source]
    (view.buffer, view.offset) = (place.buffer, 0)
    let target = addTensor(view)
    append(weight, INGOT_OP_COPY, results: [target], inputs: [source], name: view.name)
    stagedTensors[weight.index] = target
  }

  /// Writes the call that computes some rows of a node's result.
  private mutating func emit(
    _ node: Node, rows: Range<Int>, _ weights: inout WeightPool
  ) throws(Diagnostic) {
    let result = node.results[0]
    let operands = node.operands.map { graph.type(of: $0) }
    let region = Region(all: graph.shape(of: result), rows)
    let tile: Tile?
    do {
      tile = try node.op.tile(region, of: operands)
    } catch {
      throw error.located(at: node.location, op: node.op.name)
    }
    guard let tile else {
      throw Diagnostic(
        "rows \(rows.lowerBound) to \(rows.upperBound) of \(node.op.name) '\(node.name)' can't be computed apart",
        at: .pass("schedule"))
    }
    let call = try call(
      of: node, tile.op, operands: zip(operands, tile.reads).map { TensorType($0.element, $1.shape) },
      results: [TensorType(graph.type(of: result).element, region.shape)])
    let views = node.operands.enumerated().map { index, operand in
      tile.reads[index].rows(of: operands[index].shape, readBy: node.op).flatMap {
        view(of: operand, rows: $0)
      }
    }
    let (inputs, stored) = try inputs(of: node, &weights) { views[$0] }
    let target: Int
    if let part = view(of: result, rows: rows) {
      target = addTensor(part)
    } else {
      target = try tensor(result, &weights)
    }
    append(
      result, call.opcode, results: [target], inputs: inputs, attributes: call.attributes,
      name: node.name)
    describe(stored)
  }

  /// Rows of a value where they lie; nil if that is all of it, or if the value is a constant.
  private func view(of value: ValueID, rows: Range<Int>) -> Program.View? {
    guard let place = places[value.index] else { return nil }
    let type = graph.type(of: value)
    let kept = place.ring ?? (type.shape.rank >= 2 ? type.shape[type.shape.rank - 2] : 1)
    guard type.shape.rank >= 2, place.ring != nil || rows != 0..<kept else { return nil }
    let row = type.byteCount / type.shape[type.shape.rank - 2]
    let planes = type.shape.extents.dropLast(2).reduce(1, *)
    var view = Program.View(
      buffer: place.buffer, element: type.element, shape: Region(all: type.shape, rows).shape,
      offset: place.offset, name: graph[value].name)
    let first = rows.lowerBound % kept
    if rows.count == kept, first == 0 { return view }
    if planes == 1, first + rows.count <= kept {
      view.offset += first * row
    } else {
      view.window = RowWindow(imageRows: kept, firstRow: first)
    }
    return view
  }
}
