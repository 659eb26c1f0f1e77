package import IR

/// A named rewrite of one graph.
///
/// Passes are global constants, one in each file of this module, whose doc comments show the IR before and
/// after. A pass keeps no state between runs, reads the graph through its context and changes it only
/// through the context's methods.
package struct Pass: Sendable {
  /// The name on the command line and in reports: lower-case words joined by hyphens.
  package let name: String
  /// One sentence: what the pass does.
  package let summary: String
  package let run: @Sendable (inout PassContext) throws(Diagnostic) -> Void

  package init(
    _ name: String, _ summary: String, run: @escaping @Sendable (inout PassContext) throws(Diagnostic) -> Void
  ) {
    self.name = name
    self.summary = summary
    self.run = run
  }
}

/// One entry of the change log.
package struct Change: Hashable, Sendable {
  /// The pass that made the change.
  package var pass: String
  /// What happened, with the names of the nodes: `folded batch_norm 'bn1' into conv 'conv1'`.
  package var description: String
  /// Names of the nodes that changed or disappeared; unnamed ones are left out.
  package var nodes: [String]
}

/// What one run of a pass did.
package struct PassReport: Hashable, Sendable {
  package var name: String
  package var changes: [Change]
  package var nodesBefore: Int
  package var nodesAfter: Int
  package var seconds: Double
}

/// Sees the graph before and after every pass.
package typealias PassObserver = (_ report: PassReport, _ before: Graph, _ after: Graph) throws(Diagnostic) ->
  Void
