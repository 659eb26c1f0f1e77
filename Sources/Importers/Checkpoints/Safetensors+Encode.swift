import Foundation
package import Tensors

/// Arrays as a safetensors file, in their order. The same arrays give the same bytes.
package func encodeSafetensors(_ arrays: [(name: String, tensor: Tensor)]) -> [UInt8] {
  var offset = 0
  let fields = arrays.map { name, tensor in
    defer { offset += tensor.byteCount }
    let shape = tensor.shape.map { "\($0)" }.joined(separator: ",")
    return
      "\(jsonString(name)):{\"dtype\":\"\(type(tensor.element))\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(offset + tensor.byteCount)]}"
  }
  var header = Array("{\(fields.joined(separator: ","))}".utf8)
  // Data begins at a multiple of 8.
  while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
  var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
  bytes.reserveCapacity(bytes.count + offset)
  for (_, tensor) in arrays { tensor.withBytes { bytes.append(contentsOf: $0) } }
  return bytes
}

/// A string as JSON has it, in quotes.
package func jsonString(_ text: String) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  // A string always has a form in JSON.
  return String(decoding: (try? encoder.encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
}

private func type(_ element: ElementType) -> String {
  switch element {
  case .f32: "F32"
  case .f16: "F16"
  case .bf16: "BF16"
  case .i8: "I8"
  case .u8: "U8"
  case .i16: "I16"
  case .i32: "I32"
  case .i64: "I64"
  case .bool: "BOOL"
  }
}
