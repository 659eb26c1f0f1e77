package import Tensors

extension Elementwise {
  /// What a step computes.
  package enum Function: Hashable, Sendable {
    case unary(UnaryFunction)
    case binary(BinaryFunction)
    case select
    /// Converts to an element type as ``Cast`` does, and holds the result in fp32 for f32, in int64 for
    /// integers. A bool, 0 or 1, stays in the domain it comes from.
    case convert(ElementType)

    package var name: String {
      switch self {
      case .unary(let function): function.rawValue
      case .binary(let function): function.rawValue
      case .select: "select"
      case .convert(let element): "to_\(element.rawValue)"
      }
    }

    package init?(name: String) {
      if let function = UnaryFunction(rawValue: name) {
        self = .unary(function)
      } else if let function = BinaryFunction(rawValue: name) {
        self = .binary(function)
      } else if name == "select" {
        self = .select
      } else if name.hasPrefix("to_"), let element = ElementType(rawValue: String(name.dropFirst(3))) {
        self = .convert(element)
      } else {
        return nil
      }
    }

    package var arity: Int {
      switch self {
      case .unary, .convert: 1
      case .binary: 2
      case .select: 3
      }
    }

    package var parameterCount: Int {
      if case .unary(let function) = self { return function.parameters.count }
      return 0
    }

    package func isDefined(in domain: Domain) -> Bool {
      switch (self, domain) {
      case (.unary(let function), .f32): function != .bitNot
      case (.unary(let function), .i64): function.acceptsIntegers
      case (.binary(let function), .f32): function.acceptsFloats
      case (.binary(let function), .i64): function.acceptsIntegers
      case (.select, _): true
      case (.convert(let element), .f32): !element.isFloat
      case (.convert(let element), .i64): element == .f32 || !(element.isFloat || element == .i64)
      }
    }

    /// The domain of the result where the function computes in `domain`.
    func result(of domain: Domain) -> Domain {
      if case .convert(let element) = self, element != .bool { return Domain(element) }
      return domain
    }
  }
}
