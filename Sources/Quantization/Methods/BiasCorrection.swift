import IR
package import Tensors

/// Moves the bias of each channel by its mean error, every place weighted by the square of the slope of what follows.
///
/// Where most places lie in the flat part of an activation, such as the background of a detector, the plain mean would spend the
/// bias on places that do not count.
package struct BiasCorrection {
  private var errors: [Double]
  private var weights: [Double]
  private let axis: Int

  package init(channels: Int, axis: Int) {
    errors = [Double](repeating: 0, count: channels)
    weights = errors
    self.axis = axis
  }

  /// Adds one result, exact and as quantized, with a weight for each element, or the same for all.
  package mutating func add(exact: Tensor, quantized: Tensor, weights slopes: Tensor?) {
    let inner = exact.channelStride(axis: axis)
    let channels = errors.count
    exact.withFloats { exact in
      quantized.withFloats { quantized in
        for (number, start) in stride(from: 0, to: exact.count, by: max(inner, 1)).enumerated() {
          let end = min(start + inner, exact.count)
          var (error, weight) = (0.0, 0.0)
          if let slopes {
            slopes.withFloats { slopes in
              for index in start..<end {
                error += Double(slopes[index]) * Double(exact[index] - quantized[index])
                weight += Double(slopes[index])
              }
            }
          } else {
            for index in start..<end { error += Double(exact[index] - quantized[index]) }
            weight = Double(end - start)
          }
          errors[number % channels] += error
          weights[number % channels] += weight
        }
      }
    }
  }

  /// What to add to the bias.
  package var correction: [Float] {
    zip(errors, weights).map { error, weight in
      let mean = weight > 0 ? error / weight : 0
      return mean.isFinite ? Float(mean) : 0
    }
  }
}

/// The functions of one value that alone read a product's result, in order.
struct FollowingFunctions {
  private let functions: [Op]

  init(_ value: ValueID, in graph: Graph) {
    var functions: [Op] = []
    var value = value
    while let user = graph.onlyUser(of: value), case .unary = graph[user].op, functions.count < 4 {
      functions.append(graph[user].op)
      value = graph[user].results[0]
    }
    self.functions = functions
  }

  var isEmpty: Bool { functions.isEmpty }

  /// The square of their slope at each element, which a small part of the mean keeps from 0; nil where nothing follows.
  func slopes(at x: Tensor) throws(Diagnostic) -> Tensor? {
    guard !functions.isEmpty, x.elementCount > 0 else { return nil }
    var largest: Float = 0
    x.withFloats { for value in $0 where value.isFinite { largest = max(largest, abs(value)) } }
    let step = max(largest * 1e-3, 1e-6)
    let (above, below) = (try apply(x.shifted(by: step)), try apply(x.shifted(by: -step)))
    var total = 0.0
    let squares = Tensor(element: .f32, shape: x.shape) { bytes in
      let target = bytes.bindMemory(to: Float.self)
      above.withFloats { above in
        below.withFloats { below in
          for index in target.indices {
            let slope = (above[index] - below[index]) / (2 * step)
            let square = slope.isFinite ? slope * slope : 0
            target[index] = square
            total += Double(square)
          }
        }
      }
    }
    let least = Float(1e-3 * total / Double(x.elementCount))
    return squares.shifted(by: max(least, 1e-12))
  }

  private func apply(_ x: Tensor) throws(Diagnostic) -> Tensor {
    var value = x
    for function in functions {
      do {
        value = try function.evaluate([value])[0]
      } catch {
        throw error.located(at: .unknown, op: function.name)
      }
    }
    return value
  }
}

extension Tensor {
  /// Every element plus a number.
  func shifted(by offset: Float) -> Tensor {
    mapChannels(axis: 0, count: nil) { values, _ in
      for index in values.indices { values[index] += offset }
    }
  }

  /// Each channel plus a number.
  func shifted(by offsets: [Float], axis: Int) -> Tensor {
    mapChannels(axis: axis, count: offsets.count) { values, channel in
      for index in values.indices { values[index] += offsets[channel] }
    }
  }
}
