import IR
import Tensors

/// The steps that compute what a set of elementwise nodes does.
///
/// Every value that a node defines or reads has a register in one domain or in both. A node computes in the
/// domain of its element type; logic on bools, which are 0 or 1 in either, computes in that of its operands.
struct ElementwiseProgram {
  private typealias Step = Elementwise.Step
  private typealias Domain = Elementwise.Domain

  /// What the nodes read from outside, each once, in order of first use.
  private(set) var operands: [ValueID] = []
  private(set) var steps: [Elementwise.Step] = []

  var isWithinLimits: Bool {
    operands.count <= Elementwise.operandLimit && steps.count <= Elementwise.stepLimit
  }

  private let graph: Graph
  private let root: NodeID
  /// For the result of a cast that changes no value, what it casts.
  private var origins: [ValueID: ValueID] = [:]
  /// The domain in which a node computes its result.
  private var domains: [ValueID: Domain] = [:]
  private var registers: [ValueID: [Domain: Int]] = [:]

  /// Unary, binary and select nodes and casts in execution order; the last is the result, and none but that is
  /// f16 or bf16.
  init(_ nodes: [NodeID], in graph: Graph) {
    self.graph = graph
    root = nodes[nodes.count - 1]
    chooseDomains(nodes)
    loadOperands(nodes)
    for node in nodes { append(graph[node], isRoot: node == root) }
  }

  // MARK: Domains

  private mutating func chooseDomains(_ nodes: [NodeID]) {
    let hasFloats = nodes.contains { node in
      (graph[node].operands + graph[node].results).contains { graph.type(of: $0).element.isFloat }
    }
    for node in nodes {
      let entry = graph[node]
      let result = entry.results[0]
      if case .cast(let cast) = entry.op {
        let conversion = Conversion(from: element(of: entry.operands[0]), to: cast.element)
        if conversion == .none { origins[result] = origin(of: entry.operands[0]) }
        domains[result] = conversion.result(cast.element)
      } else if graph.computedElement(of: entry) == .bool, entry.op.keepsTruth {
        let known = entry.operands.compactMap { domains[origin(of: $0)] }
        domains[result] = known.contains(.f32) ? .f32 : known.first ?? (hasFloats ? .f32 : .i64)
      } else {
        domains[result] = Domain(graph.computedElement(of: entry))
      }
    }
  }

  /// Gives each operand a register in the domain in which it is read. One that is read in both is loaded as
  /// what it is, and a step converts it.
  private mutating func loadOperands(_ nodes: [NodeID]) {
    var reads: [ValueID: Set<Domain>] = [:]
    for node in nodes {
      let entry = graph[node]
      for operand in entry.operands.map({ origin(of: $0) }) where domains[operand] == nil {
        if !operands.contains(operand) { operands.append(operand) }
        if let domain = domain(in: entry, readFrom: operand, isRoot: node == root) {
          reads[operand, default: []].insert(domain)
        }
      }
    }
    for (index, operand) in operands.enumerated() {
      let only = reads[operand].flatMap { $0.count == 1 ? $0.first : nil }
      registers[operand] = [only ?? Domain(element(of: operand)): index]
    }
  }

  /// The domain in which a node reads an operand; nil if it only passes it on.
  private func domain(in entry: Node, readFrom operand: ValueID, isRoot: Bool) -> Domain? {
    guard case .cast(let cast) = entry.op else { return domains[entry.results[0]] }
    if isRoot { return Domain(element(of: operand)) }
    return Conversion(from: element(of: entry.operands[0]), to: cast.element).source
  }

  // MARK: Steps

  private mutating func append(_ entry: Node, isRoot: Bool) {
    let result = entry.results[0]
    if case .cast(let cast) = entry.op {
      isRoot ? store(entry.operands[0]) : convert(entry.operands[0], to: cast.element, as: result)
      return
    }
    guard let domain = domains[result] else { return }
    let sources = entry.operands.map { register(of: $0, in: domain) }
    switch entry.op {
    case .unary(let op):
      append(Step(.unary(op.function), in: domain, sources, p0: op.p0, p1: op.p1), as: result)
    case .binary(let op): append(Step(.binary(op.function), in: domain, sources), as: result)
    case .select: append(Step(.select, in: domain, sources), as: result)
    default: return
    }
    // What no longer fits the element is made to, as storing the result would.
    if domain == .i64, !isRoot, element(of: result) != .i64, !entry.op.keepsRange,
      let wide = registers[result]?[.i64]
    {
      append(Step(.convert(element(of: result)), in: .i64, [wide]), as: result)
    }
  }

