import IR
import Tensors

/// What the weights of one output channel meet at some places of a product's result: rows of a matrix [places, weights].
///
/// A convolution's rows are patches in the order of its weights [channel of the group, tap]; those of a matrix product are rows
/// of its operand.
struct Patches {
  /// Rows for each group, one after the other.
  private(set) var rows: [[Float]]
  let length: Int

  /// Nil for products that have no such rows.
  init?(_ product: Product, weights: Shape) {
    switch product.op {
    case .conv: length = weights.extents.dropFirst().reduce(1, *)
    case .matmul: length = weights[product.inputAxis]
    default: return nil
    }
    rows = [[Float]](repeating: [], count: product.group)
  }

  var count: Int { length == 0 ? 0 : rows[0].count / length }

  /// Adds at most `limit` places of one input, evenly spread.
  mutating func add(_ input: Tensor, _ product: Product, weights: Shape, result: Shape, limit: Int) {
    switch product.op {
    case .conv(let conv): addWindows(input, conv, weights, result, limit)
    case .matmul: addRows(input, product, limit)
    default: break
    }
  }

  private mutating func addRows(_ input: Tensor, _ product: Product, _ limit: Int) {
    let total = input.elementCount / max(length, 1)
    let inner = input.channelStride(axis: product.channelAxis)
    input.withFloats { source in
      for place in Self.spread(total, limit) {
        let start = place / inner * inner * length + place % inner
        for index in 0..<length { rows[0].append(source[start + index * inner]) }
      }
    }
  }

  private mutating func addWindows(
    _ input: Tensor, _ conv: Conv, _ weights: Shape, _ result: Shape, _ limit: Int
  ) {
    let x = input.shape
    let spatial = x.rank - 2
    let lead = 3 - spatial
    func padded(_ extents: ArraySlice<Int>, _ fill: Int) -> [Int] {
      [Int](repeating: fill, count: lead) + extents
    }
    let image = padded(x.extents[2...], 1)
    let places = padded(result.extents[2...], 1)
    let kernel = padded(weights.extents[2...], 1)
    let strides = padded((0..<spatial).map { conv.window.stride($0) }[...], 1)
    let dilations = padded((0..<spatial).map { conv.window.dilation($0) }[...], 1)
    let begins = padded((0..<spatial).map { conv.window.begin($0) }[...], 0)
    let plane = image.reduce(1, *)
    let positions = places.reduce(1, *)
    let channels = weights[1]
    input.withFloats { source in
      for place in Self.spread(x[0] * positions, limit) {
        let (batch, position) = (place / positions, place % positions)
        let at = [
          position / (places[1] * places[2]), position / places[2] % places[1], position % places[2],
        ]
        for group in rows.indices {
          for channel in 0..<channels {
            let base = (batch * x[1] + group * channels + channel) * plane
            for depth in 0..<kernel[0] {
              let z = at[0] * strides[0] + depth * dilations[0] - begins[0]
              for line in 0..<kernel[1] {
                let row = at[1] * strides[1] + line * dilations[1] - begins[1]
                for tap in 0..<kernel[2] {
                  let column = at[2] * strides[2] + tap * dilations[2] - begins[2]
                  let isInside =
                    z >= 0 && z < image[0] && row >= 0 && row < image[1] && column >= 0 && column < image[2]
                  rows[group].append(
                    isInside ? source[base + (z * image[1] + row) * image[2] + column] : 0)
                }
              }
            }
          }
        }
      }
    }
  }

  /// At most `limit` of `total` places, evenly spread and not in step with rows.
  private static func spread(_ total: Int, _ limit: Int) -> [Int] {
    guard total > limit else { return Array(0..<total) }
    return (0..<limit).map { Int((Double($0) + 0.5) * Double(total) / Double(limit)) }
  }
}
