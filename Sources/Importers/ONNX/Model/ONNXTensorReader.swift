import COnnx
import Tensors

/// Turns tensor messages into tensors: constants in the file are viewed in the unpacked message, external
/// ones in their mapped files.
struct ONNXTensorReader {
  let message: ONNXMessage
  private var external: ONNXExternalData
  private var budget: CopyBudget
  /// Bytes that sparse tensors may still take as dense ones.
  var sparseBudget: Int

  /// Size of the files of external data that were read.
  var externalBytes: Int { external.fileBytes }

  init(message: ONNXMessage, companions: CompanionFiles, fileByteCount: Int) {
    self.message = message
    external = ONNXExternalData(companions)
    budget = CopyBudget(fileByteCount: fileByteCount)
    sparseBudget = (256 << 20) + 256 * fileByteCount
  }

  /// What is known of a tensor of a type that is not read; nil for one that is.
  static func opaque(_ tensor: Onnx__TensorProto) -> ONNXOpaqueTensor? {
    opaque(tensor, extents: (0..<tensor.n_dims).map { tensor.dims[$0] })
  }

  static func opaque(_ sparse: Onnx__SparseTensorProto) -> ONNXOpaqueTensor? {
    sparse.values.flatMap { opaque($0.pointee, extents: (0..<sparse.n_dims).map { sparse.dims[$0] }) }
  }

  private static func opaque(_ tensor: Onnx__TensorProto, extents: [Int64]) -> ONNXOpaqueTensor? {
    let number = Int64(tensor.data_type)
    guard ONNXElementType.stored(number) == nil else { return nil }
    let isPossible = extents.allSatisfy { $0 >= 0 && $0 <= Int64(Int32.max) }
    return ONNXOpaqueTensor(
      elementType: ONNXElementType.name(number), shape: isPossible ? Shape(extents.map { Int($0) }) : nil)
  }

  mutating func read(_ tensor: Onnx__TensorProto) throws(Finding) -> Tensor {
    let number = Int64(tensor.data_type)
    guard let type = ONNXElementType.stored(number) else {
      throw Finding(
        "has elements of ONNX type \(ONNXElementType.name(number))",
        expected: "FLOAT, DOUBLE, FLOAT16, BFLOAT16, BOOL or an integer type of at least 4 bits",
        advice: "convert the tensor before exporting")
    }
    let shape = Shape(
      (0..<tensor.n_dims).map { Int(clamping: tensor.dims[$0]) })
    let byteCount = try type.byteCount(of: shape)
    // Numbers from 2^63 on are their bits, see ONNXUnsigned.swift.
    let stored = type == .u64 ? .i64 : type
    if tensor.has_data_location != 0, tensor.data_location == 1 {
      let region = try external.region(tensor, byteCount: byteCount, budget: &budget)
      return try stored.tensor(shape, in: region.storage, byteOffset: region.offset, budget: &budget)
    }
    if tensor.has_raw_data != 0 {
      guard tensor.raw_data.len == byteCount else {
        throw Finding(
          "has \(tensor.raw_data.len) bytes of data",
          expected: "\(byteCount) for \(ONNXElementType.name(number))\(shape)",
          advice: "the file may be damaged; export it again")
      }
      let bytes = UnsafeRawBufferPointer(start: tensor.raw_data.data, count: byteCount)
      let storage = Storage(bytes: bytes, release: { [message] in withExtendedLifetime(message) {} })
      return try stored.tensor(shape, in: storage, byteOffset: 0, budget: &budget)
    }
    return try typedData(tensor, type, shape)
  }

  /// Data in one of the fields of numbers. Narrow types share the field of 32-bit ones, halves as their bits.
  private mutating func typedData(
    _ tensor: Onnx__TensorProto, _ type: StoredType, _ shape: Shape
  ) throws(Finding) -> Tensor {
    let count = type.isHalfByte ? try type.byteCount(of: shape) : shape.elementCount
    func check(_ found: Int, _ field: String) throws(Finding) {
      guard found == count else {
        throw Finding(
          "has \(found) values in \(field)", expected: "\(count) for the shape \(shape)",
          advice: "the file may be damaged; export it again")
      }
    }
    try budget.take(shape.elementCount * type.element.byteCount)
    switch type {
    case .i4, .u4:
      try check(tensor.n_int32_data, "int32_data")
      let bytes = Storage(byteCount: count) { target in
        for index in 0..<count { target[index] = UInt8(truncatingIfNeeded: tensor.int32_data[index]) }
      }
      return try type.tensor(shape, in: bytes, byteOffset: 0, budget: &budget)
    case .f32:
      try check(tensor.n_float_data, "float_data")
      return Tensor([Float](UnsafeBufferPointer(start: tensor.float_data, count: count)), shape: shape)
    case .f64:
      try check(tensor.n_double_data, "double_data")
      return Tensor((0..<count).map { Float(tensor.double_data[$0]) }, shape: shape)
    case .i64:
      try check(tensor.n_int64_data, "int64_data")
      return Tensor([Int64](UnsafeBufferPointer(start: tensor.int64_data, count: count)), shape: shape)
    case .u32, .u64:
      try check(tensor.n_uint64_data, "uint64_data")
      let limit = type == .u32 ? UInt64(UInt32.max) : .max
      let values = UnsafeBufferPointer(start: tensor.uint64_data, count: count)
      if let value = values.first(where: { $0 > limit }) {
        throw Finding("holds the value \(value)", expected: "values up to \(limit)")
      }
      return Tensor(values.map { Int64(bitPattern: $0) }, shape: shape)
    case .f16, .bf16:
      try check(tensor.n_int32_data, "int32_data")
      return Tensor(element: type.element, shape: shape) { bytes in
        for index in 0..<count {
          bytes.storeBytes(
            of: UInt16(truncatingIfNeeded: tensor.int32_data[index]), toByteOffset: index * 2, as: UInt16.self
          )
        }
      }
    default:
      try check(tensor.n_int32_data, "int32_data")
      let values = UnsafeBufferPointer(start: tensor.int32_data, count: count)
      let range: ClosedRange<Int64> = type == .u16 ? 0...65535 : type.element.integerRange ?? 0...1
      if let value = values.first(where: { !range.contains(Int64($0)) }) {
        throw Finding(
          "holds the value \(value)", expected: "values from \(range.lowerBound) to \(range.upperBound)")
      }
      return Tensor(values.map { Int64($0) }, shape: shape, element: type.element)
    }
  }
}
