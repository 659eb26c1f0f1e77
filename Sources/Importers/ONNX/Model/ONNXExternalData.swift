import COnnx
import Tensors

/// The files beside a model that hold its large constants. Each is mapped once, when first needed.
struct ONNXExternalData {
  private let companions: CompanionFiles
  /// By path.
  private var files: [String: Storage] = [:]

  init(_ companions: CompanionFiles) { self.companions = companions }

  /// Size of the files that were needed.
  var fileBytes: Int { files.values.reduce(0) { $0 + $1.bytes.count } }

  /// Where the bytes of a tensor with external data lie. Those outside the model's folder are refused.
  mutating func region(
    _ tensor: Onnx__TensorProto, byteCount: Int, budget: inout CopyBudget
  ) throws(Finding) -> (storage: Storage, offset: Int) {
    var location: String?
    var offset = 0
    var length: Int?
    for index in 0..<tensor.n_external_data {
      guard let entry = tensor.external_data[index]?.pointee, let key = entry.key, let value = entry.value
      else {
        continue
      }
      let text = String(cString: value)
      switch String(cString: key) {
      case "location": location = text
      case "offset": offset = try number(text, "offset")
      case "length": length = try number(text, "length")
      default: break  // Checksums and the like.
      }
    }
    guard let location else {
      throw Finding("has external data without a location", expected: "the name of a file beside the model")
    }
    let storage = try file(location, budget: &budget)
    if let length, length != byteCount {
      throw Finding(
        "has \(length) bytes in \(ImportError.quoted(location))", expected: "\(byteCount) for its shape")
    }
    guard offset <= storage.bytes.count, byteCount <= storage.bytes.count - offset else {
      throw Finding(
        "needs \(byteCount) bytes from byte \(offset) of \(ImportError.quoted(location))",
        expected: "a file of at least that size, not \(storage.bytes.count) bytes",
        advice: "fetch the file again")
    }
    // Any number of tensors may name the same bytes, and whoever uses them looks at all.
    try budget.take(byteCount)
    return (storage, offset)
  }

  private func number(_ text: String, _ key: String) throws(Finding) -> Int {
    guard let value = Int(text), value >= 0 else {
      throw Finding("has the external data \(key) \(ImportError.quoted(text))", expected: "a number of bytes")
    }
    return value
  }

  private mutating func file(_ location: String, budget: inout CopyBudget) throws(Finding) -> Storage {
    let path = try companions.find(location).target
    if let known = files[path] { return known }
    do {
      let storage = try Storage.map(path: path)
      files[path] = storage
      budget.add(fileByteCount: storage.bytes.count)
      return storage
    } catch {
      throw Finding(
        "has external data in \(ImportError.quoted(location)), which can't be read (\(error.reason))",
        expected: "a file beside the model", advice: "fetch it too")
    }
  }
}
