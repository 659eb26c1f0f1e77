package import Bundle
package import IR

/// A named rewrite of one program: of its calls, of the buffers that they read and write, or of where those lie.
///
/// Program passes are global constants, one in each file of this folder, whose doc comments show a program before and
/// after. Between emission and memory planning a buffer has a memory and a size, but no address, so that a pass may
/// add, drop, order and merge calls and buffers. A pass keeps every call's ``Program/Instruction/origin``.
package struct ProgramPass: Sendable {
  /// The name in errors and golden files: lower-case words joined by hyphens.
  package let name: String
  /// One sentence: what the pass does.
  package let summary: String
  package let run: @Sendable (inout Program) throws(Diagnostic) -> Void

  package init(
    _ name: String, _ summary: String, run: @escaping @Sendable (inout Program) throws(Diagnostic) -> Void
  ) {
    self.name = name
    self.summary = summary
    self.run = run
  }
}

/// Passes that save copies and buffers, which every program wants.
package let storagePasses: [ProgramPass] = [removeCopies, overwriteOperands, copyEarly]

/// The program passes of a compile that optimizes, in order. ``planMemory`` follows.
package let programPasses: [ProgramPass] = [removeUnreadCalls] + storagePasses + [orderCalls]

/// Every program pass, for those who look one up by name.
package let everyProgramPass: [ProgramPass] = programPasses + [planMemory]

/// Runs program passes in order. With `verifying`, and always in debug builds, the program is verified before the first
/// and after each; what is wrong then names the pass.
package func run(
  _ passes: [ProgramPass], on program: inout Program, verifying: Bool
) throws(Diagnostic) {
  if verifying || isDebugBuild { try verify(program, after: "emit") }
  for pass in passes {
    try pass.run(&program)
    if verifying || isDebugBuild { try verify(program, after: pass.name) }
  }
}

#if DEBUG
  private let isDebugBuild = true
#else
  private let isDebugBuild = false
#endif
