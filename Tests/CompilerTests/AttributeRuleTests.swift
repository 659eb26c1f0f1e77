import Bundle
import CBundleFormat
import IR
import Ingot
import IngotCompiler
import Tensors
import TestSupport
import Testing

/// The interpreter refuses, by its name, every attribute that the schema does not allow.
@Suite struct AttributeRuleTests {
  /// One case for each op.
  private static let cases = opCases.reduce(into: [OpCase]()) { cases, test in
    if !cases.contains(where: { $0.op.name == test.op.name }) { cases.append(test) }
  }

  @Test(arguments: cases)
  func everyAttributeIsChecked(_ test: OpCase) throws {
    let bytes = try compile(Module([try test.graph()]), CompileOptions(target: cpu)).bytes
    let storage = Storage(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
    let contents = try BundleContents(storage, path: "case.ingot")
    let program = contents.programs[0]
    for (index, instruction) in program.instructions.enumerated() {
      for breach in breaches(of: instruction) {
        var broken = program
        broken.instructions[index].attributes[breach.word] = breach.value
        let file = try encodeBundle(
          manifest: contents.manifest, programs: [broken], origins: contents.origins, weights: [])
        let error = #expect(throws: InterpreterError.self, "\(breach)") { _ = try Model(bytes: file) }
        #expect(
          error.map { "\($0)".contains(breach.name) } ?? false, "\(breach): \(String(describing: error))")
      }
    }
  }

  private struct Breach {
    var name: String
    var word: Int
    var value: Int64
  }

  private func breaches(of instruction: Program.Instruction) -> [Breach] {
    guard let schema = ingot_opcode_schema(instruction.opcode.rawValue)?.pointee else { return [] }
    var list = breaches(of: schema.head, from: 0)
    if instruction.attributes.count > Int(schema.head_words) {
      list += breaches(of: schema.tail, from: Int(schema.head_words))
    }
    return list
  }

  private func breaches(of first: UnsafePointer<ingot_field>, from start: Int) -> [Breach] {
    var list: [Breach] = []
    var (next, word) = (first, start)
    while let name = next.pointee.name {
      let text = String(cString: name)
      list += wrongValues(next.pointee).map { Breach(name: text, word: word, value: $0) }
      word += Int(ingot_field_words(next.pointee.kind))
      next += 1
    }
    return list
  }

  private func wrongValues(_ field: ingot_field) -> [Int64] {
    switch field.kind {
    case INGOT_FIELD_INTEGER, INGOT_FIELD_COUNT, INGOT_FIELD_FLAG, INGOT_FIELD_ENUM:
      return (field.least == .min ? [] : [field.least - 1]) + (field.most == .max ? [] : [field.most + 1])
    case INGOT_FIELD_AXIS: return [-1, 8]
    case INGOT_FIELD_AXES: return [1 << 8, .min]
    case INGOT_FIELD_SCALE:
      return [-1.0, 0, .nan, .infinity].map { Int64(bitPattern: ($0 as Double).bitPattern) }
    case INGOT_FIELD_ACTIVATION:
      return [Int64(INGOT_FN_ADD.rawValue), Int64(INGOT_FN_TO_F32.rawValue), 63, -1]
    case INGOT_FIELD_STEP: return [0, 63, -1]
    default: return []
    }
  }
}
