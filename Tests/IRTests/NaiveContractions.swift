import IR
import Tensors

/// Contractions by their defining sums, element by element in Double, for comparison with the fast ways.

/// Calls `body` with every coordinate of a shape in row-major order.
private func forEachCoordinate(_ extents: [Int], _ body: ([Int]) -> Void) {
  guard extents.allSatisfy({ $0 > 0 }) else { return }
  var coordinate = [Int](repeating: 0, count: extents.count)
  while true {
    body(coordinate)
    var axis = extents.count - 1
    while axis >= 0 {
      coordinate[axis] += 1
      if coordinate[axis] < extents[axis] { break }
      coordinate[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

private func offset(_ coordinate: [Int], _ shape: Shape) -> Int {
  zip(coordinate, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }
}

/// The place in the image below tap `tap` of the window at `position`; nil in the padding.
private func place(_ window: Window, position: [Int], tap: [Int], image: [Int]) -> [Int]? {
  var place: [Int] = []
  for axis in position.indices {
    let at = position[axis] * window.stride(axis) - window.begin(axis) + tap[axis] * window.dilation(axis)
    guard (0..<image[axis]).contains(at) else { return nil }
    place.append(at)
  }
  return place
}

func naiveConv(_ op: Conv, _ operands: [Tensor], _ y: Shape) -> [Double] {
  let (x, w) = (operands[0].shape, operands[1].shape)
  let (xs, ws) = (operands[0].floats, operands[1].floats)
  let bias = operands.count > 2 ? operands[2].floats : [Float](repeating: 0, count: w[0])
  var result: [Double] = []
  forEachCoordinate(y.extents) { at in
    var sum = Double(bias[at[1]])
    let firstChannel = at[1] / (w[0] / op.group) * w[1]
    forEachCoordinate(Array(w.extents.dropFirst())) { tap in
      let inside = place(
        op.window, position: Array(at[2...]), tap: Array(tap[1...]), image: Array(x.extents[2...]))
      guard let inside else { return }
      sum +=
        Double(xs[offset([at[0], firstChannel + tap[0]] + inside, x)]) * Double(ws[offset([at[1]] + tap, w)])
    }
    result.append(sum)
  }
  return result
}

func naiveConvTranspose(_ op: ConvTranspose, _ operands: [Tensor], _ y: Shape) -> [Double] {
  let (x, w) = (operands[0].shape, operands[1].shape)
  let (xs, ws) = (operands[0].floats, operands[1].floats)
  var result = [Double](repeating: 0, count: y.elementCount)
  forEachCoordinate(x.extents) { from in
    let group = from[1] / (w[0] / op.group)
    forEachCoordinate(Array(w.extents.dropFirst())) { tap in
      let inside = place(
        op.window, position: Array(from[2...]), tap: Array(tap[1...]), image: Array(y.extents[2...]))
      guard let inside else { return }
      result[offset([from[0], group * w[1] + tap[0]] + inside, y)] +=
        Double(xs[offset(from, x)]) * Double(ws[offset([from[1]] + tap, w)])
    }
  }
  if operands.count > 2 {
    let bias = operands[2].floats
    forEachCoordinate(y.extents) { at in result[offset(at, y)] += Double(bias[at[1]]) }
  }
  return result
}

func naivePool(_ op: Pool, _ x: Tensor, _ y: Shape) -> [Double] {
  let (xs, image) = (x.floats, Array(x.shape.extents[2...]))
  // Padding that counts makes the image larger; what ceil mode adds beyond it does not.
  var padded = op.window
  padded.pads = [Int](repeating: 0, count: 2 * image.count)
  let paddedImage = image.indices.map { image[$0] + op.window.begin($0) + op.window.end($0) }
  var result: [Double] = []
  forEachCoordinate(y.extents) { at in
    var (sum, peak, inside, counted) = (0.0, -Double.infinity, 0, 0)
    forEachCoordinate(op.kernel) { tap in
      if place(padded, position: Array(at[2...]), tap: tap, image: paddedImage) != nil { counted += 1 }
      guard let place = place(op.window, position: Array(at[2...]), tap: tap, image: image) else { return }
      let value = Double(xs[offset([at[0], at[1]] + place, x.shape)])
      sum += value
      peak = max(peak, value)
      inside += 1
    }
    let divisor = op.kind == .average ? inside : counted
    result.append(op.kind == .max ? peak : divisor == 0 ? 0 : sum / Double(divisor))
  }
  return result
}

func naiveMatMul(_ op: MatMul, _ operands: [Tensor], _ y: Shape) -> [Double] {
  let (a, b) = (operands[0], operands[1])
  let (values, others) = (a.floats, b.floats)
  let inner = a.shape[a.shape.rank - (op.transposeA ? 2 : 1)]
  func coordinate(_ shape: Shape, _ batch: [Int], _ row: Int, _ column: Int) -> [Int] {
    let own = batch.suffix(shape.rank - 2)
    return zip(own, shape.extents).map { $1 == 1 ? 0 : $0 } + [row, column]
  }
  var result: [Double] = []
  forEachCoordinate(y.extents) { at in
    let (batch, row, column) = (Array(at.dropLast(2)), at[y.rank - 2], at[y.rank - 1])
    var sum = 0.0
    for k in 0..<inner {
      let left = coordinate(a.shape, batch, op.transposeA ? k : row, op.transposeA ? row : k)
      let right = coordinate(b.shape, batch, op.transposeB ? column : k, op.transposeB ? k : column)
      sum += Double(values[offset(left, a.shape)]) * Double(others[offset(right, b.shape)])
    }
    if operands.count > 2 {
      let bias = operands[2].floats
      sum += Double(bias[operands[2].shape.rank == 2 ? row : column])
    }
    result.append(sum)
  }
  return result
}
