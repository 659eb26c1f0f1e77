import Bundle
import IR
import IngotCompiler
import TestSupport
import Testing

/// Modules drawn at random, with calls, loops and loops in loops. A failure names the seed, which draws the same
/// module again.
@Suite struct LoopRandomTests {
  @Test(arguments: 0..<20)
  func memoryHoldsWhatIsRead(block: Int) throws {
    try forEachSeed(block, 25) { module in _ = try checkMemory(module) }
  }

  @Test(arguments: 0..<20)
  func interpreterAgreesWithReference(block: Int) throws {
    try forEachSeed(block, 10) { module in try checkNumbers(module, seed: 5) }
  }

  @Test func sameModulesGiveTheSameBytes() throws {
    for seed in 0..<UInt64(10) {
      let bytes = try (0..<2).map { _ in
        try compile(randomModule(seed: seed), CompileOptions(target: cpu)).bytes
      }
      #expect(bytes[0] == bytes[1], "seed \(seed)")
    }
  }

  /// The modules are worth drawing: most have loops, many have loops in loops.
  @Test func modulesAreOfManyKinds() throws {
    var depths = [0, 0, 0, 0]
    for seed in 0..<UInt64(100) {
      let module = try randomModule(seed: seed)
      let program = try lowerAlone(module.functions[0], functions: module.functions).program
      let depth = program.nesting.map(\.depth).max() ?? 0
      depths[min(depth, 3)] += 1
    }
    #expect(depths[0] < 40 && depths[1] > 10 && depths[2] > 10 && depths[3] > 3, "\(depths)")
  }

  private func forEachSeed(_ block: Int, _ count: Int, _ body: (Module) throws -> Void) throws {
    for seed in (block * count)..<(block * count + count) {
      do {
        try body(try randomModule(seed: UInt64(seed)))
      } catch {
        throw SimulationError("seed \(seed): \(error)")
      }
    }
  }
}
