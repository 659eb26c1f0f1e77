import IR
import Passes
import Tensors
import TestSupport
import Testing

/// The pipeline on graphs that nobody designed: every pass is checked as in the golden tests. A failure
/// prints seed and graphs.
@Test(arguments: 0..<20)
func pipelinePreservesRandomGraphs(_ block: Int) throws {
  for index in 0..<20 {
    let seed = UInt64(block * 20 + index)
    var maker = RandomGraph(seed: seed)
    let graph = try maker.make(nodes: 4 + Int(seed % 21))
    do {
      let once = try runChecked(standardPipeline, on: graph, seed: seed)
      let twice = try runChecked(standardPipeline, on: once.graph, seed: seed)
      #expect(
        twice.changes.isEmpty,
        "seed \(seed): \(twice.changes.map(\.description))\n\(graph.text)\n\(once.graph.text)")
    } catch {
      throw PassFailure(description: "seed \(seed): \(error)")
    }
  }
}

/// Builds graphs by adding random ops on random earlier values, keeping those that type.
struct RandomGraph {
  private var random: SplitMix64
  private var graph = Graph(name: "main")
  private var values: [ValueID] = []
  private var weights = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func make(nodes: Int) throws -> Graph {
    for index in 0...below(2) { values.append(graph.addInput("x\(index)", TensorType(.f32, [1, 2, 3, 4]))) }
    var attempts = 0
    while graph.order.count < nodes, attempts < nodes * 20 {
      attempts += 1
      let (op, operands) = draw()
      let types = operands.map { graph.type(of: $0) }
      guard let results = try? op.infer(types),
        results.allSatisfy({ (1...2000).contains($0.shape.elementCount) })
      else {
        continue
      }
      values += try graph.add(op, operands, name: "n\(graph.order.count)")
    }
    // Everything that nobody reads is an output, and now and then something that is read too.
    for (index, value) in values.enumerated() where graph.users(of: value).isEmpty || below(8) == 0 {
      graph.addOutput("y\(index)", value)
    }
    return graph
  }

  private mutating func draw() -> (Op, [ValueID]) {
    let x = pick()
    let shape = graph.shape(of: x)
    let rank = shape.rank
    switch below(19) {
    case 0: return (.unary(unary()), [x])
    case 1, 2: return (.binary(Binary(binary())), [x, pick()])
    case 3, 4:
      let constant = weight(channelShape(shape))
      let isLeft = below(3) == 0
      let function: BinaryFunction = isLeft ? [.add, .mul, .sub][below(3)] : binary()
      return (.binary(Binary(function)), isLeft ? [constant, x] : [x, constant])
    case 5: return (.transpose(Transpose(permutation(rank))), [x])
    case 6: return (.reshape(Reshape(permutation(rank).map { shape[$0] })), [x])
    case 7:
      return (
        .reshape(Reshape([shape.elementCount / max(shape.extents.last ?? 1, 1), shape.extents.last ?? 1])),
        [x]
      )
    case 8, 9:
      guard rank == 4 else { return (.unary(unary()), [x]) }
      let (outputs, kernel) = (1 + below(3), 1 + 2 * below(2))
      let pads = kernel == 3 || below(3) == 0 ? [1, 1, 1, 1] : []
      let w = weight([outputs, shape[1], kernel, kernel])
      let op = Conv(Window(pads: pads), activation: below(5) == 0 ? Unary(.relu) : nil)
      return (.conv(op), below(2) == 0 ? [x, w] : [x, w, weight([outputs])])
    case 10:
      guard rank == 4 else { return (.unary(unary()), [x]) }
      return (.convTranspose(ConvTranspose(Window(strides: [2, 2]))), [x, weight([shape[1], 2, 2, 2])])
    case 11, 12:
      guard rank >= 2 else { return (.unary(unary()), [x]) }
      let transposeB = below(2) == 0
      let columns = 1 + below(3)
      let w = weight(transposeB ? [columns, shape[rank - 1]] : [shape[rank - 1], columns])
      return (.matmul(MatMul(transposeB: transposeB)), below(2) == 0 ? [x, w] : [x, w, weight([columns])])
    case 13: return (.matmul(MatMul(transposeA: below(2) == 0, transposeB: below(2) == 0)), [x, pick()])
    case 14:
      guard rank >= 2 else { return (.unary(unary()), [x]) }
      let parameters = (0..<3).map { _ in weight([shape[1]]) } + [weight([shape[1]], .uniform(0.5, 1.5))]
      return (.batchNorm(BatchNorm()), [x] + parameters)
    case 15:
      let axes = (0..<rank).filter { _ in below(2) == 0 }
      return (.reduce(Reduce([.mean, .sum, .max][below(3)], axes: axes, keep: below(2) == 0)), [x])
    case 16:
      guard rank >= 1 else { return (.unary(unary()), [x]) }
      // A large epsilon, so that normalizing what has cancelled does not blow up its rounding.
      let norm = LayerNorm(epsilon: 0.1)
      return [(.softmax(Softmax(axis: below(rank))), [x]), (.layerNorm(norm), [x])][below(2)]
    case 17:
      guard rank == 4 else { return (.unary(unary()), [x]) }
      return (.pad(Pad([0, 0] + [below(2), below(2)] + [0, 0] + [below(2), 1])), [x])
    default: return (.concat(Concat(axis: rank == 0 ? 0 : below(rank))), [x, pick()])
    }
  }

  private mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
  private mutating func pick() -> ValueID {
    // Recent values, so that chains grow.
    values[values.count - 1 - below(min(values.count, 1 + below(6)))]
  }

  private mutating func permutation(_ rank: Int) -> [Int] { Array(0..<rank).shuffled(using: &random) }

  private mutating func unary() -> Unary {
    let choices = [
      Unary(.relu), Unary(.sigmoid), Unary(.tanh), Unary(.affine, 0.5, 0.25), Unary(.affine, -1.5, 0),
      Unary(.neg),
      Unary(.clip, -0.5, 0.5), Unary(.identity), Unary(.abs),
    ]
    return choices[below(choices.count)]
  }

  private mutating func binary() -> BinaryFunction { [.add, .mul, .sub, .max][below(4)] }

  /// The shape of a scalar, of something along one axis, or of a whole row.
  private mutating func channelShape(_ shape: Shape) -> Shape {
    var extents = [Int](repeating: 1, count: shape.rank)
    if shape.rank > 0, below(3) > 0 {
      let axis = below(shape.rank)
      extents[axis] = shape[axis]
    }
    return below(2) == 0 ? Shape(Array(extents.drop { $0 == 1 })) : Shape(extents)
  }

  private mutating func weight(_ shape: Shape, _ values: RandomValues = .uniform(-1, 1)) -> ValueID {
    weights += 1
    return graph.addWeight("w\(weights)", Tensor(random: .f32, shape, values, seed: random.next()))
  }
}
