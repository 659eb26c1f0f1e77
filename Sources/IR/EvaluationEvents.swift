package import Tensors

/// A call or loop that runs a function, and which of its runs it is.
package struct EvaluationCall: Hashable, Sendable {
  /// The function that the node stands in.
  package var function: String
  /// The `call` or `loop`.
  package var node: NodeID
  /// The run of a loop's body, from 0; nil for a call.
  package var step: Int?

  package init(function: String, node: NodeID, step: Int?) {
    self.function = function
    self.node = node
    self.step = step
  }
}

/// A node that was evaluated.
package struct EvaluatedNode: Sendable {
  /// The calls and loops that it is run by, the outermost first; empty for nodes of the graph itself.
  package var path: [EvaluationCall]
  /// The function that it stands in.
  package var graph: Graph
  package var node: NodeID
  /// In the order of the node's results.
  package var results: [Tensor]
}

/// One run of a function that begins.
package struct EvaluatedFunction: Sendable {
  /// The calls and loops that run it, the outermost first; never empty.
  package var path: [EvaluationCall]
  package var graph: Graph
  /// In the order of the function's inputs.
  package var inputs: [Tensor]
}
