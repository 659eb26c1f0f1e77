import Bundle
import CBundleFormat
import IR
import Passes
import Tensors

/// The weights of a product that its kernel reads in few bits, so that they never lie in memory as floats.
///
///     %b = dequantize @w, @s, @z {axis = 0}        ->      matmul %a, @w, none, @s, @z {transpose_b = 1, bits = 8}
///     %y = matmul %a, %b {transpose_b}
///
///     %w = palette @n, @p {axis = 1, bits = 3, ..} ->      conv %x, @n, none, @p {bits = 3}
///     %y = conv %x, %w
struct StoredWeights {
  /// Rows of numbers, one for each output: a constant, packed where they have less than 8 bits.
  let integers: ValueID
  /// What they stand for: scale and zero point, or palettes, in the shapes in which the kernel reads them.
  let parameters: [(value: ValueID, shape: Shape)]
  private let bits: Int
  /// Numbers of a row that share a scale, or rows that share a palette; 0 for all.
  private let block: Int

  /// Those of a product or convolution; nil where its kernel reads floats.
  init?(of node: Node, in graph: Graph) {
    guard let axis = node.op.inputsAxis(of: node, in: graph),
      node.operands[0] != node.operands[1], !node.operands.dropFirst(2).contains(node.operands[1])
    else { return nil }
    if let (op, numbers, palettes) = graph.lookedUp(node.operands[1]) {
      guard graph.shape(of: numbers).normalized(axis: op.axis) == axis else { return nil }
      (integers, bits, block) = (numbers, op.bits, op.block)
      parameters = [(palettes, graph.shape(of: palettes))]
      return
    }
    guard let source = graph.producer(of: node.operands[1]).map({ graph[$0] }),
      case .dequantize(let op) = source.op, op.element == .f32,
      graph.isStored(source.operands[0]),
      source.operands.dropFirst().allSatisfy({ graph.constant($0) != nil })
    else { return nil }
    let (type, shape) = (graph.type(of: source.operands[0]), graph.shape(of: source.operands[1]))
    guard type.element == .i8 || type.element == .u8 else { return nil }
    let isFlat = type.shape[axis] == type.shape[1...].reduce(1, *)
    if let (unpack, packed) = graph.packed(source.operands[0]) {
      guard unpack.bits == 4, type.shape.normalized(axis: unpack.axis) == axis, isFlat else { return nil }
      (integers, bits) = (packed, 4)
    } else {
      (integers, bits) = (source.operands[0], 8)
    }
    let read: Shape
    switch (shape.rank, op.granularity.isBlocked(shape), type.shape.normalized(axis: op.granularity.axis)) {
    case (0, _, _): (read, block) = ([], 0)
    case (1, false, 0): (read, block) = (shape, 0)
    case (_, true, axis) where isFlat && (bits == 8 || op.granularity.block % 2 == 0):
      (read, block) = ([shape[0], shape[axis]], op.granularity.block)
    default: return nil
    }
    parameters = source.operands.dropFirst().map { ($0, read) }
  }

  /// Tells the call how its weights are stored.
  func describe(in instruction: inout Program.Instruction) {
    let (bits, block) = (Int64(bits), Int64(block))
    if instruction.opcode == INGOT_OP_MATMUL {
      instruction.change(as: ingot_matmul_attributes.self) { ($0.bits, $0.block) = (bits, block) }
    } else {
      instruction.change(as: ingot_conv_attributes.self) { ($0.bits, $0.block) = (bits, block) }
    }
  }
}

extension Op {
  /// The axis of the weights along which a product sums, where axis 0 counts its outputs; nil for what reads floats alone.
  fileprivate func inputsAxis(of node: Node, in graph: Graph) -> Int? {
    switch self {
    case .matmul(let op): op.transposeB && graph.shape(of: node.operands[1]).rank == 2 ? 1 : nil
    case .conv: 1
    default: nil
    }
  }
}
