import IR
import Tensors

/// One way to quantize a graph, as far as a walk has come.
struct Lane {
  let graph: Graph
  let analysis: StorageAnalysis
  let statistics: [ValueID: ValueStatistics]
  let variant: QuantizationVariant
  let sixteenBits: Set<ValueID>
  let streams: Streams
  let index: Int
  let fitted: Int
  var plan: QuantizationPlan
  /// What nodes in floating point read of their weights that are stored in fewer bits.
  private var storedNumbers: [NodeID: (operand: Int, numbers: Tensor)] = [:]

  init(_ walk: QuantizationWalk, _ streams: Streams, index: Int, _ variant: QuantizationVariant) {
    graph = walk.graph
    analysis = walk.analysis
    statistics = walk.statistics
    sixteenBits = walk.decisions.values(.int16)
    fitted = walk.fitted
    self.variant = variant
    self.streams = streams
    self.index = index
    plan = QuantizationPlan(walk.decisions)
    plan.inTwoBytes = Set(walk.graph.values.filter { walk.analysis.isSplit($0) })
    if variant.splitsInputs { plan.inTwoBytes.formUnion(walk.decisions.values(.twoBytes)) }
  }

  /// Chooses how a value is stored that is about to be computed. What products read is decided when the first is reached.
  mutating func store(_ value: ValueID) {
    let storage = analysis[value].storage
    // The second byte comes from what is left of 16 bits.
    if storage.isWide || (plan.inTwoBytes.contains(value) && !analysis.isSplit(value)) {
      plan.wide[value] = wideGrid(value)
    }
    if storage.isNarrow, analysis[value].products.isEmpty { plan.narrow[value] = plainForm(value) }
  }

  /// Keeps a result as it is stored in 16 bits, if it is.
  func write(_ value: ValueID, _ sample: Int, _ tensor: Tensor) throws(Diagnostic) {
    let stored = plan.wide[value].map { $0.nearest(tensor) } ?? tensor
    try streams.setQuantized(value, sample, lane: index, stored)
  }

  /// A value as it was stored.
  func read(_ value: ValueID, _ sample: Int) throws(Diagnostic) -> Tensor {
    try streams.quantized(value, sample, lane: index)
  }

  /// Decides how the operands of a node that stand in 8 bits are read.
  mutating func decideForms(of node: NodeID) throws(Diagnostic) {
    for (index, operand) in graph[node].operands.enumerated() where isNarrow(operand, node, index) {
      _ = try narrowForm(operand)
      if plan.inTwoBytes.contains(operand), graph.isProductOperand(node, index) {
        plan.sums[node] = sumGrid(node)
      }
    }
  }

  /// Operands of a node as it reads them, their forms decided before.
  func operands(of node: NodeID, _ sample: Int) throws(Diagnostic) -> [Tensor] {
    let stored = storedNumbers[node]
    var result: [Tensor] = []
    for (index, operand) in graph[node].operands.enumerated() {
      result.append(
        stored?.operand == index
          ? stored!.numbers : narrowed(try read(operand, sample), operand, node, index))
    }
    return result
  }

  /// Rounds the weight of a node in floating point, if its format stores it in fewer bits.
  mutating func storeWeight(of node: NodeID) {
    guard let weight = plan.decisions.storedWeight(of: node, in: graph) else { return }
    plan.storedWeights[node] = weight
    storedNumbers[node] = (weight.operand, weight.numbers)
  }

  /// An operand of a node as it would read numbers that were not stored before.
  func stored(_ tensor: Tensor, _ value: ValueID, _ node: NodeID, _ operand: Int) -> Tensor {
    narrowed(plan.wide[value]?.nearest(tensor) ?? tensor, value, node, operand)
  }

  /// What a node reads of a value that is stored, in the form that was decided.
  private func narrowed(_ tensor: Tensor, _ value: ValueID, _ node: NodeID, _ operand: Int) -> Tensor {
    guard isNarrow(value, node, operand), let form = plan.narrow[value] else { return tensor }
    return graph.isProductOperand(node, operand)
      ? asRead(tensor, of: value, form) : form.nearest(tensor)
  }

  /// The numbers that products read of a value in a form.
  func asRead(_ tensor: Tensor, of value: ValueID, _ form: NarrowForm) -> Tensor {
    plan.inTwoBytes.contains(value) ? form.nearestInTwoBytes(tensor) : form.nearest(tensor)
  }

  private func isNarrow(_ value: ValueID, _ node: NodeID, _ operand: Int) -> Bool {
    let storage = analysis[value].storage
    guard storage.isNarrow, !analysis.floating.contains(node) else { return false }
    return graph.isProductOperand(node, operand) || (!storage.isWide && graph.passesElements(node, value))
  }

  // MARK: Grids

