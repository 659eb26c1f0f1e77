import IR
import Tensors
import Testing

@Suite struct ValueNamingTests {
  @Test func everyValueGetsANameOfItsOwn() throws {
    var graph = Graph(name: "main")
    let x = graph.addInput("x", TensorType(.f32, [4]))
    let a = try graph.add(.unary(Unary(.relu)), [x], name: "act")[0]
    let b = try graph.add(.unary(Unary(.relu)), [a], name: "act")[0]
    let c = try graph.add(.unary(Unary(.exp)), [b])[0]
    let d = try graph.add(.unary(Unary(.exp)), [c], name: "x")[0]
    let both = try graph.add(.topK(TopK()), [d], name: "best")
    graph.rename(b, to: "")
    let e = try graph.add(.unary(Unary(.neg)), [both[0]], name: "act.1")[0]
    graph.addOutput("y", e)
    var module = Module([graph])
    module.nameValues()
    let named = module.functions[0]
    #expect([a, b, c, d].map { named[$0].name } == ["act", "act.2", "exp", "x.1"])
    #expect(both.map { named[$0].name } == ["best", "best.1"])
    #expect(named[e].name == "act.1")

    var again = module
    again.nameValues()
    #expect(again.text == module.text)
  }
}
