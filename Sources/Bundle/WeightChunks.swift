import CBundleFormat
import CZstd
package import Tensors

/// A weight as it stands in a bundle.
package struct BundleWeight: Sendable {
  package var name: String
  package var tensor: Tensor
  /// The order in which its elements are stored; nil for row-major.
  package var layout: Layout?
  package init(name: String, tensor: Tensor, layout: Layout? = nil) {
    self.name = name
    self.tensor = tensor
    self.layout = layout
  }
}

/// How the weights of a bundle are stored.
package enum BundleCompression: Sendable, Hashable {
  /// As they are: the interpreter uses them where the file is mapped, and needs no zstd.
  case none
  /// By zstd where that pays, at a level of 1 to 22.
  case zstd(level: Int)

  package static let levels = 1...22
  /// What a compile does when nothing is asked for.
  package static let standard = BundleCompression.zstd(level: 6)
}

/// Weights packed one after the other, each aligned; larger ones make a chunk of their own.
struct WeightChunk {
  /// Chunks end once they hold this much, so that a reader can unpack them independently.
  static let targetBytes = 4 << 20

  var weights: [Int] = []
  var offsets: [Int] = []
  var rawBytes = 0
}

/// Distributes weights over chunks in order.
func planChunks(_ weights: [BundleWeight]) -> [WeightChunk] {
  var chunks: [WeightChunk] = []
  var current = WeightChunk()
  for (index, weight) in weights.enumerated() {
    let alignment = Int(INGOT_TENSOR_ALIGNMENT)
    let start = (current.rawBytes + alignment - 1) / alignment * alignment
    if !current.weights.isEmpty, start + weight.tensor.byteCount > WeightChunk.targetBytes {
      chunks.append(current)
      current = WeightChunk()
    }
    let offset = (current.rawBytes + alignment - 1) / alignment * alignment
    current.weights.append(index)
    current.offsets.append(offset)
    current.rawBytes = offset + weight.tensor.byteCount
  }
  if !current.weights.isEmpty { chunks.append(current) }
  return chunks
}

extension WeightChunk {
  /// Compression that saves less than this part of a chunk is not worth unpacking on the device.
  private static let leastSaving = 0.04

  /// The weights' bytes, compressed when that pays.
  func encoded(
    from all: [BundleWeight], _ compression: BundleCompression
  ) throws(BundleError) -> (stored: [UInt8], compression: ingot_compression) {
    var raw = [UInt8](repeating: 0, count: rawBytes)
    raw.withUnsafeMutableBytes { target in
      for (index, offset) in zip(weights, offsets) {
        let (tensor, layout) = (all[index].tensor, all[index].layout)
        tensor.write(
          in: layout ?? .rowMajor(rank: tensor.shape.rank),
          to: UnsafeMutableRawBufferPointer(rebasing: target[offset..<(offset + tensor.byteCount)]))
        tensor.evict()
      }
    }
    guard case .zstd(let level) = compression, rawBytes > 0 else { return (raw, INGOT_RAW) }
    let bound = ZSTD_compressBound(raw.count)
    var packed = [UInt8](repeating: 0, count: bound)
    let size = ZSTD_compress(&packed, bound, raw, raw.count, Int32(level))
    guard ZSTD_isError(size) == 0 else {
      throw BundleError("zstd can't compress a weight chunk: \(String(cString: ZSTD_getErrorName(size)))")
    }
    guard Double(size) <= Double(raw.count) * (1 - Self.leastSaving) else { return (raw, INGOT_RAW) }
    packed.removeLast(packed.count - size)
    return (packed, INGOT_ZSTD)
  }
}

/// The weight table section's bytes.
func encodeWeightTable(
  _ weights: [BundleWeight], _ chunks: [WeightChunk], _ layouts: LayoutTable
) throws(BundleError) -> [UInt8] {
  var strings = StringTable()
  var entries: [ingot_weight] = []
  for (chunkIndex, chunk) in chunks.enumerated() {
    for (index, offset) in zip(chunk.weights, chunk.offsets) {
      let weight = weights[index]
      guard weight.tensor.shape.rank <= Int(INGOT_MAX_RANK) else {
        throw BundleError(
          "weight '\(weight.name)' has rank \(weight.tensor.shape.rank), a bundle holds at most \(INGOT_MAX_RANK)"
        )
      }
      let name = strings.intern(weight.name)
      var entry = ingot_weight()
      entry.name = name.offset
      entry.name_bytes = name.count
      entry.chunk = UInt32(chunkIndex)
      entry.element = weight.tensor.element.code
      entry.rank = UInt8(weight.tensor.shape.rank)
      entry.layout = layouts.number(of: weight.layout)
      entry.offset = UInt64(offset)
      entry.bytes = UInt64(weight.tensor.byteCount)
      setDimensions(&entry.dims, weight.tensor.shape)
      entries.append(entry)
    }
  }
  var section = ByteBuffer()
  let layoutEntries = layouts.entries
  section.append(
    ingot_weight_table(
      count: UInt32(entries.count), string_bytes: UInt32(strings.bytes.count),
      layout_count: UInt32(layoutEntries.count), reserved: 0))
  for layout in layoutEntries { section.append(layout) }
  for entry in entries { section.append(entry) }
  section.append(contentsOf: strings.bytes)
  return section.bytes
}