  private func wideGrid(_ value: ValueID) -> Grid {
    if graph.isProbability(value) { return Grid(.i16, scale: 1 / 32768) }
    // What lies between elements fits where they do, and the op that computes it has one grid.
    if let source = graph.interpolated(value), let grid = plan.wide[source] { return grid }
    let range = range(of: value)
    if let layer = RecurrentLayer(reading: value, in: graph), analysis.isQuantized(layer) {
      return layer.grid(ofGates: range)
    }
    // What lies outside of the range that was seen is still told apart; 16 bits have room for it.
    return Grid(sixteenBits: range.lowerBound * 1.5...range.upperBound * 1.5)
  }

  /// From the least to the largest value, less what only masks hold.
  func range(of value: ValueID) -> ClosedRange<Float> {
    guard let found = statistics[value] else { return 0...0 }
    let range = found.range
    guard range.lowerBound <= ValueStatistics.mask, graph.isOnlyScore(value) else { return range }
    // A masked score need only lie so far below the others that its exponential vanishes.
    let upper = max(range.upperBound, 0)
    let least = found.minimumUnmasked.isFinite ? min(found.minimumUnmasked, upper) : upper
    return min(least, upper) - 32...upper
  }

  /// The grid of products of single bytes that are added; nil where floating point reads the sum.
  func sumGrid(_ product: NodeID) -> Grid? {
    let result = graph[product].results[0]
    let users = graph.users(of: result)
    guard !users.isEmpty, !users.allSatisfy({ analysis.floating.contains($0) }) else { return nil }
    let range = range(of: result)
    return Grid(sixteenBits: range.lowerBound * 1.5...range.upperBound * 1.5)
  }

  private func plainForm(_ value: ValueID) -> NarrowForm {
    // What only moves elements keeps their grid.
    if let producer = graph.producer(of: value), graph[producer].operands.count >= 1,
      graph.passesElements(producer, graph[producer].operands[0]), !graph.joins(producer),
      let form = plan.narrow[graph[producer].operands[0]], form.divisors == nil
    {
      return form
    }
    if graph.isProbability(value), !sixteenBits.contains(value) {
      return NarrowForm(grid: Grid(.i8, scale: 1 / 256, zero: -128))
    }
    if sixteenBits.contains(value) {
      return NarrowForm(grid: plan.wide[value] ?? Grid(sixteenBits: range(of: value)))
    }
    return NarrowForm(grid: Grid(eightBits: range(of: value)))
  }

  /// How products read a value, decided when the first of them is reached.
  mutating func narrowForm(_ value: ValueID) throws(Diagnostic) -> NarrowForm {
    if let form = plan.narrow[value] { return form }
    var form = plainForm(value)
    let products = analysis[value].products.compactMap { Product($0.node, in: graph) }
    if !sixteenBits.contains(value), !plan.inTwoBytes.contains(value), !graph.isProbability(value),
      products.count == analysis[value].products.count, !products.isEmpty
    {
      form = try search(value, products, from: form)
    }
    plan.narrow[value] = form
    return form
  }

}

extension Graph {
  /// Whether a value reaches nothing but softmaxes, through sums, choices and what moves elements: numbers far below the others, such as
  /// those of masks, stand for nowhere in it.
  func isOnlyScore(_ value: ValueID) -> Bool {
    guard !isOutput(value) else { return false }
    let users = Set(users(of: value))
    return !users.isEmpty
      && users.allSatisfy { user in
        switch self[user].op {
        case .softmax: true
        case .binary(let op) where op.function == .add: isOnlyScore(self[user].results[0])
        case .select: isOnlyScore(self[user].results[0])
        default: passesElements(user, value) && isOnlyScore(self[user].results[0])
        }
      }
  }

  /// Whether a value is what a softmax gives, which has steps of its own on integers.
  func isProbability(_ value: ValueID) -> Bool {
    guard let producer = producer(of: value), case .softmax(let softmax) = self[producer].op else {
      return false
    }
    return !softmax.log
  }

  /// What a value's elements are interpolated from.
  func interpolated(_ value: ValueID) -> ValueID? {
    guard let producer = producer(of: value), case .resize(let resize) = self[producer].op,
      resize.mode != .nearest
    else { return nil }
    return self[producer].operands[0]
  }

  /// Whether what computes a value can multiply each channel by a factor of its own as it rounds it: a product, a sum or a function that
  /// does not clip what is large.
  func hasChannelFactors(_ value: ValueID) -> Bool {
    guard let producer = producer(of: value) else { return false }
    switch self[producer].op {
    case .conv, .convTranspose, .matmul: return true
    case .unary(let op): return op.function != .clip || op.p1 == .infinity
    case .binary(let op): return [.add, .sub, .mul, .div].contains(op.function)
    default: return false
    }
  }

  /// Whether a node puts several operands together.
  func joins(_ node: NodeID) -> Bool {
    if case .concat = self[node].op { return true }
    return false
  }
}

extension StorageAnalysis {
  /// Whether a product reads its input as integers.
  func isQuantized(_ product: Product, in graph: Graph) -> Bool {
    self[product.input].storage.isNarrow && !floating.contains(product.node)
  }
}
