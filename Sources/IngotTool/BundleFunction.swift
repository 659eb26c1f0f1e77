import ArgumentParser
import Importers
import Ingot
import Tensors

/// Opens a bundle. Files of other kinds are refused as what they are.
func openBundle(_ path: String, copying: Bool = false) throws -> Model {
  do {
    return try Model(path: path, copying: copying)
  } catch {
    try FileKind.checkBundle(path: path)
    throw error
  }
}

/// A bundle and one of its functions.
struct BundleFunction: ParsableArguments {
  @Argument(help: "The bundle.")
  var bundle: String

  @Option(help: ArgumentHelp("Which function of the bundle; the first when left out.", valueName: "name"))
  var function: String?

  @Option(help: ArgumentHelp("Threads to run on.", valueName: "n"))
  var threads = 1

  @Flag(help: "Reads the whole bundle into memory, so that its file may change or vanish while it runs.")
  var copy = false

  func validate() throws {
    guard (1...64).contains(threads) else { throw ValidationError("--threads must be 1 to 64.") }
  }

  /// Opens the bundle and prepares the function.
  func open() throws -> Session {
    let model = try openBundle(bundle, copying: copy)
    var index = 0
    if let function {
      guard let found = model.functions.firstIndex(of: function) else {
        throw ToolError(
          "\(bundle): has no function '\(function)', it has \(listed(model.functions))")
      }
      index = found
    }
    return try Session(model, function: index, threads: threads)
  }
}
