import Bundle
import CBundleFormat
import Tensors

/// Has an elementwise call write its result over an operand of the same shape that nobody needs after it.
///
/// ```
/// %2 "a": f32[8] in $2 = softmax %0                        %2 "a": f32[8] in $2 = softmax %0
/// %3 "b": f32[8] in $3 = elementwise %2 […]           ->   %3 "b": f32[8] in $2 = elementwise %2 […]
/// %1 = cumsum %3                                           %1 = cumsum %3
/// ```
/// The result's buffer, if that holds nothing else, becomes the part of the operand's buffer in which the operand lies;
/// where it is an output, which has no other memory, the operand's whole buffer becomes the result's.
package let overwriteOperands = ProgramPass(
  "overwrite-operands", "has elementwise calls write over operands that nobody needs after them"
) { program in
  var overwriting = Overwriting(program)
  for index in program.instructions.indices { overwriting.visit(index) }
  overwriting.apply(to: &program)
}

private struct Overwriting {
  private let program: Program
  private let needs: BufferNeeds
  private var merged: MergedBuffers
  /// Which buffer's tensors hold what is needed of the bytes of a buffer that others were merged into; the buffer's own
  /// where there is no entry.
  private var owners: [Int: RangeOwners] = [:]

  init(_ program: Program) {
    self.program = program
    needs = BufferNeeds(program)
    merged = MergedBuffers(count: program.buffers.count)
  }

  mutating func visit(_ index: Int) {
    let call = program.instructions[index]
    guard call.results.count == 1 else { return }
    let result = program.tensors[call.results[0]]
    guard result.offset == 0, result.window == nil, result.byteCount == program.buffers[result.buffer].bytes,
      !merged.isMerged(result.buffer), needs.firstUse(of: result.buffer) == index
    else { return }
    for (input, operand) in call.inputs.enumerated() where call.canOverwrite(input: input) {
      if let operand, overwrite(operand, result, call, index) { return }
    }
  }

  private mutating func overwrite(
    _ operand: Int, _ result: Program.View, _ call: Program.Instruction, _ index: Int
  ) -> Bool {
    let view = program.tensors[operand]
    guard coincide(view, result) else { return false }
    let place = place(of: view)
    let (target, own) = (program.buffers[place.buffer], program.buffers[result.buffer])
    guard place.buffer != result.buffer, target.kind == .arena, target.memory == own.memory,
      own.kind == .arena || place.range == 0..<target.bytes,
      !isNeeded(place.range, of: place.buffer, after: index),
      call.inputs.indices.allSatisfy({ canRead($0, of: call, while: place, result) })
    else { return false }
    if own.kind == .arena {
      merged.merge(result.buffer, into: place.buffer, at: place.range.lowerBound)
      owners[place.buffer, default: RangeOwners(buffer: place.buffer, bytes: target.bytes)]
        .give(place.range, to: result.buffer)
    } else {
      merged.merge(place.buffer, into: result.buffer, at: 0)
      owners[place.buffer] = nil
    }
    return true
  }

  /// Whether each element of one tensor can lie where that of the other does.
  private func coincide(_ view: Program.View, _ result: Program.View) -> Bool {
    view.shape == result.shape && view.element.byteCount == result.element.byteCount && view.window == nil
  }

  private mutating func place(of view: Program.View) -> (buffer: Int, range: Range<Int>) {
    let place = merged.place(of: view.buffer)
    let start = place.offset + view.offset
    return (place.buffer, start..<(start + view.spanBytes))
  }

  private func isNeeded(_ range: Range<Int>, of buffer: Int, after index: Int) -> Bool {
    guard let owners = owners[buffer] else { return needs.isNeeded(range, of: buffer, after: index) }
    return owners.pieces(of: range).contains { needs.isNeeded($0.range, of: $0.buffer, after: index) }
  }

  /// Whether an input may be read while the result is written to `place`.
  private mutating func canRead(
    _ input: Int, of call: Program.Instruction, while place: (buffer: Int, range: Range<Int>),
    _ result: Program.View
  ) -> Bool {
    guard let operand = call.inputs[input] else { return true }
    let view = program.tensors[operand]
    let own = self.place(of: view)
    guard own.buffer == place.buffer else { return true }
    return !own.range.overlaps(place.range)
      || (own.range == place.range && coincide(view, result) && call.canOverwrite(input: input))
  }

