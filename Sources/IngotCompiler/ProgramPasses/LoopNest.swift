import Bundle
import CBundleFormat

/// The loops of a program by the instructions that they repeat, for questions about when something is needed.
struct LoopNest {
  private struct Loop {
    var body: Range<Int>
    var outer: Int?
  }
  private var loops: [Loop] = []
  /// The innermost loop around each instruction; a loop's head lies outside of it.
  private var innermost: [Int?]

  init(_ program: Program) {
    innermost = [Int?](repeating: nil, count: program.instructions.count)
    var current: Int?
    for (index, instruction) in program.instructions.enumerated() {
      while let loop = current, loops[loop].body.upperBound <= index { current = loops[loop].outer }
      innermost[index] = current
      if let loop = instruction.loop {
        loops.append(Loop(body: (index + 1)..<(index + 1 + loop.length), outer: current))
        current = loops.count - 1
      }
    }
  }

  /// Whether the innermost loop around two instructions is the same. -1 stands for what comes before the first.
  func isTogether(_ first: Int, _ second: Int) -> Bool {
    let outer = first < 0 ? nil : innermost[first]
    return outer == innermost[second]
  }

  /// Until when something stays needed that an instruction needs and that was there at instruction `first`, both in
  /// order of the program: what was there before a loop and is needed in it is needed until all runs of the loop have
  /// ended. Then it is the end of the outermost such loop, which lies behind the last instruction that it repeats.
  ///
  /// The last of several needs decides, as a loop around an earlier one ends before a later one or is around both.
  func end(ofNeedAt index: Int, since first: Int) -> Int? {
    guard innermost.indices.contains(index) else { return nil }
    var end: Int?
    var current = innermost[index]
    while let loop = current, first < loops[loop].body.lowerBound {
      end = loops[loop].body.upperBound
      current = loops[loop].outer
    }
    return end
  }
}

extension Program {
  /// Calls `read` and `write` with every tensor that is read or written, and when: an instruction's index, -1 for what
  /// is there before the first, the number of instructions for what is read after the last. What a loop puts together
  /// from parts is written, with nothing in it, at the loop's head; each part reads what is there of the whole.
  func forEachUse(read: (_ tensor: Int, _ index: Int) -> Void, write: (_ tensor: Int, _ index: Int) -> Void) {
    for input in inputs { write(input, -1) }
    for (index, instruction) in instructions.enumerated() {
      for whole in wholes(ofLoopAt: index) { write(whole, index) }
      if instruction.opcode == INGOT_OP_PUT {
        for tensor in instruction.results { read(tensor, index) }
      }
      for case let tensor? in instruction.inputs { read(tensor, index) }
      for tensor in instruction.results { write(tensor, index) }
    }
    for output in outputs { read(output, instructions.count) }
  }

  /// What the loop at an instruction puts together, a part in each of its runs. Loops inside it have their own.
  private func wholes(ofLoopAt head: Int) -> [Int] {
    guard let loop = instructions[head].loop else { return [] }
    var wholes: [Int] = []
    var index = head + 1
    while index <= head + loop.length {
      if instructions[index].opcode == INGOT_OP_PUT { wholes += instructions[index].results }
      index += 1 + (instructions[index].loop?.length ?? 0)
    }
    return wholes
  }
}
