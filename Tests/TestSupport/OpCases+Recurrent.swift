import IR
import Tensors

let recurrentCases: [OpCase] = {
  var cases: [OpCase] = []
  for kind in Recurrent.Kind.allCases {
    for direction in Recurrent.Direction.allCases {
      for (steps, batch, hidden) in [(1, 1, 1), (5, 3, 7), (3, 6, 33)] {
        cases.append(
          recurrentCase(
            "\(kind), \(direction), \(steps) steps of \(batch) with \(hidden)", Recurrent(kind, direction),
            steps, batch,
            hidden))
      }
      var op = Recurrent(kind, direction)
      op.lengths = true
      cases.append(recurrentCase("\(kind), \(direction), lengths", op, 4, 6, 5))
      op.lengths = false
      op.linearBeforeReset = kind == .gru
      op.inputForget = kind == .lstm
      op.peepholes = kind == .lstm
      op.clip = 0.5
      op.f = Unary(.hardSigmoid, 0.2, 0.5)
      op.g = Unary(.softsign)
      op.h = Unary(.leakyRelu, 0.1)
      cases.append(recurrentCase("\(kind), \(direction), every attribute", op, 3, 2, 9))
    }
    cases.append(recurrentCase("\(kind), no sequence", Recurrent(kind), 2, 0, 3))
    cases.append(recurrentCase("\(kind), f16", Recurrent(kind), 3, 2, 6, .f16))
  }
  return cases
}()

private func recurrentCase(
  _ name: String, _ op: Recurrent, _ steps: Int, _ batch: Int, _ hidden: Int, _ element: ElementType = .f32
) -> OpCase {
  let directions = op.direction == .bidirectional ? 2 : 1
  let width = op.gateCount * hidden
  let state = TensorType(element, [directions, batch, hidden])
  var operands = [
    operand(TensorType(element, [steps, batch, directions * width])),
    operand(TensorType(element, [directions, width, hidden])),
    operand(TensorType(element, [directions, width])),
    operand(state),
  ]
  if op.kind == .lstm { operands.append(operand(state)) }
  if op.peepholes { operands.append(operand(TensorType(element, [directions, 3 * hidden]))) }
  if op.lengths { operands.append(operand(TensorType(.i32, [batch]), .uniform(-1, Double(steps + 1)))) }
  return opCase(name, .recurrent(op), operands)
}