  mutating func apply(to program: inout Program) {
    merged.apply(to: &program)
    program.removeUnused()
  }
}

/// When the bytes of each buffer are needed, by the calls alone.
private struct BufferNeeds {
  private var firstUses: [Int]
  /// For each buffer until when its bytes are needed, in half instructions: 2i is during instruction i.
  private var ends: [RangeMaxima]

  init(_ program: Program) {
    typealias Entries = [(range: Range<Int>, value: Int)]
    let loops = LoopNest(program)
    var firstUses = [Int](repeating: .max, count: program.buffers.count)
    var lastUses = [Int?](repeating: nil, count: program.tensors.count)
    var writes = [Entries](repeating: [], count: program.buffers.count)
    func use(_ tensor: Int, _ index: Int) {
      let buffer = program.tensors[tensor].buffer
      firstUses[buffer] = min(firstUses[buffer], index)
      lastUses[tensor] = max(lastUses[tensor] ?? index, index)
    }
    program.forEachUse { tensor, index in
      use(tensor, index)
    } write: { tensor, index in
      use(tensor, index)
      writes[program.tensors[tensor].buffer].append((program.tensors[tensor].byteRange, -index))
    }
    let firstWrites = writes.map { RangeMaxima($0) }
    var needs = [Entries](repeating: [], count: program.buffers.count)
    for (tensor, last) in lastUses.enumerated() {
      guard let last else { continue }
      let view = program.tensors[tensor]
      let first = firstWrites[view.buffer].maximum(in: view.byteRange).map { -$0 } ?? last
      let end = loops.end(ofNeedAt: last, since: first).map { 2 * $0 - 1 } ?? 2 * last
      needs[view.buffer].append((view.byteRange, end))
    }
    self.firstUses = firstUses
    ends = needs.map { RangeMaxima($0) }
  }

  func firstUse(of buffer: Int) -> Int { firstUses[buffer] }

  /// Whether a call after the one at `index`, or that one in a later run of a loop, needs any of these bytes.
  func isNeeded(_ range: Range<Int>, of buffer: Int, after index: Int) -> Bool {
    guard let end = ends[buffer].maximum(in: range) else { return false }
    return end > 2 * index
  }
}

/// Which buffer's tensors speak for the bytes of another buffer that it was merged into.
private struct RangeOwners {
  struct Piece {
    var range: Range<Int>
    var buffer: Int
    /// Where the range begins in that buffer.
    var offset: Int
  }
  /// In order, without gaps.
  private var pieces: [Piece]

  init(buffer: Int, bytes: Int) { pieces = [Piece(range: 0..<bytes, buffer: buffer, offset: 0)] }

  /// The pieces of a range, in the coordinates of their buffers.
  func pieces(of range: Range<Int>) -> [(buffer: Int, range: Range<Int>)] {
    pieces[indices(of: range)].map { piece in
      let common = piece.range.clamped(to: range)
      let start = piece.offset + common.lowerBound - piece.range.lowerBound
      return (piece.buffer, start..<(start + common.count))
    }
  }

  /// A whole buffer takes the place of a range.
  mutating func give(_ range: Range<Int>, to buffer: Int) {
    guard !range.isEmpty else { return }
    let old = indices(of: range)
    var new = [Piece(range: range, buffer: buffer, offset: 0)]
    if let first = pieces[old].first, first.range.lowerBound < range.lowerBound {
      var piece = first
      piece.range = piece.range.lowerBound..<range.lowerBound
      new.insert(piece, at: 0)
    }
    if let last = pieces[old].last, last.range.upperBound > range.upperBound {
      var piece = last
      piece.offset += range.upperBound - piece.range.lowerBound
      piece.range = range.upperBound..<piece.range.upperBound
      new.append(piece)
    }
    pieces.replaceSubrange(old, with: new)
  }

  /// The pieces that have something in common with a range.
  private func indices(of range: Range<Int>) -> Range<Int> {
    guard !range.isEmpty else { return 0..<0 }
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].range.upperBound > range.lowerBound { high = middle } else { low = middle + 1 }
    }
    var end = low
    while end < pieces.count, pieces[end].range.lowerBound < range.upperBound { end += 1 }
    return low..<end
  }
}
