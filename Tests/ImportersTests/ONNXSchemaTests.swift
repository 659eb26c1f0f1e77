import Foundation
import Testing

@Suite struct ONNXSchemaTests {
  /// The committed C is what protoc-c makes of the committed schema. It names the version of protobuf-c that
  /// it needs, which may differ from machine to machine.
  @Test func theGeneratedSourcesAreUpToDate() throws {
    let sources = URL(filePath: dataPath("")).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/COnnx")
    try withTemporaryDirectory { directory in
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.currentDirectoryURL = sources
      process.arguments = ["protoc-c", "--c_out=\(directory)", "onnx.proto"]
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0, "protoc-c failed; install protobuf-c-compiler")
      for (generated, committed) in [("onnx.pb-c.c", "onnx.pb-c.c"), ("onnx.pb-c.h", "include/onnx.pb-c.h")] {
        let fresh = try String(contentsOf: URL(filePath: directory + generated), encoding: .utf8)
        let kept = try String(contentsOf: sources.appending(path: committed), encoding: .utf8)
        let version = #/#elif \d+ < PROTOBUF_C_MIN_COMPILER_VERSION/#
        #expect(
          fresh.replacing(version, with: "") == kept.replacing(version, with: ""),
          "\(committed) differs; run protoc-c on onnx.proto and commit what it writes")
      }
    }
  }
}
