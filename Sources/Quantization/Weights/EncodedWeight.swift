package import IR
package import Tensors

/// A weight in a format: constants, and the op that makes its numbers of them.
package struct EncodedWeight: Sendable {
  /// Nil where readers take the constant as it is.
  package let op: Op?
  /// The op's operands, or the constant.
  package let operands: [Tensor]
  /// Whether the op gives columns as rows, which a product then reads transposed.
  package let isTransposed: Bool

  init(_ op: Op, _ operands: [Tensor], isTransposed: Bool = false) {
    self.op = op
    self.operands = operands
    self.isTransposed = isTransposed
  }

  /// In a float type of 16 bits; nil where a finite number would become infinite. Numbers below the type's range become 0,
  /// which is within the format's own error.
  init?(_ tensor: Tensor, as element: ElementType) {
    let halves = tensor.converted(to: element)
    guard tensor.staysFinite(in: halves) else { return nil }
    op = nil
    operands = [halves]
    isTransposed = false
  }

  /// The numbers that it stands for, in the weight's shape, fp32.
  package var numbers: Tensor {
    guard let op else { return operands[0].converted(to: .f32) }
    do {
      let numbers = try op.evaluate(operands)[0]
      return isTransposed ? numbers.transposed2D() : numbers
    } catch {
      preconditionFailure("an encoded weight has no numbers: \(error)")
    }
  }

  /// Of the constants.
  package var byteCount: Int { operands.reduce(0) { $0 + $1.byteCount } }
}

extension Tensor {
  /// Whether no finite number of this fp32 tensor became infinite or NaN in one of 16 bits.
  fileprivate func staysFinite(in halves: Tensor) -> Bool {
    let exponent: UInt16 = halves.element == .f16 ? 0x7c00 : 0x7f80
    return withBytes { numbers in
      halves.withBytes { halves in
        let (numbers, halves) = (numbers.bindMemory(to: Float.self), halves.bindMemory(to: UInt16.self))
        return numbers.indices.allSatisfy { halves[$0] & exponent != exponent || !numbers[$0].isFinite }
      }
    }
  }
}
