import Foundation
import IR
import Tensors

extension Lane {
  /// What a product makes of a value as it is, on a few samples, which are kept in a temporary file.
  private struct Trial {
    let product: Product
    let samples: [Int]
    let store: SampleStore
    let exact: SampleStore.Slot
    let slopes: SampleStore.Slot?
    let power: Double
  }

  func search(
    _ value: ValueID, _ products: [Product], from plain: NarrowForm
  ) throws(Diagnostic) -> NarrowForm {
    guard variant.searchesRanges || variant.scalesChannels else { return plain }
    let trials = try products.map { (product) throws(Diagnostic) in try trial(product, value) }
    var best = (form: plain, error: try error(of: plain, value, trials))
    if variant.scalesChannels, let candidates = scaledForms(value, products) {
      let before = best.error
      for form in candidates {
        let error = try error(of: form, value, trials)
        if error < best.error, error < 0.9 * before { best = (form, error) }
      }
    }
    if variant.searchesRanges, best.form.divisors == nil {
      for range in ranges(value) {
        let form = NarrowForm(grid: Grid(eightBits: range))
        let error = try error(of: form, value, trials)
        if error < best.error { best = (form, error) }
      }
    }
    return best.form
  }

  /// Multiply-adds that computing a product once on all of its samples may take.
  private static let searchWork = 100_000_000

  /// As many samples as are computed in little time, no fewer than 3: those of different brightness or loudness ask for different ranges.
  private func searchSamples(_ product: Product) -> Int {
    min(max(Self.searchWork / max(graph.multiplyAdds(of: product.node), 1), 3), fitted)
  }

  private func trial(_ product: Product, _ value: ValueID) throws(Diagnostic) -> Trial {
    let weights = graph.constant(product.weight)!
    let bias = product.bias.flatMap { graph.constant($0) }
    let result = graph[product.node].results[0]
    let following = FollowingFunctions(result, in: graph)
    let samples = spread(searchSamples(product), of: fitted)
    let store = try SampleStore()
    let type = TensorType(.f32, graph.shape(of: result))
    let results = store.allocate(type, samples: samples.count)
    let slopes =
      variant.weighsBySlope && !following.isEmpty ? store.allocate(type, samples: samples.count) : nil
    var power = 0.0
    for (place, sample) in samples.enumerated() {
      let exact = try product.evaluate(try read(value, sample), weights, bias: bias)
      try store.write(exact, place, results)
      let slope = slopes == nil ? nil : try following.slopes(at: exact)
      if let slope, let slopes { try store.write(slope, place, slopes) }
      power += weightedPower(exact, nil, slope)
    }
    return Trial(
      product: product, samples: samples, store: store, exact: results, slopes: slopes, power: power)
  }

  /// The share of the products' power that a form turns to noise, weights rounded to nearest.
  private func error(
    of form: NarrowForm, _ value: ValueID, _ trials: [Trial]
  ) throws(Diagnostic) -> Double {
    var sum = 0.0
    for trial in trials {
      let product = trial.product
      let numbers = quantizedWeights(product, form).numbers
      let bias = product.bias.flatMap { graph.constant($0) }
      var noise = 0.0
      for (place, sample) in trial.samples.enumerated() {
        let result = try product.evaluate(form.nearest(try read(value, sample)), numbers, bias: bias)
        let slope = try trial.slopes.map { (slot) throws(Diagnostic) in try trial.store.read(place, slot) }
        noise += weightedPower(try trial.store.read(place, trial.exact), result, slope)
      }
      sum += noise / max(trial.power, 1e-30)
    }
    return sum
  }

  private func quantizedWeights(_ product: Product, _ form: NarrowForm) -> QuantizedWeights {
    quantizedWeights(product, form, scaledWeights(product, form))
  }

  func quantizedWeights(_ product: Product, _ form: NarrowForm, _ weights: Tensor) -> QuantizedWeights {
    QuantizedWeights(
      nearest: weights, axis: product.outputAxis, leastScales: leastScales(product, form, weights))
  }

  /// Steps of sums that a bias takes at most, so that it fits beside them into 32 bits.
  private static let biasLimit: Float = 0x1p28

