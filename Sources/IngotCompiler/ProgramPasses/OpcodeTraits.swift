import Bundle
import CBundleFormat

extension Program.Instruction {
  func canOverwrite(input: Int) -> Bool { opcode.canOverwrite(input: input) }
}

extension ingot_opcode {
  /// Whether the call reads an input element by element before it writes its result there, so that both may lie in one
  /// place if their elements are as many, as large and in the same order.
  func canOverwrite(input: Int) -> Bool {
    switch self {
    case INGOT_OP_ELEMENTWISE: true
    case INGOT_OP_RESCALE, INGOT_OP_LOOKUP: input == 0
    case INGOT_OP_ADD_INTEGER: input == 0 || input == 3
    case INGOT_OP_MUL_INTEGER: input == 0 || input == 2
    default: false
    }
  }

  /// Whether kernels of the opcode read and write rows of images, see ``RowWindow``.
  var takesWindows: Bool {
    switch self {
    case INGOT_OP_CONV, INGOT_OP_CONV_TRANSPOSE, INGOT_OP_CONV_INTEGER, INGOT_OP_CONV_TRANSPOSE_INTEGER,
      INGOT_OP_ELEMENTWISE, INGOT_OP_ADD_INTEGER, INGOT_OP_MUL_INTEGER, INGOT_OP_LOOKUP, INGOT_OP_RESCALE,
      INGOT_OP_POOL, INGOT_OP_POOL_INTEGER, INGOT_OP_CONCAT, INGOT_OP_COPY:
      true
    default: false
    }
  }
}
