import ArgumentParser
import Foundation
import Tensors

/// The command line tool: parses words, calls the compiler and the interpreter, prints results.
@main
struct IngotTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingot",
    abstract: "Compiles trained networks into small bundles that run on phones.",
    discussion: """
      The usual way from a model to a running bundle:

        ingot compile net.onnx --target cpu-arm64 -o net.ingot
        ingot verify net.ingot --model net.onnx --inputs samples/
        ingot run net.ingot --input image=cat.npy --output-dir results/
      """,
    version: "0.1.0",
    subcommands: [
      Compile.self, Run.self, Verify.self, Inspect.self, Explain.self, PassesCommand.self, Bench.self,
      ProfileCommand.self,
      PlanCommand.self, TargetsCommand.self, GraphsCommand.self,
    ])

  /// Exit status: 0 done, 1 the work failed, 2 wrong usage.
  static func main() {
    StandardStreams.prepare()
    var status: Int32 = 0
    do {
      try checkCommand(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      try FileRecord.$current.withValue(FileRecord()) { try command.run() }
    } catch {
      status = report(error)
    }
    if let reason = StandardStreams.failure {
      printError("error: standard output: can't be written: \(reason)")
      status = 1
    }
    Foundation.exit(status)
  }

  /// Refuses words that name no command, for which the parser would print the help that they ask for.
  private static func checkCommand(_ words: ArraySlice<String>) throws {
    let names = configuration.subcommands.map { $0._commandName } + ["help"]
    var commands = words.drop { $0.hasPrefix("-") }
    if commands.first == "help" { commands = commands.dropFirst().drop { $0.hasPrefix("-") } }
    guard let word = commands.first, !names.contains(word) else { return }
    throw ValidationError("There is no command '\(word)'; there are \(names.joined(separator: ", ")).")
  }

  private static func report(_ error: any Error) -> Int32 {
    switch exitCode(for: error) {
    case .success:
      print(fullMessage(for: error))
      return 0
    case .validationFailure:
      printError(fullMessage(for: error))
      return 2
    default:
      if let exit = error as? ExitCode { return exit.rawValue }
      printError("error: \(error)")
      return 1
    }
  }
}
