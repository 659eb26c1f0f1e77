import IR
import Tensors

private let activations: [Unary] = [
  Unary(.relu), Unary(.clip, 0, 6), Unary(.silu), Unary(.gelu), Unary(.leakyRelu, 0.2), Unary(.hardSwish),
  Unary(.tanh), Unary(.affine, 0.5, 0.25),
]

let matMulCases: [OpCase] = {
  var cases: [OpCase] = []
  for (m, k, n) in [
    (1, 1, 1), (1, 7, 1), (5, 3, 4), (17, 33, 9), (1, 64, 31), (65, 1, 2), (3, 130, 70), (0, 3, 4), (3, 0, 4),
    (3, 4, 0), (48, 48, 48),
  ] {
    for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
      let a = transposeA ? f32(k, m) : f32(m, k)
      let b = transposeB ? f32(n, k) : f32(k, n)
      cases.append(
        opCase(
          "\(m) x \(k) x \(n)\(transposeA ? ", a transposed" : "")\(transposeB ? ", b transposed" : "")",
          .matmul(MatMul(transposeA: transposeA, transposeB: transposeB)), [a, b]))
    }
  }
  for (a, b) in [
    ([2, 3, 4], [4, 5]), ([3, 4], [2, 4, 5]), ([2, 3, 4], [2, 4, 5]), ([2, 1, 3, 4], [5, 4, 2]),
    ([1, 3, 3, 4], [2, 1, 4, 5]), ([2, 1, 2, 3, 4], [1, 3, 2, 4, 5]), ([0, 3, 4], [4, 2]),
    ([2, 1, 4], [2, 4, 1]),
    ([2, 1, 2, 1, 3, 2], [1, 2, 1, 2, 2, 3]),
  ] as [(Shape, Shape)] {
    cases.append(opCase("\(a) by \(b)", .matmul(MatMul()), [TensorType(.f32, a), TensorType(.f32, b)]))
  }
  cases.append(
    opCase(
      "batches, both transposed", .matmul(MatMul(transposeA: true, transposeB: true)),
      [f32(2, 3, 5, 4), f32(3, 6, 5)]))
  for activation in activations {
    cases.append(
      opCase(
        "bias, \(activation.name)", .matmul(MatMul(activation: activation)),
        [f32(6, 11), f32(11, 13), f32(13)]))
  }
  cases.append(opCase("bias for each row", .matmul(MatMul()), [f32(2, 6, 3), f32(3, 5), f32(6, 1)]))
  cases.append(opCase("bias of one column", .matmul(MatMul()), [f32(6, 3), f32(3, 1), f32(1)]))
  cases.append(
    opCase("bias of batches", .matmul(MatMul(transposeB: true)), [f32(2, 2, 6, 3), f32(5, 3), f32(5)]))
  for (a, b) in [(.f16, .f16), (.bf16, .bf16), (.f32, .f16), (.f16, .f32), (.f32, .bf16)]
    as [(ElementType, ElementType)]
  {
    cases.append(
      opCase(
        "\(a) by \(b)", .matmul(MatMul()),
        [TensorType(a, [4, 19]), TensorType(b, [19, 7]), TensorType(b, [7])]))
  }
  return cases
}()

