import IR
import Tensors

/// Recurrent layers on integers, among them many hidden units and numbers that wrap and saturate everywhere.
let recurrentIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for kind in Recurrent.Kind.allCases {
    for direction in Recurrent.Direction.allCases {
      for (steps, batch, hidden) in [(1, 1, 1), (5, 3, 7), (3, 6, 33), (2, 2, 96)] {
        cases.append(
          recurrentIntegerCase(
            "\(kind), \(direction), \(steps) steps of \(batch) with \(hidden), integers",
            RecurrentInteger(kind, direction), steps, batch, hidden))
      }
      var op = RecurrentInteger(kind, direction)
      op.lengths = true
      cases.append(recurrentIntegerCase("\(kind), \(direction), lengths, integers", op, 4, 6, 5))
      op.lengths = false
      op.linearBeforeReset = kind == .gru
      op.inputForget = kind == .lstm
      op.peepholes = kind == .lstm
      op.gateShift = 2
      op.cellExponent = 5
      op.cellShift = 3
      cases.append(recurrentIntegerCase("\(kind), \(direction), every attribute, integers", op, 3, 2, 9))
      cases.append(
        recurrentIntegerCase("\(kind), \(direction), anything, integers", op, 3, 3, 20, isUsual: false))
    }
    cases.append(recurrentIntegerCase("\(kind), no sequence, integers", RecurrentInteger(kind), 2, 0, 3))
    cases.append(
      recurrentIntegerCase("\(kind), long sums, integers", RecurrentInteger(kind), 2, 1, 1100))
  }
  return cases
}()

private func recurrentIntegerCase(
  _ name: String, _ op: RecurrentInteger, _ steps: Int, _ batch: Int, _ hidden: Int, isUsual: Bool = true
) -> OpCase {
  let operands = recurrentIntegerOperands(op, steps, batch, hidden, isUsual: isUsual)
  return opCase(name, .recurrentInteger(op), operands.map { operand($0.type, $0.values) })
}

/// Operands of a layer. Usual ones are such that most numbers lie within 16 bits, and rows are rescaled in vectors.
func recurrentIntegerOperands(
  _ op: RecurrentInteger, _ steps: Int, _ batch: Int, _ hidden: Int, isUsual: Bool
) -> [(type: TensorType, values: RandomValues)] {
  let directions = op.direction == .bidirectional ? 2 : 1
  let width = op.ofFloats.gateCount * hidden
  let state = TensorType(.i16, [directions, batch, hidden])
  func usual(_ low: Double, _ high: Double, _ element: ElementType) -> RandomValues {
    isUsual ? .uniform(low, high) : wholeRange(element)
  }
  var operands: [(type: TensorType, values: RandomValues)] = [
    (TensorType(.i16, [steps, batch, directions * width]), usual(-9000, 9000, .i16)),
    (TensorType(.i8, [directions, width, hidden]), usual(-127, 127, .i8)),
    (TensorType(.i32, [directions, width]), usual(-3000, 3000, .i32)),
    (TensorType(.i32, [directions, width]), usual(0x1p30, 0x1p31 - 1, .i32)),
    (TensorType(.i8, [directions, width]), usual(32, 36, .i8)), (state, wholeRange(.i16)),
  ]
  if op.kind == .lstm { operands.append((state, wholeRange(.i16))) }
  operands += [
    (TensorType(.i16, [RecurrentInteger.functions(op.kind), 513]), wholeRange(.i16)),
    (TensorType(.i32, []), usual(0x1p30, 0x1p31 - 1, .i32)), (TensorType(.i8, []), usual(38, 39, .i8)),
    (TensorType(.i8, []), usual(-20, 20, .i8)),
  ]
  if op.peepholes {
    operands += [
      (TensorType(.i16, [directions, 3 * hidden]), wholeRange(.i16)),
      (TensorType(.i32, []), usual(0x1p30, 0x1p31 - 1, .i32)), (TensorType(.i8, []), usual(45, 47, .i8)),
    ]
  }
  if op.lengths { operands.append((TensorType(.i32, [batch]), .uniform(-1, Double(steps + 1)))) }
  return operands
}
