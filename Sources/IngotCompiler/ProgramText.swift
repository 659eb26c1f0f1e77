package import Bundle
import CBundleFormat
import Tensors

extension Program {
  /// The program for people to read: ports, weights, then one line for each kernel call with the places of
  /// its results in the arena.
  ///
  /// ```
  /// program @main(%0 "image": f32[1, 3, 8, 8] at 0) -> (%1 "scores": f32[1, 10] at 768) {
  ///   weight @fc.weight: f32[10, 192]
  ///   %4: f32[1, 192] at 1024 = copy %0   // flatten
  ///   %1: f32[1, 10] at 768 = matmul %4, @fc.weight {transpose_b = true, activation = relu}   // fc
  /// }
  /// ```
  /// What a loop repeats is indented. Attributes are those of ``attributes(of:)``.
  package var text: String {
    let inputs = (0..<inputCount).map(port).joined(separator: ", ")
    let results = outputs.map { port($0) + sizeText($0 - inputCount) }.joined(separator: ", ")
    var lines = ["program @\(quotedUnlessPlain(name))(\(inputs)) -> (\(results)) {"]
    lines += tensors.filter(isWeight).map {
      "  weight @\(quotedUnlessPlain($0.name)): \($0.element.rawValue)\($0.shape)"
    }
    lines += zip(instructions, nesting).map { instruction, nesting in
      String(repeating: "  ", count: nesting.depth + 1) + text(of: instruction)
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  /// One kernel call, as in ``text``.
  package func text(of instruction: Instruction) -> String {
    if let loop = instruction.loop { return "loop \(loop.count) times over the next \(loop.length)" }
    let results = instruction.results.map { "\(label($0))\(typeAndPlace($0))" }.joined(separator: ", ")
    let inputs = instruction.inputs.map { $0.map(label) ?? "none" }.joined(separator: ", ")
    var line = "\(results) = \(instruction.operation) \(inputs)"
    let attributes = attributes(of: instruction).map { "\($0.name) = \($0.value)" }
    if !attributes.isEmpty { line += " {\(attributes.joined(separator: ", "))}" }
    return instruction.name.isEmpty ? line : "\(line)   // \(escaped(instruction.name))"
  }

  private func port(_ tensor: Int) -> String {
    "%\(tensor) \"\(escaped(tensors[tensor].name))\"\(typeAndPlace(tensor))"
  }

  /// What sizes the axes of an output whose extents only a run tells.
  private func sizeText(_ output: Int) -> String {
    let own = sizes.filter { $0.output == output }
    guard !own.isEmpty else { return "" }
    return " sized {" + own.map { "\($0.axis) = %\(inputCount + $0.sizeOutput)" }.joined(separator: ", ")
      + "}"
  }

  /// How a tensor is called in text: weights by name, others by index.
  private func label(_ tensor: Int) -> String {
    isWeight(tensors[tensor]) ? "@\(quotedUnlessPlain(tensors[tensor].name))" : "%\(tensor)"
  }

  private func typeAndPlace(_ tensor: Int) -> String {
    let view = tensors[tensor]
    return ": \(view.element.rawValue)\(view.shape) at \(buffers[view.buffer].offset &+ view.offset)"
  }

  private func isWeight(_ view: View) -> Bool {
    if case .weight = buffers[view.buffer].kind { return true }
    return false
  }
}

private func quotedUnlessPlain(_ name: String) -> String {
  let isPlain = name.utf8.allSatisfy { byte in
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "_")
  }
  return isPlain && !name.isEmpty ? name : "\"\(escaped(name))\""
}

/// A name without characters that would break the line or move a terminal's cursor.
private func escaped(_ name: String) -> String {
  var text = ""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\"", "\\": text += "\\\(scalar)"
    case _ where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value):
      text += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: text.unicodeScalars.append(scalar)
    }
  }
  return text
}
