import Bundle
import CBundleFormat

/// Removes copies of whole buffers by having what is copied computed right where it is copied to: into its part of a
/// concat's result, or into an output.
///
/// ```
/// %3 "a": f32[2] in $2 = softmax %0           %3 "a": f32[2] in $4 = softmax %0
/// %4 "b": f32[2] in $3 = cumsum %0            %4 "b": f32[2] in $4 + 8 = cumsum %0
/// %5: f32[2] in $4 = copy %3             ->   %1 = softmax %6 "c": f32[4] in $4
/// %7: f32[2] in $4 + 8 = copy %4
/// %1 = softmax %6 "c": f32[4] in $4
/// ```
/// The source's buffer becomes a part of the target's. That is right if
/// - the source's buffer is all copied, and all writes to it come before the copy;
/// - nothing but the copy writes to the target's bytes, and all reads of them come after it.
///
/// Then both have the same bytes whenever somebody reads them, in every run of the loops around them. Of several copies
/// of one buffer, one goes: into an output before one into a concat, into a later concat before one into an earlier one.
package let removeCopies = ProgramPass(
  "remove-copies", "computes what is copied as a whole right where it is copied to"
) { program in
  var removal = CopyRemoval(program)
  removal.run()
  removal.apply(to: &program)
}

private struct CopyRemoval {
  private let program: Program
  private let uses: CopyUses
  private var merged: MergedBuffers
  private var removed: Set<Int> = []
  /// Tensors that became the same as an output.
  private var renamed: [Int: Int] = [:]

  init(_ program: Program) {
    self.program = program
    uses = CopyUses(program)
    merged = MergedBuffers(count: program.buffers.count)
  }

  mutating func run() {
    let copies = program.instructions.indices.filter { program.instructions[$0].opcode == INGOT_OP_COPY }
    let intoOutputs = copies.filter { program.outputs.contains(program.instructions[$0].results[0]) }
    let others = copies.filter { !program.outputs.contains(program.instructions[$0].results[0]) }
    for index in intoOutputs + others.reversed() { remove(index) }
  }

  private mutating func remove(_ index: Int) {
    let copy = program.instructions[index]
    guard let source = copy.inputs.first ?? nil, let target = copy.results.first else { return }
    let (from, to) = (program.tensors[source], program.tensors[target])
    guard from.byteCount > 0 else {
      removed.insert(index)
      return
    }
    guard program.buffers[from.buffer].kind == .arena, !merged.isMerged(from.buffer), from.window == nil,
      to.window == nil, from.byteCount == program.buffers[from.buffer].bytes,
      let lastWrite = uses.lastWrite(of: from.buffer), lastWrite < index,
      uses.isWrittenOnly(by: index, to.byteRange, of: to.buffer)
    else { return }
    let place = merged.place(of: to.buffer)
    guard place.buffer != from.buffer,
      program.buffers[place.buffer].memory == program.buffers[from.buffer].memory
    else { return }
    merged.merge(from.buffer, into: place.buffer, at: place.offset + to.offset)
    removed.insert(index)
    if program.outputs.contains(target), from.element == to.element, from.shape == to.shape {
      renamed[source] = target
    }
  }

  mutating func apply(to program: inout Program) {
    merged.apply(to: &program)
    program.removeInstructions { removed.contains($0) }
    program.replaceTensors { renamed[$0] ?? $0 }
    program.removeUnused()
  }
}
