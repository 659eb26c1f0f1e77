/// Where a graph within a graph lies, from the outside in: `node 3 'cond' (If) > then_branch`.
struct ONNXPath {
  private var parts: [String] = []

  /// The path of what `part` of a node holds.
  func inside(_ node: String, _ part: String? = nil) -> ONNXPath {
    var path = self
    path.parts.append(part.map { "\(node) > \($0)" } ?? node)
    return path
  }

  /// A place in that graph as messages name it. Of deep paths the middle is left out.
  func place(_ local: String) -> String {
    guard !parts.isEmpty else { return local }
    let shown = parts.count <= 8 ? parts : parts.prefix(3) + ["… \(parts.count - 6) more …"] + parts.suffix(3)
    return (shown + [local]).joined(separator: " > ")
  }
}

extension ONNXNode {
  /// The operator in messages: `Conv`, of other domains than ONNX's own `com.vendor::Conv`.
  var operatorName: String { domain.isEmpty ? opType : "\(domain)::\(opType)" }

  /// The node in messages, by its graph's own count: `node 17 'Conv_3' (Conv)`.
  package var place: String {
    name.isEmpty
      ? "node \(index) (\(operatorName))" : "node \(index) \(ImportError.quoted(name)) (\(operatorName))"
  }
}

extension ONNXFunction {
  /// The function in messages: `function com.vendor::Conv`.
  var place: String { domain.isEmpty ? "function \(name)" : "function \(domain)::\(name)" }
}
