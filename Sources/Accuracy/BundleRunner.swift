package import Tensors

/// Runs the functions of a bundle. Whoever has an interpreter makes one.
package struct BundleRunner {
  /// Sees the first result of a kernel call. What it returns, a tensor of the same type, stands in the result's place
  /// for the calls after it.
  package typealias Observer = (_ instruction: Int, _ result: Tensor) -> Tensor?

  /// Names of a function's outputs, given its index.
  package var outputNames: (_ function: Int) -> [String]
  /// Runs a function once on inputs in its order; gives its outputs in the extents of the run.
  package var run: (_ function: Int, _ inputs: [Tensor], _ observer: Observer?) throws -> [Tensor]

  package init(
    outputNames: @escaping (_ function: Int) -> [String],
    run: @escaping (_ function: Int, _ inputs: [Tensor], _ observer: Observer?) throws -> [Tensor]
  ) {
    self.outputNames = outputNames
    self.run = run
  }
}
