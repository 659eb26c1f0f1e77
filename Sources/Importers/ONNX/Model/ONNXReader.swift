import COnnx
package import Tensors

extension ONNXModel {
  /// Reads a model file. External data must lie in its folder; `followsLinks` allows links there that lead out of it.
  package static func read(path: String, followsLinks: Bool = false) throws(ImportError) -> ONNXModel {
    try FileKind.checkNoFolder(path: path, as: .model)
    let storage: Storage
    do {
      storage = try Storage.map(path: path)
    } catch {
      throw ImportError(error, advice: "check the path")
    }
    return try read(bytes: storage, path: path, followsLinks: followsLinks)
  }

  /// Reads a model from memory; `path` names it in messages and says where external data lies.
  package static func read(bytes: Storage, path: String, followsLinks: Bool = false) throws(ImportError)
    -> ONNXModel
  {
    try FileKind.check(bytes, path: path, as: .model)
    do {
      var reader = ONNXReader(
        message: try ONNXMessage(bytes), companions: CompanionFiles(of: path, followsLinks: followsLinks),
        path: path, fileByteCount: bytes.bytes.count)
      var model = try reader.model()
      model.fileBytes = bytes.bytes.count + reader.tensors.externalBytes
      return model
    } catch let error as ImportError {
      throw error
    } catch let finding as Finding {
      throw finding.located(in: path)
    } catch {
      throw ImportError(file: path, found: "can't be read: \(error)")
    }
  }
}

/// Turns the unpacked message into values.
private struct ONNXReader {
  let path: String
  let message: ONNXMessage
  var tensors: ONNXTensorReader
  /// Where the graph lies that is being read.
  private var location = ONNXPath()

  init(message: ONNXMessage, companions: CompanionFiles, path: String, fileByteCount: Int) {
    self.path = path
    self.message = message
    tensors = ONNXTensorReader(message: message, companions: companions, fileByteCount: fileByteCount)
  }

  mutating func model() throws(ImportError) -> ONNXModel {
    let source = message.model.pointee
    guard let graph = source.graph else {
      throw ImportError(
        file: path, found: "has no graph", expected: "an ONNX model",
        advice: "the file may be of another kind; fetch or export it again")
    }
    let producer = [text(source.producer_name), text(source.producer_version)].filter { !$0.isEmpty }
    var functions: [ONNXFunction] = []
    for function in messages(source.functions, source.n_functions) {
      functions.append(try self.function(function.pointee))
    }
    return ONNXModel(
      path: path,
      irVersion: source.ir_version,
      fileBytes: 0,
      producer: producer.joined(separator: " "),
      operatorSets: operatorSets(source.opset_import, source.n_opset_import),
      graph: try self.graph(graph.pointee),
      functions: functions,
      metadata: messages(source.metadata_props, source.n_metadata_props).map {
        ONNXMetadata(key: text($0.pointee.key), value: text($0.pointee.value))
      })
  }

  /// Reads what lies within a part of the model, whose errors then name it.
  private mutating func inside<Result>(
    _ place: String, _ part: String? = nil, _ body: (inout ONNXReader) throws(ImportError) -> Result
  ) throws(ImportError) -> Result {
    let outer = location
    location = location.inside(place, part)
    defer { location = outer }
    return try body(&self)
  }

  private mutating func graph(_ source: Onnx__GraphProto) throws(ImportError) -> ONNXGraph {
    var initializers: [ONNXInitializer] = []
    var opaque: [(name: String, tensor: ONNXOpaqueTensor)] = []
    for tensor in messages(source.initializer, source.n_initializer) {
      if let contents = ONNXTensorReader.opaque(tensor.pointee) {
        opaque.append((text(tensor.pointee.name), contents))
        continue
      }
      initializers.append(
        try initializer(tensor.pointee) { reader, place throws(ImportError) in
          try reader.tensor(tensor.pointee, at: place)
        })
    }
    for sparse in messages(source.sparse_initializer, source.n_sparse_initializer) {
      // The values carry the name.
      if let values = sparse.pointee.values, let contents = ONNXTensorReader.opaque(sparse.pointee) {
        opaque.append((text(values.pointee.name), contents))
        continue
      }
      initializers.append(
        try initializer(sparse.pointee.values?.pointee ?? Onnx__TensorProto()) {
          reader, place throws(ImportError) in
          try reader.tensor(sparse.pointee, at: place)
        })
    }
    return ONNXGraph(
      name: text(source.name),
      nodes: try nodes(source.node, source.n_node),
      initializers: initializers,
      opaqueInitializers: opaque,
      inputs: values(source.input, source.n_input),
      outputs: values(source.output, source.n_output),
      values: values(source.value_info, source.n_value_info))
  }

