package import Bundle
import CBundleFormat

/// Replays a program whose memory is planned, byte by byte as its calls come, and says what goes wrong; empty when nothing
/// does. `capacities` are bytes of memories by their ids.
///
/// It knows nothing of lifetimes, schedules and planners: a byte belongs to the buffer that was written there last, and a
/// call must find every byte that it reads with the buffer of its operand. So it fails where two buffers meet in time and
/// space, where something is read that nothing wrote, and where an address is misaligned or leaves its memory.
package func problems(of program: Program, capacities: [String: Int] = [:]) -> [String] {
  var checker = ProgramChecker(program)
  checker.checkPlaces(capacities)
  guard checker.problems.isEmpty else { return checker.problems }
  checker.replay()
  return checker.problems
}

private struct ProgramChecker {
  private let program: Program
  private(set) var problems: [String] = []
  /// By memory, who owns its bytes.
  private var owners: [ByteOwners]

  init(_ program: Program) {
    self.program = program
    owners = program.memories.map { _ in ByteOwners() }
  }

  private mutating func fail(_ text: String) {
    if problems.count < 20 { problems.append(text) }
  }

  // MARK: Places

  mutating func checkPlaces(_ capacities: [String: Int]) {
    for memory in program.memories {
      guard let bytes = memory.bytes else {
        fail("memory '\(memory.id)' is not planned")
        continue
      }
      if let capacity = capacities[memory.id], bytes > capacity {
        fail("memory '\(memory.id)' takes \(bytes) bytes, \(capacity) are there")
      }
    }
    for (index, buffer) in program.buffers.enumerated() where !buffer.kind.isWeight {
      guard program.memories.indices.contains(buffer.memory), let address = buffer.address,
        let bytes = program.memories[buffer.memory].bytes
      else {
        fail("buffer \(index) has no address")
        continue
      }
      if address % Int(INGOT_TENSOR_ALIGNMENT) != 0 {
        fail("buffer \(index) lies at \(address), no multiple of \(INGOT_TENSOR_ALIGNMENT)")
      }
      if address < 0 || buffer.bytes < 0 || address > bytes || buffer.bytes > bytes - address {
        fail("buffer \(index), \(buffer.bytes) bytes at \(address), leaves its memory of \(bytes)")
      }
    }
    for (index, view) in program.tensors.enumerated() {
      let bytes = program.buffers[view.buffer].bytes
      if view.offset < 0 || view.offset > bytes || view.spanBytes > bytes - view.offset {
        fail("tensor \(index), \(view.spanBytes) bytes at \(view.offset), leaves its buffer of \(bytes)")
      }
    }
  }

  // MARK: Replay

  mutating func replay() {
    for input in program.inputs { write(input) }
    run(0..<program.instructions.count)
    for output in program.outputs { read(output, by: "the caller") }
  }

  /// Runs instructions, those of a loop twice, so that what its runs hand on is seen.
  private mutating func run(_ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      let instruction = program.instructions[index]
      if let loop = instruction.loop {
        let body = (index + 1)..<(index + 1 + loop.length)
        for _ in 0..<min(loop.count, 2) { run(body) }
        index = body.upperBound
        continue
      }
      for case let input? in instruction.inputs { read(input, by: label(index)) }
      for result in instruction.results { write(result) }
      index += 1
    }
  }

  private func label(_ index: Int) -> String {
    let instruction = program.instructions[index]
    return "instruction \(index), \(instruction.operation) '\(instruction.name)',"
  }

  private mutating func write(_ tensor: Int) {
    let view = program.tensors[tensor]
    let buffer = program.buffers[view.buffer]
    guard let address = buffer.address else { return }
    for range in view.byteRanges {
      owners[buffer.memory].give(
        (address + range.lowerBound)..<(address + range.upperBound), to: view.buffer)
    }
  }

  private mutating func read(_ tensor: Int, by reader: String) {
    let view = program.tensors[tensor]
    let buffer = program.buffers[view.buffer]
    guard let address = buffer.address else { return }
    for range in view.byteRanges {
      let bytes = (address + range.lowerBound)..<(address + range.upperBound)
      guard let stranger = owners[buffer.memory].stranger(to: view.buffer, in: bytes) else { continue }
      let found = stranger.owner.map { "buffer \($0) wrote last" } ?? "nothing wrote"
      return fail(
        "\(reader) reads tensor \(tensor) of buffer \(view.buffer), where \(found) (byte \(stranger.byte))")
    }
  }
}

/// To which buffer each byte of a memory belongs.
private struct ByteOwners {
  /// Where ranges of one owner begin, in order; each ends where the next begins.
  private var starts = [0]
  private var owners: [Int?] = [nil]

  /// The range that holds a byte.
  private func index(of byte: Int) -> Int {
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= byte { low = middle } else { high = middle }
    }
    return low
  }

  mutating func give(_ range: Range<Int>, to owner: Int) {
    guard !range.isEmpty else { return }
    let first = index(of: range.lowerBound)
    let last = index(of: range.upperBound - 1)
    let end = last + 1 < starts.count ? starts[last + 1] : Int.max
    var new: [(start: Int, owner: Int?)] = []
    if starts[first] < range.lowerBound, owners[first] != owner { new.append((starts[first], owners[first])) }
    let joins = starts[first] <= range.lowerBound && owners[first] == owner
    new.append((joins ? starts[first] : range.lowerBound, owner))
    if range.upperBound < end, owners[last] != owner { new.append((range.upperBound, owners[last])) }
    starts.replaceSubrange(first...last, with: new.map(\.start))
    owners.replaceSubrange(first...last, with: new.map(\.owner))
  }

  /// The first byte of a range that belongs to another buffer, or to none.
  func stranger(to owner: Int, in range: Range<Int>) -> (byte: Int, owner: Int?)? {
    guard !range.isEmpty else { return nil }
    for place in index(of: range.lowerBound)...index(of: range.upperBound - 1) where owners[place] != owner {
      return (max(starts[place], range.lowerBound), owners[place])
    }
    return nil
  }
}
