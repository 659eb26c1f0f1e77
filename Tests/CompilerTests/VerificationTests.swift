import Accuracy
import Bundle
import IR
import Ingot
import IngotCompiler
import Samples
import Tensors
import TestSupport
import Testing

/// Bundles compared with their models, layer by layer, from what the bundle says it computes.
@Suite struct VerificationTests {
  /// Five layers, of which each has an activation that fuses into it.
  private func network() throws -> Module {
    var b = GraphBuilder("net")
    var x = try b.input("image", [1, 4, 8, 8])
    for (index, name) in ["first", "second", "third"].enumerated() {
      x = try b.relu(b.conv2d(name, x, channels: 8 + 4 * index, kernel: 3, padding: 1))
    }
    x = try b.linear("hidden", b.mean(x, axes: [2, 3]), features: 16)
    try b.output("logits", b.linear("head", x, features: 10))
    var module = try b.finishModule()
    module.bindRandomWeights(seed: 4)
    return module
  }

  /// The verifier of a bundle.
  private func verifier(
    _ module: Module, of source: Module? = nil, precision: Precision = .fp32, keepsOrigins: Bool = true
  ) throws -> Verifier {
    var options = CompileOptions(target: cpu, precision: precision)
    options.keepsOrigins = keepsOrigins
    let compiled = try compile(module, options)
    let storage = Storage(byteCount: compiled.bytes.count) { $0.copyBytes(from: compiled.bytes) }
    let model = try Model(bytes: compiled.bytes)
    return try Verifier(
      BundleContents(storage, path: "net.ingot"), source ?? module, runner(model), function: 0,
      tolerance: precision.tolerance)
  }

  private func verification(
    _ module: Module, of source: Module? = nil, precision: Precision = .fp32, keepsOrigins: Bool = true
  ) throws -> Verification {
    let verifier = try verifier(
      module, of: source, precision: precision, keepsOrigins: keepsOrigins)
    return try verifier.verify(randomSamples: 1, seed: 1)
  }

  private func runner(_ model: Model) -> BundleRunner {
    BundleRunner(
      outputNames: { model.outputs(function: $0).map(\.name) },
      run: { function, inputs, observer in
        let session = try Session(model, function: function)
        for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
        if let observer { try session.trace(observer) } else { try session.run() }
        return try session.outputs.indices.map { try session.outputTensor($0) }
      })
  }

  /// Samples that are held in memory.
  private struct Listed: SampleSource {
    let inputs: [SampleInput]
    let values: [Float]
    var count: Int { values.count }
    func title(of sample: Int) -> String { "sample \(sample)" }
    func read(_ sample: Int) -> [Tensor] { [Tensor([values[sample]], shape: [1])] }
  }

  /// A bundle that adds a tenth more than its model, so that errors are 20, 40 and 0 dB below the sums.
  @Test func ofSeveralSamplesMeanAndWorstAreReported() throws {
    func adding(_ value: Float) throws -> Module {
      var b = GraphBuilder("net")
      let x = try b.input("x", [1])
      try b.output("y", b.add(x, b.constant("value", Tensor([value], shape: [1]))))
      return try b.finishModule()
    }
    let source = try adding(0)
    let samples = Listed(inputs: sampleInputs(of: source.functions[0]), values: [1, 10, 0.1])
    var seen: [Int] = []
    let result = try verifier(adding(0.1), of: source).verify(samples) { seen.append($0) }
    #expect(seen == [0, 1, 2])
    let summary = try #require(result.samples)
    #expect(summary.count == 3 && summary.shown == "sample 2")
    let output = try #require(summary.outputs.first)
    #expect(abs(output.meanSnrDb - 20) < 0.01 && abs(output.worstSnrDb) < 0.01)
    #expect(output.worstSnrSample == "sample 2" && output.worstRelativeSample == "sample 2")
    #expect(abs(output.worstRelative - 1) < 1e-4)
    // What is shown beside is of the worst sample.
    #expect(result.outputs[0].agreement.relative == output.worstRelative && !result.passed)
  }

  @Test func everyLayerOfASoundBundleAgrees() throws {
    let result = try verification(network())
    #expect(result.passed)
    #expect(result.layers.map(\.op) == ["conv", "conv", "conv", "reduce", "matmul", "matmul"])
    #expect(result.layers.map(\.name).suffix(2) == ["hidden", "head"])
    #expect(result.kernelCalls == result.layers.count)
    #expect(result.remark == nil)
    for layer in result.layers {
      #expect(layer.own.relative < 1e-6 && layer.accumulated.relative < 1e-5, "\(layer)")
    }
  }

