import Foundation
import IR
import Machine
import TestSupport
import Testing

/// Target and graph in, table of verdicts out.
@Test(arguments: ["verdicts", "rules", "fused", "chips"])
func placementIsAsItsGoldenFileSays(_ name: String) throws {
  try checkGolden("Placements/\(name).txt") { item in
    let target = try target(item.argument)
    return place(try parseGraph(item.input, file: "text"), on: target).map(row).joined(separator: "\n")
  }
}

/// Node, op, engine and verdict; below them the rule that was broken, and the sentence that is made of it.
private func row(_ placement: Placement) -> String {
  var text = "\(placement.node): \(placement.op) on \(placement.engine), \(placement.verdict.name)"
  if let breach = placement.verdict.breach {
    text += "\n  \(breach.key): \(breach.actual), allowed \(breach.allowed)"
    if let part = breach.part { text += "; \(part)" }
  }
  return placement.reason.isEmpty ? text : "\(text)\n  \"\(placement.reason)\""
}

/// A target of the tests or of the compiler.
func target(_ name: String) throws -> Target {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
  let folders = ["../Golden/Placements/Targets", "../../Targets"].map {
    folder.appending(path: $0).standardized.path(percentEncoded: false)
  }
  return try TargetLibrary(folders: folders).target(name)
}
