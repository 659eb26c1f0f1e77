import Bundle
import IngotCompiler

extension InspectedBundle {
  /// Fails where a program's calls get in each other's way; see ``IngotCompiler/problems(of:capacities:)``.
  func check(path: String) throws {
    var found: [String] = []
    for (described, function) in zip(contents.manifest.functions, functions) {
      let capacities = described.memories.compactMap { memory in memory.capacityBytes.map { (memory.id, $0) }
      }
      found += problems(
        of: function.program, capacities: Dictionary(capacities, uniquingKeysWith: { first, _ in first })
      ).map { "function '\(described.name)': \($0)" }
    }
    guard found.isEmpty else { throw ToolError(path, problems: found) }
  }

  /// What a check that found nothing says.
  var checkText: String {
    functions.map { function in
      let memories = function.program.memories.map { "\(formatBytes($0.bytes ?? 0)) of '\($0.id)'" }
      return
        "checked    function \(function.program.name): \(function.program.instructions.count) calls in \(memories.joined(separator: ", ")), each finds what was written for it"
    }.joined(separator: "\n")
  }
}
