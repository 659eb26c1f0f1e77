package import IR
package import Tensors

/// One use of an op on random operands. Every runner (reference, compiled, round trips) takes the same cases.
package struct OpCase: Sendable, CustomStringConvertible {
  package struct Operand: Sendable {
    package var type: TensorType
    package var values: RandomValues
  }

  /// Unique among ``opCases``: `conv: 2-d, stride 2`.
  package let name: String
  package let op: Op
  package let operands: [Operand]
  /// How far results may lie from the reference, in units of the largest output; 0 asks for equality.
  package let tolerance: Double

  /// Random contents of the operands, the same each time.
  package var tensors: [Tensor] {
    operands.enumerated().map { index, operand in
      Tensor(
        random: operand.type.element, operand.type.shape, operand.values,
        seed: seed &+ UInt64(index) &* 0x51_7cc1)
    }
  }

  /// A graph of this op alone with inputs `x0`, `x1`, .. and outputs `y0`, .. With `weights` every operand
  /// but the first is a weight instead, `w1`, ...
  package func graph(weights: Bool = false) throws(Diagnostic) -> Graph {
    var graph = Graph(name: "main")
    var values: [ValueID] = []
    let tensors = weights ? tensors : []
    for (index, operand) in operands.enumerated() {
      values.append(
        weights && index > 0
          ? graph.addWeight("w\(index)", tensors[index]) : graph.addInput("x\(index)", operand.type))
    }
    for (index, result) in try graph.add(op, values, name: "node").enumerated() {
      graph.addOutput("y\(index)", result)
    }
    return graph
  }

  package var description: String { name }

  private var seed: UInt64 {
    name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// What rounding of an element type allows.
  package static func rounding(_ element: ElementType) -> Double {
    switch element {
    case .f32: 1e-5
    case .f16: 1e-3
    case .bf16: 8e-3
    default: 0
    }
  }
}

/// Every op on shapes, attributes, element types and values that matter. All are legal.
package let opCases: [OpCase] =
  unaryCases + binaryCases + selectCases + castCases + elementwiseCases + matMulCases + convCases
  + convTransposeCases + poolCases + argPoolCases + reduceCases + argReduceCases + cumSumCases
  + normalizationCases + movementCases + gatherCases + scatterCases + topKCases + nonZeroCases + uniqueCases
  + nmsCases + recurrentCases + recurrentIntegerCases + gridSampleCases + roiAlignCases
  + integerProductCases + quantizationCases + integerCases + integerRowCases + padCases + resizeCases

/// A case with standard values. Results of `exact` ones don't depend on rounding.
func opCase(_ name: String, _ op: Op, _ types: [TensorType], exact: Bool = false) -> OpCase {
  opCase(name, op, types.map { OpCase.Operand(type: $0, values: .standard($0.element)) }, exact: exact)
}

/// A case whose operands all draw from `values`.
func opCase(_ name: String, _ op: Op, _ types: [TensorType], _ values: RandomValues, exact: Bool = false)
  -> OpCase
{
  opCase(name, op, types.map { OpCase.Operand(type: $0, values: values) }, exact: exact)
}

func opCase(_ name: String, _ op: Op, _ operands: [OpCase.Operand], exact: Bool = false) -> OpCase {
  let results = (try? op.infer(operands.map(\.type))) ?? []
  let elements = results.map(\.element) + operands.map(\.type.element).filter(\.isFloat)
  let tolerance =
    exact || results.allSatisfy { !$0.element.isFloat } ? 0 : elements.map(OpCase.rounding).max() ?? 0
  return OpCase(name: "\(op.name): \(name)", op: op, operands: operands, tolerance: tolerance)
}

func f32(_ extents: Int...) -> TensorType { TensorType(.f32, Shape(extents)) }

/// The operand with its range of values.
func operand(_ type: TensorType, _ values: RandomValues? = nil) -> OpCase.Operand {
  OpCase.Operand(type: type, values: values ?? .standard(type.element))
}