let convCases: [OpCase] = {
  var cases: [OpCase] = []
  func add(
    _ name: String, _ x: Shape, _ w: Shape, _ window: Window = Window(), group: Int = 1, bias: Bool = true
  ) {
    let operands = [TensorType(.f32, x), TensorType(.f32, w)] + (bias ? [f32(w[0])] : [])
    cases.append(opCase(name, .conv(Conv(window, group: group)), operands))
  }
  let same = Window(pads: [1, 1, 1, 1])
  add("3 x 3", [1, 3, 8, 8], [4, 3, 3, 3], same)
  add("3 x 3 without bias", [1, 3, 8, 8], [4, 3, 3, 3], same, bias: false)
  add("no padding", [2, 3, 7, 9], [5, 3, 3, 3])
  add("stride 2", [1, 4, 9, 11], [6, 4, 3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]))
  add("stride 2, even extent", [1, 4, 10, 8], [6, 4, 3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]))
  add("uneven strides", [1, 2, 12, 13], [3, 2, 3, 3], Window(strides: [3, 2]))
  add("dilation 2", [1, 3, 11, 11], [2, 3, 3, 3], Window(dilations: [2, 2], pads: [2, 2, 2, 2]))
  add(
    "uneven dilations and strides", [1, 2, 15, 16], [3, 2, 3, 2], Window(strides: [2, 3], dilations: [3, 2]))
  add("asymmetric pads", [1, 3, 6, 7], [4, 3, 3, 3], Window(pads: [0, 1, 2, 3]))
  add(
    "asymmetric pads, stride 2", [1, 3, 8, 8], [4, 3, 3, 3], Window(strides: [2, 2], pads: [0, 0, 1, 1]))
  add("pads beyond the kernel", [1, 1, 2, 2], [1, 1, 2, 2], Window(pads: [3, 4, 2, 5]))
  add("pointwise", [1, 16, 5, 7], [8, 16, 1, 1])
  add("pointwise, batch", [3, 5, 4, 4], [7, 5, 1, 1])
  add("pointwise, stride 2", [1, 6, 7, 7], [4, 6, 1, 1], Window(strides: [2, 2]))
  add("pointwise, padded", [1, 6, 3, 3], [4, 6, 1, 1], Window(pads: [1, 1, 1, 1]))
  add("pointwise, groups", [2, 6, 4, 3], [4, 3, 1, 1], group: 2)
  add("groups", [1, 6, 7, 7], [9, 2, 3, 3], same, group: 3)
  add("depthwise", [1, 8, 9, 9], [8, 1, 3, 3], same, group: 8)
  add(
    "depthwise, stride 2", [2, 5, 9, 10], [5, 1, 3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]), group: 5)
  add(
    "depthwise 5 x 5, dilation 2", [1, 4, 12, 12], [4, 1, 5, 5],
    Window(dilations: [2, 2], pads: [4, 4, 4, 4]), group: 4)
  add("depthwise 7 x 7", [1, 3, 14, 14], [3, 1, 7, 7], Window(pads: [3, 3, 3, 3]), group: 3)
  add("depthwise, multiplier 2", [1, 4, 6, 6], [8, 1, 3, 3], same, group: 4)
  add(
    "depthwise, asymmetric pads", [1, 4, 8, 8], [4, 1, 3, 3], Window(strides: [2, 2], pads: [0, 0, 1, 1]),
    group: 4)
  add("one channel each", [1, 1, 5, 5], [1, 1, 3, 3], same)
  add("kernel of the image's size", [2, 3, 5, 4], [6, 3, 5, 4])
  add("uneven kernel", [1, 3, 6, 9], [4, 3, 1, 5], Window(pads: [0, 2, 0, 2]))
  add("stem, 7 x 7 stride 2", [1, 3, 32, 32], [8, 3, 7, 7], Window(strides: [2, 2], pads: [3, 3, 3, 3]))
  add("patches", [1, 3, 16, 16], [10, 3, 4, 4], Window(strides: [4, 4]))
  add("stride beyond the kernel", [1, 2, 13, 13], [3, 2, 2, 2], Window(strides: [4, 5]))
  add("many channels", [1, 70, 6, 6], [66, 70, 3, 3], same)
  add("1-d", [2, 3, 17], [4, 3, 5], Window(pads: [2, 2]))
  add("1-d, stride, dilation", [1, 3, 23], [4, 3, 3], Window(strides: [2], dilations: [3], pads: [1, 4]))
  add("1-d depthwise, causal", [1, 6, 12], [6, 1, 4], Window(pads: [3, 0]), group: 6)
  add("3-d", [1, 2, 5, 6, 7], [3, 2, 3, 3, 3], Window(pads: [1, 1, 1, 1, 1, 1]))
  add(
    "3-d, strides", [1, 2, 6, 7, 8], [4, 2, 2, 3, 1], Window(strides: [2, 1, 3], pads: [1, 0, 0, 0, 2, 1]))
  add(
    "3-d depthwise", [1, 3, 4, 5, 5], [3, 1, 3, 3, 3],
    Window(dilations: [1, 2, 1], pads: [1, 2, 1, 1, 2, 1]), group: 3)
  add("3-d groups", [1, 4, 3, 4, 5], [6, 2, 2, 2, 2], group: 2)
  add("image of one element", [1, 8, 1, 1], [4, 8, 3, 3], same)
  add("empty batch", [0, 3, 5, 5], [4, 3, 3, 3])
  add("no input channels", [1, 0, 4, 4], [3, 0, 3, 3])
  for activation in activations {
    cases.append(
      opCase(
        "3 x 3, \(activation.name)", .conv(Conv(same, activation: activation)),
        [f32(1, 3, 5, 5), f32(4, 3, 3, 3), f32(4)]))
    cases.append(
      opCase(
        "depthwise, \(activation.name)", .conv(Conv(same, group: 4, activation: activation)),
        [f32(1, 4, 5, 5), f32(4, 1, 3, 3), f32(4)]))
  }
  for (x, w) in [(.f16, .f16), (.bf16, .bf16), (.f32, .f16), (.f16, .f32)] as [(ElementType, ElementType)] {
    cases.append(
      opCase(
        "\(x) with \(w)", .conv(Conv(same)),
        [TensorType(x, [1, 3, 6, 6]), TensorType(w, [4, 3, 3, 3]), f32(4)]))
    cases.append(
      opCase(
        "depthwise, \(x) with \(w)", .conv(Conv(same, group: 3)),
        [TensorType(x, [1, 3, 6, 6]), TensorType(w, [3, 1, 3, 3]), TensorType(w, [3])]))
  }
  return cases
}()

