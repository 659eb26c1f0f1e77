import IR
import Passes
import Tensors

// Weights that hold what others hold, but not as a view of them could: what the user is told of them.

extension Note {
  /// For every two weights of a function of some size of which one holds what the other holds and both are stored, what
  /// keeps them apart. A weight that several functions name is told of once.
  static func storedTwice(in module: Module) -> [Note] {
    var told: Set<String> = []
    return module.functions.flatMap { storedTwice(in: $0, &told) }
  }

  private static func storedTwice(in graph: Graph, _ told: inout Set<String>) -> [Note] {
    let transposes = weightParts(in: graph) { _ in true }
      .filter { $0.isWholeTransposed != $0.isPartTransposed && graph.isWorthANote($0.part) }
    var notes: [Note] = []
    for found in transposes where told.insert(graph[found.part].name).inserted {
      notes.append(Note(.note, transposeText(found, graph)))
    }
    for slice in SlicedWeights(graph).slices where told.insert(graph[slice.part].name).inserted {
      let names = "'\(graph[slice.part].name)' is the slice \(slice.text) of '\(graph[slice.whole].name)'"
      notes.append(
        Note(
          .note,
          "weight \(names) and both are stored, \(graph.type(of: slice.part).byteCount) bytes more: only elements that follow one another can be read out of another weight"
        ))
    }
    for (copy, original) in graph.copiesInFewerBits where told.insert(graph[copy].name).inserted {
      let (copyType, type) = (graph.type(of: copy), graph.type(of: original))
      notes.append(
        Note(
          .note,
          "weight '\(graph[copy].name)' holds in \(copyType.element.rawValue) what '\(graph[original].name)' holds in \(type.element.rawValue), and both are stored, \(copyType.byteCount) bytes more: \(graph.nameReader(of: original)) reads the one and \(graph.nameReader(of: copy)) the other"
        ))
    }
    return notes
  }

  private static func transposeText(_ found: WeightPart, _ graph: Graph) -> String {
    let (whole, part) = (graph[found.whole].name, graph[found.part].name)
    let isAll = graph.type(of: found.whole).byteCount == graph.type(of: found.part).byteCount
    let relation =
      isAll
      ? "weights '\(whole)' and '\(part)' are one another's transpose and both stored"
      : "weight '\(part)' is a part of '\(whole)' transposed and both are stored"
    return
      "\(relation), \(graph.type(of: found.part).byteCount) bytes more: \(graph.nameReader(of: found.whole)) reads the one and \(graph.nameReader(of: found.part)) the other as it lies, and only matmul reads a weight transposed"
  }
}

extension Graph {
  /// Whether a weight is large enough to be told of, and not of one number alone, as many are by chance.
  fileprivate func isWorthANote(_ weight: ValueID) -> Bool {
    guard let tensor = constant(weight), tensor.byteCount >= 1 << 12 else { return false }
    return tensor.withBytes { bytes in
      let width = tensor.element.byteCount
      return (width..<min(bytes.count, 64 * width)).contains { bytes[$0] != bytes[$0 - width] }
    }
  }

  fileprivate func isRead(_ value: ValueID) -> Bool { isOutput(value) || !users(of: value).isEmpty }

  /// The first reader of a value that is no matmul, or the first if all are.
  fileprivate func nameReader(of value: ValueID) -> String {
    let readers = users(of: value).sorted().map { self[$0] }
    let reader = readers.first { if case .matmul = $0.op { false } else { true } } ?? readers.first
    guard let reader else { return "an output" }
    return reader.name.isEmpty ? reader.op.name : "\(reader.op.name) '\(reader.name)'"
  }

  /// Weights that another one of a wider floating-point type holds, rounded.
  fileprivate var copiesInFewerBits: [(copy: ValueID, original: ValueID)] {
    let floats = weights.filter { isRead($0) && type(of: $0).element.isFloat && isWorthANote($0) }
    var originals: [Shape: [ValueID]] = [:]
    for weight in floats where type(of: weight).element == .f32 {
      originals[type(of: weight).shape, default: []].append(weight)
    }
    return floats.compactMap { copy -> (copy: ValueID, original: ValueID)? in
      guard type(of: copy).element != .f32, let tensor = constant(copy) else { return nil }
      return originals[tensor.shape]?.first { isRounded($0, to: tensor) }.map { (copy, $0) }
    }
  }

