import IR
import Tensors

/// A weight as rows of numbers that are looked up in palettes.
struct PaletteRows {
  /// Row by row.
  private let values: [Float]
  private let importance: [Float]?
  /// What the op gives: the weight's shape, or that with its two axes exchanged.
  private let shape: Shape
  /// The axes before it count rows.
  private let axis: Int
  private let isTransposed: Bool
  /// Whether rows may have different palettes.
  private let hasGroups: Bool

  /// Nil where readers need floats. Importance broadcasts to the weight's shape.
  init?(_ tensor: Tensor, read reading: WeightReading, importance: Tensor?) {
    switch reading {
    case .outputs(let outputs): (axis, isTransposed, hasGroups) = (1, outputs == 1, true)
    case .table: (axis, isTransposed, hasGroups) = (1, false, false)
    case .rows(let packed): (axis, isTransposed, hasGroups) = (packed, false, true)
    case .floats: return nil
    }
    let rows = isTransposed ? tensor.transposed2D() : tensor
    (values, shape) = (rows.floats, rows.shape)
    self.importance = importance.map { [isTransposed] importance in
      let whole = importance.expanded(to: tensor.shape)
      return (isTransposed ? whole.transposed2D() : whole).floats
    }
  }

  private var count: Int { shape[..<axis].reduce(1, *) }
  private var length: Int { shape[axis...].reduce(1, *) }

  /// Indices into palettes of 2^`bits` numbers, each of which so many rows share, or all where that is 0, as of tables.
  func lookedUp(bits: Int, shared: Int) -> EncodedWeight {
    let entries = 1 << bits
    let block = hasGroups ? block(shared, entries: entries) : 0
    let op = Palette(axis: axis, bits: bits, block: block, extent: shape[axis])
    let share = (block == 0 ? max(count, 1) : block) * length
    var palettes: [Float] = []
    values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: share) {
        let range = start..<min(start + share, values.count)
        let numbers = UnsafeBufferPointer(rebasing: values[range])
        let centers: [Float]
        if let importance {
          centers = importance.withUnsafeBufferPointer {
            Clusters(of: numbers, importance: UnsafeBufferPointer(rebasing: $0[range]), count: entries)
              .centers
          }
        } else {
          centers = Clusters(of: numbers, count: entries).centers
        }
        // What is left of a palette repeats its last number.
        palettes += centers + [Float](repeating: centers.last ?? 0, count: entries - centers.count)
      }
    }
    let extents: Shape = block == 0 ? [entries] : [palettes.count / entries, entries]
    let stored = Tensor(palettes, shape: extents).inHalvesIfNear(entries)
    return EncodedWeight(
      .palette(op), [op.pack(nearest(stored.floats, share, entries), shape: shape), stored],
      isTransposed: isTransposed)
  }

  /// For each number the place in its palette of what is nearest to it.
  private func nearest(_ palettes: [Float], _ share: Int, _ entries: Int) -> [UInt8] {
    var indices = [UInt8](repeating: 0, count: values.count)
    indices.withUnsafeMutableBufferPointer { indices in
      values.withUnsafeBufferPointer { values in
        for (palette, start) in stride(from: 0, to: values.count, by: share).enumerated() {
          let numbers = UnsafeBufferPointer(rebasing: values[start..<min(start + share, values.count)])
          let centers = Array(palettes[(palette * entries)..<((palette + 1) * entries)])
          Clusters.nearest(centers, to: numbers) { indices[start + $0] = UInt8($1) }
        }
      }
    }
    return indices
  }

  /// Rows that share a palette: as many as are asked for, or more, so that the palettes take little beside the indices.
  private func block(_ rows: Int, entries: Int) -> Int {
    guard rows > 0 else { return 0 }
    let numbersOfEntry = 32
    let block = max(rows, (numbersOfEntry * entries + length - 1) / max(length, 1))
    return block >= count ? 0 : block
  }
}

extension Tensor {
  fileprivate func expanded(to shape: Shape) -> Tensor {
    guard self.shape != shape else { return self }
    do {
      return try Op.expand(Expand(shape.extents)).evaluate([self])[0]
    } catch {
      preconditionFailure("importance of shape \(self.shape) for a weight of \(shape)")
    }
  }

  /// In f16 where no palette's numbers move by more than the rounding of its largest one, else as it is.
  fileprivate func inHalvesIfNear(_ entries: Int) -> Tensor {
    let halves = converted(to: .f16)
    let (exact, rounded) = (floats, halves.floats)
    for start in stride(from: 0, to: exact.count, by: entries) {
      let range = start..<(start + entries)
      let largest = exact[range].reduce(0) { max($0, abs($1)) }
      let error = zip(exact[range], rounded[range]).reduce(0) { max($0, abs($1.0 - $1.1)) }
      guard error <= largest * 0x1p-11 else { return self }
    }
    return halves
  }
}
