import IR
import Tensors

// Doubles are read as fp32, which is said once, at the first node that reads or makes one.

/// Attributes that give an element type by its number in ONNX.
private let typeAttributes: Set<String> = [
  "to", "dtype", "output_dtype", "output_datatype", "softmax_precision", "stash_type",
]

extension ONNXNode {
  /// Whether doubles have a part in what the node does. One that only rounds them to fp32 does what it says, and a
  /// constant matters once it is read.
  func usesDoubles(_ inputs: [ONNXOperand?], _ references: [String: ONNXAttribute.Value]) -> Bool {
    func number(_ attribute: ONNXAttribute) -> Int64? {
      switch attribute.value {
      case .int(let number): return number
      case .reference(let outer):
        if case .int(let number)? = references[outer] { return number }
        return nil
      default: return nil
      }
    }
    let types = attributes.filter { typeAttributes.contains($0.name) }.compactMap(number)
    if domain.isEmpty, opType == "Constant" { return false }
    if domain.isEmpty, opType == "Cast", types == [ONNXElementType.float] { return false }
    return types.contains(ONNXElementType.double) || attributes.contains(where: \.isDouble)
      || inputs.contains { $0?.isDouble ?? false }
  }
}

extension ONNXTranslator {
  /// Warns of the first node that computes with doubles.
  mutating func warnOfDoubles(_ node: ONNXNode, _ inputs: [ONNXOperand?], _ frame: ONNXFrame) {
    guard !isWarnedOfDoubles, node.usesDoubles(inputs, frame.references) else { return }
    isWarnedOfDoubles = true
    notes.append(
      Note(
        .warning,
        "\(model.path): \(frame.place(of: node)): is the first that computes in DOUBLE, for which fp32 stands in throughout: "
          + "results have about 7 digits, not 16"))
  }
}
