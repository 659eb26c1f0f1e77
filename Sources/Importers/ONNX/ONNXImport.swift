package import IR
package import Tensors

/// What a user fixes when importing a model.
package struct ONNXImportOptions: Sendable {
  /// Extents of symbolic dimensions by name (`--dim`). An axis without a name is called `INPUT[AXIS]`, or
  /// `INPUT.AXIS`.
  package var dimensions: [String: Int]
  /// Shapes of inputs by name (`--shape`); an empty one is a scalar's.
  package var shapes: [String: [Int]]
  /// Contents of inputs by name (`--constant NAME=FILE`); such an input disappears. Elements of other types than the
  /// input's must be ones that it holds exactly.
  package var constants: [String: StoredArray]
  /// The same for inputs of one element, which is written as a number or as `true` or `false` (`--constant NAME=NUMBER`).
  package var scalars: [String: String]
  /// The name of the imported function.
  package var function: String
  /// Whether links to external data may lead out of the model's folder (`--follow-links`).
  package var followsLinks = false

  /// Whether a text is a number or a truth value, as `scalars` takes them.
  package static func isScalar(_ text: String) -> Bool {
    Double(text) != nil || ["true", "false"].contains(text.lowercased())
  }

  package init(
    dimensions: [String: Int] = [:], shapes: [String: [Int]] = [:], constants: [String: Tensor] = [:],
    scalars: [String: String] = [:], function: String = "main"
  ) {
    self.dimensions = dimensions
    self.shapes = shapes
    self.constants = constants.mapValues { StoredArray($0) }
    self.scalars = scalars
    self.function = function
  }
}

/// Reads an ONNX model and translates it into a module of one function over the core ops.
///
/// All shapes are static afterwards: shape arithmetic is computed away. An output whose size depends on data has
/// its bound, and its true size is another output, named after it with `.size` appended. Weights keep their initializers'
/// names, inputs and outputs their own. Operators that can't be translated are all listed in one error.
///
/// The module's notes say what is otherwise than the model has it: doubles are computed in fp32, for one.
package func importONNX(path: String, options: ONNXImportOptions = ONNXImportOptions()) throws(ImportError)
  -> Module
{
  try importONNX(try ONNXModel.read(path: path, followsLinks: options.followsLinks), options: options)
}

/// Translates a model that has been read.
package func importONNX(
  _ model: ONNXModel, options: ONNXImportOptions = ONNXImportOptions()
) throws(ImportError) -> Module {
  var structure = ONNXStructure(file: model.path)
  let model = try structure.checked(model)
  try checkOpset(model.operatorSets, file: model.path)
  let bytes = model.graph.initializers.reduce(0) { $0 &+ $1.tensor.byteCount }
  let builder = ONNXGraphBuilder(name: options.function, file: model.path, constantByteCount: bytes)
  var translator = ONNXTranslator(model: model, builder: builder)
  var environment = ONNXEnvironment()
  let declared = Dictionary(
    model.graph.inputs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  for input in try resolvedInputs(of: model, options) {
    let operand: ONNXOperand
    switch input.binding {
    case .type(let type): operand = builder.addInput(input.name, type)
    case .constant(let tensor): operand = ONNXOperand(tensor, name: input.name)
    case .opaque(let opaque):
      environment[input.name] = .opaque(opaque)
      continue
    }
    let value = declared[input.name]
    environment[input.name] = .operand(
      operand.unsigned(value?.unsignedBits).double(value?.isDouble ?? false))
  }
  try translator.translate(model.graph, in: &environment, frame: ONNXFrame(model))
  try translator.throwFailures()
  guard !model.graph.outputs.isEmpty else {
    throw ImportError(file: model.path, found: "has no outputs", expected: "at least one")
  }
  var outputs: [(name: String, operand: ONNXOperand)] = []
  for output in model.graph.outputs {
    let binding = environment[output.name]
    guard !(binding?.isSequence ?? false) else {
      throw ImportError(
        file: model.path, place: "output \(ImportError.quoted(output.name))", found: "is a sequence",
        expected: "a tensor", advice: "make each tensor of it an output, or join them by ConcatFromSequence")
    }
    if case .opaque(let tensor) = binding {
      throw ImportError(
        file: model.path, place: "output \(ImportError.quoted(output.name))", found: tensor.description,
        expected: "a tensor of numbers or bools", advice: "remove it from the model's outputs")
    }
    guard let operand = binding?.operand else {
      throw ImportError(
        file: model.path, place: "output \(ImportError.quoted(output.name))",
        found: "is defined by no node, initializer or input", expected: "a value of that name",
        advice: "remove it from the model's outputs, or check what edited the graph")
    }
    outputs.append((output.name, operand))
  }
  builder.addOutputs(outputs)
  var metadata = [(key: "source", value: "onnx")]
  if let opset = model.operatorSetVersion() { metadata.append((key: "opset", value: "\(opset)")) }
  if !model.producer.isEmpty { metadata.append((key: "producer", value: model.producer)) }
  var module = Module([builder.graph], metadata: metadata)
  module.notes = structure.notes + translator.notes
  return module
}
