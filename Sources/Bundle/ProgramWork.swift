import CBundleFormat
import Tensors

extension Program {
  /// Multiply-adds of a convolution, matrix product or recurrent layer; 0 for every other kernel call. At most
  /// `Int.max`. The interpreter counts by the same function.
  package func multiplyAdds(_ instruction: Instruction) -> Int {
    guard let first = instruction.results.first, !instruction.inputs.isEmpty,
      let schema = ingot_opcode_schema(instruction.opcode.rawValue)?.pointee,
      instruction.attributes.count >= Int(schema.head_words)
    else { return 0 }
    let second = instruction.inputs.count > 1 ? instruction.inputs[1] : nil
    let operands: [Int?] = [first, instruction.inputs[0], second]
    var shapes = operands.map { $0.map { shape(tensors[$0]) } ?? ingot_tensor() }
    let attributes = instruction.attributes.map { UInt64(bitPattern: $0) }
    let count = shapes.withUnsafeMutableBufferPointer { shapes in
      var pointers = operands.indices.map { index in
        operands[index] == nil ? nil : UnsafePointer(shapes.baseAddress! + index)
      }
      return ingot_call_multiply_adds(instruction.opcode.rawValue, &pointers, attributes)
    }
    return Int(clamping: count)
  }

  /// Multiply-adds of one run, each as often as loops repeat it, at most `Int.max`.
  package var multiplyAdds: Int {
    let total = zip(instructions, nesting).reduce(into: UInt64(0)) { sum, entry in
      let once = UInt64(multiplyAdds(entry.0))
      sum = ingot_saturating_sum(sum, ingot_saturating_product(once, UInt64(entry.1.executions)))
    }
    return Int(clamping: total)
  }

  /// Multiply-adds of one run by what is multiplied: `fp32`, `fp32xfp16`, `int16xint8` and so on, an activation with a weight or
  /// another activation.
  package var multiplyAddsByFormat: [String: Int] {
    zip(instructions, nesting).reduce(into: [:]) { sums, entry in
      let once = UInt64(multiplyAdds(entry.0))
      guard once > 0 else { return }
      let work = ingot_saturating_product(once, UInt64(entry.1.executions))
      let sum = ingot_saturating_sum(UInt64(sums[format(entry.0), default: 0]), work)
      sums[format(entry.0)] = Int(clamping: sum)
    }
  }

  /// What a product multiplies; of two alike floating point types one.
  private func format(_ instruction: Instruction) -> String {
    // A recurrent layer multiplies its state, which on integers is rounded to 8 bits.
    let isRecurrent = instruction.opcode == INGOT_OP_RECURRENT_INTEGER
    let factors =
      isRecurrent ? [instruction.inputs[1], instruction.inputs[1]] : Array(instruction.inputs.prefix(2))
    let elements = factors.compactMap { $0.map { tensors[$0].element } }
    var names = elements.map { $0.formatName }
    if let stored = instruction.storedFormat { names[1] = stored }
    return Set(names).count == 1 && elements[0].isFloat ? names[0] : names.joined(separator: "x")
  }

  /// Holds the work of a run against the format's limit, which the interpreter checks, too.
  func checkWork() throws(BundleError) {
    guard multiplyAdds < Int.max else {
      throw BundleError("a run of function '\(name)' makes more multiply-adds than a bundle can count")
    }
  }
}

extension Program.Instruction {
  /// The format in which a product's weights are stored; nil where they are what they are.
  var storedFormat: String? {
    let bits: Int64? =
      switch opcode {
      case INGOT_OP_MATMUL: attributes(as: ingot_matmul_attributes.self)?.bits
      case INGOT_OP_CONV: attributes(as: ingot_conv_attributes.self)?.bits
      default: nil
      }
    guard let bits, bits != 0 else { return nil }
    let hasZeroPoints = inputs.count > 4 && inputs[4] != nil
    return hasZeroPoints ? "int\(bits)" : "palette\(bits)"
  }
}

extension ElementType {
  /// As users of number formats call it.
  var formatName: String {
    switch self {
    case .f32: "fp32"
    case .f16: "fp16"
    case .bf16: "bf16"
    case .i8, .u8: "int8"
    case .i16: "int16"
    case .i32: "int32"
    case .i64: "int64"
    case .bool: "bool"
    }
  }
}

private func shape(_ view: Program.View) -> ingot_tensor {
  var tensor = ingot_tensor()
  tensor.rank = UInt8(clamping: view.shape.rank)
  setDimensions(&tensor.dims, view.shape)
  return tensor
}
