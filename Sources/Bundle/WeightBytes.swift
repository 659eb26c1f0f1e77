import CBundleFormat
package import Tensors

extension [Program] {
  /// Bytes of weights by the format in which they are stored: `fp32`, `int8`, `palette4` and so on, with scales, zero points and
  /// palettes under the format that needs them. `weights` are those that the programs' buffers number.
  package func weightBytesByFormat(_ weights: [(element: ElementType, bytes: Int)]) -> [String: Int] {
    var formats = weights.map { $0.element.formatName }
    for program in self {
      for (weight, format) in program.storedWeights where formats.indices.contains(weight) {
        formats[weight] = format
      }
    }
    return zip(weights, formats).reduce(into: [:]) { $0[$1.1, default: 0] += $1.0.bytes }
  }
}

extension Program {
  /// The weights that are not what their elements are, with their formats.
  fileprivate var storedWeights: [(weight: Int, format: String)] {
    // Of a tensor, the call that unpacks it.
    var unpacked: [Int: String] = [:]
    for call in instructions {
      if let format = call.unpackedFormat, let x = call.inputs.first, let x { unpacked[x] = format }
    }
    return instructions.flatMap { call in
      storedInputs(of: call, unpacked).compactMap { tensor, format in
        guard case .weight(let index) = buffers[tensors[tensor].buffer].kind else { return nil }
        return (index, format)
      }
    }
  }

  /// Inputs of a call that stand for other numbers than their own.
  private func storedInputs(of call: Instruction, _ unpacked: [Int: String]) -> [(
    tensor: Int, format: String
  )] {
    if let format = call.unpackedFormat { return call.inputs.compactMap { $0 }.map { ($0, format) } }
    if let format = call.storedFormat {
      return [1, 3, 4].compactMap { call.inputs.indices.contains($0) ? call.inputs[$0] : nil }.map {
        ($0, format)
      }
    }
    // Of a table some rows are unpacked.
    if call.opcode == INGOT_OP_GATHER, let rows = call.results.first, let format = unpacked[rows],
      let table = call.inputs.first, let table
    {
      return [(table, format)]
    }
    return []
  }
}

extension Program.Instruction {
  /// The format of what a call unpacks or looks up; nil of any other call.
  fileprivate var unpackedFormat: String? {
    switch opcode {
    case INGOT_OP_UNPACK: attributes(as: ingot_unpack_attributes.self).map { "int\($0.bits)" }
    case INGOT_OP_PALETTE: attributes(as: ingot_palette_attributes.self).map { "palette\($0.bits)" }
    default: nil
    }
  }
}
