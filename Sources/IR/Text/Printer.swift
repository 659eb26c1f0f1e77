import Tensors

// The textual form of graphs and modules.
//
//   metadata "producer" = "pytorch"
//
//   graph @main(%x: f32[1, 3, 8, 8]) -> (%scores as "scores:0") {
//     weight @stem.weight: f32[4, 3, 3, 3] = digest 0123456789abcdef
//     weight @stem.bias: f32[4] = [0.1, 0.2, 0.3, 0.4]
//     weight @"later/bound": f32[4]
//     %0 = conv %x, @stem.weight, @stem.bias {pads = [1, 1, 1, 1], activation = relu} : f32[1, 4, 8, 8]
//     %scores = softmax %0 {axis = 1} : f32[1, 4, 8, 8] name "head/softmax"
//   }
//
// An output whose extents only a run tells names the outputs that hold them: `%y sized {0 = "y.size"}`.
// A name as written is also the name of the port or node, unless `as` or `name` gives another. Types after
// an op are checked when read and may be left out. Value names only serve reading; everything else is kept
// exactly, but for locations.

extension Module {
  /// The textual form, which ``parseModule(_:file:weights:)`` reads back.
  package var text: String {
    var parts: [String] = []
    if !metadata.isEmpty {
      parts.append(
        metadata.map { "metadata \(stringLiteral($0.key)) = \(stringLiteral($0.value))\n" }.joined())
    }
    return (parts + functions.map(\.text)).joined(separator: "\n")
  }
}

extension Op {
  /// The op without operands, such as `softmax {axis = 1}`.
  package var text: String { name + attributeText }

  /// ` {name = value, …}` for attributes that differ from their defaults; empty if none does.
  fileprivate var attributeText: String {
    let attributes = writtenAttributes
    return attributes.isEmpty
      ? "" : " {" + attributes.map { "\($0.name) = \($0.value.text)" }.joined(separator: ", ") + "}"
  }
}

extension Graph {
  /// The textual form, which ``parseGraph(_:file:weights:)`` reads back. It is the same for equal graphs.
  package var text: String {
    let names = ValueNames(self)
    var text = header(names)
    for value in weights { text += "  \(weightText(value))\n" }
    for node in order { text += "  \(nodeText(self[node], names))\n" }
    return text + "}\n"
  }

  private static var lineLength: Int { 110 }

  private func header(_ names: ValueNames) -> String {
    let inputs = self.inputs.map { port in
      "\(portText(port, names)): \(contains(port.value) ? type(of: port.value).description : "?")"
    }
    let outputs = self.outputs.map { portText($0, names) }
    let line =
      "graph \(symbol(name))(\(inputs.joined(separator: ", "))) -> (\(outputs.joined(separator: ", "))) {\n"
    guard line.utf8.count > Self.lineLength else { return line }
    let broken = { (ports: [String]) in
      ports.isEmpty ? "()" : "(\n    " + ports.joined(separator: ",\n    ") + "\n  )"
    }
    return "graph \(symbol(name))\(broken(inputs)) -> \(broken(outputs)) {\n"
  }

  private func portText(_ port: Port, _ names: ValueNames) -> String {
    var text = reference(port.value, names)
    if port.name != writtenName(port.value, names) { text += " as \(stringLiteral(port.name))" }
    guard !port.sizes.isEmpty else { return text }
    let sizes = port.sizes.map { "\($0.axis) = \(stringLiteral($0.output))" }
    return text + " sized {\(sizes.joined(separator: ", "))}"
  }

  private func weightText(_ value: ValueID) -> String {
    guard let weight = weight(value) else { return "" }
    let declaration = "weight \(symbol(weight.name)): \(type(of: value))"
    guard let tensor = weight.tensor else { return declaration }
    let contents =
      tensor.elementCount <= Limits.inlineElements ? tensor.inlineText : "digest \(tensor.digestText)"
    return "\(declaration) = \(contents)"
  }

  private func nodeText(_ node: Node, _ names: ValueNames) -> String {
    let results = node.results.map { reference($0, names) }.joined(separator: ", ")
    let operands = node.operands.map { reference($0, names) }.joined(separator: ", ")
    var text = "\(results) = \(node.op.name)\(operands.isEmpty ? "" : " ")\(operands)\(node.op.attributeText)"
    text += " : " + node.results.map { contains($0) ? type(of: $0).description : "?" }.joined(separator: ", ")
    let implied = node.results.first.map { names[$0] } ?? ""
    if node.name != (isNumbering(implied) ? "" : implied) { text += " name \(stringLiteral(node.name))" }
    return text
  }

  /// How operands and outputs name a value.
  private func reference(_ value: ValueID, _ names: ValueNames) -> String {
    if contains(value), let weight = weight(value) { return symbol(weight.name) }
    return "%" + names[value]
  }

  private func writtenName(_ value: ValueID, _ names: ValueNames) -> String {
    contains(value) ? weight(value)?.name ?? names[value] : names[value]
  }
}
