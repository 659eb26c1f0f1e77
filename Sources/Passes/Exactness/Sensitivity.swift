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
  /// The value is a term of sums whose last digit something reads. Sums of few terms, or of whole numbers, are exact in
  /// any order, so that a term's own rounding shows: a product with the identity, or with 0 and 1.
  static let lastDigitOfTerm = Sensitivity(rawValue: 4)
  /// The last digit, read directly or through sums.
  static let digits: Sensitivity = [.lastDigit, .lastDigitOfTerm]
  static let all: Sensitivity = [.digits, .signOfZero]
}

/// The sensitivity of every value of a graph: what is seen on a walk from the value through elementwise ops and
/// data movement, up to an output or the first op that rounds in a way of its own (softmax, normalizations,
/// exponentials): of its result nobody can rely on the last digit.
///
/// Through sums (conv, matmul, mean) the walk goes on, but what it finds is told apart as
/// ``Sensitivity/lastDigitOfTerm``. In which order they add is not specified, so that they are exact to a few last
/// digits at best. Folding a constant into the weights of a sum moves the rounding of its terms and no more, and is sound
/// where nobody reads the sum's own last digit; else no network that ends in a comparison could fold anything. Other
/// arithmetic for a term, such as a product for a quotient, is sound only where nobody reads it through sums either.
///
/// A pass that replaces arithmetic by other arithmetic asks this first. Three kinds of replacement are sound:
/// - the same bits for every operand: always;
/// - the same bits but for the sign of zeros: where ``Sensitivity/signOfZero`` is not seen;
/// - a result within a few units in the last place of the largest number that the original computes on the way
///   (which its own rounding is worth too), with no overflow or underflow that the original does not have: where
///   none of ``Sensitivity/digits`` is seen, or ``Sensitivity/lastDigit`` for the terms of a sum.
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
        guard !reading.passed.isEmpty || reading.isTerm else { continue }
        for result in graph[user].results {
          let read = sensitivity(of: result, in: graph)
          seen.formUnion(read.intersection(reading.passed))
          if reading.isTerm, !read.isDisjoint(with: .digits) { seen.insert(.lastDigitOfTerm) }
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
