package import IR
package import Tensors

/// One weight that lies in another one, as both are stored or with the last two axes of one or both exchanged.
package struct WeightPart {
  package let whole: ValueID
  package let isWholeTransposed: Bool
  package let part: ValueID
  package let isPartTransposed: Bool
  /// Where in the whole the part's first element is, in the order in which the whole is read.
  package let position: Int

  /// Whether one can't be stored as a view of the other as both are.
  package var needsTranspose: Bool { isWholeTransposed || isPartTransposed }
}

/// Finds weights that lie in others. Each is a part of one at most, the larger ones are wholes first, and of two equal
/// ones the first; a whole is read in the order in which it holds more bytes of others.
///
/// Parts begin where rows of the whole do. `canTranspose` tells which weights may be read with the last two axes
/// exchanged.
package func weightParts(in graph: Graph, canTranspose: (ValueID) -> Bool) -> [WeightPart] {
  var search = WeightPartSearch(graph, canTranspose)
  return search.run()
}

private struct WeightPartSearch {
  /// What a part and the elements of a whole where it lies have in common: only weights that agree in it are compared.
  private struct Head: Hashable {
    static let limit = 16
    let element: ElementType
    let bits: [UInt64]

    init(_ reading: MatrixReading, at index: Int) {
      element = reading.tensor.element
      bits = (index..<min(index + Self.limit, reading.count)).map { reading.bits(at: $0) }
    }
  }

  private struct Candidate {
    var weight: ValueID
    /// As it is stored, then perhaps transposed.
    var readings: [MatrixReading]
    var byteCount: Int { readings[0].tensor.byteCount }
  }

  private struct Place {
    var candidate: Int
    var reading: MatrixReading
    var position: Int
  }

  private var candidates: [Candidate] = []
  private var heads: [Head: [(candidate: Int, reading: MatrixReading)]] = [:]
  private var firsts = FirstElements()
  private var isPart: [Bool]

  /// Parts smaller than their whole are not worth a look below this many bytes.
  private static let leastBytes = 64

  init(_ graph: Graph, _ canTranspose: (ValueID) -> Bool) {
    for weight in graph.weights where !graph.isUnread(weight) {
      guard let tensor = graph.constant(weight), tensor.shape.rank >= 2, tensor.elementCount > 1 else {
        continue
      }
      let isMatrix = tensor.shape.extents.suffix(2).allSatisfy { $0 > 1 }
      let orders = isMatrix && canTranspose(weight) ? [false, true] : [false]
      candidates.append(
        Candidate(weight: weight, readings: orders.map { MatrixReading(tensor, isTransposed: $0) }))
    }
    isPart = candidates.map { _ in false }
    for (index, candidate) in candidates.enumerated() {
      for reading in candidate.readings {
        heads[Head(reading, at: 0), default: []].append((index, reading))
        firsts.insert(reading.bits(at: 0))
      }
      candidate.readings[0].tensor.evict()
    }
  }

  mutating func run() -> [WeightPart] {
    guard candidates.contains(where: { $0.readings.count > 1 }) else { return [] }
    let order = candidates.indices.sorted {
      (-candidates[$0].byteCount, $0) < (-candidates[$1].byteCount, $1)
    }
    var found: [WeightPart] = []
    for index in order where !isPart[index] {
      let choices = candidates[index].readings.map { ($0, parts(of: $0, index)) }
      func bytes(_ places: [Place]) -> Int { places.reduce(0) { $0 + $1.reading.tensor.byteCount } }
      guard var (whole, places) = choices.first else { continue }
      for (reading, other) in choices.dropFirst() where bytes(other) > bytes(places) {
        (whole, places) = (reading, other)
      }
      for place in places {
        isPart[place.candidate] = true
        found.append(
          WeightPart(
            whole: candidates[index].weight, isWholeTransposed: whole.isTransposed,
            part: candidates[place.candidate].weight, isPartTransposed: place.reading.isTransposed,
            position: place.position))
      }
      whole.tensor.evict()
    }
    return found
  }

  /// The parts of one whole in one order, of each weight the first that is found.
  private func parts(of whole: MatrixReading, _ index: Int) -> [Place] {
    // Nothing lies across the rows of a vector.
    guard whole.shape.count(where: { $0 != 1 }) > 1 else { return [] }
    var places: [Place] = []
    var seen: Set<Int> = [index]
    let step = whole.shape.partStep(of: whole.tensor.element)
    for position in stride(from: 0, to: whole.count, by: step)
    where firsts.mayContain(whole.bits(at: position)) {
      for (candidate, reading) in heads[Head(whole, at: position)] ?? [] {
        guard !seen.contains(candidate), !isPart[candidate],
          isSmaller(candidate, than: index, reading, whole),
          whole.holds(reading, at: position)
        else { continue }
        seen.insert(candidate)
        places.append(Place(candidate: candidate, reading: reading, position: position))
      }
    }
    return places
  }

  private func isSmaller(
    _ candidate: Int, than index: Int, _ part: MatrixReading, _ whole: MatrixReading
  ) -> Bool {
    if part.count == whole.count { return part.shape == whole.shape && candidate > index }
    return part.count < whole.count && part.tensor.byteCount >= Self.leastBytes && part.count >= Head.limit
  }
}

extension Shape {
  /// How many elements lie from one place where a part may begin to the next: the innermost rows of some size, or
  /// those of the outermost axis that has several. In a vector a part may begin anywhere.
  package func partStep(of element: ElementType) -> Int {
    var step = 1
    for extent in extents.reversed() where extent > 1 {
      if step == elementCount / extent || step * element.byteCount >= 64 { return step }
      step *= extent
    }
    return elementCount == 0 ? 1 : elementCount
  }
}
