import IR
import Tensors

/// Einstein summation, from left to right: a pair of operands becomes one matrix product over their common
/// labels.
func einsum(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let operands = try context.variadic()
  let equation = try EinsumEquation(try context.string("equation", ""), ranks: operands.map(\.rank))
  var terms: [EinsumTerm] = []
  for (operand, labels) in zip(operands, equation.terms) {
    terms.append(try diagonal(context, EinsumTerm(operand: operand, labels: labels)))
  }
  for index in terms.indices {
    let others = terms.enumerated().filter { $0.offset != index }.flatMap(\.element.labels)
    terms[index] = try summed(context, terms[index], keeping: Set(others + equation.result))
  }
  var result = terms[0]
  for index in terms.indices.dropFirst() {
    let later = terms[(index + 1)...].flatMap(\.labels)
    result = try contracted(context, result, terms[index], keeping: Set(later + equation.result))
  }
  guard Set(result.labels) == Set(equation.result) else {
    throw Finding("equation \(ImportError.quoted(equation.text)) has a result label that no operand has")
  }
  return [try ordered(context, result, equation.result)]
}

/// An operand and the label of each of its axes.
private struct EinsumTerm {
  var operand: ONNXOperand
  var labels: [Character]

  func extent(_ label: Character) -> Int { labels.firstIndex(of: label).map { operand.shape[$0] } ?? 1 }
}

/// A parsed equation. Axes that an ellipsis stands for have digits as labels, 0 for the last one.
private struct EinsumEquation {
  var text: String
  var terms: [[Character]] = []
  var result: [Character] = []

  init(_ text: String, ranks: [Int]) throws(Finding) {
    self.text = text
    let sides = text.filter { $0 != " " }.split(
      separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let sources = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard sources.count == ranks.count else {
      throw Finding(
        "equation \(ImportError.quoted(text)) has \(sources.count) terms", expected: "\(ranks.count)")
    }
    var ellipsis = 0
    for (source, rank) in zip(sources, ranks) {
      let count = rank - source.filter { $0 != "." }.count
      let labels = try Self.labels(source, ellipsis: count, text)
      guard labels.count == rank else {
        throw Finding(
          "term \(ImportError.quoted(String(source))) stands for an operand of rank \(rank)",
          expected: "as many labels")
      }
      if source.contains(".") { ellipsis = max(ellipsis, count) }
      terms.append(labels)
    }
    if sides.count == 2 {
      guard sides[1].first == ">" else { throw Finding("equation \(ImportError.quoted(text)) is malformed") }
      result = try Self.labels(sides[1].dropFirst(), ellipsis: ellipsis, text)
      guard Set(result).count == result.count else {
        throw Finding("equation \(ImportError.quoted(text)) repeats a result label")
      }
    } else {
      let letters = terms.flatMap { $0 }.filter(\.isLetter)
      let single = Set(letters).filter { letter in letters.filter { $0 == letter }.count == 1 }
      result = Self.digits(ellipsis) + single.sorted()
    }
  }

  private static func digits(_ count: Int) -> [Character] {
    (0..<count).reversed().map { Character(String($0)) }
  }

  private static func labels(_ source: Substring, ellipsis: Int, _ text: String) throws(Finding)
    -> [Character]
  {
    let parts = source.split(separator: "...", maxSplits: 1, omittingEmptySubsequences: false)
    let letters = parts.joined()
    guard letters.allSatisfy({ $0.isASCII && $0.isLetter }), (0...9).contains(ellipsis) || parts.count == 1
    else {
      throw Finding(
        "equation \(ImportError.quoted(text)) is malformed", expected: "letters, '...', ',' and '->'")
    }
    return parts.count == 1 ? Array(parts[0]) : Array(parts[0]) + digits(ellipsis) + Array(parts[1])
  }
}

/// Replaces two axes of one label by their diagonal.
private func diagonal(_ context: ONNXNodeContext, _ term: EinsumTerm) throws(Finding) -> EinsumTerm {
  var term = term
  while let first = term.labels.indices.first(where: { term.labels[($0 + 1)...].contains(term.labels[$0]) }),
    let second = term.labels[(first + 1)...].firstIndex(of: term.labels[first])
  {
    let extent = term.operand.shape[first]
    guard term.operand.shape[second] == extent else {
      throw Finding(
        "label '\(term.labels[first])' stands for extents \(extent) and \(term.operand.shape[second])")
    }
    let others = term.labels.indices.filter { $0 != first && $0 != second }
    let moved = try context.transpose(term.operand, others + [first, second])
    let flat = try context.reshape(moved, others.map { term.operand.shape[$0] } + [extent * extent])
    var counts = flat.shape.extents
    var steps = [Int](repeating: 1, count: counts.count)
    counts[others.count] = extent
    steps[others.count] = extent + 1
    let starts = [Int](repeating: 0, count: counts.count)
    let labels = others.map { term.labels[$0] } + [term.labels[first]]
    term = EinsumTerm(
      operand: try context.slice(flat, starts: starts, counts: counts, steps: steps), labels: labels)
  }
  return term
}

/// Sums over labels that nothing else needs.
private func summed(
  _ context: ONNXNodeContext, _ term: EinsumTerm, keeping kept: Set<Character>
) throws(Finding) -> EinsumTerm {
  let axes = term.labels.indices.filter { !kept.contains(term.labels[$0]) }
  guard !axes.isEmpty else { return term }
  let sum = try context.reduce(.sum, term.operand, axes: axes, keep: false)
  return EinsumTerm(operand: sum, labels: term.labels.filter { kept.contains($0) })
}

/// The product of two terms, summed over the common labels that are not kept.
private func contracted(
  _ context: ONNXNodeContext, _ a: EinsumTerm, _ b: EinsumTerm, keeping kept: Set<Character>
) throws(Finding) -> EinsumTerm {
  let common = a.labels.filter { b.labels.contains($0) }
  let batch = common.filter { kept.contains($0) }
  let inner = common.filter { !kept.contains($0) }
  let (rows, columns) = (a.labels.filter { !common.contains($0) }, b.labels.filter { !common.contains($0) })
  func extents(_ labels: [Character]) -> [Int] { labels.map { max(a.extent($0), b.extent($0)) } }
  func matrix(_ term: EinsumTerm, _ first: [Character], _ second: [Character]) throws(Finding) -> ONNXOperand
  {
    let moved = try ordered(context, term, batch + first + second)
    let whole = try context.expand(moved, extents(batch) + extents(first) + extents(second))
    return try context.reshape(
      whole, extents(batch) + [extents(first).reduce(1, *), extents(second).reduce(1, *)])
  }
  for label in common where a.extent(label) != b.extent(label) && a.extent(label) != 1 && b.extent(label) != 1
  {
    throw Finding("label '\(label)' stands for extents \(a.extent(label)) and \(b.extent(label))")
  }
  let left = try matrix(a, rows, inner)
  let right = try matrix(b, inner, columns)
  let result = inner.isEmpty ? try context.binary(.mul, left, right) : try product(context, left, right)
  let shape = extents(batch) + extents(rows) + extents(columns)
  return EinsumTerm(operand: try context.reshape(result, shape), labels: batch + rows + columns)
}

/// The operand with its axes in the order of `labels`.
private func ordered(_ context: ONNXNodeContext, _ term: EinsumTerm, _ labels: [Character]) throws(Finding)
  -> ONNXOperand
{
  try context.transpose(term.operand, labels.compactMap { term.labels.firstIndex(of: $0) })
}
