import Tensors

/// Elements with a shape, as elementwise arithmetic sees an operand: fp32 or int64 whatever is stored.
struct Elements<Scalar> {
  var values: [Scalar]
  var shape: Shape

  @inline(__always)
  func map<Result>(_ function: (Scalar) -> Result) -> Elements<Result> {
    let count = values.count
    let results = [Result](unsafeUninitializedCapacity: count) { target, initialized in
      values.withUnsafeBufferPointer { source in
        for index in 0..<count { target.initializeElement(at: index, to: function(source[index])) }
      }
      initialized = count
    }
    return Elements<Result>(values: results, shape: shape)
  }

  /// Combines two operands whose shapes broadcast.
  @inline(__always)
  func map<Result>(
    _ other: Elements<Scalar>, _ function: (Scalar, Scalar) -> Result
  ) -> Elements<Result> {
    let rows = BroadcastRows([shape, other.shape])
    let length = rows.length
    let results = [Result](unsafeUninitializedCapacity: rows.count) { target, initialized in
      values.withUnsafeBufferPointer { a in
        other.values.withUnsafeBufferPointer { b in
          rows.forEach { start, offsets in
            let (first, second) = (offsets[0], offsets[1])
            switch (rows.advances[0], rows.advances[1]) {
            case (1, 1):
              for index in 0..<length {
                target.initializeElement(at: start + index, to: function(a[first + index], b[second + index]))
              }
            case (1, 0):
              let fixed = b[second]
              for index in 0..<length {
                target.initializeElement(at: start + index, to: function(a[first + index], fixed))
              }
            case (0, 1):
              let fixed = a[first]
              for index in 0..<length {
                target.initializeElement(at: start + index, to: function(fixed, b[second + index]))
              }
            default:
              let fixed = function(a[first], b[second])
              for index in 0..<length { target.initializeElement(at: start + index, to: fixed) }
            }
          }
        }
      }
      initialized = rows.count
    }
    return Elements<Result>(values: results, shape: rows.shape)
  }

  /// Where `self` is not 0, elements of `a`, elsewhere those of `b`.
  func select(_ a: Elements, _ b: Elements) -> Elements where Scalar: Numeric {
    let rows = BroadcastRows([shape, a.shape, b.shape])
    let results = [Scalar](unsafeUninitializedCapacity: rows.count) { target, initialized in
      rows.forEach { start, offsets in
        for index in 0..<rows.length {
          let value =
            values[offsets[0] + index * rows.advances[0]] != 0
            ? a.values[offsets[1] + index * rows.advances[1]]
            : b.values[offsets[2] + index * rows.advances[2]]
          target.initializeElement(at: start + index, to: value)
        }
      }
      initialized = rows.count
    }
    return Elements(values: results, shape: rows.shape)
  }

  /// Repeated to a shape that this one broadcasts to.
  func expanded(to target: Shape) -> Elements {
    if shape == target { return self }
    let rows = BroadcastRows([shape, target])
    let results = [Scalar](unsafeUninitializedCapacity: rows.count) { buffer, initialized in
      rows.forEach { start, offsets in
        for index in 0..<rows.length {
          buffer.initializeElement(at: start + index, to: values[offsets[0] + index * rows.advances[0]])
        }
      }
      initialized = rows.count
    }
    return Elements(values: results, shape: target)
  }
}

/// What registers hold: fp32 or int64.
protocol RegisterScalar: Numeric {
  static func elements(of tensor: Tensor) -> Elements<Self>
  static func tensor(_ elements: Elements<Self>, _ element: ElementType) -> Tensor
  static func apply(_ function: UnaryFunction, _ p0: Double, _ p1: Double, to x: Elements<Self>) -> Elements<
    Self
  >
  static func apply(_ function: BinaryFunction, to a: Elements<Self>, _ b: Elements<Self>) -> Elements<Self>
}

extension Float: RegisterScalar {
  static func elements(of tensor: Tensor) -> Elements<Float> {
    Elements(values: tensor.floats, shape: tensor.shape)
  }
  static func tensor(_ elements: Elements<Float>, _ element: ElementType) -> Tensor {
    Tensor(elements.values, shape: elements.shape, element: element)
  }
}

extension Int64: RegisterScalar {
  static func elements(of tensor: Tensor) -> Elements<Int64> {
    Elements(values: tensor.integers, shape: tensor.shape)
  }
  static func tensor(_ elements: Elements<Int64>, _ element: ElementType) -> Tensor {
    Tensor(elements.values, shape: elements.shape, element: element)
  }
}

/// What one register holds.
private enum Register {
  case floats(Elements<Float>)
  case integers(Elements<Int64>)