let convTransposeCases: [OpCase] = {
  var cases: [OpCase] = []
  func add(
    _ name: String, _ x: Shape, _ w: Shape, _ window: Window = Window(), group: Int = 1, extra: [Int] = [],
    bias: Bool = true, activation: Unary? = nil
  ) {
    let operands = [TensorType(.f32, x), TensorType(.f32, w)] + (bias ? [f32(w[1] * group)] : [])
    let op = ConvTranspose(window, group: group, outputPadding: extra, activation: activation)
    cases.append(opCase(name, .convTranspose(op), operands))
  }
  let double = Window(strides: [2, 2])
  add("2 x 2, stride 2", [1, 4, 5, 5], [4, 3, 2, 2], double)
  add("2 x 2, stride 2, without bias", [2, 4, 5, 3], [4, 3, 2, 2], double, bias: false)
  add("3 x 3", [1, 3, 6, 6], [3, 4, 3, 3], Window(pads: [1, 1, 1, 1]))
  add("3 x 3, stride 2", [1, 3, 5, 7], [3, 4, 3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]))
  add(
    "output padding", [1, 3, 5, 7], [3, 4, 3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]), extra: [1, 1])
  add("4 x 4, stride 2", [1, 3, 6, 6], [3, 5, 4, 4], Window(strides: [2, 2], pads: [1, 1, 1, 1]))
  add("stride beyond the kernel", [1, 2, 4, 4], [2, 3, 2, 2], Window(strides: [3, 4]))
  add("dilation", [1, 2, 5, 5], [2, 3, 3, 3], Window(dilations: [2, 3]))
  add(
    "dilation, stride, pads", [1, 2, 5, 6], [2, 3, 3, 2],
    Window(strides: [2, 3], dilations: [2, 1], pads: [1, 0, 2, 1]))
  add("groups", [1, 6, 4, 4], [6, 2, 3, 3], double, group: 3)
  add("depthwise", [2, 5, 4, 4], [5, 1, 4, 4], Window(strides: [2, 2], pads: [1, 1, 1, 1]), group: 5)
  add("pads crop everything but the middle", [1, 1, 3, 3], [1, 1, 3, 3], Window(pads: [2, 2, 2, 2]))
  add("1-d", [1, 3, 9], [3, 2, 4], Window(strides: [2], pads: [1, 1]))
  add("1-d, output padding", [2, 3, 9], [3, 2, 5], Window(strides: [3], pads: [2, 1]), extra: [2])
  add("3-d", [1, 2, 3, 4, 2], [2, 3, 2, 3, 2], Window(strides: [2, 1, 2]))
  add(
    "3-d groups", [1, 4, 3, 3, 3], [4, 2, 3, 3, 3], Window(strides: [2, 2, 2], pads: [1, 1, 1, 1, 1, 1]),
    group: 2)
  add("image of one element", [1, 8, 1, 1], [8, 4, 4, 4])
  add("empty batch", [0, 2, 3, 3], [2, 2, 2, 2])
  for activation in activations.prefix(3) {
    add("stride 2, \(activation.name)", [1, 3, 4, 4], [3, 2, 2, 2], double, activation: activation)
  }
  for element in [.f16, .bf16] as [ElementType] {
    cases.append(
      opCase(
        "\(element)", .convTranspose(ConvTranspose(double)),
        [TensorType(element, [1, 3, 4, 4]), TensorType(element, [3, 2, 2, 2]), TensorType(element, [2])]))
  }
  return cases
}()

