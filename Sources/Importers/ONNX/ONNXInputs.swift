import IR
import Tensors

/// One input of the model with everything symbolic resolved.
struct ONNXResolvedInput {
  enum Binding {
    case type(TensorType)
    case constant(Tensor)
  }
  var name: String
  var binding: Binding
}

/// The inputs with their static types, those that `options` fixes with their contents. Everything that is
/// missing or superfluous in `options` is listed at once.
func resolvedInputs(
  of model: ONNXModel, _ options: ONNXImportOptions
) throws(ImportError) -> [ONNXResolvedInput] {
  try checkPorts(model.graph.inputs, "input", file: model.path)
  try checkPorts(model.graph.outputs, "output", file: model.path)
  try checkNames(model, options)
  var missing = MissingDimensions()
  var resolved: [ONNXResolvedInput] = []
  let initializers = Set(model.graph.initializers.map(\.name))
  for input in model.graph.inputs {
    let place = "input \(ImportError.quoted(input.name))"
    if let given = options.constants[input.name] {
      let tensor = narrowed(given, for: input)
      try check(constant: tensor, for: input, options.dimensions, file: model.path)
      resolved.append(ONNXResolvedInput(name: input.name, binding: .constant(tensor)))
      continue
    }
    guard !initializers.contains(input.name) else { continue }
    switch input.kind {
    case .unknown:
      throw ImportError(
        file: model.path, place: place, found: "is no dense tensor", expected: "a tensor of known type",
        advice: "sequences, optionals and maps can't be inputs")
    case .unsupported(let type):
      throw ImportError(
        file: model.path, place: place, found: "has element type \(type)", expected: "a number or bool")
    case .tensor(_, nil):
      throw ImportError(
        file: model.path, place: place, found: "has no shape", expected: "a shape of known rank",
        advice: "export the model with input shapes, or fix the input with --constant \(input.name)=FILE.npy")
    case .tensor(let element, let dimensions?):
      let extents = dimensions.enumerated().map { axis, dimension in
        let name = symbol(dimension, input: input.name, axis: axis)
        guard let name else { return extent(dimension) }
        if let extent = options.dimensions[name] { return extent }
        missing.add(name, input: input.name, axis: axis)
        return 1
      }
      do {
        try checkSize(Shape(extents), of: "it")
      } catch {
        throw error.located(in: model.path, at: place)
      }
      resolved.append(
        ONNXResolvedInput(name: input.name, binding: .type(TensorType(element, Shape(extents)))))
    }
  }
  try missing.check(file: model.path)
  return resolved
}

/// The name under which `--dim` knows an extent; nil for a fixed one.
private func symbol(_ dimension: ONNXDimension, input: String, axis: Int) -> String? {
  switch dimension {
  case .fixed: nil
  case .named(let name): name
  case .unknown: "\(input).\(axis)"
  }
}

private func extent(_ dimension: ONNXDimension) -> Int {
  if case .fixed(let extent) = dimension { return extent }
  return 1
}

/// Symbolic extents that nobody has fixed, with the places where they stand.
private struct MissingDimensions {
  private var names: [String] = []
  private var places: [String: [String]] = [:]

  mutating func add(_ name: String, input: String, axis: Int) {
    if places[name] == nil { names.append(name) }
    places[name, default: []].append("axis \(axis) of \(ImportError.quoted(input))")
  }

  func check(file: String) throws(ImportError) {
    guard !names.isEmpty else { return }
    let listed = names.map { "\(ImportError.quoted($0)) (\((places[$0] ?? []).joined(separator: ", ")))" }
    let advice = names.map { "--dim \($0)=N" }.joined(separator: " ")
    throw ImportError(
      file: file,
      found: "has \(names.count == 1 ? "a symbolic dimension" : "symbolic dimensions"): "
        + listed.joined(separator: ", "),
      expected: "static shapes", advice: "fix \(names.count == 1 ? "it" : "them") with \(advice)")
  }
}

