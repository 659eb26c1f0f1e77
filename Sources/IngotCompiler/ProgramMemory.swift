package import Bundle
import CBundleFormat
import Tensors

/// When and where a program uses its memory, found from its kernel calls alone.
///
/// Step 0 is before the first call, when the inputs are filled. Call i runs at step i + 1, except that the
/// copies into outputs at the end of a program run at the last step, at which the outputs are read. What a
/// loop reads from before it, or hands from one run to the next, is live until its last call; what it puts
/// together from parts, since it begins.
package struct ProgramMemory: Sendable, Equatable {
  /// A tensor in the arena.
  package struct Place: Sendable, Equatable {
    /// Index of the tensor in the program.
    package var tensor: Int
    package var buffer: Int
    /// From the start of the arena, in bytes.
    package var offset: Int
    package var bytes: Int
    /// From the first write of one of its bytes to the last read of one.
    package var steps: ClosedRange<Int>
    /// Tensors of the same buffer that have bytes in common with it: views, parts of a whole, results
    /// computed in place.
    package var sharesWith: [Int]
  }

  package let lastStep: Int
  /// Steps at which each buffer is live; nil for weights, and for buffers that no call reads or writes.
  package private(set) var bufferSteps: [ClosedRange<Int>?]
  /// Every tensor that is no weight, by first step, then offset.
  package private(set) var places: [Place] = []
  /// Bytes that are live at each step, each buffer rounded up to the alignment of tensors.
  package private(set) var liveBytes: [Int]

  /// No plan of these buffers needs less memory than this.
  package var lowerBound: Int { liveBytes.max() ?? 0 }

  /// The program is one that the compiler made or that the interpreter has opened.
  package init(_ program: Program) {
    let lastLooped =
      program.instructions.enumerated().map { index, instruction in
        instruction.loop.map { index + $0.length } ?? -1
      }.max() ?? -1
    let lastOrdinary = max(
      lastLooped, program.instructions.lastIndex { !program.isOutputCopy($0) } ?? -1)
    lastStep = lastOrdinary + 2
    var uses = Uses(program)
    for (index, instruction) in program.instructions.enumerated() {
      let step = min(index + 1, lastStep)
      for tensor in program.wholes(ofLoopAt: index) { uses.write(tensor, at: step) }
      if instruction.opcode == INGOT_OP_PUT {
        for tensor in instruction.results { uses.read(tensor, at: step) }
      }
      for tensor in instruction.inputs.lazy.compactMap({ $0 }) { uses.read(tensor, at: step) }
      for tensor in instruction.results { uses.write(tensor, at: step) }
    }
    for output in program.outputs { uses.read(output, at: lastStep) }
    // Inner loops first: what they prolong, outer loops see.
    for (index, instruction) in program.instructions.enumerated().reversed() {
      guard let length = instruction.loop?.length else { continue }
      uses.prolong(over: (index + 2)...(index + 1 + length))
    }

    bufferSteps = uses.buffers
    liveBytes = [Int](repeating: 0, count: lastStep + 2)
    let alignment = Int(INGOT_TENSOR_ALIGNMENT)
    for (buffer, steps) in zip(program.buffers, bufferSteps) {
      guard let steps else { continue }
      let occupied = (buffer.bytes &+ alignment - 1) / alignment &* alignment
      liveBytes[steps.lowerBound] &+= occupied
      liveBytes[steps.upperBound + 1] &-= occupied
    }
    for step in liveBytes.indices.dropFirst() { liveBytes[step] &+= liveBytes[step - 1] }
    liveBytes.removeLast()

    let shared = program.sharedTensors
    for (index, steps) in uses.tensors.enumerated() {
      let tensor = program.tensors[index]
      guard let steps, bufferSteps[tensor.buffer] != nil else { continue }
      places.append(
        Place(
          tensor: index, buffer: tensor.buffer,
          offset: program.buffers[tensor.buffer].offset &+ tensor.offset,
          bytes: tensor.byteCount, steps: steps, sharesWith: shared[index]))
    }
    places.sort { ($0.steps.lowerBound, $0.offset, $0.tensor) < ($1.steps.lowerBound, $1.offset, $1.tensor) }
  }

  /// The step at which a call runs.
  package func step(ofInstruction index: Int) -> Int { min(index + 1, lastStep) }
}

extension Program.View {
  var byteCount: Int { shape.elementCount &* element.byteCount }
  var byteRange: Range<Int> { offset..<(offset &+ byteCount) }
}

extension Program {
  var outputs: Range<Int> { inputCount..<(inputCount + outputCount) }

  /// Whether a call copies a finished value into an output. The compiler writes such calls last.
  func isOutputCopy(_ instruction: Instruction) -> Bool {
    instruction.opcode == INGOT_OP_COPY && instruction.results.allSatisfy { outputs.contains($0) }
  }

