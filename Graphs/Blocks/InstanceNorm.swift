import IR
import Tensors

extension GraphBuilder {
  /// Each channel of each sample to mean 0 and variance 1, without parameters: PyTorch's instance norm.
  mutating func instanceNorm(
    _ x: ValueID, epsilon: Double = 1e-5, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let norm = GroupNorm(groups: shape(of: x)[1], epsilon: epsilon)
    return try add(.groupNorm(norm), [x], file: file, line: line)
  }
}
