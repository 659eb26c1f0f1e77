import IR
import Passes
import Tensors

extension PassContext {
  /// Writes a recurrent layer on integers, between what quantizes its operands and what dequantizes its results.
  ///
  ///     %y, %h = recurrent %x, @r, @b, %h0   ->    %0 = quantize %x, @x.scale, @x.zero
  ///                                                %1 = quantize %h0, @h.scale, @h.zero
  ///                                                %2, %3 = recurrent_integer %0, @r.i8, .., %1, ..
  ///                                                %y = dequantize %2, @h.scale, @h.zero
  ///                                                %h = dequantize %3, @h.scale, @h.zero
  mutating func write(_ node: NodeID, _ layer: QuantizedRecurrent) throws(Diagnostic) {
    let entry = graph[node]
    let name = graph[entry.operands[1]].name
    func steps(_ grid: Grid, _ context: inout PassContext) -> [ValueID] {
      let text = "\(name).\(grid == layer.gates ? "gates" : grid == layer.hidden ? "state" : "cell")"
      return zip(["scale", "zero"], grid.operands).map { context.addWeight("\(text).\($0)", $1) }
    }
    func quantized(
      _ value: ValueID, _ grid: Grid, _ context: inout PassContext
    ) throws(Diagnostic) -> ValueID {
      let op = Op.quantize(Quantize(rounding: .halfUp))
      return try context.insert(op, [value] + steps(grid, &context), before: node)
    }
    let gates = try quantized(entry.operands[0], layer.gates, &self)
    var states: [ValueID] = []
    for (value, grid) in zip(entry.operands[3...], layer.states) {
      states.append(try quantized(value, grid, &self))
    }
    let lengths = layer.op.lengths ? entry.operands.last : nil
    let operands = layer.operands(gates: gates, states: states, lengths: lengths) { tensor, suffix in
      addWeight("\(name).\(suffix)", tensor)
    }
    let results = try insertAll(.recurrentInteger(layer.op), operands, before: node)
    var numbers: [ValueID?] = []
    for (index, grid) in layer.results.enumerated() {
      let result = entry.results[index]
      guard graph.isOutput(result) || !graph.users(of: result).isEmpty else {
        numbers.append(nil)
        continue
      }
      numbers.append(
        try insert(.dequantize(Dequantize()), [results[index]] + steps(grid, &self), before: node))
    }
    try replace(node, with: numbers, "computed \(entry.op.name) '\(entry.name)' on integers")
  }
}
