package import Bundle
import CBundleFormat
import Tensors

extension Program {
  /// The program for people to read, and for ``parseProgram(_:)`` to read back: ports, memories and buffers, weights,
  /// then one line for each kernel call.
  ///
  /// ```
  /// program @main(%0 "image": f32[1, 192] in $0) -> (%1 "scores": f32[1, 10] in $1) {
  ///   memory @dram: 1088 bytes
  ///   buffer $0 = input 0: 768 bytes in @dram at 0
  ///   buffer $1 = output 0: 40 bytes in @dram at 768
  ///   buffer $2: 40 bytes in @dram at 832
  ///   buffer $3 = weight 0: 7680 bytes
  ///   weight %3 @fc.weight: f32[10, 192] in $3
  ///   %2 "fc": f32[1, 10] in $2 = matmul %0, @fc.weight {transpose_b = true, activation = relu}
  ///   %1 = softmax %2 {axis = 1} name "last"
  /// }
  /// ```
  /// A tensor has its name, type, layout if it is not row-major, and place where it occurs first; `$2 + 64` is 64 bytes into a buffer;
  /// `rows 3 of 8` says that it is rows of an image of 8, from row 3 on. Memories have no size and buffers no address before memory is planned. A call's name is that of its first result unless it is said.
  /// What a loop repeats stands in its braces. Attributes are those of ``attributes(of:)``.
  package var text: String {
    var printer = ProgramPrinter(self)
    return printer.text()
  }

  /// One kernel call, as in ``text``.
  package func text(of instruction: Instruction) -> String {
    var printer = ProgramPrinter(self)
    return printer.line(instruction)
  }
}

private struct ProgramPrinter {
  private let program: Program
  /// Tensors that have been declared.
  private var isKnown: [Bool]
  /// Weights that have their name for themselves are called by it.
  private var labels: [Int: String] = [:]

  init(_ program: Program) {
    self.program = program
    isKnown = [Bool](repeating: false, count: program.tensors.count)
    var counts: [String: Int] = [:]
    for view in program.tensors where isWeight(view) { counts[view.name, default: 0] += 1 }
    for (index, view) in program.tensors.enumerated() where isWeight(view) && counts[view.name] == 1 {
      labels[index] = "@\(quotedUnlessPlain(view.name))"
    }
  }

  mutating func text() -> String {
    let inputs = program.inputs.map { operand($0) }.joined(separator: ", ")
    let outputs = program.outputs.map { operand($0) + sizeText($0) }.joined(separator: ", ")
    var lines = ["program @\(quotedUnlessPlain(program.name))(\(inputs)) -> (\(outputs)) {"]
    lines += program.memories.map { memory in
      "  memory @\(quotedUnlessPlain(memory.id))" + (memory.bytes.map { ": \($0) bytes" } ?? "")
    }
    lines += program.buffers.indices.map { "  " + bufferText($0) }
    for index in program.tensors.indices where isWeight(program.tensors[index]) {
      lines.append("  weight \(declaration(index))")
    }
    var ends: [Int] = []
    func indent() -> String { String(repeating: "  ", count: ends.count + 1) }
    for (index, instruction) in program.instructions.enumerated() {
      lines.append(indent() + line(instruction))
      if let loop = instruction.loop { ends.append(index + 1 + loop.length) }
      while let end = ends.last, end == index + 1 {
        ends.removeLast()
        lines.append(indent() + "}")
      }
    }
    for index in program.tensors.indices where !isKnown[index] {
      lines.append("  tensor \(declaration(index))")
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  mutating func line(_ instruction: Program.Instruction) -> String {
    if let loop = instruction.loop { return "loop \(loop.count) times {" }
    let results = instruction.results.map { operand($0) }.joined(separator: ", ")
    let inputs = instruction.inputs.map { input in input.map { operand($0) } ?? "none" }
    var line = "\(results) = \(instruction.operation) \(inputs.joined(separator: ", "))"
    let attributes = program.attributes(of: instruction).map { "\($0.name) = \($0.value)" }
    if !attributes.isEmpty { line += " {\(attributes.joined(separator: ", "))}" }
    let usual = instruction.results.first.map { program.tensors[$0].name } ?? ""
    return instruction.name == usual ? line : line + " name \(quoted(instruction.name))"
  }

  /// What sizes the axes of an output whose extents only a run tells.
  private func sizeText(_ tensor: Int) -> String {
    let own = program.sizes.filter { program.inputCount + $0.output == tensor }
    guard !own.isEmpty else { return "" }
    let sizes = own.map { "\($0.axis) = %\(program.inputCount + $0.sizeOutput)" }
    return " sized {\(sizes.joined(separator: ", "))}"
  }

  private func bufferText(_ index: Int) -> String {
    let buffer = program.buffers[index]
    let kind =
      switch buffer.kind {
      case .arena: ""
      case .input(let index): " = input \(index)"
      case .output(let index): " = output \(index)"
      case .weight(let index): " = weight \(index)"
      }
    let text = "buffer $\(index)\(kind): \(buffer.bytes) bytes"
    guard !buffer.kind.isWeight else { return text }
    let memory =
      program.memories.indices.contains(buffer.memory)
      ? "@\(quotedUnlessPlain(program.memories[buffer.memory].id))" : "memory \(buffer.memory)"
    return text + " in \(memory)" + (buffer.address.map { " at \($0)" } ?? "")
  }

  /// A tensor where it occurs: all of it the first time, then its label.
  private mutating func operand(_ tensor: Int) -> String {
    isKnown[tensor] ? labels[tensor] ?? "%\(tensor)" : declaration(tensor)
  }

  private mutating func declaration(_ tensor: Int) -> String {
    isKnown[tensor] = true
    let view = program.tensors[tensor]
    let name = labels[tensor] ?? (view.name.isEmpty ? "" : quoted(view.name))
    let place = "$\(view.buffer)" + (view.offset == 0 ? "" : " + \(view.offset)")
    let layout = view.layout.map { " layout \($0)" } ?? ""
    let rows = view.window.map { " rows \($0.firstRow) of \($0.imageRows)" } ?? ""
    return
      "%\(tensor)\(name.isEmpty ? "" : " \(name)"): \(view.element.rawValue)\(view.shape)\(layout)\(rows) in \(place)"
  }

  private func isWeight(_ view: Program.View) -> Bool { program.buffers[view.buffer].kind.isWeight }
}

private func quotedUnlessPlain(_ name: String) -> String {
  let isPlain = name.utf8.allSatisfy { byte in
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }
  return isPlain && !name.isEmpty ? name : quoted(name)
}

/// A name in quotes, without characters that would break the line or move a terminal's cursor.
private func quoted(_ name: String) -> String {
  var text = "\""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\"", "\\": text += "\\\(scalar)"
    case _ where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value):
      text += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text + "\""
}
