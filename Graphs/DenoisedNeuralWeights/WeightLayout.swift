package import IR
package import Tensors

/// Where the tensors of a network stand in a row of numbers that is cut into equal blocks, the last of them
/// padded with zeros, and how the numbers of each group of tensors are normalized.
///
/// As JSON it is what a generator of weights must be trained with:
///
///     {"block_size": 256, "groups": [{"name": "ds.lora_A", "mean": 0, "deviation": 0.02}],
///      "tensors": [{"name": "ds.lora_A", "shape": [4, 256, 3, 3], "offset": 3492, "group": 0}]}
package struct WeightLayout: Hashable, Codable, Sendable {
  /// Tensors whose numbers are shifted and scaled alike: stored is (number − mean) ÷ deviation.
  package struct Group: Hashable, Codable, Sendable {
    package var name: String
    package var mean: Float
    package var deviation: Float
  }

  package struct Entry: Hashable, Codable, Sendable {
    /// The parameter's name in its network.
    package var name: String
    package var shape: [Int]
    /// Where its first number stands in the row.
    package var offset: Int
    /// Index of its group.
    package var group: Int

    package var count: Int { shape.reduce(1, *) }
  }

  package var blockSize: Int
  package var groups: [Group]
  package var tensors: [Entry]

  private enum CodingKeys: String, CodingKey {
    case blockSize = "block_size"
    case groups, tensors
  }

  /// Tensors one after the other, each in the group that `group` names, which are not normalized yet.
  package init(_ tensors: [(name: String, shape: Shape)], blockSize: Int = 256, group: (String) -> String) {
    self.blockSize = blockSize
    (groups, self.tensors) = ([], [])
    for (name, shape) in tensors {
      let groupName = group(name)
      let index = groups.firstIndex { $0.name == groupName } ?? groups.count
      if index == groups.count { groups.append(Group(name: groupName, mean: 0, deviation: 1)) }
      self.tensors.append(Entry(name: name, shape: shape.extents, offset: count, group: index))
    }
  }

  /// The adapters of a graph in the order in which they were added, grouped by the part of the network and
  /// the side, `tb.lora_A`: both sides of an adapter differ in size as much as parts do.
  package init(adaptersOf graph: Graph, blockSize: Int = 256) {
    let names = graph.weights.compactMap { graph.weight($0)?.name }
    let adapters = names.filter { $0.hasSuffix(".lora_A") || $0.hasSuffix(".lora_B") }
    let tensors = adapters.compactMap { name in
      graph.findWeight(name).map { (name: name, shape: graph.shape(of: $0)) }
    }
    self.init(tensors, blockSize: blockSize) { name in
      let parts = name.split(separator: ".")
      return "\(parts.first ?? "").\(parts.last ?? "")"
    }
  }

  /// Numbers in the row, without padding.
  package var count: Int { tensors.map { $0.offset + $0.count }.max() ?? 0 }
  /// Blocks that hold them.
  package var blockCount: Int { (count + blockSize - 1) / blockSize }

  /// Throws where it makes no sense, as one that was read from a file may.
  package func check() throws(Diagnostic) {
    guard blockSize >= 1 else { throw Diagnostic("layout has blocks of \(blockSize), expected 1 or more") }
    for group in groups where !(group.deviation > 0 && group.deviation.isFinite && group.mean.isFinite) {
      throw Diagnostic(
        "group '\(group.name)' has mean \(group.mean) and deviation \(group.deviation), expected numbers, the deviation above 0"
      )
    }
    var end = 0
    for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
      guard groups.indices.contains(tensor.group) else {
        throw Diagnostic("tensor '\(tensor.name)' is in group \(tensor.group) of \(groups.count)")
      }
      guard let count = Shape(tensor.shape).checkedCount, tensor.offset >= end,
        !tensor.offset.addingReportingOverflow(count).overflow
      else {
        throw Diagnostic(
          "tensor '\(tensor.name)' of shape \(tensor.shape) can't stand at \(tensor.offset), expected \(end) or more"
        )
      }
      end = tensor.offset + count
    }
  }

  /// Sets mean and deviation of each group to those of examples, each a network's tensors by name.
  package mutating func normalize(by examples: [[String: Tensor]]) throws(Diagnostic) {
    var sums = [(count: Double, sum: Double, squares: Double)](repeating: (0, 0, 0), count: groups.count)
    for example in examples {
      for entry in tensors {
        for number in try numbers(of: entry, in: example) {
          sums[entry.group].count += 1
          sums[entry.group].sum += Double(number)
          sums[entry.group].squares += Double(number) * Double(number)
        }
      }
    }
    for (index, (count, sum, squares)) in sums.enumerated() where count > 0 {
      let variance = max(squares / count - sum / count * (sum / count), 0)
      groups[index].mean = Float(sum / count)
      groups[index].deviation = variance > 0 ? Float(variance.squareRoot()) : 1
    }
  }

  /// A network's tensors as blocks: [blockCount, blockSize].
  package func blocks(of tensors: [String: Tensor]) throws(Diagnostic) -> Tensor {
    try check()
    var row = [Float](repeating: 0, count: blockCount * blockSize)
    for entry in self.tensors {
      let group = groups[entry.group]
      for (index, number) in try numbers(of: entry, in: tensors).enumerated() {
        row[entry.offset + index] = (number - group.mean) / group.deviation
      }
    }
    return Tensor(row, shape: [blockCount, blockSize])
  }

  /// The tensors in blocks, which may be more than the layout needs.
  package func tensors(in blocks: Tensor) throws(Diagnostic) -> [(name: String, tensor: Tensor)] {
    try check()
    guard blocks.shape.rank == 2, blocks.shape[1] == blockSize, blocks.shape[0] >= blockCount else {
      throw Diagnostic("blocks have shape \(blocks.shape), expected [\(blockCount), \(blockSize)]")
    }
    let row = blocks.floats
    return tensors.map { entry in
      let group = groups[entry.group]
      let numbers = row[entry.offset..<(entry.offset + entry.count)]
      return (
        entry.name, Tensor(numbers.map { $0 * group.deviation + group.mean }, shape: Shape(entry.shape))
      )
    }
  }

  private func numbers(of entry: Entry, in tensors: [String: Tensor]) throws(Diagnostic) -> [Float] {
    guard let tensor = tensors[entry.name] else {
      throw Diagnostic("there is no tensor '\(entry.name)', which the layout has")
    }
    guard tensor.shape.extents == entry.shape, tensor.element.isFloat else {
      throw Diagnostic(
        "tensor '\(entry.name)' is \(TensorType(tensor.element, tensor.shape)), expected floating point numbers of shape \(entry.shape)"
      )
    }
    return tensor.floats
  }
}

extension GraphBuilder {
  /// The tensors of a layout out of blocks [layout.blockCount, layout.blockSize]; what pads the last block is
  /// dropped. The parameters `groups.mean` and `groups.deviation`, one number a group, stand in place of the
  /// layout's own.
  mutating func tensors(
    _ layout: WeightLayout, in blocks: ValueID
  ) throws(Diagnostic) -> [(name: String, value: ValueID)] {
    let mean = try parameter("groups.mean", [layout.groups.count])
    let deviation = try parameter("groups.deviation", [layout.groups.count])
    try layout.check()
    let row = try reshape(blocks, [-1])
    var tensors: [(name: String, value: ValueID)] = []
    for entry in layout.tensors {
      let group = entry.group..<(entry.group + 1)
      let numbers = try slice(row, axis: 0, entry.offset..<(entry.offset + entry.count))
      let scaled = try multiply(numbers, slice(deviation, axis: 0, group))
      let shifted = try add(scaled, slice(mean, axis: 0, group))
      tensors.append((entry.name, try reshape(shifted, entry.shape)))
    }
    return tensors
  }
}
