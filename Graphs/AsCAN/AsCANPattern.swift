package import IR

/// A block of AsCAN's grammar.
package enum AsCANBlock: Character, Sendable, CaseIterable {
  case convolution = "C"
  case transformer = "T"
}

/// The blocks of every stage, as written in a pattern: `CC/CCC/CCCTTT/CTTT` are four stages, of two, three,
/// six and four blocks. The first block of a stage is C, since it is the one that changes grid and width.
package struct AsCANPattern: Hashable, Sendable, CustomStringConvertible {
  package var stages: [[AsCANBlock]]

  /// Reads a pattern of as many stages as the network has.
  package init(_ text: String, stages count: Int) throws(AsCANPatternError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == count else { throw .stageCount(pattern: text, found: parts.count, expected: count) }
    stages = []
    for (stage, part) in parts.enumerated() {
      var blocks: [AsCANBlock] = []
      for (position, letter) in part.enumerated() {
        guard let block = AsCANBlock(rawValue: letter) else {
          throw .unknownBlock(pattern: text, letter, stage: stage, position: position)
        }
        blocks.append(block)
      }
      guard let first = blocks.first else { throw .emptyStage(pattern: text, stage: stage) }
      guard first == .convolution else { throw .transformerFirst(pattern: text, stage: stage) }
      stages.append(blocks)
    }
  }

  /// The same with the error of a build.
  static func read(_ text: String, stages count: Int) throws(Diagnostic) -> AsCANPattern {
    do throws(AsCANPatternError) {
      return try AsCANPattern(text, stages: count)
    } catch {
      throw error.diagnostic
    }
  }

  package var description: String {
    stages.map { String($0.map(\.rawValue)) }.joined(separator: "/")
  }

  /// How many blocks of a kind there are.
  package func count(of block: AsCANBlock) -> Int {
    stages.joined().filter { $0 == block }.count
  }
}

/// What is wrong with a pattern. Stages and positions count from 0 here and from 1 in the message.
package enum AsCANPatternError: Error, Hashable, Sendable, CustomStringConvertible {
  case stageCount(pattern: String, found: Int, expected: Int)
  case emptyStage(pattern: String, stage: Int)
  case unknownBlock(pattern: String, Character, stage: Int, position: Int)
  case transformerFirst(pattern: String, stage: Int)

  private var parts: (found: String, advice: String) {
    switch self {
    case .stageCount(let pattern, let found, let expected):
      (
        "pattern '\(pattern)' has \(found) stages, expected \(expected)",
        "write the blocks of each stage and '/' between stages"
      )
    case .emptyStage(let pattern, let stage):
      ("stage \(stage + 1) of pattern '\(pattern)' has no block", "give every stage at least one C")
    case .unknownBlock(let pattern, let letter, let stage, let position):
      (
        "block \(position + 1) of stage \(stage + 1) of pattern '\(pattern)' is '\(letter)', expected C or T",
        "write C for a convolution block and T for a transformer block"
      )
    case .transformerFirst(let pattern, let stage):
      (
        "stage \(stage + 1) of pattern '\(pattern)' begins with T, expected C",
        "begin every stage with C, which changes grid and width"
      )
    }
  }

  package var description: String { "\(parts.found); \(parts.advice)" }

  /// The same as an error of a build.
  package var diagnostic: Diagnostic { Diagnostic(parts.found, advice: parts.advice) }
}
