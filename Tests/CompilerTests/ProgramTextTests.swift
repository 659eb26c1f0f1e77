import IR
import IngotCompiler
import TestSupport
import Testing

/// Programs as text: what a graph becomes, call by call.
@Suite struct ProgramTextTests {
  @Test func golden() throws {
    try checkGolden(folder: "Programs") { try LoweredGraph($0.input).program.text }
  }
}
