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

/// What to know of what is compiled for a chip that has engines beside the CPU.
func runsOnCPUNote(_ target: Target) -> Note? { target.family == .cpu ? nil : .runsOnCPU(target.title) }

/// What to know of a bundle for such a chip, which has its title if it is known here.
func runsOnCPUNote(_ manifest: Manifest) -> Note? {
  guard manifest.targetFamily != Target.Family.cpu.rawValue else { return nil }
  return .runsOnCPU((try? targetLibrary().target(manifest.target).title) ?? "'\(manifest.target)'")
}

/// The same of a bundle that is open.
func runsOnCPUNote(_ model: Model) throws -> Note? {
  runsOnCPUNote(try Manifest.decode(Data(model.manifest.utf8)))
}

/// The chip that is compiled for.
struct TargetSelection: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The chip: a name that 'ingot targets' lists, or a .json file.", valueName: "name|file"))
  var target = "cpu-arm64"

  func load() throws -> Target { try targetLibrary().target(target) }
}
