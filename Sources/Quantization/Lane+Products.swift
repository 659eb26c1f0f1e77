import IR
import Tensors

extension Lane {
  /// Quantizes the weights of a product, corrects its bias, and computes it on all samples.
  mutating func quantize(_ product: Product) throws(Diagnostic) {
    let form = try narrowForm(product.input)
    let result = graph[product.node].results[0]
    let source = scaledWeights(product, form)
    var weights = quantizedWeights(product, form, source)
    if analysis.split.contains(product.node) {
      weights.addSecond(source)
    } else if variant.compensatesRounding {
      try compensate(product, form, source, &weights)
    }
    let numbers = weights.numbers
    let own = product.bias.flatMap { graph.constant($0) }
    var correction = BiasCorrection(channels: product.outputs(weights.integers), axis: product.resultAxis)
    for sample in 0..<streams.samples {
      let input = asRead(try read(product.input, sample), of: product.input, form)
      let value = try product.evaluate(input, numbers, bias: own)
      if variant.correctsBias, sample < fitted {
        let exact = try streams.exact(result, sample)
        let slopes = variant.weighsBySlope ? try streams.slopes(sample) : nil
        correction.add(exact: exact, quantized: value, weights: slopes)
      }
      try streams.setQuantized(result, sample, lane: index, value)
    }
    var bias = own?.floats
    if variant.correctsBias {
      let offsets = correction.correction
      bias = bias.map { zip($0, offsets).map { $0 + $1 } } ?? offsets
      for sample in 0..<streams.samples {
        try write(result, sample, try read(result, sample).shifted(by: offsets, axis: product.resultAxis))
      }
    } else {
      for sample in 0..<streams.samples { try write(result, sample, try read(result, sample)) }
    }
    if plan.inTwoBytes.contains(product.input) { plan.sums[product.node] = sumGrid(product.node) }
    plan.products[product.node] = QuantizedProduct(weights: weights, bias: bias)
  }

  /// Places of a layer that rounding learns from.
  private static let learningPlaces = 4096

  private func compensate(
    _ product: Product, _ form: NarrowForm, _ source: Tensor, _ weights: inout QuantizedWeights
  ) throws(Diagnostic) {
    let shape = source.shape
    guard var patches = Patches(product, weights: shape), patches.length <= CompensatedRounding.limit else {
      return
    }
    let limit = max(Self.learningPlaces, 4 * patches.length) / max(fitted, 1) + 1
    let result = graph.shape(of: graph[product.node].results[0])
    for sample in 0..<fitted {
      let input = asRead(try read(product.input, sample), of: product.input, form)
      patches.add(input, product, weights: shape, result: result, limit: limit)
    }
    let (length, scales) = (patches.length, weights.scales)
    // Rows of weights; those of a matrix product may be columns.
    let isTransposed = product.outputAxis == 1
    let rows = isTransposed ? source.transposed2D() : source
    let nearest = isTransposed ? weights.integers.transposed2D() : weights.integers
    let groupRows = scales.count / product.group
    let rounded = Tensor(element: .i8, shape: rows.shape) { bytes in
      let target = bytes.bindMemory(to: Int8.self)
      nearest.withBytes { bytes.copyMemory(from: $0) }
      rows.withFloats { source in
        for group in 0..<product.group {
          let part = group * groupRows * length..<(group + 1) * groupRows * length
          // Where there is nothing to learn from, the nearest integers stay.
          CompensatedRounding(rows: patches.rows[group], length: length)?.round(
            UnsafeBufferPointer(rebasing: source[part]),
            scales: Array(scales[group * groupRows..<(group + 1) * groupRows]),
            into: UnsafeMutableBufferPointer(rebasing: target[part]))
        }
      }
    }
    weights.integers = isTransposed ? rounded.transposed2D() : rounded
  }
}