  /// The constant that has the name and type of `source`.
  private mutating func initializer(
    _ source: Onnx__TensorProto,
    _ read: (inout ONNXReader, String) throws(ImportError) -> Tensor
  ) throws(ImportError) -> ONNXInitializer {
    let name = text(source.name)
    let place = location.place("tensor \(ImportError.quoted(name))")
    guard !name.isEmpty else {
      throw ImportError(file: path, place: place, found: "has no name", expected: "initializers with names")
    }
    let type = Int64(source.data_type)
    return ONNXInitializer(
      name: name, tensor: try read(&self, place), unsignedBits: ONNXElementType.unsignedBits(type),
      isDouble: type == ONNXElementType.double)
  }

  private mutating func nodes(
    _ sources: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__NodeProto>?>?, _ count: Int
  ) throws(ImportError) -> [ONNXNode] {
    var nodes: [ONNXNode] = []
    for source in messages(sources, count) {
      var node = ONNXNode(
        index: nodes.count,
        name: text(source.pointee.name),
        opType: text(source.pointee.op_type),
        domain: canonical(domain: text(source.pointee.domain)),
        overload: text(source.pointee.overload),
        inputs: texts(source.pointee.input, source.pointee.n_input),
        outputs: texts(source.pointee.output, source.pointee.n_output),
        attributes: [])
      guard !node.opType.isEmpty else {
        throw ImportError(
          file: path, place: location.place(node.place), found: "names no operator", expected: "an op_type")
      }
      node.attributes = try attributes(source.pointee.attribute, source.pointee.n_attribute, of: node.place)
      nodes.append(node)
    }
    return nodes
  }

  private mutating func function(_ source: Onnx__FunctionProto) throws(ImportError) -> ONNXFunction {
    var function = ONNXFunction(
      name: text(source.name),
      domain: canonical(domain: text(source.domain)),
      overload: text(source.overload),
      inputs: texts(source.input, source.n_input),
      outputs: texts(source.output, source.n_output),
      attributes: texts(source.attribute, source.n_attribute),
      defaults: [],
      operatorSets: operatorSets(source.opset_import, source.n_opset_import),
      nodes: [])
    function.defaults = try attributes(source.attribute_proto, source.n_attribute_proto, of: function.place)
    function.nodes = try inside(function.place) { reader throws(ImportError) in
      try reader.nodes(source.node, source.n_node)
    }
    return function
  }

  private mutating func attributes(
    _ sources: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__AttributeProto>?>?, _ count: Int,
    of owner: String
  ) throws(ImportError) -> [ONNXAttribute] {
    var attributes: [ONNXAttribute] = []
    var names = Set<String>()
    for source in messages(sources, count) {
      let name = text(source.pointee.name)
      let place = location.place("\(owner), attribute \(ImportError.quoted(name))")
      guard names.insert(name).inserted else {
        throw ImportError(file: path, place: place, found: "occurs twice", expected: "one value")
      }
      attributes.append(
        ONNXAttribute(
          name: name, value: try value(of: source.pointee, owner, name, at: place),
          isDouble: elements(of: source.pointee)?.data_type == Int32(ONNXElementType.double)))
    }
    return attributes
  }

  /// The elements of a tensor, if the attribute has one.
  private func elements(of source: Onnx__AttributeProto) -> Onnx__TensorProto? {
    source.t?.pointee ?? source.sparse_tensor?.pointee.values?.pointee
  }

