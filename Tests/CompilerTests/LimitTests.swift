import CBundleFormat
import IR
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// Limits that graphs and bundles share, and what happens between two that differ: graphs may have values of more axes
/// than a bundle holds, as long as no kernel sees them.
@Suite struct LimitTests {
  private static let wide = Shape([2] + Array(repeating: 1, count: Int(INGOT_MAX_RANK)))

  @Test func extentsEndAtTheSamePlace() { #expect(Limits.extent == Int(INGOT_MAX_EXTENT)) }

  @Test func graphsMayHaveMoreAxesThanBundles() { #expect(Limits.rank > Int(INGOT_MAX_RANK)) }

  private func error(_ text: String, optimizes: Bool) throws -> Diagnostic? {
    var options = CompileOptions(target: cpu)
    options.optimizes = optimizes
    let module = try parseModule(text, file: "t")
    return #expect(throws: Diagnostic.self) { try compile(module, options) }
  }

  @Test(arguments: [
    ("softmax", "%c = softmax %a {axis = 0} name \"head\"", "operand 0"),
    ("concat", "%c = concat %a, %a {axis = 1} name \"head\"", "operand 0"),
    ("expand", "%c = expand %x {shape = [3, 1, 1, 1, 1, 1, 1, 1, 2]} name \"head\"", "result 0"),
  ])
  func whatIsComputedNeedsARankThatBundlesHold(op: String, node: String, place: String) throws {
    for optimizes in [false, true] {
      let found = try error(
        """
        graph @main(%x: f32[2], %z: f32[1]) -> (%y) {
          %a = reshape %x {shape = \(Self.wide)}
          \(node)
          %r = reduce %c {kind = max, axes = [1, 2, 3, 4, 5, 6, 7, 8], keep = false}
          %y = add %r, %z
        }
        """, optimizes: optimizes)
      let text = found?.description ?? ""
      #expect(text.hasPrefix("t:3:8: \(op): \(place) is f32["), "\(text)")
      #expect(text.contains("a bundle holds ranks up to 8"), "\(text)")
      #expect(text.hasSuffix("\n  in node 'head'"), "\(text)")
    }
  }

  @Test func portsNeedARankThatBundlesHold() throws {
    let input = try error(
      """
      graph @main(%x: f32\(Self.wide)) -> (%y) {
        %y = reshape %x {shape = [2]}
      }
      """, optimizes: true)
    #expect(input?.message == "input 'x' of 'main' is f32\(Self.wide), a bundle holds ranks up to 8")
    let output = try error(
      """
      graph @main(%x: f32[2]) -> (%y) {
        %y = reshape %x {shape = \(Self.wide)}
      }
      """, optimizes: true)
    #expect(output?.message == "output 'y' of 'main' is f32\(Self.wide), a bundle holds ranks up to 8")
  }

  @Test func viewsMayHaveMoreAxes() throws {
    let module = try parseModule(
      """
      graph @main(%x: f32[2]) -> (%y) {
        %a = reshape %x {shape = \(Self.wide)}
        %b = reshape %a {shape = [1, 2]}
        %y = relu %b
      }
      """, file: "t")
    for optimizes in [false, true] {
      var options = CompileOptions(target: cpu)
      options.optimizes = optimizes
      _ = try compile(module, options)
    }
  }
}
