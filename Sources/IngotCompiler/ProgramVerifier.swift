package import Bundle
import CBundleFormat
package import IR
import MemoryPlanner
import Tensors

/// What is wrong with a program, in the order of the invariants; empty when it is sound.
///
/// Of every program:
/// 1. Every buffer has a size, and a memory of the program unless it is a weight. Each input and each output has one.
/// 2. Every tensor lies in its buffer, at a multiple of its element's size. Only tensors of weights and of buffers that are
///    no input or output have layouts, each of its rank. Rows of an image are no more than that has, row-major, and no
///    weight.
/// 3. The first tensors are the inputs, then the outputs, each at the start of its own buffer, which no other tensor
///    there exceeds.
/// 4. Calls read and write tensors of the program; nothing writes to inputs and weights.
/// 5. A loop repeats at least one instruction, all of them inside the loop around it; only in loops are parts taken
///    and put.
/// 6. What a call writes has no bytes in common with what else it writes or reads, except by copies, and by
///    elementwise calls that read an element where they write it.
/// 7. All bytes that a call reads, and those of the outputs, were written before.
/// 8. What sizes an axis of an output is one i64, held by an output.
///
/// Of a program with addresses:
/// 9. Every memory has a size, and every buffer but weights an address, at a multiple of the alignment of tensors, from
///    which it fits its memory. Without, no memory and no buffer has any.
/// 10. Buffers of one memory that are needed at one step have no bytes in common.
package func violations(of program: Program) -> [String] {
  let verifier = ProgramVerifier(program)
  verifier.checkTables()
  // The others read the tables by their indices.
  guard verifier.violations.isEmpty else { return verifier.violations }
  verifier.checkUses()
  verifier.checkAddresses()
  return verifier.violations
}

/// Throws what is wrong with a program after a pass.
package func verify(_ program: Program, after pass: String) throws(Diagnostic) {
  let found = violations(of: program)
  guard let first = found.first else { return }
  throw Diagnostic(
    "program '\(program.name)' is unsound: \(first)", at: .pass(pass),
    notes: Array(found.dropFirst().prefix(9)))
}

private final class ProgramVerifier {
  private let program: Program
  private(set) var violations: [String] = []

  init(_ program: Program) { self.program = program }

  private func require(
    _ condition: Bool, _ invariant: Int, _ text: @autoclosure () -> String
  ) {
    if !condition { violations.append("\(text()) (invariant \(invariant))") }
  }

  // MARK: Tables

  func checkTables() {
    checkBuffers()
    for index in program.tensors.indices { checkTensor(index) }
    if violations.isEmpty { checkInterface() }
    checkInstructions()
    checkSizes()
  }

  private func checkBuffers() {
    var ports: [Int: Int] = [:]
    for (index, buffer) in program.buffers.enumerated() {
      require(buffer.bytes >= 0, 1, "buffer $\(index) has \(buffer.bytes) bytes")
      require(
        buffer.kind.isWeight || program.memories.indices.contains(buffer.memory), 1,
        "buffer $\(index) lies in memory \(buffer.memory) of \(program.memories.count)")
      switch buffer.kind {
      case .input(let port): ports[port, default: 0] += 1
      case .output(let port): ports[program.inputCount + port, default: 0] += 1
      case .arena, .weight: break
      }
    }
    let count = program.inputCount + program.outputCount
    require(
      ports.count == count && ports.allSatisfy { (0..<count).contains($0.key) && $0.value == 1 }, 1,
      "\(program.inputCount) inputs and \(program.outputCount) outputs do not have one buffer each")
  }

