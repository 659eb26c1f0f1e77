import Bundle
import CBundleFormat

extension Program {
  /// Removes instructions, and loops that nothing is left of.
  mutating func removeInstructions(where isRemoved: (Int) -> Bool) {
    var kept: [Instruction] = []
    var open: [(end: Int, head: Int)] = []
    func close(before index: Int) {
      while let loop = open.last, loop.end <= index {
        open.removeLast()
        let length = kept.count - 1 - loop.head
        kept[loop.head].change(as: ingot_loop_attributes.self) { $0.length = Int64(length) }
        if length == 0 { kept.removeLast() }
      }
    }
    for (index, instruction) in instructions.enumerated() {
      close(before: index)
      if let loop = instruction.loop {
        open.append((index + 1 + loop.length, kept.count))
        kept.append(instruction)
      } else if !isRemoved(index) {
        kept.append(instruction)
      }
    }
    close(before: instructions.count)
    instructions = kept
  }

  /// Removes tensors that no call reads or writes, and buffers that then hold no tensor. Those of inputs and outputs
  /// stay.
  mutating func removeUnused() {
    var isUsed = tensors.indices.map { $0 < inputCount + outputCount }
    for instruction in instructions {
      for tensor in instruction.results { isUsed[tensor] = true }
      for case let tensor? in instruction.inputs { isUsed[tensor] = true }
    }
    var newTensors = [Int](repeating: 0, count: tensors.count)
    var newBuffers = [Int?](repeating: nil, count: buffers.count)
    for index in tensors.indices where isUsed[index] { newBuffers[tensors[index].buffer] = 0 }
    var keptBuffers: [Buffer] = []
    for index in buffers.indices where newBuffers[index] != nil {
      newBuffers[index] = keptBuffers.count
      keptBuffers.append(buffers[index])
    }
    var keptTensors: [View] = []
    for index in tensors.indices where isUsed[index] {
      newTensors[index] = keptTensors.count
      var view = tensors[index]
      view.buffer = newBuffers[view.buffer] ?? 0
      keptTensors.append(view)
    }
    (buffers, tensors) = (keptBuffers, keptTensors)
    replaceTensors { newTensors[$0] }
  }

  /// Has every call read and write other tensors.
  mutating func replaceTensors(by replacement: (Int) -> Int) {
    for index in instructions.indices {
      instructions[index].results = instructions[index].results.map(replacement)
      instructions[index].inputs = instructions[index].inputs.map { $0.map(replacement) }
    }
  }
}

/// Buffers that were merged into others.
struct MergedBuffers {
  private var targets: [(buffer: Int, offset: Int)?]

  init(count: Int) { targets = Array(repeating: nil, count: count) }

  func isMerged(_ buffer: Int) -> Bool { targets[buffer] != nil }

  /// The buffer that one lies in by now, and where.
  mutating func place(of buffer: Int) -> (buffer: Int, offset: Int) {
    guard let target = targets[buffer] else { return (buffer, 0) }
    let last = place(of: target.buffer)
    let place = (last.buffer, target.offset + last.offset)
    targets[buffer] = place
    return place
  }

  /// Puts a buffer that is not merged yet into another one.
  mutating func merge(_ buffer: Int, into other: Int, at offset: Int) { targets[buffer] = (other, offset) }

  /// Moves the tensors of merged buffers.
  mutating func apply(to program: inout Program) {
    for index in program.tensors.indices {
      let place = place(of: program.tensors[index].buffer)
      program.tensors[index].buffer = place.buffer
      program.tensors[index].offset += place.offset
    }
  }
}
