import Bundle
import CBundleFormat

/// A pass that moves weights one call earlier than they are needed, so that the transfer runs beside that call, wherever
/// what is live then and the weights fit a memory of so many bytes.
///
/// ```
/// %5 "a": i8[1, 8, 4, 4] in $2 = lookup %0, @t        %6 "w": i8[8, 8, 1, 1] in $4 = copy @w
/// %6 "w": i8[8, 8, 1, 1] in $4 = copy @w        ->    %5 "a": i8[1, 8, 4, 4] in $2 = lookup %0, @t
/// %7 "b": i8[1, 8, 4, 4] in $3 = conv_integer %5, %6  %7 "b": i8[1, 8, 4, 4] in $3 = conv_integer %5, %6
/// ```
func moveWeightsEarly(within bytes: Int) -> ProgramPass {
  ProgramPass("move-weights-early", "moves weights while the call before runs") { program in
    let loops = LoopNest(program)
    var live = BufferLifetimes(program).liveBytes(of: program)
    var order = Array(program.instructions.indices)
    for index in program.instructions.indices where program.movesWeights(index) {
      guard let before = (0..<index).last(where: { !program.movesWeights($0) }),
        loops.isTogether(before, index),
        program.instructions[before].loop == nil
      else { continue }
      let buffer = program.buffers[program.tensors[program.instructions[index].results[0]].buffer]
      let steps = (before + 1)...index
      let added = LiveProfile.footprint(buffer)
      let target = program.instructions[index].results[0]
      guard
        (before..<index).allSatisfy({
          !program.instructions[$0].touches(program.tensors[target].buffer, in: program)
        }),
        steps.allSatisfy({ live[buffer.memory][$0] + added <= bytes })
      else { continue }
      for step in steps { live[buffer.memory][step] += added }
      order.remove(at: order.firstIndex(of: index) ?? 0)
      order.insert(index, at: order.firstIndex(of: before) ?? 0)
    }
    let instructions = program.instructions
    program.instructions = order.map { instructions[$0] }
  }
}

extension Program.Instruction {
  fileprivate func touches(_ buffer: Int, in program: Program) -> Bool {
    (results + inputs.compactMap { $0 }).contains { program.tensors[$0].buffer == buffer }
  }
}

extension Program {
  /// Whether an instruction moves weights as they are.
  fileprivate func movesWeights(_ index: Int) -> Bool {
    let call = instructions[index]
    guard call.opcode == INGOT_OP_COPY, let source = call.inputs.first ?? nil else { return false }
    return buffers[tensors[source].buffer].kind.isWeight && !outputs.contains(call.results[0])
  }

  /// Values whose calls read weights that were moved before some other call.
  var readersOfEarlyWeights: Set<Int> {
    var readers: Set<Int> = []
    for index in instructions.indices where movesWeights(index) {
      let moved = instructions[index].results[0]
      guard
        let reader = instructions.indices.first(where: {
          $0 > index && instructions[$0].inputs.contains(moved)
        }),
        instructions[(index + 1)..<reader].indices.contains(where: { !movesWeights($0) })
      else { continue }
      if let value = instructions[reader].origin { readers.insert(value) }
    }
    return readers
  }
}
