package import Bundle
import CBundleFormat
import Tensors

/// When and where a program uses its memory, found from its kernel calls alone. For steps see ``BufferLifetimes``.
package struct ProgramMemory: Sendable, Equatable {
  /// A tensor in memory.
  package struct Place: Sendable, Equatable {
    /// Index of the tensor in the program.
    package var tensor: Int
    package var buffer: Int
    /// From the start of its memory, in bytes.
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
  package let bufferSteps: [ClosedRange<Int>?]
  /// Every tensor that is no weight, by first step, then offset.
  package private(set) var places: [Place] = []
  /// For each memory the bytes that are live at each step, each buffer rounded up to the alignment of tensors.
  package let liveBytes: [[Int]]

  /// For each memory what no plan of its buffers can be smaller than.
  package var lowerBounds: [Int] { liveBytes.map { $0.max() ?? 0 } }
  /// No plans of all memories need less together.
  package var lowerBound: Int { lowerBounds.reduce(0, &+) }

  /// The program is one that the compiler made or that the interpreter has opened.
  package init(_ program: Program) {
    let lifetimes = BufferLifetimes(program)
    lastStep = lifetimes.lastStep
    bufferSteps = lifetimes.steps
    liveBytes = lifetimes.liveBytes(of: program)
    let lastStep = lastStep
    var uses = Uses(program)
    program.forEachUse { tensor, index in
      uses.read(tensor, at: min(index + 1, lastStep))
    } write: { tensor, index in
      uses.write(tensor, at: min(index + 1, lastStep))
    }
    // Inner loops first: what they prolong, outer loops see.
    for (index, instruction) in program.instructions.enumerated().reversed() {
      guard let length = instruction.loop?.length else { continue }
      uses.prolong(over: (index + 2)...(index + 1 + length))
    }
    let shared = program.sharedTensors
    for (index, steps) in uses.tensors.enumerated() {
      let tensor = program.tensors[index]
      guard let steps, bufferSteps[tensor.buffer] != nil else { continue }
      places.append(
        Place(
          tensor: index, buffer: tensor.buffer,
          offset: (program.buffers[tensor.buffer].address ?? 0) &+ tensor.offset,
          bytes: tensor.spanBytes, steps: steps, sharesWith: shared[index]))
    }
    places.sort { ($0.steps.lowerBound, $0.offset, $0.tensor) < ($1.steps.lowerBound, $1.offset, $1.tensor) }
  }

  /// The step at which a call runs.
  package func step(ofInstruction index: Int) -> Int { min(index + 1, lastStep) }
}

extension Program {
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
  private let program: Program
  /// Writes to each buffer, in order.
  private var writes: [[Write]]

  init(_ program: Program) {
    self.program = program
    tensors = [ClosedRange<Int>?](repeating: nil, count: program.tensors.count)
    writes = [[Write]](repeating: [], count: program.buffers.count)
  }

  mutating func write(_ tensor: Int, at step: Int) {
    let view = program.tensors[tensor]
    guard !program.buffers[view.buffer].kind.isWeight else { return }
    extend(&tensors[tensor], to: step)
    writes[view.buffer].append(Write(tensor: tensor, range: view.byteRange, step: step))
  }

  mutating func read(_ tensor: Int, at step: Int) {
    let view = program.tensors[tensor]
    guard !program.buffers[view.buffer].kind.isWeight else { return }
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
    for index in tensors.indices {
      guard let steps = tensors[index], steps.lowerBound < loop.lowerBound, loop.contains(steps.upperBound)
      else { continue }
      tensors[index] = steps.lowerBound...loop.upperBound
    }
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
