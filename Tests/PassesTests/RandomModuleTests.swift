import IR
import Passes
import Tensors
import TestSupport
import Testing

/// The pipeline on modules whose functions call each other and loop: after every pass the first function gives
/// what it gave before, and all invariants of the module hold at the end. A failure prints seed and text.
@Test(arguments: 0..<20)
func pipelinePreservesRandomModules(_ block: Int) throws {
  for index in 0..<10 {
    let seed = UInt64(block * 10 + index)
    let source = try randomModule(seed: seed)
    try verify(source)
    let inputs = randomInputs(source.functions[0], seed: seed)
    let expected = try evaluate(source, inputs)
    func check(_ module: Module, _ stage: String) throws(Diagnostic) {
      for (found, wanted) in zip(try evaluate(module, inputs), expected) {
        let isSameType = found.element == wanted.element && found.shape == wanted.shape
        let difference = isSameType ? TensorDifference(found, reference: wanted).maximum : .infinity
        #expect(
          difference <= (wanted.element.isFloat ? 2e-5 : 0),
          "seed \(seed), after \(stage)\n\(source.text)\n\(module.text)")
      }
    }
    var functions = source.functions
    var result = source
    try run(standardPipeline, on: &result, verifying: true) { (report, _, after) throws(Diagnostic) in
      guard !report.changes.isEmpty,
        let position = functions.firstIndex(where: { $0.name == after.name })
      else { return }
      functions[position] = after
      try check(Module(functions), report.name)
    }
    try check(result, "the pipeline")
    #expect(result.functions.map(\.name) == source.functions.map(\.name))
  }
}

/// What the functions of a module take and give, and what is run by whom, is no pass's to change.
@Test func callsKeepTheirNodes() throws {
  var module = try parseModule(
    """
    graph @main(%x: f32[2, 4]) -> (%y, %z) {
      weight @w: f32[2, 4] = [1, 2, 3, 4, 5, 6, 7, 8]
      %a = call @w {function = @f} : f32[2, 4]
      %b = call %x {function = @f} : f32[2, 4]
      %c = call %x {function = @f} : f32[2, 4]
      %d = loop %x {function = @f, count = 2, carried = 1} : f32[2, 4]
      %dead = call %d {function = @f} : f32[2, 4]
      %s = add %a, %b
      %y = mul %s, %c
      %z = relu %d
    }
    graph @f(%x: f32[2, 4]) -> (%y) {
      %t = transpose %x {permutation = [1, 0]}
      %y = transpose %t {permutation = [1, 0]}
    }
    """, file: "t")
  try run(standardPipeline, on: &module, verifying: true)
  // Equal calls are one, unread ones none; a call of constants stays, since a pass sees one function alone.
  let ops = module.functions[0].order.map { module.functions[0][$0].op }
  #expect(ops.filter { $0.callee != nil }.map(\.name) == ["call", "call", "loop"])
  #expect(module.functions[1].order.isEmpty)
}

/// One weight that passes turn into two gets a second name; two that stay equal stay one.
@Test func weightsOfOneNameStayOneWeight() throws {
  func function(_ name: String, _ scale: Float) -> String {
    """
    graph @\(name)(%x: f32[1, 2]) -> (%y) {
      weight @w: f32[2, 2] = [1, 2, 3, 4]
      weight @kept: f32[2, 2] = [5, 6, 7, 8]
      %a = matmul %x, @w
      %b = affine %a {scale = \(scale)}
      %y = matmul %b, @kept
    }

    """
  }
  var module = try parseModule(function("f", 2) + function("g", 3) + function("h", 2), file: "t")
  try run([.run(foldScaleOffset, "the pass under test")], on: &module, verifying: true)
  let names = module.functions.map { graph in
    graph.order.compactMap { graph.weight(graph[$0].operands[1])?.name }
  }
  #expect(names == [["w.folded", "kept"], ["g/w.folded", "kept"], ["w.folded", "kept"]])
  let storages = module.functions.map { graph in
    graph.findWeight("w.folded").flatMap { graph.constant($0) }?.storage
  }
  #expect(storages[0] === storages[2])
}