  /// Loads an operand.
  init(_ tensor: Tensor, as domain: Elementwise.Domain) {
    switch domain {
    case .f32: self = .floats(Float.elements(of: tensor))
    case .i64: self = .integers(Int64.elements(of: tensor))
    }
  }

  /// Stores it.
  func tensor(_ element: ElementType) -> Tensor {
    switch self {
    case .floats(let elements): Float.tensor(elements, element)
    case .integers(let elements): Int64.tensor(elements, element)
    }
  }

  var floats: Elements<Float> {
    if case .floats(let elements) = self { return elements }
    return Float.elements(of: tensor(.i64))
  }

  var integers: Elements<Int64> {
    if case .integers(let elements) = self { return elements }
    return Int64.elements(of: tensor(.f32))
  }

  func expanded(to shape: Shape) -> Register {
    switch self {
    case .floats(let elements): .floats(elements.expanded(to: shape))
    case .integers(let elements): .integers(elements.expanded(to: shape))
    }
  }
}

/// Runs the steps of an elementwise program, each in its domain.
func compute(_ steps: [Elementwise.Step], _ operands: [Tensor], _ result: TensorType) -> Tensor {
  let domains = Elementwise.domains(of: steps, operandCount: operands.count)
  var registers = zip(operands, domains).map { Register($0, as: $1 ?? .f32) }
  for step in steps {
    let sources = step.registers.map { registers[$0] }
    switch (step.function, step.domain) {
    case (.convert(let element), _):
      // To convert is to store and to load again.
      registers.append(Register(sources[0].tensor(element), as: step.result))
    case (_, .f32): registers.append(.floats(apply(step, to: sources.map(\.floats))))
    case (_, .i64): registers.append(.integers(apply(step, to: sources.map(\.integers))))
    }
  }
  return registers[registers.count - 1].expanded(to: result.shape).tensor(result.element)
}

private func apply<Scalar: RegisterScalar>(
  _ step: Elementwise.Step, to sources: [Elements<Scalar>]
) -> Elements<Scalar> {
  switch step.function {
  case .unary(let function): Scalar.apply(function, step.p0, step.p1, to: sources[0])
  case .binary(let function): Scalar.apply(function, to: sources[0], sources[1])
  case .select: sources[0].select(sources[1], sources[2])
  case .convert: sources[0]
  }
}

/// The common shape of operands, cut into rows along which each operand either advances by one element or
/// stays.
///
/// Neighboring axes that all operands walk as one are merged, so that equal shapes are one row, and a value
/// per channel gives one row per channel.
struct BroadcastRows {
  let shape: Shape
  /// Elements of the result.
  let count: Int
  /// Elements of a row.
  let length: Int
  /// 1 or 0 for each operand.
  let advances: [Int]
  private let outer: [Int]
  /// For each outer axis, a stride for each operand.
  private let strides: [[Int]]

  /// The shapes must broadcast.
  init(_ shapes: [Shape]) {
    let shape = shapes.dropFirst().reduce(shapes[0]) { $0.broadcast(with: $1) ?? $0 }
    let operandStrides = shapes.map { $0.broadcastStrides(to: shape) }
    var extents: [Int] = []
    var strides: [[Int]] = []
    for axis in shape.indices where shape[axis] != 1 {
      let own = operandStrides.map { $0[axis] }
      if let extent = extents.last, let last = strides.last,
        last.indices.allSatisfy({ last[$0] == own[$0] &* shape[axis] })
      {
        extents[extents.count - 1] = extent * shape[axis]
        strides[strides.count - 1] = own
      } else {
        extents.append(shape[axis])
        strides.append(own)
      }
    }
    self.shape = shape
    count = shape.elementCount
    length = extents.last ?? 1
    advances = strides.last ?? [Int](repeating: 1, count: shapes.count)
    outer = extents.dropLast()
    self.strides = strides.dropLast()
  }

  /// Calls `body` with the position of each row in the result and in every operand.
  @inline(__always)
  func forEach(_ body: (_ start: Int, _ offsets: [Int]) -> Void) {
    guard count > 0 else { return }
    var position = [Int](repeating: 0, count: outer.count)
    var offsets = [Int](repeating: 0, count: advances.count)
    for start in stride(from: 0, to: count, by: length) {
      body(start, offsets)
      for axis in outer.indices.reversed() {
        position[axis] += 1
        for operand in offsets.indices { offsets[operand] += strides[axis][operand] }
        if position[axis] < outer[axis] { break }
        for operand in offsets.indices { offsets[operand] -= strides[axis][operand] * outer[axis] }
        position[axis] = 0
      }
    }
  }
}
