package import Tensors

/// Contents for every weight of a module that has none, in the order in which functions name them.
///
/// The same seed gives a weight of one name, shape and role the same bits on every machine, whatever else the
/// module holds. Scales keep activations of deep networks in range: uniform with variance 1 ÷ fan-in for
/// convolutions and matrix products; norm scales and variances lie around 1; everything else is small. Of several
/// roles the one in the first function that names the weight counts.
///
/// Where they are more than 1 GiB together, large ones lie in temporary files: a network of billions of parameters
/// then takes no more memory than with a checkpoint.
package func randomWeights(_ module: Module, seed: UInt64) -> [(name: String, tensor: Tensor)] {
  var missing: [(name: String, type: TensorType, range: ClosedRange<Float>)] = []
  var seen: Set<String> = []
  for graph in module.functions {
    for value in graph.weights {
      guard let weight = graph.weight(value), weight.tensor == nil, seen.insert(weight.name).inserted else {
        continue
      }
      missing.append((weight.name, graph.type(of: value), randomRange(of: value, in: graph)))
    }
  }
  let bytes = missing.reduce(0) { $0 + $1.type.byteCount }
  return missing.map { name, type, range in
    (name, RandomNumbers(seed: seed ^ hash(name), range: range).tensor(type, spills: bytes > 1 << 30))
  }
}

/// Contents for every weight of a graph that has none; see ``randomWeights(_:seed:)-(Module,_)``.
package func randomWeights(_ graph: Graph, seed: UInt64) -> [(name: String, tensor: Tensor)] {
  randomWeights(Module([graph]), seed: seed)
}

/// Numbers spread evenly over a range.
private struct RandomNumbers {
  var seed: UInt64
  var range: ClosedRange<Float>

  func tensor(_ type: TensorType, spills: Bool) -> Tensor {
    if spills, type.element == .f32, type.byteCount >= 4 << 20,
      let storage = Storage.temporaryFile(
        byteCount: type.byteCount, fill: { write(to: $0.bindMemory(to: Float.self)) })
    {
      let tensor = Tensor(element: .f32, shape: type.shape, storage: storage)
      tensor.evict()
      return tensor
    }
    let values = [Float](unsafeUninitializedCapacity: type.shape.elementCount) { numbers, count in
      count = type.shape.elementCount
      write(to: UnsafeMutableBufferPointer(rebasing: numbers[..<count]))
    }
    return Tensor(values, shape: type.shape, element: type.element)
  }

  private func write(to numbers: UnsafeMutableBufferPointer<Float>) {
    var generator = SplitMix64(state: seed)
    let span = range.upperBound - range.lowerBound
    for index in numbers.indices { numbers[index] = range.lowerBound + span * generator.unit() }
  }
}

extension Module {
  /// Fills every weight that has no contents with random ones.
  package mutating func bindRandomWeights(seed: UInt64) {
    for (name, tensor) in randomWeights(self, seed: seed) { bind(name, to: tensor) }
  }
}

extension Graph {
  /// Fills every weight that has no contents with random ones.
  package mutating func bindRandomWeights(seed: UInt64) {
    for (name, tensor) in randomWeights(self, seed: seed) {
      if let value = findWeight(name) { bind(value, to: tensor) }
    }
  }
}

private func randomRange(of value: ValueID, in graph: Graph) -> ClosedRange<Float> {
  let shape = graph.shape(of: value)
  guard let user = graph.users(of: value).min() else { return -0.1...0.1 }
  let operand = graph[user].operands.firstIndex(of: value) ?? 0
  switch (graph[user].op, operand) {
  case (.conv, 1), (.convTranspose, 1):
    return symmetric(variance: 1 / Float(max(shape.extents.dropFirst().reduce(1, *), 1)))
  case (.matmul(let op), 0), (.matmul(let op), 1):
    let transposed = operand == 0 ? !op.transposeA : op.transposeB
    return symmetric(variance: 1 / Float(max(shape[shape.rank - (transposed ? 1 : 2)], 1)))
  case (.batchNorm, 1), (.batchNorm, 4), (.layerNorm, 1), (.groupNorm, 1), (.rmsNorm, 1): return 0.75...1.25
  default: return -0.2...0.2
  }
}

private func symmetric(variance: Float) -> ClosedRange<Float> {
  let bound = (3 * variance).squareRoot()
  return -bound...bound
}

/// FNV-1a, so that a weight's contents depend on its name and not on its place.
private func hash(_ name: String) -> UInt64 {
  name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
}

struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A multiple of 2⁻²⁴ in 0 ..< 1.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }
}
