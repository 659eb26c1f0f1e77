import ArgumentParser
import Machine
import Tensors

struct TargetsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "targets", abstract: "List the chips that can be compiled for.")

  @Argument(help: "One target, to print what it can run and why not the rest.") var name: String?
  @Flag(help: "Prints facts as JSON.") var json = false

  struct Entry: Encodable {
    var name: String
    var title: String
    var family: String
  }

  func run() throws {
    let library = targetLibrary()
    if let name {
      let target = try library.target(name)
      if json { return try printJSON(target) }
      return print(describe(target))
    }
    let targets = try library.names.map { try library.target($0) }
    if json {
      return try printJSON(targets.map { Entry(name: $0.name, title: $0.title, family: $0.family.rawValue) })
    }
    print(table(["name", "family", "title"], targets.map { [$0.name, $0.family.rawValue, $0.title] }))
  }

  private func describe(_ target: Target) -> String {
    let rows = target.ops.keys.sorted().map { op in
      let support = target.ops[op]
      let rules = (support?.rules ?? []).map {
        "\($0.otherwise.rawValue) when \($0.field.rawValue) breaks its bound: \($0.because)"
      }
      return [
        op, support?.run.rawValue ?? "",
        ([support?.because].compactMap { $0 } + rules).joined(separator: "; "),
      ]
    }
    let note = runsOnCPUNote(target).map { ["\($0)"] } ?? []
    return (([target.title] + target.notes + note).map(printable) + [table(["op", "runs", "remarks"], rows)])
      .joined(
        separator: "\n")
  }
}
