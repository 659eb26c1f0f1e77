import Bundle
import IngotCompiler
import Tensors

/// A function's memories over time as pictures: one rectangle for each buffer, steps to the right and addresses
/// upwards, the bytes that are live at each step as a curve, and the lower bound.
func memorySection(_ program: Program) -> String {
  let memory = ProgramMemory(program)
  return program.memories.indices.map { index in
    let map = MemoryMap(program, memory, index)
    let (bytes, bound) = (map.size, memory.lowerBounds[index])
    let excess = bound > 0 ? format(100 * (Double(bytes) / Double(bound) - 1), digits: 1) : "0.0"
    let text = """
      '\(program.memories[index].id)' holds \(bytes) bytes, \(excess) % over the lower bound of \(bound) bytes \
      (dashed), the most that is live at one step. The curve is what is live. Point at a buffer to see its tensors.
      """
    return section("Memory of \(program.name)", "<p>\(escapedHTML(text))</p>\n\(map.svg)")
  }.joined(separator: "\n")
}

private struct MemoryMap {
  let program: Program
  let memory: ProgramMemory
  /// Of the program's memories the one that is shown.
  let index: Int
  var size: Int { program.memories[index].bytes ?? 0 }
  private var liveBytes: [Int] { memory.liveBytes[index] }
  private let left = 76.0
  private let top = 12.0
  private let width = 1000.0
  private let height = 420.0
  private let bytes: Double
  private let stepWidth: Double
  /// Tensors by buffer.
  private var tensors: [[Int]]

  init(_ program: Program, _ memory: ProgramMemory, _ index: Int) {
    self.program = program
    self.memory = memory
    self.index = index
    bytes = Double(max(program.memories[index].bytes ?? 0, memory.lowerBounds[index], 1))
    stepWidth = width / Double(memory.lastStep + 1)
    tensors = [[Int]](repeating: [], count: program.buffers.count)
    for place in memory.places { tensors[place.buffer].append(place.tensor) }
  }

  var svg: String {
    let size = "0 0 \(coordinate(left + width + 8)) \(coordinate(top + height + 40))"
    return """
      <svg viewBox="\(size)" role="img" aria-label="Memory plan">
      \(program.buffers.indices.map(rectangle).joined())\(axes)
      <path class="live" d="\(livePath)"/>
      <line class="bound" x1="\(coordinate(left))" x2="\(coordinate(left + width))" \
      y1="\(y(memory.lowerBounds[index]))" y2="\(y(memory.lowerBounds[index]))"/>
      </svg>
      """
  }

  private func rectangle(_ index: Int) -> String {
    let buffer = program.buffers[index]
    guard let steps = memory.bufferSteps[index], buffer.memory == self.index, buffer.bytes > 0 else {
      return ""
    }
    let address = buffer.address ?? 0
    let x = left + Double(steps.lowerBound) * stepWidth
    let extent = Double(steps.count) * stepWidth
    let rise = height * Double(buffer.bytes) / bytes
    let tip = """
      \(kindText(buffer.kind, program)), buffer \(index): \
      \(buffer.bytes) bytes at \(address), steps \(stepText(steps))
      \(names(index))
      """
    return """
      <rect x="\(coordinate(x))" y="\(y(address &+ buffer.bytes))" width="\(coordinate(extent))" \
      height="\(coordinate(rise))" fill="\(color(buffer.kind, index))">\
      <title>\(escapedHTML(tip))</title></rect>

      """
  }

  private func names(_ buffer: Int) -> String {
    let lines = tensors[buffer].prefix(12).map { tensor in
      let view = program.tensors[tensor]
      return "%\(tensor) \(view.name) \(view.element.rawValue)\(view.shape)"
    }
    let rest = tensors[buffer].count - lines.count
    return lines.joined(separator: "\n") + (rest > 0 ? "\nand \(rest) more" : "")
  }

  /// Neighboring indices get hues far apart.
  private func color(_ kind: Program.Buffer.Kind, _ index: Int) -> String {
    switch kind {
    case .input: "#4a7fd4"
    case .output: "#3f9a5a"
    case .arena, .weight: "hsl(\(index * 137 % 360) 38% 66%)"
    }
  }

  private var axes: String {
    let ticks = (0...4).map { part in
      let value = Int(bytes * Double(part) / 4)
      return """
        <text x="\(coordinate(left - 6))" y="\(y(value))" text-anchor="end" dominant-baseline="middle">\
        \(formatBytes(value))</text>

        """
    }
    let bottom = coordinate(top + height)
    let labels = """
      <text x="\(coordinate(left))" y="\(coordinate(top + height + 18))">step 0</text>
      <text x="\(coordinate(left + width))" y="\(coordinate(top + height + 18))" text-anchor="end">\
      step \(memory.lastStep)</text>
      """
    return """
      \(ticks.joined())<line class="axis" x1="\(coordinate(left))" x2="\(coordinate(left + width))" \
      y1="\(bottom)" y2="\(bottom)"/>
      \(labels)
      """
  }

  private var livePath: String {
    var path = "M\(coordinate(left)) \(y(liveBytes.first ?? 0))"
    for (step, live) in liveBytes.enumerated() {
      path += "V\(y(live))H\(coordinate(left + Double(step + 1) * stepWidth))"
    }
    return path
  }

  private func y(_ offset: Int) -> String { coordinate(top + height * (1 - Double(offset) / bytes)) }
  private func coordinate(_ value: Double) -> String { format(value, digits: 2) }
}
