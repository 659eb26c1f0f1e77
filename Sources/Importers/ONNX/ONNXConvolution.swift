import IR
import Tensors

func convolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, weight) = (try context.input(0), try context.input(1))
  let kernel = try kernelExtents(context, x, weight)
  let window = try context.window(input: Array(x.shape.dropFirst(2)), kernel: kernel)
  let group = try context.int("group", 1)
  let operands = [x, weight] + (context.optional(2).map { [$0] } ?? [])
  return [try context.emit(.conv(Conv(window, group: try checkedGroup(group))), operands)]
}

func transposedConvolution(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let (x, weight) = (try context.input(0), try context.input(1))
  let kernel = try kernelExtents(context, x, weight)
  let input = Array(x.shape.dropFirst(2))
  let group = try checkedGroup(try context.int("group", 1))
  var extra = try context.ints("output_padding") ?? []
  if extra.isEmpty { extra = [Int](repeating: 0, count: kernel.count) }
  guard extra.count == kernel.count, extra.allSatisfy((0...(1 << 20)).contains) else {
    throw Finding("output_padding is \(extra)", expected: "\(kernel.count) numbers that are not negative")
  }
  var window = try context.window(input: input, kernel: kernel)
  if let total = try totalPadding(context, input: input, kernel: kernel, window, extra) {
    // An output larger than what the window covers has more zeros at its end.
    for axis in extra.indices where total[axis] < 0 { extra[axis] -= total[axis] }
    let needed = total.map { max(0, $0) }
    let small = needed.map { $0 / 2 }
    let large = zip(needed, small).map { $0 - $1 }
    let upper = try context.word("auto_pad", ONNXAutoPad.none) == .sameUpper
    window.pads = upper ? small + large : large + small
  }
  if window.pads.allSatisfy({ $0 == 0 }) { window.pads = [] }
  let op = ConvTranspose(window, group: group, outputPadding: extra.allSatisfy { $0 == 0 } ? [] : extra)
  let operands = [x, weight] + (context.optional(2).map { [$0] } ?? [])
  return [try context.emit(.convTranspose(op), operands)]
}

/// What must be padded in all along each dimension to reach `output_shape`, or input × stride for automatic
/// padding; nil when the pads are given.
private func totalPadding(
  _ context: ONNXNodeContext, input: [Int], kernel: [Int], _ window: Window, _ extra: [Int]
) throws(Finding) -> [Int]? {
  let wanted: [Int]
  if let shape = try context.ints("output_shape"), !shape.isEmpty {
    wanted = Array(shape.suffix(kernel.count))
    guard wanted.count == kernel.count, wanted.allSatisfy((0...Limits.extent).contains) else {
      throw Finding("output_shape is \(shape)", expected: "\(kernel.count) extents")
    }
  } else {
    switch try context.word("auto_pad", ONNXAutoPad.none) {
    case .none, .valid: return nil
    case .sameUpper, .sameLower: wanted = kernel.indices.map { input[$0] * window.stride($0) }
    }
  }
  return kernel.indices.map { axis in
    window.stride(axis) * (input[axis] - 1) + extra[axis] + window.dilation(axis) * (kernel[axis] - 1) + 1
      - wanted[axis]
  }
}

/// The weight's spatial extents, which `kernel_shape` may repeat.
func kernelExtents(
  _ context: ONNXNodeContext, _ x: ONNXOperand, _ weight: ONNXOperand
) throws(Finding) -> [Int] {
  guard x.rank >= 3, weight.rank == x.rank else {
    throw Finding("input is \(x.shape) and weight \(weight.shape)", expected: "equal ranks of 3 or more")
  }
  let kernel = Array(weight.shape.dropFirst(2))
  if let stated = try context.ints("kernel_shape"), !stated.isEmpty, stated != kernel {
    throw Finding("kernel_shape is \(stated)", expected: "\(kernel), as the weight \(weight.shape) has")
  }
  return kernel
}

func checkedGroup(_ group: Int) throws(Finding) -> Int {
  guard (1...(1 << 20)).contains(group) else { throw Finding("group is \(group)", expected: "1 or more") }
  return group
}

// MARK: Pooling

func maxPool(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let kernel = try context.poolKernel(x)
  let window = try context.window(input: Array(x.shape.dropFirst(2)), kernel: kernel)
  let ceil = try context.flag("ceil_mode")
  let largest = try context.emit(.pool(Pool(.max, kernel: kernel, window, ceil: ceil)), [x])
  guard context.isUsed(output: 1) else { return [largest] }
  let positions = try context.emit(.argPool(ArgPool(kernel: kernel, window, ceil: ceil)), [x])
  guard try context.flag("storage_order"), kernel.count > 1 else { return [largest, positions] }
  return [largest, try columnMajor(context, positions, Array(x.shape.dropFirst(2)))]
}

/// Row-major positions in planes of some spatial extents, counted with the first axis fastest instead. The −1
/// of an empty window stays.
private func columnMajor(
  _ context: ONNXNodeContext, _ positions: ONNXOperand, _ spatial: [Int]
) throws(Finding) -> ONNXOperand {
  func number(_ value: Int) -> ONNXOperand { context.scalar(Double(value), .i64) }
  let place = try context.binary(.mod, positions, number(spatial.reduce(1, *)))
  var result = try context.binary(.sub, positions, place)
  for axis in spatial.indices {
    let rest = try context.binary(.div, place, number(spatial[(axis + 1)...].reduce(1, *)))
    let index = try context.binary(.mod, rest, number(spatial[axis]))
    let step = number(spatial[..<axis].reduce(1, *))
    result = try context.binary(.add, result, try context.binary(.mul, index, step))
  }
  return result
}

func averagePool(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let kernel = try context.poolKernel(x)
  let window = try context.window(input: Array(x.shape.dropFirst(2)), kernel: kernel)
  let ceil = try context.flag("ceil_mode")
  let kind: Pool.Kind = try context.flag("count_include_pad") ? .averagePadded : .average
  return [try context.emit(.pool(Pool(kind, kernel: kernel, window, ceil: ceil)), [x])]
}

/// (Σ |x|^p)^(1/p) under a window: a sum is the padded average times the window's size.
func lpPool(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let x = try context.input(0)
  let kernel = try context.poolKernel(x)
  let window = try context.window(input: Array(x.shape.dropFirst(2)), kernel: kernel)
  guard try !context.flag("ceil_mode") else {
    throw Finding("uses ceil_mode, which is not supported for LpPool", advice: "export it with ceil_mode = 0")
  }
  let order = Double(try context.int("p", 2))
  guard order >= 1 else { throw Finding("p is \(order)", expected: "1 or more") }
  let power = try context.binary(.pow, try context.unary(.abs, x), context.scalar(order, like: x))
  let mean = try context.emit(.pool(Pool(.averagePadded, kernel: kernel, window)), [power])
  let sum = try context.affine(mean, scale: kernel.reduce(1.0) { $0 * Double($1) })
  return [try context.binary(.pow, sum, context.scalar(1 / order, like: x))]
}
