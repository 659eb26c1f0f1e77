import IR
import Tensors

/// Everything of a graph but the names of values and locations, with values by their position: equal for
/// two graphs that differ in nothing else.
struct GraphStructure: Equatable {
  struct NodeStructure: Equatable {
    var op: Op
    var operands: [Int]
    var results: [TensorType]
    var name: String
  }
  struct WeightStructure: Equatable {
    var name: String
    var type: TensorType
    var digest: UInt64?
  }
  struct PortStructure: Equatable {
    var name: String
    var value: Int
    var type: TensorType
    var sizes: [OutputSize]
  }
  var name: String
  var inputs: [PortStructure]
  var outputs: [PortStructure]
  var weights: [WeightStructure]
  var nodes: [NodeStructure]

  init(_ graph: Graph) {
    var number: [ValueID: Int] = [:]
    for port in graph.inputs { number[port.value] = number.count }
    for weight in graph.weights { number[weight] = number.count }
    for node in graph.order { for result in graph[node].results { number[result] = number.count } }
    let port = { (port: Port) in
      PortStructure(
        name: port.name, value: number[port.value] ?? -1, type: graph.type(of: port.value), sizes: port.sizes)
    }
    name = graph.name
    inputs = graph.inputs.map(port)
    outputs = graph.outputs.map(port)
    weights = graph.weights.compactMap { value in
      graph.weight(value).map {
        WeightStructure(name: $0.name, type: graph.type(of: value), digest: $0.tensor?.digest)
      }
    }
    nodes = graph.order.map { id in
      let node = graph[id]
      return NodeStructure(
        op: node.op, operands: node.operands.map { number[$0] ?? -1 },
        results: node.results.map { graph.type(of: $0) },
        name: node.name)
    }
  }
}
