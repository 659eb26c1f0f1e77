import IR
import Passes
import Tensors

/// Which weights of a bundle lie inside others: with the same bytes under another shape, or as the part of one that a
/// contiguous slice is. They become views of it.
///
/// Parts are looked for where rows of the larger weight begin.
struct SharedContents {
  /// A weight and where in it the part begins, in bytes.
  struct Place {
    var whole: Weight
    var offset: Int
  }

  private var places: [Key: Place] = [:]
  /// The first weight with contents at a place, which others may see under another shape.
  private var owners: [Key: Weight] = [:]

  /// Where contents lie, which names them as long as they are not copied.
  private struct Key: Hashable {
    var storage: ObjectIdentifier
    var offset: Int
    var bytes: Int

    init(_ tensor: Tensor) {
      (storage, offset, bytes) = (ObjectIdentifier(tensor.storage), tensor.byteOffset, tensor.byteCount)
    }
  }

  private struct Contents {
    var weight: Weight
    var tensor: Tensor
  }

  /// Smaller weights are not worth a look: a weight takes a multiple of this.
  private static let leastBytes = 64

  init(_ graphs: [Graph]) {
    var contents: [Contents] = []
    for graph in graphs {
      for value in graph.weights where !graph.users(of: value).isEmpty || graph.isOutput(value) {
        guard let weight = graph.weight(value), let tensor = weight.tensor,
          tensor.byteCount >= Self.leastBytes,
          owners[Key(tensor)] == nil
        else { continue }
        owners[Key(tensor)] = weight
        contents.append(Contents(weight: weight, tensor: tensor))
      }
    }
    // Larger ones first; a stable order among equals.
    let order = contents.indices.sorted {
      (-contents[$0].tensor.byteCount, $0) < (-contents[$1].tensor.byteCount, $1)
    }
    var parts: [Head: [Int]] = [:]
    var firstWords: Set<UInt64> = []
    for index in contents.indices {
      let head = Head(contents[index].tensor, at: 0)
      parts[head, default: []].append(index)
      firstWords.insert(head.words[0])
    }
    for index in order { findParts(of: contents[index], index, contents, parts, firstWords) }
  }

  /// Where a weight lies in a larger one; nil if it stands for itself.
  func place(of tensor: Tensor) -> Place? {
    if let place = places[Key(tensor)] { return place }
    guard let owner = owners[Key(tensor)], owner.tensor?.shape != tensor.shape else { return nil }
    return Place(whole: owner, offset: 0)
  }

  /// The first bytes of a part.
  private struct Head: Hashable {
    var words: [UInt64]

    init(_ tensor: Tensor, at offset: Int) {
      words = tensor.withBytes { bytes in
        (0..<8).map { bytes.loadUnaligned(fromByteOffset: offset + $0 * 8, as: UInt64.self) }
      }
    }
  }

  private mutating func findParts(
    of whole: Contents, _ index: Int, _ contents: [Contents], _ parts: [Head: [Int]],
    _ firstWords: Set<UInt64>
  ) {
    guard places[Key(whole.tensor)] == nil else { return }
    let tensor = whole.tensor
    let step = tensor.shape.partStep(of: tensor.element) * tensor.element.byteCount
    for offset in stride(from: 0, through: tensor.byteCount - Self.leastBytes, by: step) {
      let word = tensor.withBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
      guard firstWords.contains(word) else { continue }
      for candidate in parts[Head(tensor, at: offset)] ?? [] where candidate != index {
        let part = contents[candidate].tensor
        guard places[Key(part)] == nil, part.element == tensor.element,
          part.byteCount <= tensor.byteCount - offset,
          part.byteCount < tensor.byteCount || candidate > index, tensor.holds(part, at: offset)
        else { continue }
        places[Key(part)] = Place(whole: whole.weight, offset: offset)
      }
    }
    tensor.evict()
  }
}

extension Tensor {
  fileprivate func holds(_ part: Tensor, at offset: Int) -> Bool {
    withBytes { mine in
      part.withBytes { $0.elementsEqual(mine[offset..<(offset + $0.count)]) }
    }
  }
}
