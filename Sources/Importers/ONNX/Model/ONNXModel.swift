package import Tensors

/// An ONNX model as its file states it: names, attributes and constants decoded and checked by themselves,
/// operators not yet interpreted. Large constants are views of the file's bytes, so the values here are cheap
/// to copy.
package struct ONNXModel: Sendable {
  /// The path the model was read from, for messages.
  package var path: String
  package var irVersion: Int64
  /// Size of the file and of the files beside it that hold its constants.
  package var fileBytes: Int
  /// The exporter and its version, such as `pytorch 2.4.0`; empty when unknown.
  package var producer: String
  /// The operator sets the model imports, in the file's order.
  package var operatorSets: [ONNXOperatorSet]
  package var graph: ONNXGraph
  /// Operators that the model defines itself.
  package var functions: [ONNXFunction]
  /// The file's own key-value remarks, in its order.
  package var metadata: [ONNXMetadata]

  /// The imported version of a domain; "" is ONNX's own.
  package func operatorSetVersion(of domain: String = "") -> Int64? {
    operatorSets.first { $0.domain == domain }?.version
  }

  /// The model-local function that a node calls, if any.
  package func function(for node: ONNXNode) -> ONNXFunction? {
    functions.first { $0.name == node.opType && $0.domain == node.domain && $0.overload == node.overload }
  }
}

/// One imported operator set. ONNX's own domain is always written "", never "ai.onnx".
package struct ONNXOperatorSet: Sendable, Hashable {
  package var domain: String
  package var version: Int64
}

/// One remark of `metadata_props`.
package struct ONNXMetadata: Sendable, Hashable {
  package var key: String
  package var value: String
}

/// A graph: the model's own, or one nested in an attribute (the branches of If, the body of Loop).
package struct ONNXGraph: Sendable {
  package var name: String
  /// In the file's order, which ONNX requires to be a valid execution order; the reader does not check that, nor that names are unique.
  package var nodes: [ONNXNode]
  /// Constants by name, in the file's order; names are not empty.
  package var initializers: [ONNXInitializer]
  /// Those whose elements are not read.
  package var opaqueInitializers: [(name: String, tensor: ONNXOpaqueTensor)] = []
  /// Older files list initializers among the inputs as well; see ``trueInputs``.
  package var inputs: [ONNXValue]
  package var outputs: [ONNXValue]
  /// What the exporter inferred about intermediate values.
  package var values: [ONNXValue]

  /// Initializers and what nodes hold as constants, those of nested graphs too.
  package var constants: [Tensor] {
    var constants = initializers.map(\.tensor)
    for attribute in nodes.flatMap(\.attributes) {
      switch attribute.value {
      case .tensor(let tensor, _): constants.append(tensor)
      case .graph(let graph): constants += graph.constants
      case .graphs(let graphs): constants += graphs.flatMap(\.constants)
      default: break
      }
    }
    return constants
  }

  /// The inputs that no initializer provides.
  package var trueInputs: [ONNXValue] {
    let constants = Set(initializers.map(\.name) + opaqueInitializers.map(\.name))
    return inputs.filter { !constants.contains($0.name) }
  }
}

/// A named constant.
package struct ONNXInitializer: Sendable {
  package var name: String
  package var tensor: Tensor
  /// Bits of an unsigned integer type that has a wider signed one once read; nil for all other types.
  package var unsignedBits: Int?
  /// Whether the elements are doubles, which fp32 stands in for once read.
  package var isDouble = false
}

/// A tensor of elements that are not read, such as strings. Nothing but its shape can be used.
package struct ONNXOpaqueTensor: Sendable, Hashable {
  /// What it is, as a clause: `has element type STRING`.
  package var description: String
  /// nil if it is not known.
  package var shape: Shape?

  init(elementType: String, shape: Shape?) {
    description = "has element type \(elementType)"
    self.shape = shape
  }

  /// A sequence, an optional, a map, or a value without a type.
  static let noTensor = ONNXOpaqueTensor()

  private init() { description = "is no dense tensor" }
}

/// One use of an operator.
package struct ONNXNode: Sendable {
  /// Position among the nodes of its graph.
  package var index: Int
  /// May be empty.
  package var name: String
  package var opType: String
  /// "" for ONNX's own operators.
  package var domain: String
  package var overload: String
  /// Names of values; "" stands for an optional input that is left out.
  package var inputs: [String]
  package var outputs: [String]
  /// In the file's order; names are unique.
  package var attributes: [ONNXAttribute]

  /// The value of the attribute of that name.
  package func attribute(_ name: String) -> ONNXAttribute.Value? {
    attributes.first { $0.name == name }?.value
  }
}

/// A named attribute of a node.
package struct ONNXAttribute: Sendable {
  package enum Value: Sendable {
    case float(Float)
    case int(Int64)
    case string(String)
    /// `unsignedBits` as in ``ONNXInitializer``.
    case tensor(Tensor, unsignedBits: Int?)
    case opaque(ONNXOpaqueTensor)
    case graph(ONNXGraph)
    case floats([Float])
    case ints([Int64])
    case strings([String])
    case tensors([Tensor])
    case graphs([ONNXGraph])
    /// In the body of a function: the value of the calling node's attribute of that name.
    case reference(String)
    /// A kind that is not read, by its name in ONNX.
    case unsupported(String)
  }

  package var name: String
  package var value: Value
  /// Whether the value is a tensor of doubles.
  package var isDouble = false
}

/// What the file says about a named value.
package struct ONNXValue: Sendable {
  /// The extents that a tensor's type states; nil if even the rank is unknown.
  var dimensions: [ONNXDimension]? {
    switch kind {
    case .tensor(_, let dimensions), .unsupported(_, let dimensions): dimensions
    case .unknown: nil
    }
  }

  package enum Kind: Sendable, Hashable {
    /// A dense tensor; `dimensions` is nil when even the rank is unknown.
    case tensor(element: ElementType, dimensions: [ONNXDimension]?)
    /// A tensor whose element type is not read, by its name in ONNX.
    case unsupported(String, dimensions: [ONNXDimension]?)
    /// No type is stated, or a kind other than a dense tensor.
    case unknown
  }

  package var name: String
  package var kind: Kind
  /// Bits of an unsigned integer type that has a wider signed one once read; nil for all other types.
  package var unsignedBits: Int?
  /// Whether the elements are doubles, which fp32 stands in for once read.
  package var isDouble = false
}

/// One extent of a shape.
package enum ONNXDimension: Sendable, Hashable {
  case fixed(Int)
  case named(String)
  case unknown
}

/// An operator that the model defines by a graph of others.
package struct ONNXFunction: Sendable {
  package var name: String
  package var domain: String
  package var overload: String
  package var inputs: [String]
  package var outputs: [String]
  /// Attributes that a caller must give.
  package var attributes: [String]
  /// Attributes with a default.
  package var defaults: [ONNXAttribute]
  package var operatorSets: [ONNXOperatorSet]
  package var nodes: [ONNXNode]
}
