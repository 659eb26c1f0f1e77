package import Bundle
import CBundleFormat
import Tensors

extension Program {
  /// The attributes of a kernel call by the names of their fields: `group` is `1`, `stride` is `[2, 2]`, `activation` is
  /// `clip(0.0, 6.0)`.
  ///
  /// Flags that are not set, counts of 0 and activations that are none are left out. A field of the tail has one value for each axis,
  /// or for each step. Words that do not follow the opcode's schema stand under `words`.
  package func attributes(of instruction: Instruction) -> [(name: String, value: String)] {
    let words = instruction.attributes
    guard let schema = ingot_opcode_schema(instruction.opcode.rawValue)?.pointee,
      let entries = schema.entries(wordCount: words.count)
    else { return [("words", "\(words)")] }
    let hasIntegers = instruction.results.first.map { !tensors[$0].element.isFloat } ?? false
    let tail = Int(schema.head_words)
    let head = fields(schema.head).compactMap { name, field, offset in
      field.text(words[offset...], hasIntegers).map { (name, $0) }
    }
    guard entries > 0 else { return head }
    return head
      + fields(schema.tail).map { name, field, offset in
        let values = (0..<entries).compactMap { entry in
          field.text(words[(tail + entry * Int(schema.tail_words) + offset)...], hasIntegers)
        }
        return (name, "[" + values.joined(separator: ", ") + "]")
      }
  }
}

extension ingot_schema {
  /// How many entries of the tail so many words hold; nil when they fit none.
  fileprivate func entries(wordCount: Int) -> Int? {
    let rest = wordCount - Int(head_words)
    guard rest >= 0 else { return nil }
    guard tail_words > 0 else { return rest == 0 ? 0 : nil }
    return rest % Int(tail_words) == 0 ? rest / Int(tail_words) : nil
  }
}

/// Fields of a list with the word at which each begins.
func fields(_ first: UnsafePointer<ingot_field>) -> [(name: String, field: ingot_field, offset: Int)] {
  var list: [(String, ingot_field, Int)] = []
  var offset = 0
  var next = first
  while let name = next.pointee.name {
    list.append((String(cString: name), next.pointee, offset))
    offset += Int(ingot_field_words(next.pointee.kind))
    next += 1
  }
  return list
}

extension ingot_field {
  /// The value that stands at the beginning of the words; nil for what is not set.
  fileprivate func text(_ words: ArraySlice<Int64>, _ hasIntegers: Bool) -> String? {
    let word = words.first!
    switch kind {
    case INGOT_FIELD_COUNT: return word == 0 ? nil : "\(word)"
    case INGOT_FIELD_FLAG: return word == 0 ? nil : word == 1 ? "true" : "\(word)"
    case INGOT_FIELD_ENUM:
      guard (least...most).contains(word), let name = values[Int(word)] else { return "\(word)" }
      return String(cString: name)
    case INGOT_FIELD_AXES:
      return "\((0..<64).filter { word >> Int64($0) & 1 != 0 })"
    case INGOT_FIELD_REAL, INGOT_FIELD_SCALE: return "\(real(word))"
    case INGOT_FIELD_NUMBER: return hasIntegers ? "\(word)" : "\(real(word))"
    case INGOT_FIELD_ACTIVATION: return activationText(words)
    case INGOT_FIELD_STEP: return stepText(words)
    default: return "\(word)"
    }
  }
}

private func real(_ word: Int64) -> Double { Double(bitPattern: UInt64(bitPattern: word)) }

/// `relu` or `clip(0.0, 6.0)`.
private func activationText(_ words: ArraySlice<Int64>) -> String? {
  let first = words.startIndex
  guard words[first] != INGOT_FN_NONE.rawValue else { return nil }
  guard let function = UInt32(exactly: words[first]), let name = ingot_function_text(function) else {
    return "\(words[first])"
  }
  let count = Int(ingot_function_parameters(function))
  let parameters = words[(first + 1)..<(first + 1 + count)].map { "\(real($0))" }
  return String(cString: name) + (parameters.isEmpty ? "" : "(\(parameters.joined(separator: ", ")))")
}

/// `add.f32(0, 1)`: registers, then parameters.
private func stepText(_ words: ArraySlice<Int64>) -> String {
  let first = words.startIndex
  guard let function = UInt32(exactly: words[first]), let name = ingot_function_text(function) else {
    return "\(words[first])"
  }
  let domain = UInt32(truncatingIfNeeded: words[first + 1])
  let arity = Int(ingot_function_arity(function))
  let count = Int(ingot_function_parameters(function))
  let registers = words[(first + 2)..<(first + 2 + arity)].map { "\($0)" }
  let parameters = words[(first + 5)..<(first + 5 + count)].map {
    domain == INGOT_I64.rawValue ? "\($0)" : "\(real($0))"
  }
  return "\(String(cString: name)).\(String(cString: ingot_element_text(domain)))"
    + "(\((registers + parameters).joined(separator: ", ")))"
}
