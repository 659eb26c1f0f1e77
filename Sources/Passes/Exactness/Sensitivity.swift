import IR
import Tensors

/// What can be told of a value, by what reads it, beyond its size up to fp32's own rounding.
struct Sensitivity: OptionSet, Sendable {
  let rawValue: UInt8

  /// Something rounds, compares, sorts or converts to an integer, so that a change in the last digit can
  /// become one of a whole step.
  static let lastDigit = Sensitivity(rawValue: 1)
  /// −0 and 0 give different results: 1 ÷ x, or the value itself as an output.
  static let signOfZero = Sensitivity(rawValue: 2)
  static let all: Sensitivity = [.lastDigit, .signOfZero]
}

/// The sensitivity of every value of a graph: what is seen on a walk from the value through elementwise ops and
/// data movement, up to the first op that sums (conv, matmul, softmax, normalisations, mean) or an output.
///
/// Behind a sum the walk ends: in which order it adds is not specified, so that it is exact to a few last digits
/// at best, and no reader of it can rely on the last digit of a term.
///
/// A pass that replaces arithmetic by other arithmetic asks this first. Three kinds of replacement are sound:
/// - the same bits for every operand: always;
/// - the same bits but for the sign of zeros: where ``Sensitivity/signOfZero`` is not seen;
/// - a result within a few units in the last place of the largest number that the original computes on the way
///   (which its own rounding is worth too), with no overflow or underflow that the original does not have: where
///   ``Sensitivity/lastDigit`` is not seen.
///
/// All values are judged at the first question, in one walk against the order. Values that a pass adds later are
/// judged by their readers, once.
struct Readers {
  private var known: [Sensitivity?] = []

  /// Whether no reader can tell a value from one with `changes`. The value is one of `graph`, which is the graph
  /// of earlier questions, or what sound replacements made of it.
  mutating func overlook(_ changes: Sensitivity, of value: ValueID, in graph: Graph) -> Bool {
    changes.isEmpty || sensitivity(of: value, in: graph).isDisjoint(with: changes)
  }

  mutating func sensitivity(of value: ValueID, in graph: Graph) -> Sensitivity {
    if known.isEmpty { judgeAll(graph) }
    if value.index < known.count, let judged = known[value.index] { return judged }
    return judge(value, isOutput: graph.isOutput(value), in: graph)
  }

  private mutating func judgeAll(_ graph: Graph) {
    known = [Sensitivity?](repeating: nil, count: max(1, graph.valueCapacity))
    let outputs = Set(graph.outputs.map(\.value))
    for node in graph.order.reversed() {
      for result in graph[node].results {
        _ = judge(result, isOutput: outputs.contains(result), in: graph)
      }
    }
  }

  private mutating func judge(_ value: ValueID, isOutput: Bool, in graph: Graph) -> Sensitivity {
    var seen: Sensitivity = isOutput ? .signOfZero : []
    if graph.type(of: value).element.isFloat {
      for user in Set(graph.users(of: value)) {
        let reading = Reading(of: value, by: user, in: graph)
        seen.formUnion(reading.seen)
        guard !reading.passed.isEmpty else { continue }
        for result in graph[user].results {
          seen.formUnion(sensitivity(of: result, in: graph).intersection(reading.passed))
        }
      }
    } else {
      seen = []
    }
    if value.index >= known.count {
      known += [Sensitivity?](repeating: nil, count: value.index + 1 - known.count)
    }
    known[value.index] = seen
    return seen
  }
}
