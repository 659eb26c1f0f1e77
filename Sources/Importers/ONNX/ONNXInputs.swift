import IR
import Tensors

/// One input of the model with everything symbolic resolved.
struct ONNXResolvedInput {
  enum Binding {
    case type(TensorType)
    case constant(Tensor)
    /// The bundle lacks the input.
    case opaque(ONNXOpaqueTensor)
  }
  var name: String
  var binding: Binding
}

/// What options leave open of a model's inputs; nothing if it can be imported.
package func openDimensions(
  of model: ONNXModel, _ options: ONNXImportOptions
) throws(ImportError) -> ONNXOpenDimensions {
  var structure = ONNXStructure(file: model.path)
  return try boundInputs(of: try structure.checked(model), options).open
}

/// The inputs with their static types, those that `options` fixes with their contents. Everything that is
/// missing or superfluous in `options` is listed at once.
func resolvedInputs(
  of model: ONNXModel, _ options: ONNXImportOptions
) throws(ImportError) -> [ONNXResolvedInput] {
  let bound = try boundInputs(of: model, options)
  guard bound.open.isEmpty else { throw bound.open.refusal(file: model.path) }
  return bound.resolved
}

/// The inputs as far as options resolve them; those with open axes are in `open` alone.
private func boundInputs(
  of model: ONNXModel, _ options: ONNXImportOptions
) throws(ImportError) -> (resolved: [ONNXResolvedInput], open: ONNXOpenDimensions) {
  try checkPorts(model.graph.inputs, "input", file: model.path)
  try checkPorts(model.graph.outputs, "output", file: model.path)
  try checkNames(model, options)
  let inputNames = Set(model.graph.trueInputs.map(\.name))
  var extents = try ONNXExtents(options.dimensions, model.graph.trueInputs, file: model.path)
  var constants: [String: Tensor] = [:]
  for input in model.graph.inputs {
    if let shape = options.shapes[input.name] {
      try extents.bind(
        shape, to: input, by: "--shape \(input.name)=\(shape.map(String.init).joined(separator: ","))")
    }
    guard let tensor = try constant(for: input, options, file: model.path) else { continue }
    try extents.bind(tensor.shape.extents, to: input, by: "--constant of shape \(tensor.shape)")
    if let shape = options.shapes[input.name], shape != tensor.shape.extents {
      throw ImportError(
        file: model.path, place: "input \(ImportError.quoted(input.name))",
        found: "has the shape \(tensor.shape) by --constant and \(Shape(shape)) by --shape",
        expected: "one of them")
    }
    constants[input.name] = tensor
  }
  var resolved: [ONNXResolvedInput] = []
  var open = ONNXOpenDimensions()
  for input in model.graph.inputs {
    if let tensor = constants[input.name] {
      resolved.append(ONNXResolvedInput(name: input.name, binding: .constant(tensor)))
      continue
    }
    guard inputNames.contains(input.name) else { continue }
    let axes = axes(of: input, extents, options.shapes[input.name])
    guard case .tensor(let element, _) = input.kind else {
      resolved.append(ONNXResolvedInput(name: input.name, binding: .opaque(opaque(input, staticShape(axes)))))
      continue
    }
    open.add(ONNXOpenDimensions.Input(name: input.name, element: element, axes: axes))
    guard let shape = staticShape(axes) else { continue }
    do {
      try checkSize(shape, of: "it")
    } catch {
      throw error.located(in: model.path, at: "input \(ImportError.quoted(input.name))")
    }
    resolved.append(ONNXResolvedInput(name: input.name, binding: .type(TensorType(element, shape))))
  }
  return (resolved, open)
}

/// The extents of an input as far as they are known; nil if not even their number is.
private func axes(of input: ONNXValue, _ extents: ONNXExtents, _ given: [Int]?) -> [ONNXAxis]? {
  guard let dimensions = input.dimensions else { return given?.map { .fixed($0) } }
  return dimensions.enumerated().map { axis, dimension in
    extents.extent(dimension, input: input.name, axis: axis).map { .fixed($0) } ?? ONNXAxis(dimension)
  }
}

/// An input that is no tensor of numbers.
private func opaque(_ input: ONNXValue, _ shape: Shape?) -> ONNXOpaqueTensor {
  guard case .unsupported(let type, _) = input.kind else { return .noTensor }
  return ONNXOpaqueTensor(elementType: type, shape: shape)
}

/// The shape, if all its extents are known.
private func staticShape(_ axes: [ONNXAxis]?) -> Shape? {
  guard let axes else { return nil }
  var extents: [Int] = []
  for axis in axes {
    guard case .fixed(let extent) = axis else { return nil }
    extents.append(extent)
  }
  return Shape(extents)
}

/// Refuses inputs or outputs that can't be told apart.
private func checkPorts(_ ports: [ONNXValue], _ kind: String, file: String) throws(ImportError) {
  var positions: [String: Int] = [:]
  for (position, port) in ports.enumerated() {
    let place = "\(kind) \(position)"
    guard !port.name.isEmpty else {
      throw ImportError(
        file: file, place: place, found: "has no name", expected: "a name for each \(kind)",
        advice: "name it, and where it is read, with onnx.helper or in the exporter")
    }
    let named = "\(place) \(ImportError.quoted(port.name))"
    guard port.name.utf8.count <= Limits.nameBytes else {
      throw ImportError(
        file: file, place: named, found: "has a name of \(port.name.utf8.count) bytes",
        expected: "at most \(Limits.nameBytes)", advice: "give it a shorter name")
    }
    if let other = positions.updateValue(position, forKey: port.name) {
      throw ImportError(
        file: file, place: named, found: "has the name of \(kind) \(other)",
        expected: "a different name for each \(kind)", advice: "rename or remove one of them")
    }
  }
}

/// Refuses names of inputs that the model does not have.
private func checkNames(_ model: ONNXModel, _ options: ONNXImportOptions) throws(ImportError) {
  func check(_ names: some Sequence<String>, _ known: [ONNXValue], _ option: String) throws(ImportError) {
    let inputs = known.map(\.name)
    guard let first = names.filter({ !inputs.contains($0) }).min() else { return }
    throw ImportError(
      file: model.path, found: "has no input \(ImportError.quoted(first)), which \(option) names",
      expected: inputs.isEmpty
        ? "no \(option)" : "one of \(listed(inputs.map { ImportError.quoted($0) }))")
  }
  try check(options.constants.keys, model.graph.inputs, "--constant")
  try check(options.scalars.keys, model.graph.inputs, "--constant")
  try check(options.shapes.keys, model.graph.trueInputs, "--shape")
}
