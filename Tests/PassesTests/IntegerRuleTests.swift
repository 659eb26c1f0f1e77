import IR
import Passes
import Tensors
import TestSupport
import Testing

/// What the rules of `use-integer-arithmetic` make of random graphs of each family gives the integers that the graphs give
/// in fp32, but for one step now and then.
@Suite struct IntegerRuleTests {
  @Test(arguments: products + movements + functions + reductions + norms + channels)
  func integersAreThoseOfFloats(_ family: QuantizedFamily) throws { try checkFamily(family) }
}

private let small: [ElementType] = [.i8, .u8]

/// Convolutions and matrix products.
private let products: [QuantizedFamily] = [
  QuantizedFamily("convolution") { graph in
    let group = graph.draw.one(of: [1, 2, 4])
    let (inputs, outputs) = (group * graph.draw.number(1...3), group * graph.draw.number(1...3))
    let x = try graph.input(graph.draw.one(of: small), [1, inputs, 7, 6])
    let w = try graph.constant(.i8, [outputs, inputs / group, 3, 2], axis: graph.draw.one(of: [0, nil]))
    let op = Conv(Window(strides: [1, 2], pads: [1, 0, 1, 1]), group: group)
    var operands = [x, w]
    if graph.draw.chance(0.5) { operands.append(try graph.numbers([outputs], like: x)) }
    var y = try graph.add(.conv(op), operands)
    if graph.draw.chance(0.5) { y = try graph.add(.unary(Unary(.relu)), [y]) }
    try graph.quantize(y, graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("transposed convolution") { graph in
    let (group, axis) = graph.draw.one(of: [(1, 1), (1, nil), (4, 0), (2, nil)])
    let x = try graph.input(graph.draw.one(of: small), [1, 4, 4, 3])
    let w = try graph.constant(.i8, [4, group == 1 ? 3 : group == 4 ? 1 : 2, 3, 3], axis: axis)
    let op = ConvTranspose(
      Window(strides: [2, 2], pads: [1, 1, 0, 1]), group: group, outputPadding: [1, 0])
    let channels = [1: 3, 4: 4, 2: 4][group] ?? 0
    let y = try graph.add(.convTranspose(op), [x, w, try graph.numbers([channels], like: x)])
    try graph.quantize(y, graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("wide numbers by small weights") { graph in
    let x = try graph.input(.i16, [2, 3, 7])
    let y = try graph.add(.matmul(MatMul()), [x, try graph.constant(.i8, [7, 5], axis: 1)])
    try graph.quantize(y, graph.draw.one(of: [.i8, .i16]))
    let image = try graph.input(.i16, [1, 3, 4, 4])
    let sums = try graph.add(.conv(Conv()), [image, try graph.constant(.i8, [2, 3, 3, 3], axis: 0)])
    try graph.quantize(sums, graph.draw.one(of: [.u8, .i16]))
  },
  QuantizedFamily("bias behind") { graph in
    let x = try graph.input(.u8, [2, 3, 5, 5])
    let y = try graph.add(.conv(Conv()), [x, try graph.constant(.i8, [4, 3, 1, 1], axis: 0)])
    let sum = try graph.add(
      .binary(Binary(graph.draw.one(of: [.add, .sub]))), [y, try graph.numbers([4, 1, 1], like: x)])
    try graph.quantize(try graph.add(.unary(Unary(.clip, 0, 6)), [sum]), .u8)
  },
  QuantizedFamily("matrices") { graph in
    let (transposesA, transposesB) = (graph.draw.chance(0.5), graph.draw.chance(0.5))
    let a = try graph.input(graph.draw.one(of: small), transposesA ? [2, 7, 3] : [2, 3, 7])
    let batch: [Int] = graph.draw.one(of: [[], [2]])
    let shape = Shape(batch + (transposesB ? [5, 7] : [7, 5]))
    let columns = shape.rank - (transposesB ? 2 : 1)
    let b =
      graph.draw.chance(0.5)
      ? try graph.input(.i8, shape) : try graph.constant(.i8, shape, axis: batch.isEmpty ? columns : nil)
    let y = try graph.add(.matmul(MatMul(transposeA: transposesA, transposeB: transposesB)), [a, b])
    let sum =
      graph.draw.chance(0.5) ? y : try graph.add(.binary(Binary(.add)), [try graph.numbers([5], like: y), y])
    try graph.quantize(sum, graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("several readers", leaving: ["dequantize", "sigmoid"]) { graph in
    let x = try graph.input(.u8, [1, 3, 4, 4])
    let y = try graph.add(.conv(Conv()), [x, try graph.constant(.i8, [4, 3, 1, 1], axis: 0)])
    try graph.quantize(y, .i8)
    try graph.quantize(try graph.add(.unary(Unary(.relu)), [y]), .u8)
    graph.output(try graph.add(.unary(Unary(.sigmoid)), [y]))
  },
]

/// Functions of one number and of two.
private let functions: [QuantizedFamily] = [
  QuantizedFamily("functions of 8 bits") { graph in
    let x = try graph.input(graph.draw.one(of: small), [2, 90])
    let function = graph.draw.one(of: [
      UnaryFunction.sigmoid, .tanh, .gelu, .hardSwish, .exp, .erf, .leakyRelu,
    ])
    var y = try graph.add(.unary(Unary(function)), [x])
    if graph.draw.chance(0.5) { y = try graph.add(.binary(Binary(.mul)), [x, y]) }
    if graph.draw.chance(0.5) {
      y = try graph.add(.binary(Binary(.add)), [y, try graph.numbers([], like: x)])
    }
    try graph.quantize(y, graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("functions of 16 bits") { graph in
    let x = try graph.input(.i16, [2, 900])
    let function = graph.draw.one(of: [UnaryFunction.sigmoid, .tanh, .gelu, .silu])
    try graph.quantize(try graph.add(.unary(Unary(function)), [x]), graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("sums") { graph in
    let all = small + [.i16]
    let a = try graph.input(graph.draw.one(of: all), [2, 3, 4, 5])
    let shape: Shape = graph.draw.one(of: [[2, 3, 4, 5], [3, 1, 1], [5], []])
    let b =
      graph.draw.chance(0.5)
      ? try graph.input(graph.draw.one(of: all), shape) : try graph.numbers(shape, like: a)
    let op = Op.binary(Binary(graph.draw.one(of: [.add, .sub])))
    var y = try graph.add(op, graph.draw.chance(0.5) ? [a, b] : [b, a])
    if graph.draw.chance(0.3) { y = try graph.add(.unary(Unary(.relu)), [y]) }
    try graph.quantize(y, graph.draw.one(of: all))
  },
  QuantizedFamily("products of elements") { graph in
    let a = try graph.input(graph.draw.one(of: small + [.i16]), [2, 3, 4, 5])
    let shape: Shape = graph.draw.one(of: [[2, 3, 4, 5], [2, 3, 1, 1], [5], []])
    switch graph.draw.number(0...2) {
    case 0:
      let b = try graph.input(graph.draw.one(of: small + [.i16]), shape)
      try graph.quantize(try graph.add(.binary(Binary(.mul)), [a, b]), graph.draw.one(of: small))
    case 1:
      let b = try graph.numbers(shape, like: a)
      try graph.quantize(try graph.add(.binary(Binary(.mul)), [b, a]), graph.draw.one(of: small + [.i16]))
    default:
      let b = graph.weight(Tensor(random: .f32, shape, .uniform(0.5, 2), seed: graph.draw.seed))
      try graph.quantize(try graph.add(.binary(Binary(.div)), [a, b]), graph.draw.one(of: small))
    }
  },
  QuantizedFamily("scales of channels") { graph in
    let a = try graph.input(graph.draw.one(of: small), [1, 4, 3, 3])
    let b = try graph.constant(.i8, [4, 3, 3], axis: 0)
    let op = Op.binary(Binary(graph.draw.one(of: [.add, .mul])))
    try graph.quantize(try graph.add(op, [a, b]), graph.draw.one(of: small))
  },
]

/// Averages, softmax and what is sampled anew.
private let reductions: [QuantizedFamily] = [
  QuantizedFamily("means and sums") { graph in
    let x = try graph.input(graph.draw.one(of: small + [.i16]), [2, 3, 4, 5])
    let op = Reduce(
      graph.draw.one(of: [.mean, .sum]), axes: graph.draw.one(of: [[2, 3], [1], [0, 3]]),
      keep: graph.draw.chance(0.5))
    try graph.quantize(try graph.add(.reduce(op), [x]), graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("average pools") { graph in
    let x = try graph.input(graph.draw.one(of: small + [.i16]), [1, 2, 6, 7])
    let op = Pool(
      graph.draw.one(of: [.average, .averagePadded]), kernel: [3, 2],
      Window(strides: [2, 1], pads: [1, 1, 1, 0]))
    try graph.quantize(try graph.add(.pool(op), [x]), graph.draw.one(of: small))
  },
  QuantizedFamily("linear resampling") { graph in
    let x = try graph.input(graph.draw.one(of: small), [1, 2, 3, 4])
    try graph.quantize(try graph.add(.resize(Resize(.linear, sizes: [7, 5])), [x]), as: x)
  },
  QuantizedFamily("softmax") { graph in
    let x = try graph.input(graph.draw.one(of: small + [.i16]), [3, 10])
    try graph.quantize(try graph.add(.softmax(Softmax(axis: -1)), [x]), graph.draw.one(of: small))
  },
]

/// What moves between steps, and other steps.
private let movements: [QuantizedFamily] = [
  QuantizedFamily("rescaling") { graph in
    var x = try graph.input(graph.draw.one(of: small + [.i16]), [3, 40])
    if graph.draw.chance(0.5) { x = try graph.add(.unary(Unary(.clip, -0.5, 0.7)), [x]) }
    try graph.quantize(x, graph.draw.one(of: small + [.i16]))
  },
  QuantizedFamily("concat of different steps") { graph in
    let (a, b) = (try graph.input(.i8, [1, 3, 4, 2]), try graph.input(.u8, [1, 3, 2, 4]))
    let turned = try graph.add(.transpose(Transpose([0, 1, 3, 2])), [b])
    let joined = try graph.add(.concat(Concat(axis: 1)), [a, turned])
    try graph.quantize(try graph.add(.reshape(Reshape([6, 8])), [joined]), graph.draw.one(of: small))
  },
  QuantizedFamily("movement between products", leaving: ["dequantize"]) { graph in
    let x = try graph.input(.u8, [1, 4, 6, 6])
    let conv = try graph.add(.conv(Conv()), [x, try graph.constant(.i8, [4, 4, 1, 1], axis: 0)])
    let pooled = try graph.add(.pool(Pool(.max, kernel: [2, 2], Window(strides: [2, 2]))), [x])
    let padded = try graph.add(.pad(Pad([0, 0, 1, 1, 0, 0, 1, 1])), [pooled])
    let second = try graph.add(.conv(Conv()), [padded, try graph.constant(.i8, [3, 4, 1, 1], axis: 0)])
    try graph.quantize(second, .i8)
    graph.output(try graph.add(.transpose(Transpose([0, 2, 3, 1])), [conv]))
  },
  QuantizedFamily("rows of a table", leaving: ["dequantize"]) { graph in
    let axis: Int? = graph.draw.one(of: [0, 1, nil])
    let table = try graph.constant(.i8, [9, 5], axis: axis)
    let rows = graph.weight(Tensor([3, 0, 8, -1] as [Int64], shape: [2, 2]))
    let taken = try graph.add(.gather(Gather()), [table, rows])
    if axis == nil { try graph.quantize(taken, .i8) } else { graph.output(taken) }
  },
]

/// Normalizations.
private let norms: [QuantizedFamily] = [
  QuantizedFamily("normalization") { graph in
    let x = try graph.input(graph.draw.one(of: small + [.i16]), [3, 24])
    var operands = [x]
    if graph.draw.chance(0.7) { operands.append(try graph.numbers([24], like: x)) }
    if operands.count == 2, graph.draw.chance(0.7) { operands.append(try graph.numbers([24], like: x)) }
    let op = operands.count == 3 || graph.draw.chance(0.5) ? Op.layerNorm(LayerNorm()) : Op.rmsNorm(RMSNorm())
    try graph.quantize(try graph.add(op, operands), .i16)
  },
  QuantizedFamily("group normalization") { graph in
    let x = try graph.input(.i16, [2, 6, 4, 3])
    var op = GroupNorm()
    op.groups = graph.draw.one(of: [1, 2, 3])
    let operands = [x, try graph.numbers([6], like: x), try graph.numbers([6], like: x)]
    try graph.quantize(try graph.add(.groupNorm(op), operands), .i16)
  },
]

/// Results with a scale for each channel.
private let channels: [QuantizedFamily] = [
  QuantizedFamily("channels of products") { graph in
    let x = try graph.input(graph.draw.one(of: small), [1, 3, 5, 4])
    var y = try graph.add(
      .conv(Conv()), [x, try graph.constant(.i8, [4, 3, 1, 1], axis: graph.draw.one(of: [0, nil]))])
    if graph.draw.chance(0.5) { y = try graph.add(.unary(Unary(.relu)), [y]) }
    try graph.quantize(y, graph.draw.one(of: small), axis: 1)
  },
  QuantizedFamily("channels of rows") { graph in
    let x = try graph.input(.i8, [2, 3, 7])
    let y = try graph.add(.matmul(MatMul()), [x, try graph.constant(.i8, [7, 5], axis: 1)])
    try graph.quantize(y, .i8, axis: 2)
  },
  QuantizedFamily("channels of functions") { graph in
    let x = try graph.input(graph.draw.one(of: small + [.i16]), [2, 4, 3])
    try graph.quantize(
      try graph.add(.unary(Unary(graph.draw.one(of: [.sigmoid, .silu]))), [x]), .i8, axis: 1)
  },
  QuantizedFamily("channels of sums and products") { graph in
    let (a, b) = (try graph.input(.i16, [2, 4, 3]), try graph.input(.i8, [2, 4, 3]))
    let op = Binary(graph.draw.one(of: [.add, .sub, .mul]))
    try graph.quantize(try graph.add(.binary(op), [a, b]), .i8, axis: 1)
  },
  QuantizedFamily("channels told apart") { graph in
    try graph.quantize(try graph.input(.i16, [2, 4, 3]), .i8, axis: graph.draw.one(of: [1, 2]))
  },
]
