import IR
import Tensors

let integerCases = lookupCases + addIntegerCases + mulIntegerCases

private let small: [ElementType] = [.i8, .u8, .i16]

/// Shapes of x and how many parameters of a rescaling there are along an axis, one where it is nil.
private let layouts: [(x: Shape, axis: Int?)] = [
  ([], nil), ([7], nil), ([2, 3, 40], nil), ([0, 3], 1), ([5], 0), ([2, 3, 7, 41], 1), ([2, 3, 33], -1),
  ([1, 3, 600], 1),
]

private func parameters(_ layout: (x: Shape, axis: Int?)) -> Shape {
  layout.axis.map { [layout.x[$0 < 0 ? $0 + layout.x.rank : $0]] } ?? []
}

private func whole(_ element: ElementType, _ shape: Shape) -> OpCase.Operand {
  operand(TensorType(element, shape), wholeRange(element))
}

private func multiplier(_ shape: Shape) -> OpCase.Operand {
  operand(TensorType(.i32, shape), .uniform(0x1p30, 0x1p31 - 1))
}

private func shift(_ shape: Shape, _ first: Double, _ last: Double) -> OpCase.Operand {
  operand(TensorType(.i8, shape), .uniform(first, last))
}

private let lookupCases: [OpCase] = {
  var cases: [OpCase] = []
  for x in small {
    for table in x == .i16 ? [.i16] : ([.i8, .u8, .i16, .i32] as [ElementType]) {
      let entries = whole(table, x == .i16 ? [513] : [256])
      for layout in layouts {
        cases.append(
          opCase(
            "\(x)\(layout.x) in \(table), axis \(layout.axis ?? 1)", .lookup(Lookup(axis: layout.axis ?? 1)),
            [
              whole(x, layout.x), entries, multiplier(parameters(layout)), shift(parameters(layout), 28, 40),
              operand(TensorType(.u8, []), .uniform(0, 20)),
            ]))
      }
      cases.append(opCase("\(x) in \(table), as it is", .lookup(Lookup()), [whole(x, [3, 90]), entries]))
      for rounding in Rescaling.Rounding.allCases {
        cases.append(
          opCase(
            "\(x) in \(table), \(rounding.rawValue), clamped",
            .lookup(Lookup(Rescaling(rounding, min: -70, max: 90), axis: 0)),
            [
              whole(x, [4, 70]), entries, multiplier([4]), shift([4], -8, 70),
              operand(TensorType(.i16, []), .uniform(0, 9)),
            ]))
      }
    }
  }
  return cases
}()

/// Shapes of a and b that broadcast, and an axis of the result.
private let pairs: [(a: Shape, b: Shape, axis: Int)] = [
  ([], [], 1), ([4, 300], [4, 300], 0), ([2, 3, 4, 5], [3, 1, 1], 1), ([2, 3, 4, 5], [5], -1),
  ([5], [2, 3, 1], 1),
  ([2, 1, 7], [1, 3, 1], 1), ([2, 3, 130], [], 1), ([1, 1], [3, 70], 1), ([0, 3], [3], 1),
]

private let addIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for (index, pair) in pairs.enumerated() {
    for (a, b) in small.flatMap({ a in small.map { (a, $0) } }) {
      let shape = pair.a.broadcast(with: pair.b) ?? []
      let all: Shape = shape.normalized(axis: pair.axis).map { [shape[$0]] } ?? []
      let to: ElementType = ([.i8, .i16, .u8, .i32] as [ElementType])[(index + cases.count) % 4]
      for (of, parameters) in [("one", ([], [])), ("each", (all, all)), ("either", (all, []))]
        as [(String, (Shape, Shape))]
      {
        let op = AddInteger(
          Rescaling(
            Rescaling.Rounding.allCases[cases.count % 3], min: cases.count % 5 == 0 ? -80 : Int(Int32.min)),
          axis: pair.axis)
        cases.append(
          opCase(
            "\(a)\(pair.a) and \(b)\(pair.b) to \(to), multipliers of \(of)", .addInteger(op),
            [
              whole(a, pair.a), whole(a, []),
              operand(TensorType(.i32, parameters.0), .uniform(-0x1p31, 0x1p31 - 1)),
              whole(b, pair.b), whole(b, []),
              operand(TensorType(.i32, parameters.1), .uniform(-0x1p31, 0x1p31 - 1)),
              shift([], 25, 40), operand(TensorType(to, []), .uniform(0, 20)),
            ]))
      }
    }
  }
  return cases + [
    opCase(
      "ties", .addInteger(AddInteger(axis: 0)),
      [
        operand(TensorType(.i8, [40]), .uniform(-9, 9)), operand(TensorType(.i8, [])),
        operand(TensorType(.i32, []), .cycle([1])),
        operand(TensorType(.i8, [40]), .uniform(-9, 9)), operand(TensorType(.i8, [])),
        operand(TensorType(.i32, []), .cycle([-1])),
        shift([], 1, 2), operand(TensorType(.i16, [])),
      ]),
    opCase(
      "a sum that no result holds", .addInteger(AddInteger()),
      [
        whole(.i16, [90]), whole(.i16, []), multiplier([]), whole(.i16, [90]), whole(.i16, []),
        multiplier([]), shift([], 0, 20),
        operand(TensorType(.i32, [])),
      ]),
  ]
}()

private let mulIntegerCases: [OpCase] = {
  var cases: [OpCase] = []
  for (index, pair) in pairs.enumerated() {
    for (a, b) in small.flatMap({ a in small.map { (a, $0) } }) {
      let shape = pair.a.broadcast(with: pair.b) ?? []
      let all: Shape = shape.normalized(axis: pair.axis).map { [shape[$0]] } ?? []
      let to: ElementType = ([.i8, .i16, .u8, .i32] as [ElementType])[(index + cases.count) % 4]
      for (of, parameters) in [("one", []), ("each", all)] as [(String, Shape)] {
        let op = MulInteger(
          Rescaling(
            Rescaling.Rounding.allCases[cases.count % 3], max: cases.count % 5 == 0 ? 80 : Int(Int32.max)),
          axis: pair.axis)
        cases.append(
          opCase(
            "\(a)\(pair.a) and \(b)\(pair.b) to \(to), parameters of \(of)", .mulInteger(op),
            [
              whole(a, pair.a), cases.count % 2 == 0 ? whole(a, []) : operand(TensorType(a, []), .cycle([0])),
              whole(b, pair.b),
              cases.count % 2 == 0 ? whole(b, []) : operand(TensorType(b, []), .cycle([0])),
              multiplier(parameters),
              shift(parameters, 30, 55), operand(TensorType(to, []), .uniform(0, 20)),
            ]))
      }
    }
  }
  return cases
}()
