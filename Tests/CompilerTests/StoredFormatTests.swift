import Bundle
import CBundleFormat
import IR
import Ingot
import IngotCompiler
import Quantization
import Tensors
import TestSupport
import Testing

/// Weights in few bits, through the compiler, read by every kind of layer.
@Suite struct StoredFormatTests {
  /// Every layer that has a weight.
  private static func network() throws -> Graph {
    var b = GraphBuilder("net")
    let ids = try b.input("ids", [2, 6], .i64)
    let x = try b.input("x", [1, 6, 9, 9])
    var image = try b.conv2d("conv", x, channels: 40, kernel: 3, padding: 1, groups: 2)
    image = try b.conv2d("depthwise", image, channels: 120, kernel: 3, padding: 1, groups: 40)
    image = try b.conv2d("point", image, channels: 11)
    image = try b.convTranspose2d("up", image, channels: 13, kernel: 3)
    try b.output("image", image)
    let rows = try b.embedding("table", ids, count: 50, width: 37)
    let gates = try b.linear("gates", rows, features: 4 * 18)
    let zero = b.constant("zero", Tensor(zeros: .f32, [1, 6, 18]))
    let weights = try b.parameter("recurrent.weight", [1, 72, 18])
    let bias = try b.parameter("recurrent.bias", [1, 72])
    let steps = try b.addAll(.recurrent(Recurrent(.lstm)), [gates, weights, bias, zero, zero])[0]
    let plain = try b.reshape(steps, [12, 18])
    let wide = try b.matmul(plain, b.parameter("columns", [18, 75]))
    let batches = try b.matmul(b.reshape(wide, [3, 4, 75]), b.parameter("batches", [3, 75, 9]))
    try b.output("rows", batches)
    var graph = try b.finish()
    for (index, value) in graph.weights.enumerated() where graph.constant(value) == nil {
      let shape = graph.shape(of: value)
      graph.bind(value, to: Tensor(random: .f32, shape, .uniform(-0.5, 0.5), seed: UInt64(index)))
    }
    return graph
  }

  private static let inputs = [
    Tensor([0, 49, -1, 7, 7, -50, 3, 1, 20, 0, 11, 48] as [Int64], shape: [2, 6]),
    Tensor(random: .f32, [1, 6, 9, 9], .uniform(-1, 1), seed: 5),
  ]

  /// Kernels give what the definitions of the ops in the graph say, in packed bits and in memory of no whole weight.
  @Test(arguments: Palette.widths, [0, 5])
  func palettesAreReadInPlace(bits: Int, channels: Int) throws {
    var options = CompileOptions(target: cpu, precision: .palette, verifies: true)
    options.weights = .palette(bits: bits, channels: channels)
    let compiled = try compile(Module([try Self.network()]), options)
    let graph = compiled.module.functions[0]
    let lookedUp = graph.order.filter { graph[$0].op.name == "palette" }
    #expect(lookedUp.count == 9)
    try expectDefinitions(compiled)
    let program = compiled.programs[0]
    for call in program.instructions where ["matmul", "conv"].contains(call.operation) {
      let weight = try #require(call.inputs[1])
      let isBatched = program.tensors[weight].shape.rank == 3
      #expect(program.tensors[weight].element == (isBatched ? .f32 : .u8))
    }
    // Of the rows that are gathered, of transposed, recurrent and batched layers only.
    let widened = program.instructions.filter { $0.opcode == INGOT_OP_PALETTE }.map {
      program.tensors[$0.results[0]].shape
    }
    #expect(Set(widened) == [[2, 6, 37], [11, 13, 3, 3], [1, 72, 18], [3, 75, 9]])
    if channels == 0 { #expect(program.multiplyAddsByFormat["fp32xpalette\(bits)"] ?? 0 > 50_000) }
  }

  @Test(arguments: [Precision.bf16, .fp16, .int8Weights, .int4])
  func otherFormatsAreReadInPlace(precision: Precision) throws {
    try expectDefinitions(
      compile(Module([try Self.network()]), CompileOptions(target: cpu, precision: precision, verifies: true))
    )
  }

  /// As many numbers as the network had parameters, in whatever bits.
  @Test func parametersStayAsMany() throws {
    let graph = try Self.network()
    let full = try compile(Module([graph]), CompileOptions(target: cpu))
    let count = full.manifest.functions[0].parameters
    for weights in [WeightFormat.palette(bits: 3), .palette(bits: 8, channels: 1)] {
      var options = CompileOptions(target: cpu, precision: .palette)
      options.weights = weights
      let parameters = try compile(Module([graph]), options).manifest.functions[0].parameters
      #expect(parameters == count)
    }
  }

  private func expectDefinitions(_ compiled: CompiledBundle) throws {
    let expected = try evaluate(compiled.module.functions[0], Self.inputs)
    for threads in [1, 3] {
      let session = try Session(try Model(bytes: compiled.bytes), threads: threads)
      for (index, tensor) in Self.inputs.enumerated() { try session.setInput(index, to: tensor) }
      try session.run()
      for (index, reference) in expected.enumerated() {
        let found = try session.outputTensor(index)
        #expect(TensorDifference(found, reference: reference).relative < 1e-5)
      }
    }
  }
}
