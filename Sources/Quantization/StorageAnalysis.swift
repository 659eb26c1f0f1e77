package import IR
import Tensors

/// How a value of a graph is stored once it is quantized.
package struct StoredForms: Hashable, Sendable {
  /// In 16 bits, for elementwise functions, sums and normalizations.
  package var isWide = false
  /// In 8 bits, or 16 where that pays, for convolutions and matrix products.
  package var isNarrow = false

  var isEmpty: Bool { !isWide && !isNarrow }
}

/// What reads a value, by the form that it needs.
package struct Readers: Sendable {
  /// Products, and the operand that they read it as.
  package var products: [(node: NodeID, operand: Int)] = []
  package var storage = StoredForms()
}

/// Which values of a graph are stored as integers, and in which forms.
///
/// A convolution or matrix product reads 8 bits, any other arithmetic 16. What only moves elements takes the form that its
/// readers need; a value that one such node alone reads has no form of its own, it passes through.
package struct StorageAnalysis {
  private let graph: Graph
  /// Nodes that stay in floating point.
  let floating: Set<NodeID>
  /// Products whose inputs and weights have two bytes.
  let split: Set<NodeID>
  private(set) var readers: [Readers]

  package init(_ graph: Graph, floating: Set<NodeID>, split: Set<NodeID> = []) {
    self.graph = graph
    self.floating = floating
    self.split = split
    readers = [Readers](repeating: Readers(), count: graph.valueCapacity)
    var needs = [Needs](repeating: [], count: graph.valueCapacity)
    for id in graph.order.reversed() {
      for result in graph[id].results { analyze(result, &needs) }
    }
    for port in graph.inputs { analyze(port.value, &needs) }
  }

  package subscript(value: ValueID) -> Readers { readers[value.index] }

  /// Whether a product reads two bytes of a value.
  func isSplit(_ value: ValueID) -> Bool { self[value].products.contains { split.contains($0.node) } }

  /// What the readers of a value need in the end.
  private struct Needs: OptionSet {
    let rawValue: Int
    static let narrow = Needs(rawValue: 1)
    static let wide = Needs(rawValue: 2)
    static let float = Needs(rawValue: 4)
  }

  private mutating func analyze(_ value: ValueID, _ needs: inout [Needs]) {
    guard graph.type(of: value).element == .f32 else { return }
    let users = Set(graph.users(of: value)).sorted()
    var own: Needs = graph.isOutput(value) ? .float : []
    var found = Readers()
    for user in users {
      let node = graph[user]
      if graph.passesElements(user, value), !floating.contains(user) {
        // A function may clip what it moves: its readers are who is asked.
        own.formUnion(needs[node.results[0].index])
        continue
      }
      for (index, operand) in node.operands.enumerated() where operand == value {
        if floating.contains(user) {
          own.insert(.float)
        } else if graph.isProductOperand(user, index) {
          own.insert(.narrow)
          found.products.append((user, index))
        } else {
          own.insert(.wide)
        }
      }
    }
    needs[value.index] = own
    let passesThrough =
      users.count == 1 && !graph.isOutput(value)
      && (graph.passesElements(users[0], value) || graph.isClamp(users[0], of: value))
      && !floating.contains(users[0])
    guard !passesThrough, !own.isSubset(of: .float) else { return }
    // A normalization on integers has one scale: channels are told apart when its 16 bits become 8.
    if graph.isNormalization(value) { own.insert(.wide) }
    found.storage = StoredForms(isWide: own != .narrow, isNarrow: !found.products.isEmpty || own == .narrow)
    readers[value.index] = found
  }
}

extension Graph {
  /// Whether a value is what a normalization gives.
  fileprivate func isNormalization(_ value: ValueID) -> Bool {
    guard let producer = producer(of: value) else { return false }
    switch self[producer].op {
    case .layerNorm, .rmsNorm, .groupNorm: return true
    default: return false
    }
  }

  /// The operand of a product whose elements it multiplies: not a bias, not a constant weight.
  func isProductOperand(_ node: NodeID, _ operand: Int) -> Bool {
    switch self[node].op {
    case .conv, .convTranspose: operand == 0
    case .matmul: operand < 2 && constant(self[node].operands[operand]) == nil
    default: false
    }
  }

  /// Whether a convolution or matrix product gives a value.
  func isProductResult(_ value: ValueID) -> Bool {
    producer(of: value).map { isProductOperand($0, 0) } ?? false
  }

  /// Whether a node's only result holds the elements of this operand as they are, so that integers pass.
  func passesElements(_ node: NodeID, _ value: ValueID) -> Bool {
    let entry = self[node]
    guard entry.results.count == 1, type(of: entry.results[0]).element == .f32 else { return false }
    switch entry.op {
    case .transpose, .reshape, .expand, .slice: return true
    case .concat: return true
    case .gather: return entry.operands[0] == value
    case .pad(let pad): return pad.value == 0 || pad.mode != .constant
    case .pool(let pool): return pool.kind == .max
    case .resize(let resize): return resize.mode == .nearest
    default: return false
    }
  }

  /// Whether a node clips what a convolution or matrix product gives, which costs nothing when its sums are rescaled.
  func isClamp(_ node: NodeID, of value: ValueID) -> Bool {
    guard case .unary(let op) = self[node].op, op.function == .relu || op.function == .clip,
      let producer = producer(of: value)
    else { return false }
    switch self[producer].op {
    case .conv, .convTranspose, .matmul: return true
    default: return false
    }
  }
}
