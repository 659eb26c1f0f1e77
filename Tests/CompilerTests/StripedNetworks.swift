import IR
import Tensors
import TestSupport

/// Random small networks of integer ops on images, whose rows can be computed apart.
struct StripedNetwork {
  private(set) var graph: Graph
  private var draw: Draw
  private var values: [ValueID] = []
  private var constants = 0

  init(seed: UInt64, nodes: Int = 12) throws {
    graph = Graph(name: "striped")
    draw = Draw(seed: seed)
    let batch = draw.one(of: [1, 1, 1, 2])
    let shape: Shape = [batch, draw.number(2...12), draw.number(12...40), draw.number(3...12)]
    values.append(graph.addInput("x", TensorType(.i8, shape)))
    for _ in 0..<draw.number(3...nodes) { try append() }
    graph.addOutput("y", values[values.count - 1])
    if draw.chance(0.3) { graph.addOutput("z", values[draw.number(0...(values.count - 1))]) }
  }

  private mutating func append() throws {
    let x = draw.chance(0.9) ? values[values.count - 1] : draw.one(of: values)
    switch draw.number(0...10) {
    case 0, 1: try convolution(x, depthwise: false)
    case 2, 3: try convolution(x, depthwise: true)
    case 4: try sum(x)
    case 5: try add(.lookup(Lookup()), [x, constant(.i8, [256])])
    case 6: try pool(x)
    case 9: try reshape(x)
    case 7: try add(.concat(Concat(axis: 1)), [x, values[values.count - 1]])
    case 8: try add(.pool(Pool(.max, kernel: [3, 2], Window(strides: [2, 1], dilations: [1, 1]))), [x])
    default: try product(x)
    }
  }

  private mutating func add(_ op: Op, _ operands: [ValueID]) throws {
    guard (try? op.infer(operands.map { graph.type(of: $0) }))?[0].shape.elementCount ?? 0 > 0 else { return }
    values += try graph.add(op, operands, name: "n\(values.count)")
  }

  private mutating func constant(
    _ element: ElementType, _ shape: Shape, _ range: ClosedRange<Int>? = nil
  ) -> ValueID {
    constants += 1
    let values = range.map { RandomValues.uniform(Double($0.lowerBound), Double($0.upperBound)) }
    let seed = draw.seed &* 1000 &+ UInt64(constants)
    return graph.addWeight(
      "c\(constants)", Tensor(random: element, shape, values ?? draw.anything(element), seed: seed))
  }

  /// To other rows, where that can be.
  private mutating func reshape(_ x: ValueID) throws {
    let shape = graph.shape(of: x)
    guard shape[2] % 2 == 0 else { return }
    try add(.reshape(Reshape([shape[0], shape[1], shape[2] / 2, shape[3] * 2])), [x])
  }

  private mutating func convolution(_ x: ValueID, depthwise: Bool) throws {
    let shape = graph.shape(of: x)
    let kernel = [draw.number(1...4), draw.number(1...3)]
    var window = Window(
      strides: [draw.number(1...3), draw.number(1...2)], dilations: [draw.number(1...2), 1])
    window.pads = [draw.number(0...2), draw.number(0...1), draw.number(0...2), draw.number(0...1)]
    let channels = depthwise ? shape[1] : draw.number(2...16)
    let w = constant(.i8, Shape([channels, depthwise ? 1 : shape[1]] + kernel))
    let operands = [
      x, w, constant(.i8, [], -5...5), constant(.i8, [], 0...0), constant(.i32, [channels], -1000...1000),
      constant(.i32, [channels], 0x2000_0000...0x7fff_ffff), constant(.i8, [channels], 36...40),
      constant(.i8, [], -9...9),
    ]
    try add(
      .convInteger(ConvInteger(window, group: depthwise ? channels : 1, Rescaling(min: -128, max: 127))),
      operands)
  }

  private mutating func sum(_ x: ValueID) throws {
    let same = values.filter { graph.type(of: $0) == graph.type(of: x) }
    let multiplier = { (network: inout Self) in network.constant(.i32, [], 0x1000_0000...0x3fff_ffff) }
    let zero = constant(.i8, [], -9...9)
    try add(
      .addInteger(AddInteger(Rescaling(min: -128, max: 127))),
      [
        draw.one(of: same), zero, multiplier(&self), x, zero, multiplier(&self), constant(.i8, [], 29...30),
        zero,
      ])
  }

  private mutating func pool(_ x: ValueID) throws {
    let kernel = [draw.number(1...3), draw.number(1...2)]
    let window = Window(strides: [draw.number(1...2), 1], dilations: [1, 1])
    try add(
      .poolInteger(PoolInteger(Pool(.average, kernel: kernel, window), Rescaling(min: -128, max: 127))),
      [
        x, constant(.i8, [], -9...9), constant(.i32, [kernel[0] * kernel[1]], 0x2000_0000...0x7fff_ffff),
        constant(.i8, [kernel[0] * kernel[1]], 31...33), constant(.i8, [], -9...9),
      ])
  }

  /// With a number for each channel.
  private mutating func product(_ x: ValueID) throws {
    let shape = graph.shape(of: x)
    let zero = constant(.i8, [], -9...9)
    try add(
      .mulInteger(MulInteger(Rescaling(min: -128, max: 127))),
      [
        x, zero, constant(.i8, [1, shape[1], 1, 1]), zero, constant(.i32, [], 0x2000_0000...0x7fff_ffff),
        constant(.i8, [], 35...38), zero,
      ])
  }
}
