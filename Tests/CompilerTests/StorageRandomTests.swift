import Bundle
import IR
import IngotCompiler
import Machine
import Tensors
import TestSupport
import Testing

/// Random small graphs in which most values are views, parts or overwritten: no kernel call finds other
/// bytes than its operands'.
@Suite struct StorageRandomTests {
  @Test(arguments: 0..<60)
  func noValueIsOverwrittenWhileItIsNeeded(group: Int) throws {
    for seed in (group * 20)..<(group * 20 + 20) {
      let lowered = try LoweredGraph(randomGraph(seed: UInt64(seed)))
      do {
        try lowered.check()
      } catch {
        throw SimulationError("seed \(seed): \(error)\n\(lowered.graph.text)\n\(lowered.program.text)")
      }
    }
  }

  /// Without unread values the steps of the program and of the graph bound the arena alike.
  @Test(arguments: 0..<10)
  func lowerBoundIsTheCompilers(group: Int) throws {
    for seed in (group * 20)..<(group * 20 + 20) {
      var graph = try randomGraph(seed: UInt64(seed))
      for id in graph.order.reversed() where graph[id].results.allSatisfy({ isUnread($0, in: graph) }) {
        graph.remove(id)
      }
      let lowered = try LoweredGraph(graph)
      #expect(lowered.memory.lowerBound == lowered.arenaLowerBound, "seed \(seed)\n\(lowered.graph.text)")
    }
  }

  private func isUnread(_ value: ValueID, in graph: Graph) -> Bool {
    graph.users(of: value).isEmpty && !graph.isOutput(value)
  }
}

/// Up to 24 nodes on tensors of at most a few dozen elements.
func randomGraph(seed: UInt64) throws -> Graph {
  var random = SplitMix64(seed: seed)
  var graph = Graph(name: "random")
  var values: [ValueID] = []
  for index in 0..<Int.random(in: 1...3, using: &random) {
    values.append(graph.addInput("x\(index)", TensorType(.f32, shapes.randomElement(using: &random) ?? [24])))
  }
  values.append(graph.addWeight("w", Tensor(random: .f32, [1, 4], seed: seed)))
  for index in 0..<Int.random(in: 4...24, using: &random) {
    // Recent values are read more often, which makes chains.
    let recent = values[max(0, values.count - 4)...].randomElement(using: &random) ?? values[0]
    let value = Bool.random(using: &random) ? recent : values.randomElement(using: &random) ?? recent
    guard let (op, operands) = randomNode(value, values, graph, &random),
      (try? op.infer(operands.map { graph.type(of: $0) })) != nil
    else { continue }
    values += try graph.add(op, operands, name: "n\(index)")
  }
  for index in 0..<Int.random(in: 1...4, using: &random) {
    let isLast = index == 0
    graph.addOutput(
      "y\(index)", isLast ? values[values.count - 1] : values.randomElement(using: &random) ?? values[0])
  }
  return graph
}

private let shapes: [Shape] = [
  [24], [1, 24], [2, 12], [6, 4], [4, 6], [2, 3, 4], [1, 6, 4], [1, 1, 8, 3], [1, 4],
]

private func randomNode(
  _ value: ValueID, _ values: [ValueID], _ graph: Graph, _ random: inout SplitMix64
) -> (Op, [ValueID])? {
  let shape = graph.shape(of: value)
  switch Int.random(in: 0..<12, using: &random) {
  case 0, 1:
    let all = shapes.filter { $0.elementCount == shape.elementCount }
    return all.randomElement(using: &random).map { (.reshape(Reshape($0.extents)), [value]) }
  case 2, 3: return (randomSlice(shape, &random), [value])
  case 4, 5, 6:
    let axis = shape.rank > 1 ? Int.random(in: 0..<2, using: &random) : 0
    let candidates = values.filter { fits(graph.type(of: $0), graph.type(of: value), except: axis) }
    let count = Int.random(in: 0...3, using: &random)
    return (
      .concat(Concat(axis: axis)),
      [value] + (0..<count).compactMap { _ in candidates.randomElement(using: &random) }
    )
  case 7, 8: return (.unary(Unary(.exp)), [value])
  case 9:
    guard let other = values.randomElement(using: &random) else { return nil }
    let operands = Bool.random(using: &random) ? [value, other] : [other, value]
    return (.binary(Binary(.add)), operands)
  case 10:
    let element: ElementType = [.f32, .f32, .i32, .f16].randomElement(using: &random) ?? .f32
    return (.cast(Cast(element)), [value])
  default: return shape.rank == 0 ? nil : (.softmax(Softmax(axis: -1)), [value])
  }
}

private func fits(_ other: TensorType, _ type: TensorType, except axis: Int) -> Bool {
  other.element == type.element && other.rank == type.rank
    && type.shape.indices.allSatisfy { $0 == axis || other.shape[$0] == type.shape[$0] }
}

/// Cuts one axis or several, or takes one index of the outer ones; now and then nothing.
private func randomSlice(_ shape: Shape, _ random: inout SplitMix64) -> Op {
  var slice = Slice(starts: shape.map { _ in 0 }, counts: shape.extents)
  for axis in shape.indices where shape[axis] > 0 && (axis == 0 || Int.random(in: 0..<3, using: &random) == 0)
  {
    slice.starts[axis] = Int.random(in: 0..<shape[axis], using: &random)
    let rest = shape[axis] - slice.starts[axis]
    slice.counts[axis] =
      Int.random(in: 0..<6, using: &random) == 0 ? 0 : Int.random(in: 1...rest, using: &random)
  }
  return .slice(slice)
}
