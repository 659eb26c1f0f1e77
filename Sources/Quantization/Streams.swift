import IR
import Tensors

/// The values of a graph on many samples as it is walked: as the source computes them, and as each lane does. A value is kept until its
/// last reader has been.
///
/// While nothing is opened or released, values of different samples or lanes may be read and written concurrently.
final class Streams: @unchecked Sendable {
  let graph: Graph
  let samples: Int
  private let lanes: Int
  private let store: SampleStore
  private var exact: [ValueID: SampleStore.Slot] = [:]
  private var quantized: [ValueID: [SampleStore.Slot]] = [:]
  private var readersLeft: [Int]
  /// Of the product that is being quantized: what the slopes of the functions that follow weigh its exact results with.
  private var slopes: SampleStore.Slot?

  init(_ graph: Graph, samples: Int, lanes: Int) throws(Diagnostic) {
    self.graph = graph
    self.samples = samples
    self.lanes = lanes
    store = try SampleStore()
    readersLeft = [Int](repeating: 0, count: graph.valueCapacity)
    for id in graph.order {
      for operand in graph[id].operands { readersLeft[operand.index] += 1 }
    }
    for output in graph.outputs { readersLeft[output.value.index] += 1 }
  }

  /// Makes room for a value, unless nobody reads it.
  func open(_ value: ValueID) {
    guard readersLeft[value.index] > 0 else { return }
    let type = graph.type(of: value)
    exact[value] = store.allocate(type, samples: samples)
    quantized[value] = (0..<lanes).map { _ in store.allocate(type, samples: samples) }
  }

  /// Says that a node has read a value.
  func release(_ value: ValueID) {
    readersLeft[value.index] -= 1
    guard readersLeft[value.index] == 0, let slot = exact.removeValue(forKey: value) else { return }
    store.release(slot)
    for slot in quantized.removeValue(forKey: value) ?? [] { store.release(slot) }
  }

  func exact(_ value: ValueID, _ sample: Int) throws(Diagnostic) -> Tensor {
    if let constant = graph.constant(value) { return constant }
    guard let slot = exact[value] else { throw unread(value) }
    return try store.read(sample, slot)
  }

  func quantized(_ value: ValueID, _ sample: Int, lane: Int) throws(Diagnostic) -> Tensor {
    if let constant = graph.constant(value) { return constant }
    guard let slots = quantized[value] else { throw unread(value) }
    return try store.read(sample, slots[lane])
  }

  func setExact(_ value: ValueID, _ sample: Int, _ tensor: Tensor) throws(Diagnostic) {
    if let slot = exact[value] { try store.write(tensor, sample, slot) }
  }

  func setQuantized(_ value: ValueID, _ sample: Int, lane: Int, _ tensor: Tensor) throws(Diagnostic) {
    if let slots = quantized[value] { try store.write(tensor, sample, slots[lane]) }
  }

  /// Keeps weights of a product's results, of which those of one product at a time are kept. Nil for none.
  func setSlopes(_ type: TensorType?) {
    if let slot = slopes { store.release(slot) }
    slopes = type.map { store.allocate($0, samples: samples) }
  }

  func setSlopes(_ sample: Int, _ tensor: Tensor) throws(Diagnostic) {
    if let slot = slopes { try store.write(tensor, sample, slot) }
  }

  func slopes(_ sample: Int) throws(Diagnostic) -> Tensor? {
    guard let slot = slopes else { return nil }
    return try store.read(sample, slot)
  }

  private func unread(_ value: ValueID) -> Diagnostic {
    Diagnostic("value '\(graph[value].name)' is read before it is computed", advice: "verify the graph")
  }
}
