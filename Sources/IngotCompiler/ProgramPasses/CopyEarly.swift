import Bundle
import CBundleFormat
import Tensors

/// Moves copies of parts of a buffer to right after that is written, where that takes less memory: later reads of what is
/// copied go to the copy, so that the buffer is free earlier.
///
/// ```
/// %2 "x": f32[2, 8] in $2 = softmax %0                     %2 "x": f32[2, 8] in $2 = softmax %0
/// %4 "y": f32[8] in $3 + 32 = cumsum %3 "b" in $2 + 32     %6: f32[8] in $3 = copy %5 "a": f32[8] in $2
/// %6: f32[8] in $3 = copy %5 "a": f32[8] in $2             %4 "y": f32[8] in $3 + 32 = cumsum %3 "b" in $2 + 32
/// %1 = softmax %7 "c": f32[16] in $3                       %1 = softmax %7 "c": f32[16] in $3
/// ```
/// Nothing but the copy may write to the bytes that it writes, and all reads of them must come after it; the buffer must
/// be written last in the loop in which the copy stands. While the buffer lives for a shorter time, what is copied to lives
/// for a longer one: copies move if the most bytes that are live from then on until the buffer was free get less.
let copyEarly = ProgramPass(
  "copy-early", "copies parts of a buffer as soon as they are there, where that takes less memory"
) { program in
  var hoisting = CopyHoisting(program)
  hoisting.run()
  hoisting.apply(to: &program)
}

private struct CopyHoisting {
  private struct Candidate {
    var index: Int
    /// What is copied, in its buffer.
    var range: Range<Int>
  }

  private let program: Program
  private let uses: CopyUses
  private let loops: LoopNest
  /// When each buffer is live, as copies have moved so far.
  private var lives: [ClosedRange<Int>?]
  /// By memory.
  private var profiles: [LiveProfile]
  /// By buffer that copies may move away from: calls that read it, and by which tensor.
  private var reads: [Int: [(tensor: Int, index: Int)]] = [:]
  /// Copies that move, by the instruction that they come after; -1 for the start.
  private var moved: [Int: [Int]] = [:]
  /// By buffer: copies that move, in the order of what they copy.
  private var sources: [Int: [Candidate]] = [:]

  init(_ program: Program) {
    self.program = program
    uses = CopyUses(program)
    loops = LoopNest(program)
    lives = BufferLifetimes(program).instructions.map { uses in
      uses.map { LiveProfile.moment(of: $0.lowerBound)...LiveProfile.moment(of: $0.upperBound) }
    }
    profiles = program.memories.map { _ in LiveProfile(moments: 2 * program.instructions.count + 3) }
    for (buffer, live) in zip(program.buffers, lives) {
      guard let live else { continue }
      profiles[buffer.memory].add(LiveProfile.footprint(buffer), to: Range(live))
    }
  }

  mutating func run() {
    var candidates: [Int: [Candidate]] = [:]
    for (index, copy) in program.instructions.enumerated() where copy.opcode == INGOT_OP_COPY {
      guard let source = copy.inputs.first ?? nil, let target = copy.results.first else { continue }
      let (from, to) = (program.tensors[source], program.tensors[target])
      guard let lastWrite = uses.lastWrite(of: from.buffer), lastWrite + 1 < index,
        loops.isTogether(lastWrite, index), from.buffer != to.buffer, from.window == nil, to.window == nil,
        !program.buffers[from.buffer].kind.isWeight, !program.outputs.contains(target),
        program.buffers[from.buffer].memory == program.buffers[to.buffer].memory,
        uses.isWrittenOnly(by: index, to.byteRange, of: to.buffer)
      else { continue }
      candidates[from.buffer, default: []].append(Candidate(index: index, range: from.byteRange))
    }
    guard !candidates.isEmpty else { return }
    program.forEachUse { tensor, index in
      let buffer = program.tensors[tensor].buffer
      if candidates[buffer] != nil { reads[buffer, default: []].append((tensor, index)) }
    } write: { _, _ in
    }
    for buffer in candidates.keys.sorted() { move(candidates[buffer] ?? [], of: buffer) }
  }

  /// Moves those copies of a buffer that then outlast all other reads of it.
  private mutating func move(_ candidates: [Candidate], of buffer: Int) {
    var kept = candidates.sorted { ($0.range.lowerBound, $0.index) < ($1.range.lowerBound, $1.index) }
    var (count, lastRead) = (0, -1)
    repeat {
      count = kept.count
      let others = (reads[buffer] ?? []).filter { source(of: $0.tensor, among: kept) == nil }
      lastRead = others.map(\.index).max() ?? -1
      kept.removeAll { $0.index <= lastRead }
    } while kept.count < count && !kept.isEmpty
    guard !kept.isEmpty, let lastWrite = uses.lastWrite(of: buffer),
      savesMemory(kept, of: buffer, after: lastWrite, lastRead)
    else { return }
    sources[buffer] = kept
    moved[lastWrite, default: []] += kept.map(\.index).sorted()
  }

