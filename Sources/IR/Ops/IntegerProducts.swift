package import Tensors

/// Matrix product of small integers: y = (a − za) · (b − zb) [+ bias] [rescaled], exact.
///
/// Operands: a [batch.., M, K] and b [batch.., K, N], each i8 or u8, or a i16 and b i8, of rank 2 or more, whose batch
/// extents broadcast; za of a's element type, [] or [M]; zb of b's, [] or [N]; optionally a bias, i32 [N]; optionally
/// multiplier, i32, and shift, i8, both [] or [N], and the zero point of y, [], of a ``Rescaling``. y: [batch.., M, N], i32,
/// or with a rescaling of its zero point's element type. Sums with their bias wrap in i32; those of i16 saturate.
package struct MatMulInteger: OpDefinition {
  package var rescaling = Rescaling()

  package init(_ rescaling: Rescaling = Rescaling()) { self.rescaling = rescaling }

  package var name: String { "matmul_integer" }
  package var `default`: MatMulInteger { MatMulInteger() }
  package var attributes: [Attribute<MatMulInteger>] { Rescaling.attributes(\.rescaling) }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(4...8)
    let (a, b) = (operands[0].shape, operands[1].shape)
    guard a.rank >= 2, b.rank >= 2, a[a.rank - 1] == b[b.rank - 2] else {
      throw OpError("operands are \(a) and \(b), expected matrices with equal inner extents")
    }
    guard let batch = Shape(Array(a.extents.dropLast(2))).broadcast(with: Shape(Array(b.extents.dropLast(2))))
    else { throw OpError("batch extents of \(a) and \(b) do not broadcast") }
    let (rows, columns) = (a[a.rank - 2], b[b.rank - 1])
    try expectFactors(operands)
    try expectZeroPoint(operands[2], of: operands[0], extent: rows)
    try expectZeroPoint(operands[3], of: operands[1], extent: columns)
    let shape = Shape(batch.extents + [rows, columns])
    return [try IntegerEpilogue(rescaling: rescaling).infer(operands, shape, channels: columns)]
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    saturatingProduct(results[0].extents + operands[0].extents.suffix(1))
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (a, b, y) = (operands[0].shape, operands[1].shape, results[0].shape)
    let (rows, columns, inner) = (y[y.rank - 2], y[y.rank - 1], a[a.rank - 1])
    let batch = Shape(Array(y.extents.dropLast(2)))
    func matrices(_ shape: Shape) -> [Int] {
      let own = Shape(Array(shape.extents.dropLast(2)))
      return Elements(values: Array(0..<own.elementCount), shape: own).expanded(to: batch).values
    }
    let (left, right) = (matrices(a), matrices(b))
    let (x, w) = (operands[0].integers, operands[1].integers)
    let (zeroOfRow, zeroOfColumn) = (operands[2].integers, operands[3].integers)
    var values = [Int64](repeating: 0, count: y.elementCount)
    for index in 0..<batch.elementCount {
      for row in 0..<rows {
        let target = (index * rows + row) * columns
        for k in 0..<inner {
          let factor = x[(left[index] * rows + row) * inner + k] - zeroOfRow[zeroOfRow.count == 1 ? 0 : row]
          guard factor != 0 else { continue }
          for column in 0..<columns {
            let weight = w[(right[index] * inner + k) * columns + column]
            values[target + column] &+= factor * (weight - zeroOfColumn[zeroOfColumn.count == 1 ? 0 : column])
          }
        }
      }
    }
    return [IntegerEpilogue(rescaling: rescaling).apply(to: values, inner: 1, operands, results[0])]
  }
}

/// Convolution of small integers: x − zx with w − zw [+ bias] [rescaled], exact; what lies outside of x is 0.
///
/// Operands: x [N, C, spatial..] and w [O, C/group, kernel..], each i8 or u8, or x i16 and w i8; zx of x's element type,
/// []; zw of w's, [] or [O]; optionally a bias, i32 [O]; optionally multiplier, i32, and shift, i8, both [] or [O], and the
/// zero point of y, [], of a ``Rescaling``. y: [N, O, spatial..], i32, or with a rescaling of its zero point's element type.
/// Sums with their bias wrap in i32; those of i16 saturate. 1 to 3 spatial dimensions.
package struct ConvInteger: OpDefinition {
  package var window = Window()
  package var group = 1
  package var rescaling = Rescaling()

  package init(_ window: Window = Window(), group: Int = 1, _ rescaling: Rescaling = Rescaling()) {
    self.window = window
    self.group = group
    self.rescaling = rescaling
  }

  package var name: String { "conv_integer" }
  package var `default`: ConvInteger { ConvInteger() }
  package var attributes: [Attribute<ConvInteger>] {
    [
      .ints("strides", \.window.strides), .ints("dilations", \.window.dilations),
      .ints("pads", \.window.pads),
      .int("group", \.group),
    ] + Rescaling.attributes(\.rescaling)
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(4...8)
    let (x, w) = (operands[0], operands[1])
    // The shapes are those of a convolution of floats.
    let shape = try Conv(window, group: group).infer([x.with(.f32), w.with(.f32)])[0].shape
    try expectFactors(operands)
    try expectZeroPoint(operands[2], of: x, extent: nil)
    try expectZeroPoint(operands[3], of: w, extent: w.shape[0])
    return [try IntegerEpilogue(rescaling: rescaling).infer(operands, shape, channels: w.shape[0])]
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    saturatingProduct(results[0].extents + operands[1].extents.dropFirst())
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, w, y) = (operands[0].shape, operands[1].shape, results[0].shape)
    let sliding = SlidingWindow(
      window, image: x.extents[2...], positions: y.extents[2...], kernel: w.extents[2...])
    let (inputs, outputs) = (w[1], w[0] / group)
    let zero = operands[2].integers[0]
    let zeros = operands[3].integers
    let image = operands[0].integers.map { $0 - zero }
    let weights = operands[1].integers
    var values = [Int64](repeating: 0, count: y.elementCount)
    for plane in 0..<(y[0] * y[1]) {
      let (batch, output) = (plane / y[1], plane % y[1])
      for input in 0..<inputs {
        let source = (batch * x[1] + output / outputs * inputs + input) * sliding.imageCount
        for tap in 0..<sliding.tapCount {
          let factor =
            weights[(output * inputs + input) * sliding.tapCount + tap] - zeros[zeros.count == 1 ? 0 : output]
          sliding.forEachRun(tap: tap, in: 0..<sliding.positionCount) { run in
            for index in 0..<run.count {
              values[plane * sliding.positionCount + run.position + index] &+=
                factor * image[source + run.image + index * run.step]
            }
          }
        }
      }
    }
    return [
      IntegerEpilogue(rescaling: rescaling).apply(
        to: values, inner: sliding.positionCount, operands, results[0])
    ]
  }
}