  private func checkTensor(_ index: Int) {
    let view = program.tensors[index]
    guard program.buffers.indices.contains(view.buffer) else {
      return require(false, 2, "%\(index) lies in buffer $\(view.buffer) of \(program.buffers.count)")
    }
    let bytes = program.buffers[view.buffer].bytes
    require(
      view.offset >= 0 && view.spanBytes <= bytes && view.offset <= bytes - view.spanBytes, 2,
      "%\(index) has \(view.spanBytes) bytes at \(view.offset) of buffer $\(view.buffer), which has \(bytes)")
    require(
      view.offset % view.element.byteCount == 0, 2,
      "%\(index) begins at \(view.offset), no multiple of its element's size")
    let kind = program.buffers[view.buffer].kind
    require(
      view.layout.map { $0.fits(rank: view.shape.rank) && (kind == .arena || kind.isWeight) } ?? true, 2,
      "%\(index) has layout \(view.layout?.description ?? ""), which its rank or buffer does not allow")
    if let window = view.window {
      require(
        view.shape.rank >= 2 && view.layout == nil && !kind.isWeight && view.rowCount <= window.imageRows
          && (0..<window.imageRows).contains(window.firstRow), 2,
        "%\(index) is \(view.shape) from row \(window.firstRow) of \(window.imageRows)")
    }
  }

  private func checkInterface() {
    let count = program.inputCount + program.outputCount
    guard count <= program.tensors.count else {
      return require(false, 3, "\(program.tensors.count) tensors are fewer than inputs and outputs")
    }
    var extents = [Int](repeating: .max, count: program.buffers.count)
    for index in 0..<count {
      let view = program.tensors[index]
      let kind: Program.Buffer.Kind =
        index < program.inputCount ? .input(index) : .output(index - program.inputCount)
      require(
        view.offset == 0 && view.window == nil && program.buffers[view.buffer].kind == kind, 3,
        "%\(index) is not the start of its own buffer")
      extents[view.buffer] = view.byteCount
    }
    for (index, view) in program.tensors.enumerated() {
      require(
        view.byteRange.upperBound <= extents[view.buffer], 3,
        "%\(index) is longer than the input or output whose buffer it lies in")
    }
  }

  private func checkInstructions() {
    var ends: [Int] = []
    for (index, instruction) in program.instructions.enumerated() {
      while let end = ends.last, end <= index { ends.removeLast() }
      for operand in instruction.results + instruction.inputs.compactMap({ $0 }) {
        require(
          program.tensors.indices.contains(operand), 4, "\(label(index)) has the operand %\(operand)")
      }
      if instruction.opcode == INGOT_OP_LOOP {
        let end = instruction.loop.map { index + 1 + $0.length } ?? .max
        require(
          end <= ends.last ?? program.instructions.count, 5,
          "\(label(index)) ends behind what is around it")
        ends.append(min(end, program.instructions.count))
      }
      require(
        !ends.isEmpty || (instruction.opcode != INGOT_OP_TAKE && instruction.opcode != INGOT_OP_PUT), 5,
        "\(label(index)) stands outside a loop")
    }
  }

  private func checkSizes() {
    for size in program.sizes {
      let holder = program.inputCount + size.sizeOutput
      let sized = program.inputCount + size.output
      require(
        program.outputs.contains(holder) && program.outputs.contains(sized)
          && program.tensors.indices.contains(max(holder, sized))
          && program.tensors[holder].element == .i64 && program.tensors[holder].shape.rank == 0
          && program.tensors[sized].shape.indices.contains(size.axis), 8,
        "axis \(size.axis) of output \(size.output) is sized by output \(size.sizeOutput)")
    }
  }

  private func label(_ index: Int) -> String {
    guard program.instructions.indices.contains(index) else { return "the end" }
    let instruction = program.instructions[index]
    let name = instruction.name.isEmpty ? "" : " '\(printable(instruction.name))'"
    return "instruction \(index), \(instruction.operation)\(name),"
  }

  // MARK: Uses

  func checkUses() {
    for index in program.instructions.indices { checkCall(index) }
    var written = [RangeSet](repeating: RangeSet(), count: program.buffers.count)
    let program = program
    program.forEachUse { tensor, index in
      let view = program.tensors[tensor]
      require(
        program.buffers[view.buffer].kind.isWeight
          || view.byteRanges.allSatisfy({ written[view.buffer].contains($0) }), 7,
        "\(label(index)) reads %\(tensor), of which nothing wrote all before")
    } write: { tensor, _ in
      let view = program.tensors[tensor]
      for range in view.byteRanges { written[view.buffer].insert(range) }
    }
  }

