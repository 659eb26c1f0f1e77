import CBundleFormat

/// The words in a program of an opcode's struct, or of one entry of its tail. C structs with unions are trivial, too, but do
/// not say so.
package func attributeWords<Fields>(_ fields: Fields) -> [Int64] {
  withUnsafeBytes(of: fields) { Array($0.bindMemory(to: Int64.self)) }
}

extension Program.Instruction {
  /// The struct that begins at a word of the attributes; nil when it does not fit.
  package func attributes<Fields: BitwiseCopyable>(as type: Fields.Type, from word: Int = 0) -> Fields? {
    attributes.withUnsafeBytes { bytes in
      let start = word * MemoryLayout<Int64>.stride
      guard word >= 0, start + MemoryLayout<Fields>.size <= bytes.count else { return nil }
      return bytes.loadUnaligned(fromByteOffset: start, as: type)
    }
  }

  /// Changes the struct that the attributes begin with.
  package mutating func change<Fields: BitwiseCopyable>(
    as type: Fields.Type, _ change: (inout Fields) -> Void
  ) {
    guard var fields = attributes(as: type) else { preconditionFailure("'\(name)' has other attributes") }
    change(&fields)
    let words = attributeWords(fields)
    attributes.replaceSubrange(words.indices, with: words)
  }
}