  /// What keeps the bias of a channel of tiny weights expressible in steps of its sums.
  private func leastScales(_ product: Product, _ form: NarrowForm, _ weights: Tensor) -> [Float]? {
    guard let bias = product.bias.flatMap({ graph.constant($0) })?.floats else { return nil }
    let count = product.scaleCount(weights)
    var least = [Float](repeating: 0, count: count)
    // A scale may serve the channels of several groups.
    for (channel, value) in bias.enumerated() where value.isFinite {
      least[channel % count] = max(least[channel % count], abs(value) / (form.grid.scale * Self.biasLimit))
    }
    return least
  }

  func scaledWeights(_ product: Product, _ form: NarrowForm) -> Tensor {
    let weights = graph.constant(product.weight)!.converted(to: .f32)
    return form.divisors.map { product.weights(weights, times: $0) } ?? weights
  }

  /// Ranges to try: shares of the whole range, and such that leave out few values.
  private func ranges(_ value: ValueID) -> [ClosedRange<Float>] {
    let whole = range(of: value)
    let shares: [Float] = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4]
    var ranges = shares.map { whole.lowerBound * $0...whole.upperBound * $0 }
    if let found = statistics[value], whole == found.range {
      ranges += [1e-5, 1e-4, 1e-3, 3e-3].map { found.range(leavingOut: $0) }
    }
    return ranges
  }

  /// Forms whose channels are divided by powers of their magnitudes over those of the weights that they meet: SmoothQuant (Xiao et
  /// al., 2022), of which cross-layer equalization (Nagel et al., 2019) is the case of exponent ½.
  private func scaledForms(_ value: ValueID, _ products: [Product]) -> [NarrowForm]? {
    let storage = analysis[value].storage
    guard storage.isWide || graph.hasChannelFactors(value) else { return nil }
    // What moves elements on would move quotients.
    guard storage.isWide || !graph.users(of: value).contains(where: { graph.passesElements($0, value) })
    else {
      return nil
    }
    guard let found = statistics[value], let first = products.first, !found.channelMaxima.isEmpty,
      products.allSatisfy({ $0.channelAxis == first.channelAxis })
    else { return nil }
    let magnitudesSeen = found.channelMagnitudes
    let channels = magnitudesSeen.count
    let largest = magnitudesSeen.max() ?? 0
    guard largest > 0, channels > 1 else { return nil }
    // A channel that is seldom active may do more on other samples: none counts as less than a tenth of the largest.
    let magnitudes = magnitudesSeen.map { max($0, largest / 10) }
    var weights = [Float](repeating: 0, count: channels)
    var meetsOneWeight = true
    for product in products {
      let own = product.largest(graph.constant(product.weight)!)
      guard own.count == channels else { return nil }
      for index in weights.indices { weights[index] = max(weights[index], own[index]) }
      meetsOneWeight = meetsOneWeight && product.group == channels
    }
    let heaviest = max(weights.max() ?? 0, 1e-20)
    return [Float(0.25), 0.4, 0.5, 0.6, 0.75, 0.9].map { exponent in
      var divisors = zip(magnitudes, weights).map { magnitude, weight in
        // A depthwise convolution has a scale of its own for the weights of each channel: they limit nothing.
        let relative = meetsOneWeight ? 1 : max(weight / heaviest, 1e-3)
        return power(magnitude / largest, exponent) / power(relative, 1 - exponent)
      }
      let mean = divisors.reduce(0) { $0 + log($1) } / Float(channels)
      divisors = divisors.map { $0 / exp(mean) }
      return NarrowForm(
        grid: Grid(eightBits: dividedRange(found, divisors)), divisors: divisors, axis: first.channelAxis)
    }
  }

  private static let margin: Float = 1.1

  private func dividedRange(_ found: ValueStatistics, _ divisors: [Float]) -> ClosedRange<Float> {
    let lower = zip(found.channelMinima, divisors).map { $0 / $1 }.min() ?? 0
    let upper = zip(found.channelMaxima, divisors).map { $0 / $1 }.max() ?? 0
    // Where every channel fills the grid, each of them may go beyond on other samples.
    return min(lower, 0) * Self.margin...max(upper, 0) * Self.margin
  }
}
