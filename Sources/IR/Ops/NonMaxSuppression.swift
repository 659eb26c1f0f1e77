package import Tensors

/// Chooses boxes of high score that overlap little, for each class of each image by itself.
///
/// boxes: [batch, n, 4], scores: [batch, classes, n], both f32, f16 or bf16; arithmetic is fp32. A box is two
/// opposite corners y1, x1, y2, x2 in any order, or with `center_point_box` its center x, y, width and height.
/// Boxes are taken by falling score, equal ones by their number, and kept unless they overlap a box kept before:
/// intersection ÷ union > `iou_threshold`. Boxes without area overlap none. Scores that are NaN or at most
/// `score_threshold` are left out; a threshold of −∞ leaves out NaN alone. Results: batch, class and number of
/// the kept boxes, i64[bound, 3], followed by zeros, where bound = batch · classes · min(n,
/// `max_output_boxes_per_class`); and how many there are, i64[].
package struct NonMaxSuppression: OpDefinition {
  package var isCentered = false
  package var most = 0
  package var overlap = 0.0
  package var score = -Double.infinity

  package init(
    isCentered: Bool = false, most: Int = 0, overlap: Double = 0, score: Double = -.infinity
  ) {
    self.isCentered = isCentered
    self.most = most
    self.overlap = overlap
    self.score = score
  }

  package var name: String { "nms" }
  package var `default`: NonMaxSuppression { NonMaxSuppression() }
  package var attributes: [Attribute<NonMaxSuppression>] {
    [
      .flag("center_point_box", \.isCentered), .int("max_output_boxes_per_class", \.most),
      .float("iou_threshold", \.overlap), .float("score_threshold", \.score),
    ]
  }

  package func infer(_ operands: [TensorType]) throws(OpError) -> [TensorType] {
    try operands.expect(2...2)
    try operands.expectFloat()
    let (boxes, scores) = (operands[0].shape, operands[1].shape)
    guard boxes.rank == 3, scores.rank == 3, boxes[2] == 4, boxes[0] == scores[0], boxes[1] == scores[2]
    else {
      throw OpError(
        "boxes are \(operands[0]) and scores \(operands[1]), expected [batch, n, 4] and [batch, classes, n]")
    }
    guard most >= 0 else { throw OpError("max_output_boxes_per_class is \(most), expected 0 or more") }
    guard let bound = Shape([scores[0], scores[1], Swift.min(most, scores[2])]).checkedCount else {
      throw OpError("scores are \(operands[1]), expected fewer")
    }
    return [TensorType(.i64, [bound, 3]), TensorType(.i64, [])]
  }

  package func evaluate(_ operands: [Tensor], _ results: [TensorType]) throws(OpError) -> [Tensor] {
    let (boxes, scores, shape) = (operands[0].floats, operands[1].floats, operands[1].shape)
    let count = shape[2]
    var selected: [Int] = []
    for batch in 0..<shape[0] {
      let corners = (0..<count).map { box in
        let start = (batch * count + box) * 4
        return Corners(Array(boxes[start..<(start + 4)]), isCentered: isCentered)
      }
      for category in 0..<shape[1] {
        let start = (batch * shape[1] + category) * count
        for box in kept(corners, Array(scores[start..<(start + count)])) {
          selected += [batch, category, box]
        }
      }
    }
    return [
      Tensor(padded(selected, to: results[0].shape.elementCount), shape: results[0].shape),
      Tensor([Int64(selected.count / 3)], shape: []),
    ]
  }

  /// The boxes that are kept of one class, in the order in which they are taken.
  private func kept(_ corners: [Corners], _ scores: [Float]) -> [Int] {
    let (least, limit) = (Float(score), Float(overlap))
    let candidates = scores.indices.filter {
      scores[$0] > least || (scores[$0] == least && least == -.infinity)
    }
    let order = candidates.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    var kept: [Int] = []
    for box in order where kept.count < most {
      if kept.allSatisfy({ !(corners[box].overlap(corners[$0]) > limit) }) { kept.append(box) }
    }
    return kept
  }
}

/// A box by its least and its greatest coordinates.
private struct Corners {
  var low: (Float, Float)
  var high: (Float, Float)

  init(_ box: [Float], isCentered: Bool) {
    if isCentered {
      let half = (box[2] / 2, box[3] / 2)
      low = (box[0] - half.0, box[1] - half.1)
      high = (box[0] + half.0, box[1] + half.1)
    } else {
      low = (box[0] < box[2] ? box[0] : box[2], box[1] < box[3] ? box[1] : box[3])
      high = (box[0] < box[2] ? box[2] : box[0], box[1] < box[3] ? box[3] : box[1])
    }
  }

  var area: Float { (high.0 - low.0) * (high.1 - low.1) }

  /// Intersection ÷ union; −1 when there is none, or a box has no area.
  func overlap(_ other: Corners) -> Float {
    let start = (low.0 > other.low.0 ? low.0 : other.low.0, low.1 > other.low.1 ? low.1 : other.low.1)
    let end = (high.0 < other.high.0 ? high.0 : other.high.0, high.1 < other.high.1 ? high.1 : other.high.1)
    guard end.0 > start.0, end.1 > start.1, area > 0, other.area > 0 else { return -1 }
    let common = (end.0 - start.0) * (end.1 - start.1)
    let union = area + other.area - common
    return common > 0 && union > 0 ? common / union : -1
  }
}
