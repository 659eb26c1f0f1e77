import Graphs
import IR
import Tensors
import Testing

struct ZooTests {
  @Test func findsByNameAndVariant() throws {
    #expect(try findGraph("efficientformerv2", variant: "s1").variant.name == "s1")
    #expect(try findGraph("efficientformerv2_s1").variant.name == "s1")
  }

  @Test func saysWhatThereIs() throws {
    let unknown = #expect(throws: Diagnostic.self) { try findGraph("resnet") }
    let names = zoo.map(\.name).joined(separator: ", ")
    #expect(unknown?.description == "there is no graph 'resnet'; the graphs are \(names)")
    let open = #expect(throws: Diagnostic.self) { try findGraph("efficientformerv2") }
    #expect(
      open?.description
        == "graph 'efficientformerv2' has several variants; choose one of s0, s1, s2, l, digits")
    let wrong = #expect(throws: Diagnostic.self) { try findGraph("efficientformerv2", variant: "xl") }
    #expect(
      wrong?.description
        == "graph 'efficientformerv2' has no variant 'xl'; choose one of s0, s1, s2, l, digits")
  }

  @Test func variantsHaveNamesOfTheirOwn() {
    let names = zoo.flatMap { definition in definition.variants.map { "\(definition.name)_\($0.name)" } }
    #expect(Set(names).count == names.count)
  }

  @Test func randomWeightsDependOnSeedAndNameOnly() throws {
    let graph = try findGraph("efficientformerv2_digits").variant.build()
    let (first, again, other) = (
      randomWeights(graph, seed: 1), randomWeights(graph, seed: 1), randomWeights(graph, seed: 2)
    )
    #expect(first.count == 263)
    #expect(zip(first, again).allSatisfy { $0.tensor.isIdentical(to: $1.tensor) })
    #expect(zip(first, other).allSatisfy { !$0.tensor.isIdentical(to: $1.tensor) })
    let larger = try findGraph("efficientformerv2_digits").variant.build([("batch", 3)])
    #expect(zip(first, randomWeights(larger, seed: 1)).allSatisfy { $0.tensor.isIdentical(to: $1.tensor) })
    for (name, tensor) in first where name.hasSuffix("running_var") {
      #expect(tensor.floats.allSatisfy { $0 > 0 }, "\(name)")
    }
  }
}
