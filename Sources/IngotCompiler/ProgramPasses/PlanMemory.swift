import Bundle
import CBundleFormat
import IR
import MemoryPlanner

/// Gives every buffer that is no weight an address, and every memory its size: each memory is a planning problem of its
/// own, of the buffers that lie in it and the steps at which those are live.
///
/// ```
/// memory @dram                                      memory @dram: 128 bytes
/// buffer $0 = input 0: 32 bytes in @dram            buffer $0 = input 0: 32 bytes in @dram at 0
/// buffer $1 = output 0: 32 bytes in @dram      ->   buffer $1 = output 0: 32 bytes in @dram at 0
/// buffer $2: 40 bytes in @dram                      buffer $2: 40 bytes in @dram at 64
/// ```
package let planMemory = ProgramPass(
  "plan-memory", "gives every buffer an address in its memory"
) { program throws(Diagnostic) in
  let lifetimes = BufferLifetimes(program)
  for memory in program.memories.indices {
    do {
      try plan(memory, of: &program, lifetimes)
    } catch let error as Diagnostic {
      throw error
    } catch {
      throw Diagnostic(
        "memory '\(program.memories[memory].id)' of function '\(program.name)' can't be planned: \(error)",
        at: .pass("plan-memory"))
    }
  }
}

private func plan(
  _ memory: Int, of program: inout Program, _ lifetimes: BufferLifetimes
) throws {
  var buffers: [Buffer] = []
  for (index, buffer) in program.buffers.enumerated() where buffer.memory == memory {
    guard let steps = lifetimes.steps[index] else { continue }
    buffers.append(
      Buffer(
        id: index, size: buffer.bytes, alignment: Int(INGOT_TENSOR_ALIGNMENT), firstStep: steps.lowerBound,
        lastStep: steps.upperBound))
  }
  let problem = try Problem(buffers)
  let solution = plan(problem)
  if let violation = validate(problem, solution).first {
    throw Diagnostic("the memory plan is invalid: \(violation)", at: .pass("plan-memory"))
  }
  for (buffer, address) in zip(buffers, solution.offsets) { program.buffers[buffer.id].address = address }
  program.memories[memory].bytes = solution.peak
}
