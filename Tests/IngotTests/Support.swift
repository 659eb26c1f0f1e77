import Bundle
import Foundation
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors

/// Compiles IR text for the interpreter's own machine.
func bundle(_ text: String, compression: BundleCompression = .standard) throws -> [UInt8] {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Targets")
    .standardized.path(percentEncoded: false)
  var options = CompileOptions(target: try TargetLibrary(folders: [folder]).target("cpu-arm64"))
  options.compression = compression
  return try compile(try parseModule(text, file: "test.graph"), options).bytes
}

/// A session on compiled IR text.
func session(_ text: String, threads: Int = 1) throws -> Session {
  try Session(try Model(bytes: try bundle(text)), threads: threads)
}

/// Runs a body on a file that is removed afterwards.
func withFile<Result>(_ bytes: [UInt8], _ body: (URL) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appending(path: "ingot-\(UUID().uuidString) ä.ingot")
  try Data(bytes).write(to: url)
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url)
}
