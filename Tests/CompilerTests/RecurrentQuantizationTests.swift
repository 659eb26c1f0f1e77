import Bundle
import IR
import Ingot
import IngotCompiler
import Quantization
import Samples
import Tensors
import TestSupport
import Testing

/// Recurrent layers compiled to int8: everything that multiplies reads integers, and the results are near.
@Suite struct RecurrentQuantizationTests {
  struct Layer: Sendable, CustomStringConvertible {
    var description: String
    var op: Recurrent
    /// The least agreement of all results, in dB.
    var least = 28.0

    init(
      _ description: String, _ op: Recurrent, least: Double = 28,
      _ change: (inout Recurrent) -> Void = { _ in }
    ) {
      self.description = description
      self.op = op
      self.least = least
      change(&self.op)
    }
  }

  static let layers: [Layer] =
    Recurrent.Kind.allCases.flatMap { kind in
      Recurrent.Direction.allCases.map { Layer("\(kind) \($0)", Recurrent(kind, $0)) }
    } + [
      Layer("peepholes, coupled gates, a limit", Recurrent(.lstm)) {
        $0.peepholes = true
        $0.inputForget = true
        $0.clip = 1.5
      },
      Layer("peepholes both ways, lengths", Recurrent(.lstm, .bidirectional)) {
        $0.peepholes = true
        $0.lengths = true
      },
      Layer("other functions", Recurrent(.lstm)) {
        $0.f = Unary(.hardSigmoid, 0.2, 0.5)
        $0.g = Unary(.softsign)
        $0.h = Unary(.leakyRelu, 0.1)
      },
      Layer("reset after the product, lengths", Recurrent(.gru, .reverse)) {
        $0.linearBeforeReset = true
        $0.lengths = true
      },
      Layer("rectifier", Recurrent(.rnn)) { $0.f = Unary(.relu) },
      Layer("rectified candidate", Recurrent(.gru)) { $0.g = Unary(.relu) },
    ]

  @Test(arguments: layers) func layersAreComputedOnIntegers(_ layer: Layer) throws {
    let graph = try network(layer.op)
    let (compiled, samples) = try compileToIntegers(graph)
    #expect(Set(compiled.programs[0].multiplyAddsByFormat.keys) == ["int8xint8"])
    let lowered = compiled.module.functions[0]
    for sample in 12..<15 {
      let inputs = samples.read(sample)
      let found = try run(compiled, inputs)
      let exact = try evaluate(graph, inputs)
      for (index, result) in found.enumerated() {
        let agreement = TensorDifference(result, reference: exact[index]).signalToNoise
        #expect(agreement > layer.least, "output \(index) of \(layer)")
      }
      for (result, reference) in zip(found, try evaluate(lowered, inputs)) {
        #expect(TensorDifference(result, reference: reference).relative <= 1e-5, "\(layer)")
      }
    }
  }

  @Test func initialStatesMayBeInputs() throws {
    let graph = try network(Recurrent(.lstm), givenStates: true)
    let (compiled, samples) = try compileToIntegers(graph)
    #expect(Set(compiled.programs[0].multiplyAddsByFormat.keys) == ["int8xint8"])
    let inputs = samples.read(12)
    for (result, exact) in zip(try run(compiled, inputs), try evaluate(graph, inputs)) {
      #expect(TensorDifference(result, reference: exact).signalToNoise > 28)
    }
  }

  /// Weights and states of zeros have no range that steps could be chosen by.
  @Test(arguments: [Recurrent(.lstm), Recurrent(.gru), Layer("", Recurrent(.rnn)) { $0.f = Unary(.relu) }.op])
  func layersThatNeverMoveStayAtZero(_ op: Recurrent) throws {
    let graph = try network(op, weights: 0)
    let (compiled, samples) = try compileToIntegers(graph)
    for result in try run(compiled, samples.read(12)) { #expect(result.floats.allSatisfy { $0 == 0 }) }
  }

  /// Gates beyond 1 have no place in 16-bit fractions: the report says why the layer is left.
  @Test func gatesThatAreNoFractionsStayFloating() throws {
    var op = Recurrent(.gru)
    op.f = Unary(.relu)
    let (compiled, _) = try compileToIntegers(try network(op))
    #expect(compiled.programs[0].multiplyAddsByFormat["fp32"] != nil)
    #expect(compiled.quantizations[0].floating.contains { $0.reason.contains("no fractions") })
  }

  private func compileToIntegers(_ graph: Graph) throws -> (CompiledBundle, SeededSamples) {
    let samples = SeededSamples(Module([graph]), count: 12, seed: 5)
    let options = CompileOptions(target: cpu, precision: .int8, verifies: true)
    return (try compile(Module([graph]), options, calibration: Calibration { _, _ in samples }), samples)
  }

  private func run(_ compiled: CompiledBundle, _ inputs: [Tensor]) throws -> [Tensor] {
    let session = try Session(try Model(bytes: compiled.bytes), threads: 2)
    for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
    try session.run()
    return try session.outputs.indices.map { try session.outputTensor($0) }
  }

  /// A layer behind the product of its inputs, whose outputs meet another product, and whose last states are given.
  private func network(_ op: Recurrent, givenStates: Bool = false, weights: Double = 1) throws -> Graph {
    let (steps, batch, inputs, hidden) = (12, 3, 20, 24)
    let directions = op.direction == .bidirectional ? 2 : 1
    let width = directions * op.gateCount * hidden
    var graph = Graph(name: "main")
    var seed: UInt64 = 1
    func weight(_ name: String, _ shape: Shape, _ limit: Double) -> ValueID {
      seed += 1
      let range = RandomValues.uniform(-limit * weights, limit * weights)
      return graph.addWeight(name, Tensor(random: .f32, shape, range, seed: seed))
    }
    let x = graph.addInput("x", TensorType(.f32, [steps, batch, inputs]))
    let gates = try graph.add(
      .matmul(MatMul(transposeB: true)),
      [x, weight("w", [width, inputs], 0.4), weight("wb", [width], 0.3)])[0]
    var operands = [
      gates, weight("r", [directions, op.gateCount * hidden, hidden], 0.3),
      weight("rb", [directions, op.gateCount * hidden], 0.3),
    ]
    let state = Shape([directions, batch, hidden])
    for name in op.kind == .lstm ? ["h0", "c0"] : ["h0"] {
      operands.append(
        givenStates
          ? graph.addInput(name, TensorType(.f32, state)) : graph.addWeight(name, Tensor(zeros: .f32, state)))
    }
    if op.peepholes { operands.append(weight("p", [directions, 3 * hidden], 0.5)) }
    if op.lengths {
      operands.append(
        graph.addWeight("lengths", Tensor([12, 5, 0] as [Int64], shape: [batch], element: .i32)))
    }
    let results = try graph.add(.recurrent(op), operands)
    let flat = try graph.add(.reshape(Reshape([steps * directions * batch, hidden])), [results[0]])[0]
    let last = try graph.add(.matmul(MatMul()), [flat, weight("head", [hidden, 5], 0.5)])[0]
    graph.addOutput("y", last)
    for (index, result) in results.dropFirst().enumerated() { graph.addOutput("state\(index)", result) }
    return graph
  }
}
