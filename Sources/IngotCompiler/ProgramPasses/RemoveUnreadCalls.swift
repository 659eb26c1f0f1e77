import Bundle
import CBundleFormat

/// Removes calls whose results nobody reads: a function that another one runs may compute more than that one uses.
///
/// ```
/// %2 "a": f32[8] in $2 = softmax %0         %1 = softmax %0
/// %3 "b": f32[8] in $3 = cumsum %2     ->
/// %1 = softmax %0
/// ```
package let removeUnreadCalls = ProgramPass(
  "remove-unread-calls", "removes calls whose results nobody reads"
) { program in
  var writers = [[Int]](repeating: [], count: program.buffers.count)
  for (index, instruction) in program.instructions.enumerated() {
    for result in instruction.results { writers[program.tensors[result].buffer].append(index) }
  }
  // A buffer is needed if an output lies in it, or if a call reads it that writes to a needed one.
  var isNeeded = [Bool](repeating: false, count: program.buffers.count)
  var isKept = [Bool](repeating: false, count: program.instructions.count)
  var pending: [Int] = []
  func need(_ tensor: Int) {
    let buffer = program.tensors[tensor].buffer
    if !isNeeded[buffer] { pending.append(buffer) }
    isNeeded[buffer] = true
  }
  for output in program.outputs { need(output) }
  while let buffer = pending.popLast() {
    for index in writers[buffer] where !isKept[index] {
      isKept[index] = true
      for case let input? in program.instructions[index].inputs { need(input) }
    }
  }
  guard isKept.contains(false) else { return }
  program.removeInstructions { !isKept[$0] }
  program.removeUnused()
}
