import IR
import Tensors

/// How an operator with a sliding window asks for padding.
enum ONNXAutoPad: String, CaseIterable {
  case none = "NOTSET"
  case valid = "VALID"
  /// Enough for ceil(in ÷ stride) outputs, the odd element at the end.
  case sameUpper = "SAME_UPPER"
  /// The same, the odd element at the beginning.
  case sameLower = "SAME_LOWER"
}

extension ONNXNodeContext {
  /// Strides, dilations and pads of a window with this kernel over the spatial extents `input`, with
  /// `auto_pad` resolved.
  func window(input: [Int], kernel: [Int]) throws(Finding) -> Window {
    let automatic = try word("auto_pad", ONNXAutoPad.none)
    var window = Window(
      strides: try spatial("strides", kernel.count, 1...windowLimit),
      dilations: try spatial("dilations", kernel.count, 1...windowLimit),
      pads: try spatial("pads", 2 * kernel.count, 0...windowLimit))
    switch automatic {
    case .none: break
    case .valid: window.pads = []
    case .sameUpper, .sameLower:
      let totals = kernel.indices.map { axis in
        let outputs = (input[axis] + window.stride(axis) - 1) / window.stride(axis)
        let span = window.dilation(axis) * (kernel[axis] - 1) + 1
        return max(0, (outputs - 1) * window.stride(axis) + span - input[axis])
      }
      let small = totals.map { $0 / 2 }
      let large = zip(totals, small).map { $0 - $1 }
      window.pads = automatic == .sameUpper ? small + large : large + small
    }
    if window.pads.allSatisfy({ $0 == 0 }) { window.pads = [] }
    return window
  }

  /// A list with one entry (or two) for each spatial dimension; empty if it is absent or holds only the usual
  /// value.
  private func spatial(_ name: String, _ count: Int, _ range: ClosedRange<Int>) throws(Finding) -> [Int] {
    guard let values = try ints(name), !values.isEmpty else { return [] }
    guard values.count == count, values.allSatisfy(range.contains) else {
      throw Finding(
        "\(name) are \(values)", expected: "\(count) numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return values.allSatisfy { $0 == range.lowerBound } ? [] : values
  }

  /// The window of a pooling operator.
  func poolKernel(_ x: ONNXOperand) throws(Finding) -> [Int] {
    guard x.rank >= 3 else { throw Finding("the input has shape \(x.shape)", expected: "[N, C, spatial..]") }
    guard let kernel = try ints("kernel_shape") else { throw missing("kernel_shape") }
    guard kernel.count == x.rank - 2, kernel.allSatisfy((1...windowLimit).contains) else {
      throw Finding("kernel_shape is \(kernel)", expected: "\(x.rank - 2) numbers from 1 to \(windowLimit)")
    }
    return kernel
  }
}

/// Largest stride, dilation, pad or pooling window; keeps the arithmetic on extents from overflowing.
private let windowLimit = 1 << 20
