import CBundleFormat
import CZstd
package import Tensors

/// What a section holds, as the file stores it.
struct SectionContents {
  private(set) var stored: [UInt8]
  private(set) var rawBytes: Int
  private(set) var compression: ingot_compression
  /// In how many planes the bytes lie; 0 for none.
  private(set) var planes: Int

  /// Stored as they are.
  init(_ bytes: [UInt8]) { self.init(stored: bytes, rawBytes: bytes.count, INGOT_RAW, planes: 0) }

  /// A table or text, packed where it shrinks.
  init(table bytes: [UInt8], _ compression: BundleCompression) throws(BundleError) {
    guard compression != .none else {
      self.init(bytes)
      return
    }
    let packed = try Zstd().compressed(bytes, level: tableLevel)
    let shrinks = packed.count < bytes.count
    self.init(
      stored: shrinks ? packed : bytes, rawBytes: bytes.count, shrinks ? INGOT_ZSTD : INGOT_RAW, planes: 0)
  }

  /// Elements of one size, packed by zstd: in order or in planes, whichever is shorter.
  init(_ bytes: [UInt8], level: Int, elementBytes: Int) throws(BundleError) {
    let zstd = try Zstd()
    let inOrder = try zstd.compressed(bytes, level: level)
    self.init(stored: inOrder, rawBytes: bytes.count, INGOT_ZSTD, planes: 0)
    guard elementBytes == 2 || elementBytes == 4 else { return }
    let inPlanes = try zstd.planes(bytes, level: level, count: elementBytes)
    guard inPlanes.count < inOrder.count else { return }
    self.init(stored: inPlanes, rawBytes: bytes.count, INGOT_ZSTD, planes: elementBytes)
  }

  private init(stored: [UInt8], rawBytes: Int, _ compression: ingot_compression, planes: Int) {
    self.stored = stored
    self.rawBytes = rawBytes
    self.compression = compression
    self.planes = planes
  }
}

/// Programs and tables are small beside weights.
private let tableLevel = 19

/// Memory that zstd packs with, for many frames.
private struct Zstd: ~Copyable {
  private let context: OpaquePointer

  init() throws(BundleError) {
    guard let context = ZSTD_createCCtx() else { throw BundleError("zstd can't compress for want of memory") }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// One frame.
  func compressed(_ bytes: [UInt8], level: Int) throws(BundleError) -> [UInt8] {
    let bound = ZSTD_compressBound(bytes.count)
    var size = 0
    let packed = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      size = ZSTD_compressCCtx(context, target.baseAddress, bound, bytes, bytes.count, Int32(level))
      count = ZSTD_isError(size) == 0 ? size : 0
    }
    guard ZSTD_isError(size) == 0 else {
      throw BundleError("zstd can't compress a section: \(String(cString: ZSTD_getErrorName(size)))")
    }
    return packed
  }

  /// For every block of elements a frame with the first bytes of all, one with the second ones, and so on.
  func planes(_ bytes: [UInt8], level: Int, count: Int) throws(BundleError) -> [UInt8] {
    var frames: [UInt8] = []
    var start = 0
    repeat {
      let end = min(start + count * Int(INGOT_PLANE_BYTES), bytes.count)
      for place in 0..<count {
        let plane = plane(place, of: count, bytes[start..<end])
        // Noise bears chance repetitions, which cost more to state than what they repeat: the lowest level passes
        // over them.
        let plain = try compressed(plane, level: 1)
        let thorough = level == 1 ? plain : try compressed(plane, level: level)
        frames += thorough.count < plain.count ? thorough : plain
      }
      start = end
    } while start < bytes.count
    return frames
  }

  private func plane(_ place: Int, of count: Int, _ block: ArraySlice<UInt8>) -> [UInt8] {
    block.withUnsafeBufferPointer { block in
      [UInt8](unsafeUninitializedCapacity: block.count / count) { plane, size in
        size = block.count / count
        for element in 0..<size { plane.initializeElement(at: element, to: block[element * count + place]) }
      }
    }
  }
}

/// The bytes of a frame of zstd that must hold `count` of them.
func unpacked(_ frame: UnsafeRawBufferPointer, count: Int) throws(BundleError) -> [UInt8] {
  guard ZSTD_getFrameContentSize(frame.baseAddress, frame.count) == UInt64(count) else {
    throw BundleError("a section is no zstd frame of \(count) bytes")
  }
  let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
    let size = ZSTD_decompress(target.baseAddress, count, frame.baseAddress, frame.count)
    initialized = ZSTD_isError(size) == 0 ? size : 0
  }
  guard bytes.count == count else { throw BundleError("a section can't be unpacked") }
  return bytes
}

/// What a tensor alone would take in a bundle.
package func storedBytes(_ tensor: Tensor, _ compression: BundleCompression) -> Int {
  guard case .zstd(let level) = compression, tensor.byteCount > 0,
    let packed = try? SectionContents(
      tensor.withBytes { Array($0) }, level: level, elementBytes: tensor.element.byteCount)
  else { return tensor.byteCount }
  return min(packed.stored.count, tensor.byteCount)
}