  private func checkCall(_ index: Int) {
    let call = program.instructions[index]
    for (position, result) in call.results.enumerated() {
      let target = program.tensors[result]
      switch program.buffers[target.buffer].kind {
      case .input, .weight: require(false, 4, "\(label(index)) writes to %\(result), an input or weight")
      case .arena, .output: break
      }
      let inputs = call.inputs.indices.compactMap { input in call.inputs[input].map { (input, $0) } }
      for (input, other) in call.results[(position + 1)...].map({ (nil, $0) }) + inputs as [(Int?, Int)] {
        let view = program.tensors[other]
        guard view.buffer == target.buffer, view.overlaps(target) else { continue }
        let isAllowed =
          call.opcode == INGOT_OP_COPY
          || (input.map(call.canOverwrite(input:)) ?? false && view.offset == target.offset
            && view.element.byteCount == target.element.byteCount && view.shape == target.shape
            && view.window == target.window)
        require(isAllowed, 6, "\(label(index)) writes %\(result) over %\(other)")
      }
    }
  }

  // MARK: Addresses

  func checkAddresses() {
    let isPlaced = program.isPlaced
    for (index, memory) in program.memories.enumerated() {
      require((memory.bytes != nil) == isPlaced, 9, "memory \(index) of several has no size")
    }
    for (index, buffer) in program.buffers.enumerated() where !buffer.kind.isWeight {
      require(
        (buffer.address != nil) == isPlaced, 9,
        "buffer $\(index) has \(isPlaced ? "no address" : "an address in a memory without size")")
      guard let address = buffer.address, let bytes = program.memories[buffer.memory].bytes else { continue }
      require(
        address % Int(INGOT_TENSOR_ALIGNMENT) == 0 && address >= 0 && buffer.bytes <= bytes - address, 9,
        "buffer $\(index) has \(buffer.bytes) bytes at \(address) in a memory of \(bytes)")
    }
    guard isPlaced, violations.isEmpty else { return }
    let lifetimes = BufferLifetimes(program)
    for memory in program.memories.indices { checkOverlaps(memory, lifetimes) }
  }

  private func checkOverlaps(_ memory: Int, _ lifetimes: BufferLifetimes) {
    var buffers: [Buffer] = []
    var addresses: [Int] = []
    for (index, buffer) in program.buffers.enumerated() where buffer.memory == memory {
      guard let steps = lifetimes.steps[index], let address = buffer.address else { continue }
      buffers.append(
        Buffer(id: index, size: buffer.bytes, firstStep: steps.lowerBound, lastStep: steps.upperBound))
      addresses.append(address)
    }
    let peak = zip(buffers, addresses).map { $0.size + $1 }.max() ?? 0
    do {
      for violation in validate(try Problem(buffers), Plan(offsets: addresses, peak: peak)) {
        require(false, 10, "in memory '\(program.memories[memory].id)', \(violation)")
      }
    } catch {
      require(false, 10, "in memory '\(program.memories[memory].id)', \(error)")
    }
  }
}

/// Bytes, as ranges in order that do not touch.
private struct RangeSet {
  private var ranges: [Range<Int>] = []

  func contains(_ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return true }
    let index = firstIndex(endingAtOrAfter: range.upperBound)
    return index < ranges.count && ranges[index].lowerBound <= range.lowerBound
  }

  mutating func insert(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let first = firstIndex(endingAtOrAfter: range.lowerBound)
    var (end, merged) = (first, range)
    while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
      merged = min(merged.lowerBound, ranges[end].lowerBound)..<max(merged.upperBound, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
  }

  private func firstIndex(endingAtOrAfter place: Int) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound >= place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
