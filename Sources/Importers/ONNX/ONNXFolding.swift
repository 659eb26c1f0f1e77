import IR
import Tensors

/// Decides which nodes with constant operands are computed during import.
///
/// Shape arithmetic must be, and it is small. Bounds on one result and on all of them together keep a hostile
/// model from costing memory or time; what exceeds them stays in the graph as nodes.
struct ONNXFolding {
  /// A result may have this many bytes, or twice its operands'.
  static let resultLimit = 16 << 20

  /// Bytes that all results together may still take.
  private var bytes: Int
  /// Elementary operations that may still be spent.
  private var work = 1 << 33

  init(constantByteCount: Int) {
    bytes = (256 << 20) + 4 * min(constantByteCount, 1 << 40)
  }

  /// Whether to compute the op now; charges the budget if so.
  mutating func take(_ op: Op, _ operands: [TensorType], _ results: [TensorType]) -> Bool {
    let read = operands.reduce(0) { $0 + $1.byteCount }
    let written = results.reduce(0) { $0 + $1.byteCount }
    guard written <= Self.resultLimit || written / 2 <= read, written <= bytes else { return false }
    let cost = Self.cost(of: op, operands, results)
    guard cost <= Double(work) else { return false }
    bytes -= written
    work -= Int(cost)
    return true
  }

  /// Elementary operations of one evaluation.
  private static func cost(of op: Op, _ operands: [TensorType], _ results: [TensorType]) -> Double {
    let read = operands.reduce(0.0) { $0 + Double($1.shape.elementCount) }
    let written = results.reduce(0.0) { $0 + Double($1.shape.elementCount) }
    switch op {
    case .nms:
      return read * Double(min(results[0].shape[0], operands[1].shape[2]) + 32)
    case .unique:
      return read * 32
    case .pool(let pool):
      return read + written * pool.kernel.reduce(1.0) { $0 * Double($1) }
    case .argPool(let pool):
      return read + written * pool.kernel.reduce(1.0) { $0 * Double($1) }
    case .roiAlign(let align):
      // At most two samples for each element along an axis, unless their number is fixed.
      let image = operands[0].shape.dropFirst(2).reduce(1.0) { $0 * Double(2 * $1 + 1) }
      let fixed = Double(align.samplingRatio * align.samplingRatio)
      return read + written * (fixed > 0 ? fixed : image)
    default:
      return read + written + Double(op.multiplyAdds(operands, results))
    }
  }
}
