import CBundleFormat

extension Program.Instruction {
  /// What the head of a loop says: how often it repeats how many of the instructions behind it. Nil for every
  /// other instruction.
  package var loop: (count: Int, length: Int)? {
    guard opcode == INGOT_OP_LOOP, let loop = attributes(as: ingot_loop_attributes.self), loop.count > 0,
      loop.length > 0
    else { return nil }
    return (Int(loop.count), Int(loop.length))
  }
}

extension Program {
  /// Where an instruction stands among loops.
  package struct Nesting: Sendable, Equatable {
    /// How many loops it lies in.
    package var depth: Int
    /// How often a run comes to it, at most `Int.max`.
    package var executions: Int
  }

  /// The nesting of each instruction; a loop's head stands outside its loop.
  package var nesting: [Nesting] {
    var open: [(end: Int, executions: Int)] = []
    return instructions.enumerated().map { index, instruction in
      while let loop = open.last, loop.end <= index { open.removeLast() }
      let nesting = Nesting(depth: open.count, executions: open.last?.executions ?? 1)
      if let loop = instruction.loop {
        let (product, overflow) = nesting.executions.multipliedReportingOverflow(by: loop.count)
        open.append((index + 1 + loop.length, overflow ? Int.max : product))
      }
      return nesting
    }
  }

  /// Kernel calls of one run, each as often as loops repeat it, at most `Int.max`.
  package var executions: Int {
    zip(instructions, nesting).reduce(0) { sum, entry in
      guard entry.0.opcode != INGOT_OP_LOOP else { return sum }
      let (total, overflow) = sum.addingReportingOverflow(entry.1.executions)
      return overflow ? Int.max : total
    }
  }

  /// Holds loops against the format's limits, which the interpreter checks, too.
  func checkLoops() throws(BundleError) {
    for (instruction, nesting) in zip(instructions, nesting)
    where instruction.opcode == INGOT_OP_LOOP && nesting.depth >= Int(INGOT_MAX_LOOP_DEPTH) {
      throw BundleError(
        "loops of function '\(name)' lie more than \(INGOT_MAX_LOOP_DEPTH) deep in each other; "
          + "write the innermost ones without 'loop'")
    }
    guard executions <= Int(INGOT_MAX_EXECUTIONS) else {
      throw BundleError(
        "a run of function '\(name)' makes \(executions) kernel calls, expected at most "
          + "\(INGOT_MAX_EXECUTIONS); run it several times with fewer steps each")
    }
  }
}