  /// Files of the first two IR versions do not state the type; the field that is there tells.
  private func type(of source: Onnx__AttributeProto) -> Onnx__AttributeProto__AttributeType {
    if source.has_type != 0, source.type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED {
      return source.type
    }
    if source.has_f != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT }
    if source.has_i != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT }
    if source.has_s != 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING }
    if source.t != nil { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR }
    if source.g != nil { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH }
    if source.n_floats > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS }
    if source.n_ints > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS }
    if source.n_strings > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS }
    if source.n_tensors > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS }
    if source.n_graphs > 0 { return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS }
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED
  }

  private mutating func value(
    of source: Onnx__AttributeProto, _ owner: String, _ name: String, at place: String
  ) throws(ImportError) -> ONNXAttribute.Value {
    let reference = text(source.ref_attr_name)
    if !reference.isEmpty { return .reference(reference) }
    switch type(of: source) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT: return .float(source.f)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT: return .int(source.i)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING: return .string(text(source.s))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
      return .floats([Float](UnsafeBufferPointer(start: source.floats, count: source.n_floats)))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
      return .ints([Int64](UnsafeBufferPointer(start: source.ints, count: source.n_ints)))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
      return .strings((0..<source.n_strings).map { text(source.strings[$0]) })
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
      guard let tensor = source.t else { break }
      if let contents = ONNXTensorReader.opaque(tensor.pointee) { return .opaque(contents) }
      return .tensor(
        try self.tensor(tensor.pointee, at: place),
        unsignedBits: ONNXElementType.unsignedBits(Int64(tensor.pointee.data_type)))
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
      guard let graph = source.g else { break }
      return try inside(owner, name) { reader throws(ImportError) in
        .graph(try reader.graph(graph.pointee))
      }
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSORS:
      var list: [Tensor] = []
      for tensor in messages(source.tensors, source.n_tensors) {
        list.append(try self.tensor(tensor.pointee, at: place))
      }
      return .tensors(list)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
      var list: [ONNXGraph] = []
      for graph in messages(source.graphs, source.n_graphs) {
        list.append(
          try inside(owner, "\(name)[\(list.count)]") { reader throws(ImportError) in
            try reader.graph(graph.pointee)
          })
      }
      return .graphs(list)
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSOR:
      guard let sparse = source.sparse_tensor else { break }
      if let contents = ONNXTensorReader.opaque(sparse.pointee) { return .opaque(contents) }
      return .tensor(
        try tensor(sparse.pointee, at: place),
        unsignedBits: elements(of: source).flatMap { ONNXElementType.unsignedBits(Int64($0.data_type)) })
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__SPARSE_TENSORS: return .unsupported("SPARSE_TENSORS")
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTO,
      ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TYPE_PROTOS:
      return .unsupported("TYPE_PROTO")
    default:
      return .unsupported("UNDEFINED")
    }
    throw ImportError(
      file: path, place: place, found: "has no value", expected: "the value that its type announces")
  }

  private mutating func tensor(_ source: Onnx__TensorProto, at place: String) throws(ImportError) -> Tensor {
    do {
      return try tensors.read(source)
    } catch {
      throw error.located(in: path, at: place)
    }
  }

  private mutating func tensor(
    _ source: Onnx__SparseTensorProto, at place: String
  ) throws(ImportError) -> Tensor {
    do {
      return try tensors.read(source)
    } catch {
      throw error.located(in: path, at: place)
    }
  }

  private func values(
    _ sources: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__ValueInfoProto>?>?, _ count: Int
  ) -> [ONNXValue] {
    messages(sources, count).map { source in
      let name = text(source.pointee.name)
      guard let tensor = source.pointee.type?.pointee.tensor_type?.pointee, tensor.has_elem_type != 0 else {
        return ONNXValue(name: name, kind: .unknown)
      }
      let number = Int64(tensor.elem_type)
      let dimensions = tensor.shape.map { shape in
        messages(shape.pointee.dim, shape.pointee.n_dim).map { dimension($0.pointee) }
      }
      guard let element = ONNXElementType.element(number) else {
        return ONNXValue(
          name: name, kind: .unsupported(ONNXElementType.name(number), dimensions: dimensions))
      }
      return ONNXValue(
        name: name, kind: .tensor(element: element, dimensions: dimensions),
        unsignedBits: ONNXElementType.unsignedBits(number), isDouble: number == ONNXElementType.double)
    }
  }

  /// Some exporters write -1, or a name such as `?`, for an extent they do not know.
  private func dimension(_ source: Onnx__TensorShapeProto__Dimension) -> ONNXDimension {
    if source.has_dim_value != 0 { return source.dim_value >= 0 ? .fixed(Int(source.dim_value)) : .unknown }
    let name = text(source.dim_param)
    return isAnonymous(dimension: name) ? .unknown : .named(name)
  }

  private func operatorSets(
    _ sources: UnsafeMutablePointer<UnsafeMutablePointer<Onnx__OperatorSetIdProto>?>?, _ count: Int
  ) -> [ONNXOperatorSet] {
    messages(sources, count).map {
      ONNXOperatorSet(domain: canonical(domain: text($0.pointee.domain)), version: $0.pointee.version)
    }
  }
}

private func canonical(domain: String) -> String { domain == "ai.onnx" ? "" : domain }

private func messages<Message>(
  _ pointers: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int
) -> [UnsafeMutablePointer<Message>] {
  UnsafeBufferPointer(start: pointers, count: pointers == nil ? 0 : count).compactMap { $0 }
}

private func text(_ characters: UnsafeMutablePointer<CChar>?) -> String {
  characters.map { String(cString: $0) } ?? ""
}

private func text(_ bytes: ProtobufCBinaryData) -> String {
  String(decoding: UnsafeBufferPointer(start: bytes.data, count: bytes.len), as: UTF8.self)
}

private func texts(
  _ strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int
) -> [String] {
  UnsafeBufferPointer(start: strings, count: strings == nil ? 0 : count).map { text($0) }
}
