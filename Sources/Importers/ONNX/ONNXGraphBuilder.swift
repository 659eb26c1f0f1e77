import IR
import Tensors

/// Emits core ops into the graph under construction, or computes them at once when their operands are
/// constant.
final class ONNXGraphBuilder {
  private(set) var graph: Graph
  private var folding: ONNXFolding
  private var limitedSizes: [LimitedSize: ValueID] = [:]
  private let file: String

  init(name: String, file: String, constantByteCount: Int) {
    graph = Graph(name: name)
    folding = ONNXFolding(constantByteCount: constantByteCount)
    self.file = file
  }

  /// The graph as it is.
  var mark: (graph: Graph, limitedSizes: [LimitedSize: ValueID]) { (graph, limitedSizes) }

  /// Drops all that came after a mark.
  func restore(_ mark: (graph: Graph, limitedSizes: [LimitedSize: ValueID])) {
    graph = mark.graph
    limitedSizes = mark.limitedSizes
  }

  func addInput(_ name: String, _ type: TensorType) -> ONNXOperand {
    ONNXOperand(graph.addInput(name, type), type)
  }

  /// Adds the model's outputs, then one for each size that only a run tells, named after the first output that
  /// it sizes.
  func addOutputs(_ outputs: [(name: String, operand: ONNXOperand)]) {
    var taken = Set(outputs.map(\.name))
    var sizes: [(name: String, value: ValueID)] = []
    for (name, operand) in outputs {
      let axes = operand.sizes.sorted { $0.key < $1.key }.map { axis, size in
        if let known = sizes.first(where: { $0.value == size }) {
          return OutputSize(axis: axis, output: known.name)
        }
        var unique = shortened(name) + ".size"
        var number = 1
        while !taken.insert(unique).inserted {
          number += 1
          unique = shortened(name) + ".size.\(number)"
        }
        sizes.append((unique, size))
        return OutputSize(axis: axis, output: unique)
      }
      graph.addOutput(name, value(of: operand), sizes: axes)
    }
    for size in sizes { graph.addOutput(size.name, size.value) }
  }

  /// The smaller one of a size that only a run tells and a limit: the same value for the same two.
  func least(_ size: ValueID, _ limit: Int, node: String) throws(Finding) -> ValueID {
    let key = LimitedSize(size: size, limit: limit)
    if let known = limitedSizes[key] { return known }
    let operands = [
      ONNXOperand(size, graph.type(of: size)),
      ONNXOperand(Tensor([Int64(limit)], shape: []), name: "\(node).limit"),
    ]
    let least = value(of: try emit(.binary(Binary(.min)), operands, node: node)[0])
    limitedSizes[key] = least
    return least
  }

  /// The results of an op on behalf of the ONNX node called `node`.
  func emit(_ op: Op, _ operands: [ONNXOperand], node: String) throws(Finding) -> [ONNXOperand] {
    let types: [TensorType]
    do {
      try op.checkAttributes()
      types = try op.infer(operands.map(\.type))
    } catch {
      throw Finding(error)
    }
    for type in types { try checkSize(type.shape, of: "the result") }
    let constants = operands.compactMap(\.constant)
    let isKnown = operands.allSatisfy(\.isKnown) && folding.take(op, operands.map(\.type), types)
    if isKnown, constants.count == operands.count, !op.keepsIntegers {
      let results: [Tensor]
      do {
        results = try op.evaluate(constants)
      } catch {
        throw Finding(error)
      }
      let name = Self.foldedName(op, operands, node: node)
      return results.indices.map { ONNXOperand(results[$0], name: $0 == 0 ? name : "\(name).\($0)") }
    }
    let location = Location.model(file: file, node: node)
    do {
      let results = try graph.add(op, operands.map { value(of: $0) }, name: node, at: location)
      let origin = isKnown ? ONNXComputation(op, operands) : nil
      return results.enumerated().map { index, value in
        let type = graph.type(of: value)
        return origin.map { ONNXOperand(value, type, $0, result: index) } ?? ONNXOperand(value, type)
      }
    } catch {
      throw Finding(error.message, advice: error.advice.isEmpty ? nil : error.advice)
    }
  }

  /// A weight that is only moved, repeated or converted keeps its name; anything else is named after the
  /// node.
  private static func foldedName(_ op: Op, _ operands: [ONNXOperand], node: String) -> String {
    switch op {
    case .reshape, .transpose, .expand, .cast: operands[0].constantName ?? node
    default: node
    }
  }

  private func value(of operand: ONNXOperand) -> ValueID {
    switch operand.source {
    case .value(let value): value
    case .constant(let tensor, let name): graph.addWeight(name.isEmpty ? "constant" : shortened(name), tensor)
    }
  }
}

struct LimitedSize: Hashable {
  var size: ValueID
  var limit: Int
}

/// A name of a bounded length, for names that functions within functions build up.
func shortened(_ name: String) -> String {
  name.utf8.count <= 1000 ? name : String(name.unicodeScalars.prefix(250))
}

extension Finding {
  init(_ error: OpError) { self.init(error.message, advice: error.advice.isEmpty ? nil : error.advice) }
}
