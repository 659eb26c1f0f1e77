import CInterpreter

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The instruction sets that the variable `INGOT_ISA` of the environment lets kernels use, for tests and comparisons: names
/// separated by commas, of which the newest that the CPU has is taken, such as `portable` or `avx2`.
enum InstructionSets {
  private static let names: [(name: String, mask: UInt32)] = [
    ("portable", INGOT_ISA_PORTABLE), ("avx2", INGOT_ISA_AVX2), ("avx_vnni", INGOT_ISA_AVX_VNNI),
    ("avx512", INGOT_ISA_AVX512), ("avx512_vnni", INGOT_ISA_AVX512_VNNI), ("neon", INGOT_ISA_NEON),
    ("dotprod", INGOT_ISA_DOTPROD), ("i8mm", INGOT_ISA_I8MM),
  ]

  /// As `isa` of the session's options: 0 for all.
  static func allowed() throws(InterpreterError) -> UInt64 {
    guard let variable = getenv("INGOT_ISA") else { return 0 }
    return try mask(String(cString: variable))
  }

  static func mask(_ text: String) throws(InterpreterError) -> UInt64 {
    var mask: UInt64 = 0
    for word in text.split(separator: ",") {
      guard let known = names.first(where: { $0.name == word }) else {
        let all = names.map(\.name).joined(separator: ", ")
        throw InterpreterError(.argument, "INGOT_ISA names '\(word)', expected some of \(all)")
      }
      mask |= UInt64(known.mask)
    }
    return mask
  }
}
