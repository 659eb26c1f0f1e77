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

  /// Holds the work of a run against the format's limit, which the interpreter checks, too.
  func checkWork() throws(BundleError) {
    guard multiplyAdds < Int.max else {
      throw BundleError("a run of function '\(name)' makes more multiply-adds than a bundle can count")
    }
  }
}

private func shape(_ view: Program.View) -> ingot_tensor {
  var tensor = ingot_tensor()
  tensor.rank = UInt8(clamping: view.shape.rank)
  setDimensions(&tensor.dims, view.shape)
  return tensor
}