private let poolShapes: [(name: String, x: Shape, kernel: [Int], window: Window, ceil: Bool)] = [
  ("2 x 2", [1, 3, 8, 8], [2, 2], Window(strides: [2, 2]), false),
  (
    "3 x 3, stride 2, padded", [2, 3, 9, 11], [3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]), false
  ),
  ("3 x 3, stride 1, padded", [1, 2, 5, 5], [3, 3], Window(pads: [1, 1, 1, 1]), false),
  ("ceil", [1, 2, 7, 8], [2, 3], Window(strides: [2, 2]), true),
  ("ceil, padded", [1, 2, 8, 8], [3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1]), true),
  (
    "ceil, last window would start in the padding", [1, 1, 3, 3], [2, 2],
    Window(strides: [3, 3], pads: [0, 0, 2, 2]), true
  ),
  ("asymmetric pads", [1, 2, 6, 7], [3, 3], Window(strides: [2, 2], pads: [0, 1, 2, 0]), false),
  ("dilation", [1, 2, 9, 9], [3, 2], Window(dilations: [2, 3], pads: [1, 0, 2, 1]), false),
  ("windows of padding alone", [1, 1, 2, 2], [1, 1], Window(pads: [1, 0, 0, 1]), false),
  ("whole image", [2, 5, 7, 7], [7, 7], Window(), false),
  ("stride beyond the kernel", [1, 2, 9, 9], [2, 2], Window(strides: [3, 4]), false),
  ("1-d", [2, 3, 13], [3], Window(strides: [2], pads: [1, 1]), false),
  ("3-d", [1, 2, 4, 5, 6], [2, 2, 3], Window(strides: [2, 1, 2], pads: [0, 1, 1, 1, 0, 1]), true),
  ("no channels", [1, 0, 4, 4], [2, 2], Window(), false),
]

let poolCases: [OpCase] = {
  var cases: [OpCase] = []
  for kind in [.max, .average, .averagePadded] as [Pool.Kind] {
    for shape in poolShapes {
      let op = Op.pool(Pool(kind, kernel: shape.kernel, shape.window, ceil: shape.ceil))
      cases.append(
        opCase("\(kind.rawValue), \(shape.name)", op, [TensorType(.f32, shape.x)], exact: kind == .max))
    }
    let op = Op.pool(Pool(kind, kernel: [3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1])))
    let elements: [ElementType] = kind == .max ? [.f16, .bf16, .i8, .u8] : [.f16, .bf16]
    for element in elements {
      cases.append(
        opCase("\(kind.rawValue), \(element)", op, [TensorType(element, [1, 3, 6, 7])], exact: kind == .max))
    }
  }
  return cases
}()

let argPoolCases: [OpCase] = {
  var cases = poolShapes.map { shape in
    opCase(
      shape.name, .argPool(ArgPool(kernel: shape.kernel, shape.window, ceil: shape.ceil)),
      [TensorType(.f32, shape.x)], .grid(step: 1, -2, 2))
  }
  let op = Op.argPool(ArgPool(kernel: [3, 3], Window(strides: [2, 2], pads: [1, 1, 1, 1])))
  for element in [.f16, .bf16, .i8, .u8] as [ElementType] {
    cases.append(opCase("\(element)", op, [TensorType(element, [1, 3, 6, 7])]))
  }
  let special: [Double] = [1, .nan, 2, -.infinity, -.infinity, .nan, .infinity, -0.0, 0, -1, -.infinity]
  cases.append(opCase("special values", op, [f32(2, 2, 5, 5)], .cycle(special)))
  return cases
}()
