import Bundle
import CBundleFormat

/// Who writes and reads the buffers of a program that copies lead to.
struct CopyUses {
  private var lastWrites: [Int?]
  /// By buffer that a copy writes to: when its bytes are written first and last, and read first. Times of firsts are
  /// negative, so that the largest is the earliest.
  private var targets: [Int: (firstWrite: RangeMaxima, lastWrite: RangeMaxima, firstRead: RangeMaxima)] = [:]

  init(_ program: Program) {
    typealias Entries = [(range: Range<Int>, value: Int)]
    var lastWrites = [Int?](repeating: nil, count: program.buffers.count)
    var entries: [Int: (firstWrites: Entries, lastWrites: Entries, firstReads: Entries)] = [:]
    for instruction in program.instructions where instruction.opcode == INGOT_OP_COPY {
      for target in instruction.results { entries[program.tensors[target].buffer] = ([], [], []) }
    }
    program.forEachUse { tensor, index in
      let view = program.tensors[tensor]
      entries[view.buffer]?.firstReads.append((view.byteRange, -index))
    } write: { tensor, index in
      let view = program.tensors[tensor]
      lastWrites[view.buffer] = max(lastWrites[view.buffer] ?? index, index)
      entries[view.buffer]?.firstWrites.append((view.byteRange, -index))
      entries[view.buffer]?.lastWrites.append((view.byteRange, index))
    }
    self.lastWrites = lastWrites
    targets = entries.mapValues {
      (RangeMaxima($0.firstWrites), RangeMaxima($0.lastWrites), RangeMaxima($0.firstReads))
    }
  }

  func lastWrite(of buffer: Int) -> Int? { lastWrites[buffer] }

  /// Whether the instruction at `index` is the only one to write to these bytes, and all reads of them come after it.
  func isWrittenOnly(by index: Int, _ range: Range<Int>, of buffer: Int) -> Bool {
    guard let target = targets[buffer], target.firstWrite.maximum(in: range) == -index,
      target.lastWrite.maximum(in: range) == index
    else { return false }
    guard let firstRead = target.firstRead.maximum(in: range) else { return true }
    return -firstRead > index
  }
}