  private func isRounded(_ weight: ValueID, to tensor: Tensor) -> Bool {
    guard let original = constant(weight) else { return false }
    let beginning = Shape([min(64, tensor.elementCount)])
    func head(_ tensor: Tensor) -> Tensor {
      Tensor(
        element: tensor.element, shape: beginning, storage: tensor.storage, byteOffset: tensor.byteOffset)
    }
    return head(original).converted(to: tensor.element).isIdentical(to: head(tensor))
      && original.converted(to: tensor.element).isIdentical(to: tensor)
  }
}

/// Weights that are slices of others whose elements do not follow one another there.
private struct SlicedWeights {
  struct Slice {
    var whole: ValueID
    var part: ValueID
    /// `[0:500, 16:32:2]`
    var text: String
  }

  private(set) var slices: [Slice] = []
  private static let largestStep = 4
  /// How many elements of a weight are looked at as the first of a slice.
  private static let searchLimit = 1 << 16

  private struct Key: Hashable {
    var element: ElementType
    var rank: Int
    var first: UInt64
  }

  init(_ graph: Graph) {
    let weights = graph.weights.filter { graph.isRead($0) && graph.isWorthANote($0) }
    var parts: [Key: [(weight: ValueID, tensor: Tensor)]] = [:]
    // Most elements are no part's first.
    var firsts = FirstElements()
    for weight in weights {
      guard let tensor = graph.constant(weight), tensor.shape.rank >= 2 else { continue }
      let key = Key(element: tensor.element, rank: tensor.shape.rank, first: tensor.bits(0))
      parts[key, default: []].append((weight, tensor))
      firsts.insert(tensor.bits(0))
    }
    var found: Set<ValueID> = []
    for whole in weights {
      guard let tensor = graph.constant(whole), tensor.shape.rank >= 2 else { continue }
      for index in 0..<min(tensor.elementCount, Self.searchLimit) where firsts.mayContain(tensor.bits(index))
      {
        let key = Key(element: tensor.element, rank: tensor.shape.rank, first: tensor.bits(index))
        for (part, contents) in parts[key] ?? [] where part != whole && !found.contains(part) {
          guard let text = Self.slice(contents, of: tensor, at: index) else { continue }
          found.insert(part)
          slices.append(Slice(whole: whole, part: part, text: text))
        }
      }
      tensor.evict()
    }
  }

  /// What slice the part is that begins at an element of the whole; nil if it is none, or could be a view.
  private static func slice(_ part: Tensor, of whole: Tensor, at index: Int) -> String? {
    let (extents, inner) = (whole.shape.extents, part.shape.extents)
    guard inner != extents, zip(inner, extents).allSatisfy(<=) else { return nil }
    var starts = extents
    var rest = index
    for axis in extents.indices.reversed() {
      starts[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    for outer in 1...largestStep {
      for last in 1...largestStep {
        var steps = zip(inner, extents).map { $0 < $1 && $0 > 1 ? outer : 1 }
        if let own = steps.indices.last, inner[own] > 1, inner[own] < extents[own] { steps[own] = last }
        let ends = starts.indices.map { starts[$0] + (inner[$0] - 1) * steps[$0] + 1 }
        guard zip(ends, extents).allSatisfy(<=), part.isSlice(of: whole, starts, steps) else { continue }
        let ranges = starts.indices.map { axis in
          inner[axis] == extents[axis]
            ? ":" : "\(starts[axis]):\(ends[axis])\(steps[axis] > 1 ? ":\(steps[axis])" : "")"
        }
        let outermost = inner.firstIndex { $0 > 1 } ?? 0
        let isView = steps.allSatisfy { $0 == 1 } && inner[(outermost + 1)...] == extents[(outermost + 1)...]
        return isView ? nil : "[\(ranges.joined(separator: ", "))]"
      }
    }
    return nil
  }
}

extension Tensor {
  /// Whether the elements are those of another tensor from `starts` on, by `steps`.
  fileprivate func isSlice(of whole: Tensor, _ starts: [Int], _ steps: [Int]) -> Bool {
    let rank = shape.rank
    var strides = [Int](repeating: 1, count: rank)
    for axis in (0..<(rank - 1)).reversed() { strides[axis] = strides[axis + 1] * whole.shape[axis + 1] }
    let length = shape[rank - 1]
    for row in 0..<(elementCount / length) {
      var (base, rest) = (starts[rank - 1], row)
      for axis in (0..<(rank - 1)).reversed() {
        base += (starts[axis] + rest % shape[axis] * steps[axis]) * strides[axis]
        rest /= shape[axis]
      }
      for offset in 0..<length
      where bits(row * length + offset) != whole.bits(base + offset * steps[rank - 1]) {
        return false
      }
    }
    return true
  }
}
