import IR
import Tensors

/// What the graph computes from constants alone, and would be constants but that integers which stand for numbers are
/// kept as they are. Computed when asked for, once.
final class ONNXComputation {
  /// The longest chain of ops; what is computed and released step by step needs stack for all of it.
  static let depthLimit = 500

  private let op: Op
  private let operands: [ONNXOperand]
  private let depth: Int
  private lazy var results: [Tensor]? = {
    var contents: [Tensor] = []
    for operand in operands {
      guard let tensor = operand.contents else { return nil }
      contents.append(tensor)
    }
    return try? op.evaluate(contents)
  }()

  /// All operands are known; nil if the chain would be too long. Who makes one has accounted for its work.
  init?(_ op: Op, _ operands: [ONNXOperand]) {
    depth = (operands.compactMap { $0.computation?.origin.depth }.max() ?? 0) + 1
    guard depth <= Self.depthLimit else { return nil }
    self.op = op
    self.operands = operands
  }

  func result(_ index: Int) -> Tensor? { results.map { $0[index] } }
}

extension Op {
  /// Whether the integers that it makes numbers of stay in the graph, for ops that compute with them as they are.
  var keepsIntegers: Bool {
    if case .dequantize = self { true } else { false }
  }
}