  private mutating func convert(_ source: ValueID, to element: ElementType, as result: ValueID) {
    switch Conversion(from: self.element(of: source), to: element) {
    case .none: return
    case .change(let domain): registers[result] = [domain: register(of: source, in: domain)]
    case .step(let domain):
      append(Step(.convert(element), in: domain, [register(of: source, in: domain)]), as: result)
    }
  }

  /// Makes a value's register the last one, which is stored.
  private mutating func store(_ value: ValueID) {
    let value = origin(of: value)
    let known = registers[value] ?? [:]
    // A bool is stored from either domain.
    let domain = known.count == 1 ? known.keys.first : nil
    let stored = element(of: value) == .bool ? domain ?? .i64 : Domain(element(of: value))
    let register = register(of: value, in: stored)
    if steps.isEmpty || register != operands.count + steps.count - 1 {
      steps.append(Step(.unary(.identity), in: stored, [register]))
    }
  }

  private mutating func append(_ step: Elementwise.Step, as value: ValueID) {
    steps.append(step)
    registers[value] = [step.result: operands.count + steps.count - 1]
  }

  /// The register that holds a value in a domain; converts it if there is none yet.
  private mutating func register(of value: ValueID, in domain: Elementwise.Domain) -> Int {
    let value = origin(of: value)
    let known = registers[value] ?? [:]
    if let register = known[domain] { return register }
    let other: Domain = domain == .f32 ? .i64 : .f32
    steps.append(Step(.convert(domain == .f32 ? .f32 : .i64), in: other, [known[other] ?? 0]))
    let register = operands.count + steps.count - 1
    registers[value, default: [:]][domain] = register
    return register
  }

  private func origin(of value: ValueID) -> ValueID { origins[value] ?? value }

  private func element(of value: ValueID) -> ElementType { graph.type(of: value).element }
}

/// What a cast takes between registers, given that f16 and bf16 are loaded as fp32.
private enum Conversion: Equatable {
  /// Every value stays what it is.
  case none
  /// Into this domain, which does all of it.
  case change(Elementwise.Domain)
  /// A step of its own, which computes in this domain.
  case step(Elementwise.Domain)

  init(from source: ElementType, to target: ElementType) {
    switch (source.isFloat, target.isFloat) {
    case (true, true): self = .none
    case (false, true): self = .change(.f32)
    case (true, false): self = target == .i64 ? .change(.i64) : .step(.f32)
    case (false, false):
      let values = source.integerRange ?? 0...1
      let holds = target.integerRange.map { $0.contains(values.lowerBound) && $0.contains(values.upperBound) }
      self = holds ?? (source == .bool) ? .none : .step(.i64)
    }
  }

  /// The domain in which the result is, given the target.
  func result(_ target: ElementType) -> Elementwise.Domain? {
    switch self {
    case .none: nil
    case .change(let domain): domain
    case .step(let domain): target == .bool ? domain : .i64
    }
  }

  /// The domain in which the operand is read.
  var source: Elementwise.Domain? {
    switch self {
    case .none: nil
    case .change(let domain), .step(let domain): domain
    }
  }
}

extension Graph {
  /// The element type on which a unary, binary or select node computes.
  func computedElement(of node: Node) -> ElementType {
    if case .select = node.op { return type(of: node.operands[1]).element }
    return type(of: node.operands[0]).element
  }
}

extension Op {
  /// Whether it gives the same 0 or 1 in either domain where all operands are 0 or 1.
  fileprivate var keepsTruth: Bool {
    switch self {
    case .unary(let op): op.function == .not || op.function == .identity
    case .binary(let op): op.function.isPredicate || op.function == .max || op.function == .min
    case .select: true
    default: false
    }
  }

  /// Whether in int64 its result fits the element type of its result where the operands fit theirs.
  fileprivate var keepsRange: Bool {
    switch self {
    case .unary(let op): [.not, .identity, .relu, .sign].contains(op.function)
    case .binary(let op):
      op.function.isPredicate || [.max, .min, .bitAnd, .bitOr, .bitXor].contains(op.function)
    case .select: true
    default: false
    }
  }
}
