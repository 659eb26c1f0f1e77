import IR
import Tensors

// Losses, which are plain arithmetic on scores and class indices.

func negativeLogLikelihood(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  [try loss(context, logProbabilities: try context.input(0))]
}

func softmaxCrossEntropy(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let scores = try context.input(0)
  let logarithms = try context.emit(.softmax(Softmax(axis: 1, log: true)), [scores])
  return [try loss(context, logProbabilities: logarithms), logarithms]
}

/// −weight × log-probability of the given class at each position, as they are or summed up.
private func loss(
  _ context: ONNXNodeContext, logProbabilities x: ONNXOperand
) throws(Finding) -> ONNXOperand {
  enum Reduction: String, CaseIterable { case none, mean, sum }
  let target = try context.input(1)
  guard x.rank >= 2, target.element.isInteger,
    target.shape.extents == [x.shape[0]] + x.shape.dropFirst(2)
  else {
    throw Finding(
      "scores are \(x.type) and classes \(target.type)", expected: "[N, C, d..] and integers [N, d..]")
  }
  let (n, c) = (x.shape[0], x.shape[1])
  let positions = x.shape.dropFirst(2).reduce(1, *)
  var classes = try context.reshape(try context.cast(target, .i64), [n, positions])
  var isCounted: ONNXOperand?
  if let ignored = try context.optionalInt("ignore_index") {
    let mark = context.scalar(Double(ignored), .i64)
    isCounted = try context.binary(.notEqual, classes, mark)
    // What is ignored need not be a class at all.
    classes = try context.select(try context.binary(.equal, classes, mark), context.scalar(0, .i64), classes)
  }
  var weight = try context.optional(2).map { (weights) throws(Finding) in
    guard weights.shape == [c] else {
      throw Finding("the weight has shape \(weights.shape)", expected: "[\(c)]")
    }
    return try context.emit(.gather(Gather(axis: 0)), [weights, classes])
  }
  if let counted = isCounted {
    let zero = context.scalar(0, like: x)
    weight = try context.select(counted, weight ?? context.scalar(1, like: x), zero)
  }

  // Element [n, class, d] of the scores, flattened.
  var place = try context.binary(.mul, classes, context.scalar(Double(positions), .i64))
  place = try context.binary(.add, place, try context.iota(positions))
  let starts = try context.binary(
    .mul, try context.reshape(try context.iota(n), [n, 1]), context.scalar(Double(c * positions), .i64))
  place = try context.binary(.add, place, starts)
  let flat = try context.reshape(x, [x.shape.elementCount])
  var losses = try context.unary(.neg, try context.emit(.gather(Gather(axis: 0)), [flat, place]))
  if let weight { losses = try context.binary(.mul, losses, weight) }

  switch try context.word("reduction", Reduction.mean) {
  case .none: return try context.reshape(losses, target.shape.extents)
  case .sum: return try context.reduce(.sum, losses, axes: [0, 1], keep: false)
  case .mean:
    guard let weight else { return try context.reduce(.mean, losses, axes: [0, 1], keep: false) }
    let whole = try context.expand(weight, [n, positions])
    return try context.binary(
      .div, try context.reduce(.sum, losses, axes: [0, 1], keep: false),
      try context.reduce(.sum, whole, axes: [0, 1], keep: false))
  }
}
