package import Tensors

/// An array in the type and with the values that its file has, which tensors may not be able to hold.
package struct StoredArray: Sendable {
  let type: StoredType
  package let shape: Shape
  private let storage: Storage
  /// Where the elements begin, in row-major order.
  private let byteOffset: Int

  init(type: StoredType, shape: Shape, storage: Storage, byteOffset: Int) {
    self.type = type
    self.shape = shape
    self.storage = storage
    self.byteOffset = byteOffset
  }

  /// The elements of a tensor.
  package init(_ tensor: Tensor) {
    self.init(
      type: StoredType(tensor.element), shape: tensor.shape, storage: tensor.storage,
      byteOffset: tensor.byteOffset)
  }

  /// Reads the array of a `.npy` file, or the one of the first of some names in a `.npz` file.
  package static func read(path: String, names: [String]) throws(ImportError) -> StoredArray {
    guard path.hasSuffix(".npz") else { return try Npy.readArray(path: path) }
    let arrays = try Npz.read(path: path)
    let named = names.lazy.compactMap { name in arrays.first { $0.name == name }?.array }
    guard let array = named.first else {
      let found = arrays.map { ImportError.quoted($0.name) }.joined(separator: ", ")
      throw ImportError(
        file: path, found: "has no array \(ImportError.quoted(names.first ?? ""))",
        expected: "one of that name",
        advice: arrays.isEmpty ? "the file is empty" : "it has \(found)")
    }
    return array
  }

  /// The array's type: `f64[1, 3]`.
  package var typeText: String { "\(type)\(shape)" }

  /// The array as a tensor. Types that tensors lack are widened, float64 becomes fp32, whose range its values must
  /// keep to.
  func tensor(budget: inout CopyBudget) throws(Finding) -> Tensor {
    let tensor = try type.tensor(shape, in: storage, byteOffset: byteOffset, budget: &budget)
    guard type == .f64 else { return tensor }
    for (index, value) in tensor.floats.enumerated() where value.isInfinite {
      guard double(index).isInfinite else {
        throw Finding(
          "holds the float64 value \(double(index))", expected: "values that float32 can hold",
          advice: "check how the array was made; memory that nobody wrote looks like this")
      }
    }
    return tensor
  }

  /// As ``tensor(budget:)``, for one array by itself.
  func tensor() throws(Finding) -> Tensor {
    var budget = CopyBudget(fileByteCount: storage.bytes.count)
    return try tensor(budget: &budget)
  }

  /// The same numbers in another type, which must hold each of them exactly. `file` and `place` name the array in
  /// errors.
  package func converted(to element: ElementType, file: String, place: String) throws(ImportError) -> Tensor {
    do { return try converted(to: element) } catch { throw error.located(in: file, at: place) }
  }

  func converted(to element: ElementType) throws(Finding) -> Tensor {
    let tensor = try tensor()
    if type != .f64, tensor.element == element { return tensor }
    if element.isFloat {
      let converted =
        tensor.element.isFloat
        ? tensor.converted(to: element)
        : Tensor(tensor.integers.map { Float($0) }, shape: shape, element: element)
      let held = converted.floats
      if tensor.element.isFloat {
        let values = tensor.floats
        for index in held.indices {
          let value = type == .f64 ? double(index) : Double(values[index])
          guard Double(held[index]) == value || value.isNaN else { throw inexact("\(value)", index, element) }
        }
      } else {
        for (index, value) in tensor.integers.enumerated() where Int64(exactly: held[index]) != value {
          throw inexact("\(value)", index, element)
        }
      }
      return converted
    }
    let range = element.integerRange ?? 0...1
    let values = tensor.element.isFloat ? try wholeNumbers(tensor, element) : tensor.integers
    if let index = values.firstIndex(where: { !range.contains($0) }) {
      throw inexact("\(values[index])", index, element)
    }
    return Tensor(values, shape: shape, element: element)
  }

  private func wholeNumbers(_ tensor: Tensor, _ element: ElementType) throws(Finding) -> [Int64] {
    let floats = tensor.floats
    var numbers: [Int64] = []
    numbers.reserveCapacity(floats.count)
    for index in floats.indices {
      let value = type == .f64 ? double(index) : Double(floats[index])
      guard let number = Int64(exactly: value) else { throw inexact("\(value)", index, element) }
      numbers.append(number)
    }
    return numbers
  }

  /// An element of a float64 array.
  private func double(_ index: Int) -> Double {
    storage.bytes.loadUnaligned(fromByteOffset: byteOffset + 8 * index, as: Double.self)
  }

  private func inexact(_ value: String, _ index: Int, _ element: ElementType) -> Finding {
    let position = zip(shape, shape.strides).map { extent, stride in index / max(stride, 1) % max(extent, 1) }
    return Finding(
      "is \(typeText) and holds \(value) at \(position), which \(element.rawValue) can't hold exactly",
      expected: "elements of type \(element.rawValue)",
      advice: element == .bf16
        ? "round the values to bf16 before saving them as float32"
        : "convert the array with .astype(numpy.\(element.numPyName)) before saving it")
  }
}

extension ElementType {
  fileprivate var numPyName: String {
    switch self {
    case .f32, .bf16: "float32"
    case .f16: "float16"
    case .i8: "int8"
    case .u8: "uint8"
    case .i16: "int16"
    case .i32: "int32"
    case .i64: "int64"
    case .bool: "bool_"
    }
  }
}