  /// Against the model in fp32, so that what rounding its weights does is seen: in each layer, and gathered in those
  /// after it.
  @Test func roundedWeightsAreAnErrorOfTheirLayers() throws {
    let result = try verification(network(), precision: .fp16)
    #expect(result.passed)
    let rounded = result.layers.filter { $0.op != "reduce" }
    #expect(rounded.count == 5)
    for layer in rounded { #expect((2e-5...2e-3).contains(layer.own.relative), "\(layer)") }
    let mean = try #require(result.layers.first { $0.op == "reduce" })
    #expect(mean.own.relative < 1e-6)
    #expect(mean.accumulated.relative > 2e-5)
    let last = try #require(result.layers.last)
    #expect(last.accumulated.relative == result.outputs[0].agreement.relative)
  }

  /// Whatever passes and flattening do, an instruction computes the value that its origin names.
  @Test func originsOfRandomModulesAreRight() throws {
    var compared = 0
    for seed in 0..<40 as Range<UInt64> {
      let module = try randomModule(seed: seed)
      let result = try verification(module)
      for layer in result.layers {
        #expect(
          layer.own.maxAbs <= 1e-4 || layer.own.relative <= 1e-5, "seed \(seed): \(layer)\n\(module.text)")
      }
      compared += result.layers.count
      #expect(result.remark == nil, "seed \(seed)")
    }
    #expect(compared > 100)
  }

  @Test(arguments: ["first", "third", "hidden", "head"])
  func aBadLayerIsNamed(_ name: String) throws {
    let sound = try network()
    var broken = sound
    let tensor = try #require(sound.weights["\(name).weight"]?.tensor)
    let numbers = tensor.floats.enumerated().map { $0 % 7 == 0 ? $1 * 1.5 : $1 }
    broken.bind("\(name).weight", to: Tensor(numbers, shape: tensor.shape))
    let result = try verification(broken, of: sound)
    #expect(!result.passed)
    let worst = try #require(result.worstLayer)
    #expect(worst.value.hasPrefix(name) || worst.name == name, "\(worst)")
    let place = try #require(result.layers.firstIndex { $0.value == worst.value })
    for (index, layer) in result.layers.enumerated() {
      #expect((layer.own.relative > 1e-2) == (index == place), "\(layer)")
      #expect((layer.accumulated.relative > 1e-3) == (index >= place), "\(layer)")
    }
  }

  @Test func aBundleWithoutOriginsHasNoLayers() throws {
    let result = try verification(network(), keepsOrigins: false)
    #expect(result.passed && result.layers.isEmpty)
    #expect(result.remark?.contains("compile it without --no-origins") == true)
  }

  @Test func valuesOfAnotherModelAreToldApart() throws {
    let text = { (name: String) in
      "graph @main(%x: f32[4]) -> (%y) {\n  %\(name) = cumsum %x {axis = 0}\n  %s = softmax %\(name) {axis = 0}\n  %y = cumsum %s {axis = 0}\n}"
    }
    let result = try verification(
      parseModule(text("a"), file: "t"), of: parseModule(text("b"), file: "t"))
    #expect(result.passed)
    #expect(result.layers.map(\.value) == ["s", "y"])
    #expect(
      result.remark?.contains("1 of 3 values that the bundle computes are not the model's, 'a' for one")
        == true)
  }

  /// Functions that are run are compared alone, on the inputs of their first run.
  @Test func functionsThatAreRunHaveTheirLayers() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[4], %s: f32[3, 4]) -> (%z) {
        %y = loop %x, %s {function = @step, count = 3, carried = 1, stepped = 1} : f32[4]
        %z = call %y {function = @end} : f32[4]
      }
      graph @step(%a: f32[4], %b: f32[4]) -> (%n) {
        %e = softmax %a {axis = 0}
        %n = add %e, %b
      }
      graph @end(%a: f32[4]) -> (%r) {
        %r = softmax %a {axis = 0}
      }
      """, file: "t")
    let result = try verification(module)
    #expect(
      result.functions.map(\.function) == ["step", "end"]
        || result.functions.map(\.function) == ["end", "step"])
    #expect(Set(result.layers.map { "\($0.function) \($0.value)" }) == ["step e", "step n", "end r"])

    let compiled = try compile(module, CompileOptions(target: cpu))
    let origins = compiled.origins[0]
    let paths = origins.values.compactMap { $0.map { origins.path(of: $0) } }
    #expect(paths == ["y/e", "y/n", "z/r"])
    #expect(origins.calls.map { module.functions[$0.function].name } == ["step", "end"])
  }

  @Test func outputsOfFewBitsMayBeRounded() throws {
    let module = try parseModule(
      "graph @main(%x: f16[4]) -> (%y) {\n  %y = softmax %x {axis = 0}\n}", file: "t")
    #expect(try verification(module).tolerance == 0x1p-9)
    #expect(try verification(network()).tolerance == 1e-4)
    #expect(try verification(network(), precision: .fp16).tolerance == 2e-2)
  }
}
