import Foundation
import IR
import Tensors

/// What quantizing did to the result of one node, on samples that were learned from.
package struct LayerQuality: Sendable {
  package var node: String
  package var op: String
  /// Signal to noise ratio of the result in dB where the node alone is quantized, fed with what the source computes.
  package var own: Double
  /// The same where all that comes before is quantized too.
  package var accumulated: Double
  /// The cosine of the angle between the result and what it should be, alone and accumulated.
  package var ownCosine: Double
  package var accumulatedCosine: Double
  /// Of a product: where only its input, or only its weights, are rounded. Nil of others.
  package var ofInput: Double?
  package var ofWeights: Double?
  /// Of a product: its input, and what is peculiar to it.
  package var input: Distribution?
  package var causes: [String] = []

  /// How the numbers of a value are distributed, and what of them is stored.
  package struct Distribution: Sendable {
    /// From the least to the largest number.
    package var range: ClosedRange<Float>
    /// What lies outside is clipped; nil where channels are stored by scales of their own.
    package var stored: ClosedRange<Float>?
    /// Numbers in so many parts of equal width of the range.
    package var counts: [UInt64]
  }
}

/// Power of a signal and of several kinds of noise, added over samples.
struct NoiseMeter {
  private var signal = 0.0
  private var noise: [Double]
  private var found: [Double]

  init(kinds: Int) {
    noise = [Double](repeating: 0, count: kinds)
    found = noise
  }

  mutating func add(_ exact: Tensor, _ others: [Tensor]) {
    signal += weightedPower(exact, nil, nil)
    for (kind, other) in others.enumerated() {
      noise[kind] += weightedPower(exact, other, nil)
      found[kind] += weightedPower(other, nil, nil)
    }
  }

  /// Of the angle between all numbers and what they should be.
  func cosine(_ kind: Int) -> Double {
    guard signal > 0, found[kind] > 0 else { return signal == found[kind] ? 1 : 0 }
    return min((signal + found[kind] - noise[kind]) / 2 / (signal * found[kind]).squareRoot(), 1)
  }

  /// In dB; 200 at most, which stands for none.
  func ratio(_ kind: Int) -> Double {
    guard noise[kind] > 0, signal > 0 else { return noise[kind] > 0 ? -200 : 200 }
    return min(max(10 * log10(signal / noise[kind]), -200), 200)
  }
}

extension Lane {
  /// How many samples layers are measured on.
  private var measured: [Int] { spread(3, of: fitted) }

  /// What became of a product's result.
  func quality(of product: Product) throws(Diagnostic) -> LayerQuality? {
    guard let form = plan.narrow[product.input], let quantized = plan.products[product.node] else {
      return nil
    }
    let result = graph[product.node].results[0]
    let bias = product.bias.flatMap { graph.constant($0) }
    let weights = scaledWeights(product, form)
    var meter = NoiseMeter(kinds: 4)
    for sample in measured {
      let (input, exact) = (try streams.exact(product.input, sample), try streams.exact(result, sample))
      let rounded = asRead(input, of: product.input, form)
      let numbers = quantized.weights.numbers
      let alone = [
        try product.evaluate(rounded, numbers, bias: bias),
        try product.evaluate(rounded, weights, bias: bias),
        try product.evaluate(form.divided(input), numbers, bias: bias),
      ].map { variant.correctsBias ? product.centered($0, on: exact) : $0 }
      meter.add(exact, [alone[0], try read(result, sample), alone[1], alone[2]])
    }
    let node = graph[product.node]
    return LayerQuality(
      node: node.name, op: node.op.name, own: meter.ratio(0), accumulated: meter.ratio(1),
      ownCosine: meter.cosine(0), accumulatedCosine: meter.cosine(1), ofInput: meter.ratio(2),
      ofWeights: meter.ratio(3),
      input: statistics[product.input].map { found in
        LayerQuality.Distribution(
          range: found.range, stored: form.divisors == nil ? form.grid.range : nil,
          counts: found.counts(parts: Self.parts))
      }, causes: causes(product, form))
  }

  /// Of a distribution.
  private static let parts = 64

  /// What became of a result that is no product's with constant weights, where it is stored as integers.
  func quality(
    of id: NodeID, _ evaluate: (NodeID, [Tensor]) throws(Diagnostic) -> [Tensor]
  ) throws(Diagnostic) -> LayerQuality? {
    let node = graph[id]
    guard let result = node.results.first, graph.type(of: result).element == .f32,
      plan.wide[result] != nil || analysis[result].storage.isNarrow || graph.isProductOperand(id, 0)
    else { return nil }
    var meter = NoiseMeter(kinds: 2)
    for sample in measured {
      var operands: [Tensor] = []
      for (index, operand) in node.operands.enumerated() {
        operands.append(stored(try streams.exact(operand, sample), operand, id, index))
      }
      let own = try evaluate(id, operands)[0]
      meter.add(
        try streams.exact(result, sample),
        [plan.wide[result].map { $0.nearest(own) } ?? own, try read(result, sample)])
    }
    return LayerQuality(
      node: node.name, op: node.op.name, own: meter.ratio(0), accumulated: meter.ratio(1),
      ownCosine: meter.cosine(0), accumulatedCosine: meter.cosine(1))
  }

  /// What limits the input of a product, in words.
  private func causes(_ product: Product, _ form: NarrowForm) -> [String] {
    guard form.grid.element == .i8, !plan.inTwoBytes.contains(product.input),
      let found = statistics[product.input]
    else { return [] }
    var causes: [String] = []
    let channels = found.channelMagnitudes.sorted()
    if let largest = channels.last, form.divisors == nil, channels.count > 4 {
      let middle = channels[channels.count / 2]
      if middle > 0, largest > 8 * middle {
        causes.append("one channel is \(Int(largest / middle)) times as large as half of them")
      } else if middle == 0, largest > 0 {
        causes.append("half of the channels are always 0")
      }
    }
    if form.divisors == nil {
      let share = found.share(outside: form.grid.range)
      if share > 1e-3 { causes.append("\(String(format: "%.2g", share * 100)) % of the values are clipped") }
      let usual = found.range(leavingOut: 0.01)
      let levels = Double(usual.upperBound - usual.lowerBound) / Double(form.grid.scale)
      if levels < 32 { causes.append("99 % of the values share \(max(Int(levels), 1)) of 256 levels") }
    }
    return causes
  }
}
