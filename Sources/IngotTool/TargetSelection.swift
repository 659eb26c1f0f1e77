import ArgumentParser
import Bundle
import Foundation
import IR
import Ingot
import IngotCompiler
import Machine

/// The library of target files that belongs to this program, after the folder that INGOT_TARGETS names.
func targetLibrary() -> TargetLibrary {
  var library = TargetLibrary.ofThisProgram
  if let folder = ProcessInfo.processInfo.environment["INGOT_TARGETS"] {
    library.folders.insert(folder, at: 0)
  }
  return library
}

/// What to know of a bundle for a chip that is no CPU, as far as the chip is known here.
func runsOnCPUNote(target name: String) -> Note? {
  let target = try? targetLibrary().target(name)
  return target?.family == .cpu ? nil : .runsOnCPU(target?.title ?? "'\(name)'")
}

/// The same of a bundle that is open.
func runsOnCPUNote(_ model: Model) throws -> Note? {
  runsOnCPUNote(target: try Manifest.decode(Data(model.manifest.utf8)).target)
}

/// The chip that is compiled for.
struct TargetSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The chip: a name that 'ingot targets' lists, or a .json file.", valueName: "name|file"))
  var target = "cpu-arm64"

  func load() throws -> Target { try targetLibrary().target(target) }
}
