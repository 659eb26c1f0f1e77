package import IR
import Tensors

/// A scale of guidance for each step: *Imagen Video*, Ho et al., arXiv 2210.02303, section 3.6. It is high in the
/// first steps and then low and high by turns, so that a high scale does not saturate the result.
package struct OscillatingGuidance: Hashable, Sendable {
  /// How many steps it is high before it oscillates.
  package var steadySteps: Int

  package init(steadySteps: Int) { self.steadySteps = steadySteps }

  /// Whether the scale of a step, counted from 0, is the high one. The first step that oscillates has the low one.
  package func isHigh(at step: Int) -> Bool { step < steadySteps || (step - steadySteps) % 2 == 1 }

  /// The scales of rows of a schedule, f32[rows], given the step that each belongs to. low, high: scalars.
  package func scales(
    _ b: inout GraphBuilder, _ name: String, steps: [Int], low: ValueID, high: ValueID
  ) throws(Diagnostic) -> ValueID {
    let shares = b.constant(
      name, Tensor(steps.map { isHigh(at: $0) ? 1 : 0 } as [Float], shape: [steps.count]))
    return try b.add(low, b.multiply(b.subtract(high, low), shares))
  }
}