  /// Whether less is live if the copies come after an instruction, and the buffer is read then by one at most.
  private mutating func savesMemory(
    _ copies: [Candidate], of buffer: Int, after lastWrite: Int, _ lastRead: Int
  ) -> Bool {
    let start = LiveProfile.moment(after: lastWrite)
    let end = max(start, LiveProfile.moment(of: lastRead))
    guard let life = lives[buffer], end < life.upperBound else { return false }
    var changed = [buffer: life.lowerBound...end]
    let ends = ends(ofReadsOf: buffer, goingTo: copies, after: lastWrite)
    for copy in copies {
      let target = program.tensors[program.instructions[copy.index].results[0]].buffer
      guard let old = changed[target] ?? lives[target] else { continue }
      changed[target] = min(start, old.lowerBound)...max(old.upperBound, ends[copy.index] ?? 0)
    }
    var profile = profiles[program.buffers[buffer].memory]
    let last = changed.values.reduce(life.upperBound) { max($0, $1.upperBound) }
    let before = profile.maximum(in: start..<(last + 1))
    for (buffer, life) in changed {
      guard let old = lives[buffer] else { continue }
      let footprint = LiveProfile.footprint(program.buffers[buffer])
      profile.add(-footprint, to: Range(old))
      profile.add(footprint, to: Range(life))
    }
    guard profile.maximum(in: start..<(last + 1)) < before else { return false }
    profiles[program.buffers[buffer].memory] = profile
    for (buffer, life) in changed { lives[buffer] = life }
    return true
  }

  /// Until when each copy is read in place of a buffer.
  private func ends(
    ofReadsOf buffer: Int, goingTo copies: [Candidate], after lastWrite: Int
  ) -> [Int: Int] {
    let moving = Set(copies.map(\.index))
    var ends: [Int: Int] = [:]
    for read in reads[buffer] ?? [] where read.index > lastWrite && !moving.contains(read.index) {
      guard let copy = source(of: read.tensor, among: copies) else { continue }
      let end = loops.end(ofNeedAt: read.index, since: lastWrite).map { $0 - 1 } ?? read.index
      ends[copy.index] = max(ends[copy.index] ?? 0, LiveProfile.moment(of: end))
    }
    return ends
  }

  /// The copy that copies all of a tensor.
  private func source(of tensor: Int, among candidates: [Candidate]) -> Candidate? {
    let range = program.tensors[tensor].byteRange
    var (low, high) = (0, candidates.count)
    while low < high {
      let middle = (low + high) / 2
      if candidates[middle].range.lowerBound > range.lowerBound { high = middle } else { low = middle + 1 }
    }
    guard low > 0, candidates[low - 1].range.upperBound >= range.upperBound else { return nil }
    return candidates[low - 1]
  }

  mutating func apply(to program: inout Program) {
    guard !moved.isEmpty else { return }
    let isMoved = Set(moved.values.joined())
    var instructions = (moved[-1] ?? []).map { program.instructions[$0] }
    var copies: [Int: Int] = [:]
    for (index, instruction) in program.instructions.enumerated() {
      if !isMoved.contains(index) {
        var instruction = instruction
        instruction.inputs = instruction.inputs.map {
          $0.map { copied($0, at: index, &copies, in: &program) }
        }
        instructions.append(instruction)
      }
      for copy in moved[index] ?? [] { instructions.append(program.instructions[copy]) }
    }
    program.instructions = instructions
    program.removeUnused()
  }

  /// What the instruction at `index` reads in place of a tensor: the same bytes where they were copied to.
  private func copied(
    _ tensor: Int, at index: Int, _ copies: inout [Int: Int], in program: inout Program
  ) -> Int {
    let buffer = program.tensors[tensor].buffer
    guard let candidates = sources[buffer], index > uses.lastWrite(of: buffer) ?? index,
      let candidate = source(of: tensor, among: candidates)
    else { return tensor }
    if let copy = copies[tensor] { return copy }
    let target = self.program.tensors[self.program.instructions[candidate.index].results[0]]
    var view = program.tensors[tensor]
    view.offset += target.offset - candidate.range.lowerBound
    view.buffer = target.buffer
    program.tensors.append(view)
    copies[tensor] = program.tensors.count - 1
    return program.tensors.count - 1
  }
}
