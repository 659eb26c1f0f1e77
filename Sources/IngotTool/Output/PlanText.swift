import Bundle
import IngotCompiler
import Tensors

/// A function's memory plan: sizes, then every tensor's place in the order of time, then the buffers.
func planText(_ function: FunctionPlan) -> String {
  let (program, memory) = (function.program, function.memory)
  let tensors = memory.places.map { place in
    let tensor = program.tensors[place.tensor]
    return [
      stepText(place.steps), "%\(place.tensor)", tensor.name, "\(tensor.element.rawValue)\(tensor.shape)",
      "\(place.offset)", "\(place.bytes)", "\(place.buffer)", sharedText(place.sharesWith),
    ]
  }
  let buffers = program.buffers.indices.compactMap { index -> [String]? in
    guard let steps = memory.bufferSteps[index] else { return nil }
    let buffer = program.buffers[index]
    return [
      "\(index)", kindText(buffer.kind, program), program.memories[buffer.memory].id,
      "\(buffer.address ?? 0)", "\(buffer.bytes)", stepText(steps),
    ]
  }
  return """
    function \(printable(program.name))
      arena        \(program.arenaBytes) bytes
    \(zip(program.memories, memory.liveBytes).map(memoryText).joined(separator: "\n"))
      scratch      \(function.scratchBytes) bytes, with tables, on one thread
      steps        0 to \(memory.lastStep): call i runs at step i + 1, outputs are read at the last

    \(table(
      ["steps", "tensor", "name", "type", "offset", "bytes", "buffer", "shares memory with"], tensors,
      right: [0, 4, 5, 6]))

    \(table(["buffer", "kind", "memory", "offset", "bytes", "steps"], buffers, right: [0, 3, 4, 5]))
    """
}

private func memoryText(_ memory: Program.Memory, _ liveBytes: [Int]) -> String {
  let bound = liveBytes.max() ?? 0
  let step = liveBytes.firstIndex(of: bound) ?? 0
  return """
      memory       '\(printable(memory.id))', \(memory.bytes ?? 0) bytes
      lower bound  \(bound) bytes, live at step \(step)
    """
}

/// `482.4 kB, 0.0 % over the lower bound of 482.4 kB`.
func arenaText(_ function: FunctionPlan) -> String {
  let (arena, bound) = (function.program.arenaBytes, function.memory.lowerBound)
  let excess = bound > 0 ? 100 * (Double(arena) / Double(bound) - 1) : 0
  return "\(formatBytes(arena)), \(format(excess, digits: 1)) % over the lower bound of \(formatBytes(bound))"
}

func stepText(_ steps: ClosedRange<Int>) -> String { "\(steps.lowerBound)-\(steps.upperBound)" }

/// What a buffer holds: `input 'image'`, `intermediate`.
func kindText(_ kind: Program.Buffer.Kind, _ program: Program) -> String {
  func name(_ tensor: Int) -> String {
    program.tensors.indices.contains(tensor) ? program.tensors[tensor].name : ""
  }
  return switch kind {
  case .arena: "intermediate"
  case .input(let index): "input '\(name(index))'"
  case .output(let index): "output '\(name(program.inputCount + index))'"
  case .weight(let index): "weight \(index)"
  }
}

private func sharedText(_ tensors: [Int]) -> String {
  let shown = tensors.prefix(4).map { "%\($0)" }.joined(separator: " ")
  return tensors.count > 4 ? "\(shown) and \(tensors.count - 4) more" : shown
}

extension Program {
  func isWeight(_ tensor: Int) -> Bool {
    if case .weight = buffers[tensors[tensor].buffer].kind { return true }
    return false
  }
}
