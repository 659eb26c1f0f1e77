import Bundle
import CBundleFormat
package import Machine
import Tensors

/// A pass that has matrix products and convolutions read their constants in the panels that a target's kernels want:
/// of rows of the product on the left and of columns on the right of a product, of outputs in a convolution; and in
/// groups of rows on the right of a product of integers.
///
/// ```
/// %1 "y" = matmul %0, @w {transpose_b = 1}            %3 "w": f32[10, 192] layout [0, 1; 0 by 32] in $3 = repack @w
///                                                ->   %1 "y" = matmul %0, %3 {transpose_b = 1}
/// ```
/// Constants are repacked before all else, once for each layout. ``foldRepacks(_:_:)`` then stores them so. Depthwise
/// convolutions and products of a few rows, which have kernels of their own, and convolutions whose groups would share a
/// panel read row-major weights, as do those that are stored in fewer bits.
package func repackWeights(_ panels: Target.Panels) -> ProgramPass {
  ProgramPass("repack-weights", "has products read their constants in the target's panels") { program in
    var repacked: [Operand: Int] = [:]
    var repacks: [Program.Instruction] = []
    for index in program.instructions.indices {
      let instruction = program.instructions[index]
      for (position, layout) in program.layouts(of: instruction, panels) {
        guard let tensor = instruction.inputs[position], program.isWholeWeight(tensor) else { continue }
        let operand = Operand(tensor: tensor, layout: layout)
        let result = repacked[operand] ?? program.addRepack(of: operand, to: &repacks)
        repacked[operand] = result
        program.instructions[index].inputs[position] = result
      }
    }
    program.instructions.insert(contentsOf: repacks, at: 0)
  }
}

/// A tensor in a layout.
private struct Operand: Hashable {
  var tensor: Int
  var layout: Layout
}

extension Program {
  /// The layouts in which an instruction's kernel reads its inputs fastest, where that is not row-major.
  fileprivate func layouts(of instruction: Instruction, _ panels: Target.Panels) -> [(
    input: Int, layout: Layout
  )] {
    func shape(_ position: Int) -> Shape? {
      guard instruction.inputs.indices.contains(position) else { return nil }
      return instruction.inputs[position].map { tensors[$0].shape }
    }
    switch instruction.opcode {
    case INGOT_OP_MATMUL:
      guard let product = instruction.attributes(as: ingot_matmul_attributes.self), let a = shape(0),
        let b = shape(1)
      else { return [] }
      let y = tensors[instruction.results[0]].shape
      let isSmall = y.elementCount < panels.leastRows.value * y[y.rank - 1]
      let left = (0, Layout.panels(ofRows: product.transpose_a == 0, by: panels.rows.value, rank: a.rank))
      return isSmall || product.bits != 0
        ? [left]
        : [
          left,
          (1, .panels(ofRows: product.transpose_b != 0, by: panels.columns.value, rank: b.rank)),
        ]
    case INGOT_OP_CONV:
      guard let convolution = instruction.attributes(as: ingot_conv_attributes.self), let w = shape(1) else {
        return []
      }
      guard convolution.bits == 0 else { return [] }
      let group = Int(convolution.group)
      guard group == 1 || (w[1] > 1 && w[0] / group % panels.rows.value == 0) else { return [] }
      return [(1, .blocks(ofAxis: 0, by: panels.rows.value, rank: w.rank))]
    case INGOT_OP_MATMUL_INTEGER:
      guard let b = shape(1) else { return [] }
      return [(1, .blocks(ofAxis: b.rank - 2, by: panels.groups.value, rank: b.rank))]
    default: return []
    }
  }

  /// Whether a tensor is all of a weight, and not empty.
  fileprivate func isWholeWeight(_ tensor: Int) -> Bool {
    let view = tensors[tensor]
    let buffer = buffers[view.buffer]
    return buffer.kind.isWeight && view.layout == nil && view.offset == 0 && view.byteCount == buffer.bytes
      && view.byteCount > 0
  }

  /// Appends the call that repacks a tensor; gives its result.
  fileprivate mutating func addRepack(of operand: Operand, to repacks: inout [Instruction]) -> Int {
    var view = tensors[operand.tensor]
    view.layout = operand.layout
    view.buffer = buffers.count
    buffers.append(Buffer(.arena, bytes: view.byteCount))
    tensors.append(view)
    repacks.append(
      Instruction(INGOT_OP_REPACK, results: [tensors.count - 1], inputs: [operand.tensor], name: view.name))
    return tensors.count - 1
  }
}

extension Layout {
  /// Row-major but for blocks of one axis, whose elements lie innermost.
  fileprivate static func blocks(ofAxis axis: Int, by extent: Int, rank: Int) -> Layout {
    Layout(Array(0..<rank), block: Block(axis: axis, extent: extent))
  }

  /// A matrix, the last two axes, in blocks of one axis, each with all of the other.
  fileprivate static func panels(ofRows: Bool, by extent: Int, rank: Int) -> Layout {
    let (row, column) = (rank - 2, rank - 1)
    return Layout(
      Array(0..<row) + (ofRows ? [row, column] : [column, row]),
      block: Block(axis: ofRows ? row : column, extent: extent))
  }
}
