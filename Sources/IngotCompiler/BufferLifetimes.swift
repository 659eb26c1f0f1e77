import Bundle
import CBundleFormat

/// When a program needs each of its buffers, found from its calls alone.
///
/// Step 0 is before the first call, when the inputs are filled. Call i runs at step i + 1, except that the copies into
/// outputs at the end of a program run at the last step, at which the outputs are read. What a loop reads from before
/// it, or hands from one run to the next, is live until its last call; what it puts together from parts, since it
/// begins.
struct BufferLifetimes {
  let lastStep: Int
  /// The instructions between which each buffer is live, of which -1 comes before the first and their number after the
  /// last; nil for weights, and for buffers that no call reads or writes.
  let instructions: [ClosedRange<Int>?]
  /// Steps at which each buffer is live; nil for weights, and for buffers that no call reads or writes.
  let steps: [ClosedRange<Int>?]

  init(_ program: Program) {
    let lastStep = Self.lastStep(of: program)
    self.lastStep = lastStep
    var uses = [ClosedRange<Int>?](repeating: nil, count: program.buffers.count)
    func use(_ tensor: Int, _ index: Int) {
      let buffer = program.tensors[tensor].buffer
      uses[buffer] =
        uses[buffer].map { min($0.lowerBound, index)...max($0.upperBound, index) } ?? index...index
    }
    program.forEachUse(read: use, write: use)
    let loops = LoopNest(program)
    instructions = zip(program.buffers, uses).map { buffer, uses in
      guard let uses, !buffer.kind.isWeight else { return nil }
      let end = loops.end(ofNeedAt: uses.upperBound, since: uses.lowerBound)
      return uses.lowerBound...(end.map { $0 - 1 } ?? uses.upperBound)
    }
    steps = instructions.map { live in
      live.map { min($0.lowerBound + 1, lastStep)...min($0.upperBound + 1, lastStep) }
    }
  }

  /// The copies into outputs that end a program run at the step after its last other call.
  private static func lastStep(of program: Program) -> Int {
    var lastOrdinary = -1
    for (index, instruction) in program.instructions.enumerated() {
      if let loop = instruction.loop { lastOrdinary = max(lastOrdinary, index + loop.length) }
      if !program.isOutputCopy(instruction) { lastOrdinary = max(lastOrdinary, index) }
    }
    return lastOrdinary + 2
  }

  /// For each memory the bytes that are live at each step, each buffer rounded up to the alignment of tensors.
  func liveBytes(of program: Program) -> [[Int]] {
    var live = program.memories.map { _ in [Int](repeating: 0, count: lastStep + 2) }
    let alignment = Int(INGOT_TENSOR_ALIGNMENT)
    for (buffer, steps) in zip(program.buffers, steps) {
      guard let steps else { continue }
      let occupied = (buffer.bytes &+ alignment - 1) / alignment &* alignment
      live[buffer.memory][steps.lowerBound] &+= occupied
      live[buffer.memory][steps.upperBound + 1] &-= occupied
    }
    for memory in live.indices {
      for step in live[memory].indices.dropFirst() { live[memory][step] &+= live[memory][step - 1] }
      live[memory].removeLast()
    }
    return live
  }

  /// For each memory what no plan of it can be smaller than.
  func lowerBounds(of program: Program) -> [Int] { liveBytes(of: program).map { $0.max() ?? 0 } }
}

extension Program {
  /// Whether a call copies a finished value into an output. The compiler writes such calls last.
  func isOutputCopy(_ instruction: Instruction) -> Bool {
    instruction.opcode == INGOT_OP_COPY && instruction.results.allSatisfy { outputs.contains($0) }
  }
}