  /// What the loop at an instruction puts together, a part in each of its runs: it is there, with nothing in
  /// it, before the first. Loops inside it have their own.
  fileprivate func wholes(ofLoopAt head: Int) -> [Int] {
    guard let loop = instructions[head].loop else { return [] }
    var wholes: [Int] = []
    var index = head + 1
    while index <= head + loop.length {
      if instructions[index].opcode == INGOT_OP_PUT { wholes += instructions[index].results }
      index += 1 + (instructions[index].loop?.length ?? 0)
    }
    return wholes
  }

  /// For each tensor the others that share bytes with it, in order of index.
  fileprivate var sharedTensors: [[Int]] {
    var shared = [[Int]](repeating: [], count: tensors.count)
    var open: [Int] = []
    let byPlace = tensors.indices.filter { !tensors[$0].byteRange.isEmpty }
      .sorted { (tensors[$0].buffer, tensors[$0].offset, $0) < (tensors[$1].buffer, tensors[$1].offset, $1) }
    for index in byPlace {
      let tensor = tensors[index]
      open.removeAll {
        tensors[$0].buffer != tensor.buffer || tensors[$0].byteRange.upperBound <= tensor.offset
      }
      for other in open {
        shared[other].append(index)
        shared[index].append(other)
      }
      open.append(index)
    }
    return shared.map { $0.sorted() }
  }
}

/// Follows every byte from the call that writes it to the calls that read it.
private struct Uses {
  private struct Write {
    var tensor: Int
    var range: Range<Int>
    var step: Int
    /// Tensors through which its bytes have been read.
    var readers: [Int] = []
  }

  private(set) var tensors: [ClosedRange<Int>?]
  private(set) var buffers: [ClosedRange<Int>?]
  private let program: Program
  /// Writes to each buffer, in order.
  private var writes: [[Write]]

  init(_ program: Program) {
    self.program = program
    tensors = [ClosedRange<Int>?](repeating: nil, count: program.tensors.count)
    buffers = [ClosedRange<Int>?](repeating: nil, count: program.buffers.count)
    writes = [[Write]](repeating: [], count: program.buffers.count)
    for input in 0..<program.inputCount { write(input, at: 0) }
  }

  mutating func write(_ tensor: Int, at step: Int) {
    let view = program.tensors[tensor]
    guard touch(view.buffer, at: step) else { return }
    extend(&tensors[tensor], to: step)
    writes[view.buffer].append(Write(tensor: tensor, range: view.byteRange, step: step))
  }

  mutating func read(_ tensor: Int, at step: Int) {
    let view = program.tensors[tensor]
    guard touch(view.buffer, at: step) else { return }
    extend(&tensors[tensor], to: step)
    var unseen = [view.byteRange].filter { !$0.isEmpty }
    for index in writes[view.buffer].indices.reversed() where !unseen.isEmpty {
      let write = writes[view.buffer][index]
      let older = unseen.flatMap { $0.subtracting(write.range) }
      guard older != unseen else { continue }
      unseen = older
      extend(&tensors[tensor], to: write.step)
      for other in [write.tensor] + write.readers
      where program.tensors[other].byteRange.overlaps(view.byteRange) {
        extend(&tensors[other], to: step)
      }
      if !write.readers.contains(tensor) { writes[view.buffer][index].readers.append(tensor) }
    }
  }

  /// What was live when a loop began is live until it ends, if it is used inside. So is what the loop hands on:
  /// it was written before the loop.
  mutating func prolong(over loop: ClosedRange<Int>) {
    for table in [\Uses.tensors, \Uses.buffers] {
      for index in self[keyPath: table].indices {
        guard let steps = self[keyPath: table][index], steps.lowerBound < loop.lowerBound,
          loop.contains(steps.upperBound)
        else { continue }
        self[keyPath: table][index] = steps.lowerBound...loop.upperBound
      }
    }
  }

  /// Notes that a buffer is live; false for weights, which always are.
  private mutating func touch(_ buffer: Int, at step: Int) -> Bool {
    if case .weight = program.buffers[buffer].kind { return false }
    extend(&buffers[buffer], to: step)
    return true
  }

  private func extend(_ steps: inout ClosedRange<Int>?, to step: Int) {
    steps = steps.map { min($0.lowerBound, step)...max($0.upperBound, step) } ?? step...step
  }
}

extension Range<Int> {
  /// What is left of the range without another one: none, one or two ranges, none of them empty.
  fileprivate func subtracting(_ other: Range<Int>) -> [Range<Int>] {
    guard overlaps(other) else { return [self] }
    return [
      lowerBound..<Swift.max(lowerBound, other.lowerBound),
      Swift.min(upperBound, other.upperBound)..<upperBound,
    ].filter { !$0.isEmpty }
  }
}
