import Importers
import Tensors

/// An ONNX model whose inputs have extents that are not known yet, so that only what the file states can be shown.
struct OpenModel: Encodable {
  struct Input: Encodable {
    var name: String
    var type: String
  }

  struct Dimension: Encodable {
    var name: String
    /// The axes that have it, as `INPUT[AXIS]`.
    var axes: [String]
  }

  var kind = "open model"
  var title: String
  var inputs: [Input]
  var outputs: [String]
  var openDimensions: [Dimension]
  /// The options that fix all of them, with letters where numbers belong.
  var options: String
  var weightBytes: Int
  var weights: Int
  var ops: [OpCount]

  enum CodingKeys: String, CodingKey {
    case kind, title, inputs, outputs, options, weights
    case openDimensions = "open_dimensions"
    case weightBytes = "weight_bytes"
    case ops = "op_counts"
  }

  init(_ model: ONNXModel, _ open: ONNXOpenDimensions) {
    title = model.path
    inputs = open.inputs.map { Input(name: $0.name, type: $0.type) }
    outputs = model.graph.outputs.map(\.name)
    openDimensions = open.dimensions.map { Dimension(name: $0.name, axes: $0.places) }
    options = open.advice
    let constants = model.graph.constants
    weights = constants.count
    weightBytes = constants.reduce(0) { $0 &+ $1.byteCount }
    ops = opCounts(model.graph.nodes.map(\.opType))
  }

  func show(json: Bool) throws {
    if json { try printJSON(self) } else { print(summary) }
  }

  /// What is known and what is open, for people.
  private var summary: String {
    var lines = ["\(title) leaves sizes open"]
    lines += inputs.map { "  input      \($0.name)  \($0.type)" }
    lines += outputs.map { "  output     \($0)" }
    lines += openDimensions.map { dimension in
      let axes = dimension.axes == [dimension.name] ? "" : "  (\(dimension.axes.joined(separator: ", ")))"
      return "  open       \(dimension.name)\(axes)"
    }
    lines += [
      "  fix with   \(options)",
      "  weights    \(formatBytes(weightBytes)), \(weights) tensors",
      "  ops        \(countText(ops))",
    ]
    return paragraph(lines)
  }
}
