import Bundle
import Graphs
import IR
import IngotCompiler
import Testing

struct GroupMemoryTests {
  /// Snap Video's upsampler on eight groups: one after the other they need memory for the inside of the layers of
  /// one group, and for their patches before and after a layer.
  @Test func groupsOneByOneTakeLessThanTwoThirdsOfTheMemory() throws {
    let arenas = try ["upsampler", "upsampler_group_by_group"].map { name in
      var module = try findGraph("snapvideo", variant: name).variant.module([
        ("frames", 2), ("height", 144), ("width", 256), ("blocks", 1), ("patch_width", 64),
        ("latent_width", 128), ("latents", 8), ("tokens", 3), ("text_width", 8),
      ])
      module.bindRandomWeights(seed: 3)
      return try compile(module, CompileOptions(target: cpu)).programs[0].arenaBytes
    }
    #expect(3 * arenas[1] < 2 * arenas[0], "\(arenas)")
  }
}