/// Refuses inputs or outputs that can't be told apart.
private func checkPorts(_ ports: [ONNXValue], _ kind: String, file: String) throws(ImportError) {
  var names = Set<String>()
  for port in ports
  where port.name.isEmpty || port.name.utf8.count > Limits.nameBytes || !names.insert(port.name).inserted {
    throw ImportError(
      file: file, place: "\(kind) \(ImportError.quoted(port.name))",
      found: port.name.isEmpty ? "has no name" : "has a name that is too long or occurs twice",
      expected: "unique names",
      advice: "the model is invalid; export it again")
  }
}

/// Refuses names that the model does not know.
private func checkNames(_ model: ONNXModel, _ options: ONNXImportOptions) throws(ImportError) {
  let inputs = model.graph.inputs.map(\.name)
  let unknownConstants = options.constants.keys.filter { !inputs.contains($0) }.sorted()
  if let first = unknownConstants.first {
    throw ImportError(
      file: model.path, found: "has no input \(ImportError.quoted(first)), which --constant names",
      expected: inputs.isEmpty ? "no --constant" : "one of \(list(inputs))")
  }
  var symbols: [String] = []
  let initializers = Set(model.graph.initializers.map(\.name))
  for input in model.graph.inputs where !initializers.contains(input.name) {
    guard case .tensor(_, let dimensions?) = input.kind else { continue }
    for (axis, dimension) in dimensions.enumerated() {
      if let name = symbol(dimension, input: input.name, axis: axis), !symbols.contains(name) {
        symbols.append(name)
      }
    }
  }
  let unknown = options.dimensions.keys.filter { !symbols.contains($0) }.sorted()
  if let first = unknown.first {
    throw ImportError(
      file: model.path, found: "has no symbolic dimension \(ImportError.quoted(first)), which --dim names",
      expected: symbols.isEmpty ? "no --dim, as all its input shapes are static" : "one of \(list(symbols))")
  }
  for (name, extent) in options.dimensions.sorted(by: { $0.key < $1.key }) where extent < 1 {
    throw ImportError(file: model.path, found: "--dim \(name)=\(extent)", expected: "an extent of at least 1")
  }
}

private func list(_ names: [String]) -> String {
  names.map { ImportError.quoted($0) }.joined(separator: ", ")
}

/// Arrays can't hold bf16, so its values come as fp32; others than those stay, and are refused.
private func narrowed(_ tensor: Tensor, for input: ONNXValue) -> Tensor {
  guard tensor.element == .f32, case .tensor(.bf16, _) = input.kind else { return tensor }
  let narrow = tensor.converted(to: .bf16)
  return narrow.floats.elementsEqual(tensor.floats) { $0 == $1 || $0.isNaN && $1.isNaN } ? narrow : tensor
}

/// Checks the contents given for an input against its declared type.
private func check(
  constant tensor: Tensor, for input: ONNXValue, _ fixed: [String: Int], file: String
) throws(ImportError) {
  guard case .tensor(let element, let dimensions) = input.kind else { return }
  let place = "input \(ImportError.quoted(input.name))"
  guard tensor.element == element else {
    throw ImportError(
      file: file, place: place, found: "--constant gives \(tensor.element.rawValue)\(tensor.shape)",
      expected: "elements of type \(element.rawValue)", advice: "save the array with that type")
  }
  guard let dimensions else { return }
  let fits =
    dimensions.count == tensor.shape.rank
    && dimensions.enumerated().allSatisfy { axis, dimension in
      switch dimension {
      case .fixed(let extent): extent == tensor.shape[axis]
      case .named, .unknown:
        symbol(dimension, input: input.name, axis: axis).flatMap { fixed[$0] }.map {
          $0 == tensor.shape[axis]
        } ?? true
      }
    }
  guard fits else {
    let wanted = dimensions.enumerated().map { axis, dimension in
      symbol(dimension, input: input.name, axis: axis).map { fixed[$0].map(String.init) ?? $0 }
        ?? "\(extent(dimension))"
    }
    throw ImportError(
      file: file, place: place, found: "--constant gives shape \(tensor.shape)",
      expected: "[\(wanted.joined(separator: ", "))]")
  }
}