/// Transposed convolution (the gradient of ``ConvInteger``) of small integers: x − zx with w − zw [+ bias] [rescaled],
/// exact.
///
/// Operands as those of ``ConvInteger``, but w [C, O/group, kernel..]. y: [N, O, spatial..] with the extents of
/// ``ConvTranspose``.
package struct ConvTransposeInteger: OpDefinition {
  package var window = Window()
  package var group = 1
  /// One for each spatial dimension; empty stands for all 0.
  package var outputPadding: [Int] = []
  package var rescaling = Rescaling()

  package init(
    _ window: Window = Window(), group: Int = 1, outputPadding: [Int] = [],
    _ rescaling: Rescaling = Rescaling()
  ) {
    self.window = window
    self.group = group
    self.outputPadding = outputPadding
    self.rescaling = rescaling
  }

  package var name: String { "conv_transpose_integer" }
  package var `default`: ConvTransposeInteger { ConvTransposeInteger() }
  package var attributes: [Attribute<ConvTransposeInteger>] {
    [
      .ints("strides", \.window.strides), .ints("dilations", \.window.dilations),
      .ints("pads", \.window.pads), .int("group", \.group), .ints("output_padding", \.outputPadding),
    ] + Rescaling.attributes(\.rescaling)
  }

  /// The same of floats, whose shapes and regions are this op's.
  package var ofFloats: ConvTranspose { ConvTranspose(window, group: group, outputPadding: outputPadding) }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(4...8)
    let (x, w) = (operands[0], operands[1])
    let shape = try ofFloats.infer([x.with(.f32), w.with(.f32)])[0].shape
    try expectFactors(operands)
    try expectZeroPoint(operands[2], of: x, extent: nil)
    try expectZeroPoint(operands[3], of: w, extent: shape[1])
    return [try IntegerEpilogue(rescaling: rescaling).infer(operands, shape, channels: shape[1])]
  }

  package func multiplyAdds(_ operands: [Shape], _ results: [Shape]) -> Int {
    ofFloats.multiplyAdds(operands, results)
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (x, w, y) = (operands[0].shape, operands[1].shape, results[0].shape)
    let sliding = SlidingWindow(
      window, image: y.extents[2...], positions: x.extents[2...], kernel: w.extents[2...])
    let (inputs, outputs) = (w[0] / group, w[1])
    let zero = operands[2].integers[0]
    let zeros = operands[3].integers
    let image = operands[0].integers.map { $0 - zero }
    let weights = operands[1].integers
    var values = [Int64](repeating: 0, count: y.elementCount)
    for plane in 0..<(x[0] * x[1]) {
      let (batch, input) = (plane / x[1], plane % x[1])
      for index in 0..<outputs {
        let output = input / inputs * outputs + index
        let target = (batch * y[1] + output) * sliding.imageCount
        for tap in 0..<sliding.tapCount {
          let factor =
            weights[(input * outputs + index) * sliding.tapCount + tap] - zeros[zeros.count == 1 ? 0 : output]
          sliding.forEachRun(tap: tap, in: 0..<sliding.positionCount) { run in
            for step in 0..<run.count {
              values[target + run.image + step * run.step] &+=
                factor * image[plane * sliding.positionCount + run.position + step]
            }
          }
        }
      }
    }
    return [
      IntegerEpilogue(rescaling: rescaling).apply(
        to: values, inner: sliding.imageCount, operands, results[0])
    ]
  }
}

/// Checks the element types of the two factors, the first operands.
private func expectFactors(_ operands: [TensorType]) throws(OpError) {
  let (left, right) = (operands[0], operands[1])
  let isByte = [left, right].map { $0.element == .i8 || $0.element == .u8 }
  guard (isByte[0] && isByte[1]) || (left.element == .i16 && right.element == .i8) else {
    throw OpError("operands are \(left) and \(right), expected i8 or u8, or i16 with i8")
  }
}

/// Checks that a zero point is one for all of its operand or, with `extent`, one for each row, column or channel.
private func expectZeroPoint(_ zero: TensorType, of operand: TensorType, extent: Int?) throws(OpError) {
  guard zero.element == operand.element, zero.shape == [] || extent.map({ zero.shape == [$0] }) ?? false
  else {
    let vector = extent.map { " or \(operand.element.rawValue)[\($0)]" } ?? ""
    throw OpError("zero point is \(zero), expected \(operand.element.rawValue)[]\(vector)")
  }
}
