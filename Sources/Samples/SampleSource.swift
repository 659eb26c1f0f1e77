package import IR
package import Importers
package import Tensors

/// Samples of what a function will see, for calibration and for comparing.
///
/// Samples are numbered from 0 in an order that depends on file names or a seed alone. Each is read when it is asked
/// for and not kept, so a thousand take the memory of one:
///
///     let samples = try openSamples(path: "calibration", for: sampleInputs(of: graph))
///     for index in 0..<samples.count {
///       let outputs = try evaluate(graph, samples.read(index), functions: module.functions)
///     }
///
/// What an implementation knows of the samples that the user should be told is in `notes`.
package protocol SampleSource: Sendable {
  /// What each sample holds, in the function's order.
  var inputs: [SampleInput] { get }
  /// At least 1.
  var count: Int { get }
  /// Where a sample comes from, for messages: its file, or the seed.
  func title(of sample: Int) -> String
  /// The arrays of a sample, one an input in the order and in the types of `inputs`. Fails when a file is missing or
  /// damaged, or does not hold what the function takes.
  func read(_ sample: Int) throws(ImportError) -> [Tensor]
  /// What the user should know of the samples, such as that they are made up.
  var notes: [Note] { get }
}

extension SampleSource {
  package var notes: [Note] { [] }

  /// The arrays of a sample by the names of the inputs.
  package func readByName(_ sample: Int) throws(ImportError) -> [String: Tensor] {
    Dictionary(
      zip(inputs.map(\.name), try read(sample)), uniquingKeysWith: { first, _ in first })
  }
}

/// An input of a function, as samples have to fill it.
package struct SampleInput: Hashable, Sendable {
  package let name: String
  package let type: TensorType

  package init(name: String, type: TensorType) {
    self.name = name
    self.type = type
  }
}

/// The inputs of a function, in its order.
package func sampleInputs(of graph: Graph) -> [SampleInput] {
  graph.inputs.map { SampleInput(name: $0.name, type: graph.type(of: $0.value)) }
}
