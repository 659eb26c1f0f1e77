import Foundation
import IR
import Machine
import TestSupport
import Testing

/// Target and graph in, table of verdicts out.
@Test(arguments: ["verdicts", "rules", "fused", "numbers", "chips"])
func placementIsAsItsGoldenFileSays(_ name: String) throws {
  try checkGolden("Placements/\(name).txt") { item in
    let target = try target(item.argument)
    return place(try parseGraph(item.input, file: "text"), on: target).map(row).joined(separator: "\n")
  }
}

/// Target and graph in, the pieces in which it runs out, and what crosses between them.
@Test func piecesAreAsTheGoldenFileSays() throws {
  try checkGolden("Placements/segments.txt") { item in
    let placed = placed(try parseGraph(item.input, file: "text"), on: try target(item.argument))
    func words(_ border: Placement.Border) -> String {
      let time = border.microseconds.map { "\(($0 * 100).rounded() / 100) us" } ?? "unknown time"
      return "\(border.bytesIn) bytes in, \(border.bytesOut) out, \(time)"
    }
    return placed.segments.enumerated().map { index, segment in
      let head =
        "\(index) on \(segment.engines.joined(separator: ", ")): \(segment.multiplyAdds) multiply-adds, \(words(segment.border))"
      let ops = placed.placements.filter { $0.segment == index }.map { "  \($0.node): \(words($0.border))" }
      return ([head] + ops).joined(separator: "\n")
    }.joined(separator: "\n")
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
