import CBundleFormat
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

/// How the sections of a bundle are stored.
package enum BundleCompression: Sendable, Hashable {
  /// As they are: the interpreter uses weights where the file is mapped, and needs no zstd.
  case none
  /// By zstd where that pays, weights at a level of 1 to 22.
  case zstd(level: Int)

  package static let levels = 1...22
  /// What a compile does when nothing is asked for.
  package static let standard = BundleCompression.zstd(level: 6)
}

/// Weights packed one after the other, each aligned; larger ones make a chunk of their own.
struct WeightChunk {
  /// Chunks end once they hold this much, so that a reader can unpack them independently.
  static let targetBytes = 4 << 20

  /// Of the elements of all its weights.
  var elementBytes: Int
  var weights: [Int] = []
  var offsets: [Int] = []
  var rawBytes = 0

  init(elementBytes: Int) { self.elementBytes = elementBytes }

  /// Where the next weight begins.
  private var end: Int {
    let alignment = Int(INGOT_TENSOR_ALIGNMENT)
    return (rawBytes + alignment - 1) / alignment * alignment
  }

  func hasRoom(for byteCount: Int) -> Bool {
    weights.isEmpty || end + byteCount <= Self.targetBytes
  }

  mutating func append(_ weight: Int, byteCount: Int) {
    let start = end
    weights.append(weight)
    offsets.append(start)
    rawBytes = start + byteCount
  }
}

/// Distributes weights over chunks: those with elements of one size together, in order.
func planChunks(_ weights: [BundleWeight]) -> [WeightChunk] {
  var chunks: [WeightChunk] = []
  /// Of each size the chunk that is being filled.
  var open: [Int: Int] = [:]
  for (index, weight) in weights.enumerated() {
    let (size, byteCount) = (weight.tensor.element.byteCount, weight.tensor.byteCount)
    if let chunk = open[size], chunks[chunk].hasRoom(for: byteCount) {
      chunks[chunk].append(index, byteCount: byteCount)
      continue
    }
    open[size] = chunks.count
    chunks.append(WeightChunk(elementBytes: size))
    chunks[chunks.count - 1].append(index, byteCount: byteCount)
  }
  return chunks
}

extension WeightChunk {
  /// Compression that saves less than this part of a chunk is not worth unpacking on the device.
  private static let leastSaving = 0.04
  /// A smaller chunk is not worth the gap before it that mapping takes.
  private static let leastMapped = 4 * Int(INGOT_MAPPED_ALIGNMENT)

  /// The weights' bytes, compressed when that pays.
  func contents(
    from all: [BundleWeight], _ compression: BundleCompression
  ) throws(BundleError) -> SectionContents {
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
    guard case .zstd(let level) = compression else { return SectionContents(raw) }
    let packed = try SectionContents(raw, level: level, elementBytes: elementBytes)
    let shrinks = Double(packed.stored.count) <= Double(raw.count) * (1 - Self.leastSaving)
    return shrinks || raw.count < Self.leastMapped ? packed : SectionContents(raw)
  }
}

/// The weight table section's bytes.
func encodeWeightTable(
  _ weights: [BundleWeight], _ chunks: [WeightChunk], _ layouts: LayoutTable
) throws(BundleError) -> [UInt8] {
  var places = [(chunk: Int, offset: Int)](repeating: (0, 0), count: weights.count)
  for (chunkIndex, chunk) in chunks.enumerated() {
    for (index, offset) in zip(chunk.weights, chunk.offsets) { places[index] = (chunkIndex, offset) }
  }
  var strings = StringTable()
  let entries = try zip(weights, places).map { weight, place throws(BundleError) in
    guard weight.tensor.shape.rank <= Int(INGOT_MAX_RANK) else {
      throw BundleError(
        "weight '\(weight.name)' has rank \(weight.tensor.shape.rank), a bundle holds at most \(INGOT_MAX_RANK)"
      )
    }
    let name = strings.intern(weight.name)
    var entry = ingot_weight()
    entry.name = name.offset
    entry.name_bytes = name.count
    entry.chunk = UInt32(place.chunk)
    entry.element = weight.tensor.element.code
    entry.rank = UInt8(weight.tensor.shape.rank)
    entry.layout = layouts.number(of: weight.layout)
    entry.offset = UInt64(place.offset)
    entry.bytes = UInt64(weight.tensor.byteCount)
    setDimensions(&entry.dims, weight.tensor.shape)
    return entry
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
