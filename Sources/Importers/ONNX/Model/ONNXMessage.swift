import COnnx
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A model message unpacked by libprotobuf-c. Constants view its memory, which goes with the last of them.
final class ONNXMessage: @unchecked Sendable {
  let model: UnsafePointer<Onnx__ModelProto>
  private let memory: UnsafeMutablePointer<Onnx__ModelProto>

  /// Unpacks a whole file. Memory is bounded by the file's size, whatever the file says.
  init(_ storage: Storage) throws(Finding) {
    let bytes = storage.bytes
    defer { withExtendedLifetime(storage) {} }
    guard bytes.count > 0 else { throw Finding("is empty", expected: "an ONNX model") }
    guard bytes.count <= Int(Int32.max) else {
      throw Finding(
        "is \(bytes.count) bytes long", expected: "at most 2 GiB, the limit of the format",
        advice: "save the model with its weights as external data")
    }
    try withUnsafePointer(to: onnx__model_proto__descriptor) { (descriptor) throws(Finding) in
      try WireFormat.check(bytes, as: descriptor)
    }

    // Small messages take many times their encoded size, but large files consist of a few large constants.
    var remaining = 4 * bytes.count + min(60 * bytes.count, 512 << 20) + (1 << 20)
    let unpacked = withUnsafeMutablePointer(to: &remaining) { remaining in
      var allocator = ProtobufCAllocator(alloc: allocate, free: release, allocator_data: remaining)
      return onnx__model_proto__unpack(
        &allocator, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    guard let unpacked else {
      if remaining <= 0 {
        throw Finding("unpacks to far more memory than the file has bytes", expected: "an ONNX model")
      }
      throw Finding(
        "can't be unpacked", expected: "an ONNX model",
        advice: "the file may be damaged; fetch or export it again")
    }
    memory = unpacked
    model = UnsafePointer(unpacked)
  }

  deinit {
    var allocator = ProtobufCAllocator(alloc: nil, free: release, allocator_data: nil)
    onnx__model_proto__free_unpacked(memory, &allocator)
  }
}

/// Allocates out of the count that `state` points to; once it is exhausted, every request fails.
private func allocate(state: UnsafeMutableRawPointer?, byteCount: Int) -> UnsafeMutableRawPointer? {
  guard let remaining = state?.assumingMemoryBound(to: Int.self) else { return nil }
  guard byteCount >= 0, byteCount < remaining.pointee else {
    remaining.pointee = 0
    return nil
  }
  remaining.pointee -= byteCount
  // The library takes a null result for exhaustion, also of a request for nothing.
  return malloc(max(byteCount, 1))
}

private func release(state: UnsafeMutableRawPointer?, memory: UnsafeMutableRawPointer?) {
  free(memory)
}
