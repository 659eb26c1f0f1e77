import Bundle
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors

/// A function's program with the memory it needs.
struct FunctionPlan {
  var program: Program
  var memory: ProgramMemory
  /// Arena, scratch and tables of a session on one thread.
  var sessionBytes: Int
  var scratchBytes: Int { max(0, sessionBytes - program.arenaBytes) }

  /// What the program needs of each memory; a memory's capacity is what the manifest says.
  func memories(describedBy manifest: Manifest.Function) -> [Manifest.Memory] {
    zip(program.memories, memory.lowerBounds).map { planned, bound in
      Manifest.Memory(
        id: planned.id, bytes: planned.bytes ?? 0, lowerBoundBytes: bound,
        capacityBytes: manifest.memories.first { $0.id == planned.id }?.capacityBytes)
    }
  }
}

/// The plans of a bundle's functions, whose programs are given in their order.
func functionPlans(_ programs: [Program], _ model: Model) -> [FunctionPlan] {
  programs.enumerated().map { index, program in
    FunctionPlan(
      program: program, memory: ProgramMemory(program),
      sessionBytes: Session.memoryBytes(model, function: index, threads: 1))
  }
}

/// A bundle that the interpreter has opened, and so checked, taken apart.
struct InspectedBundle {
  var contents: BundleContents
  var functions: [FunctionPlan]

  init(path: String) throws {
    let model = try openBundle(path)
    contents = try BundleContents(try Storage.map(path: path), path: path)
    functions = functionPlans(contents.programs, model)
  }

  var note: Note? { runsOnCPUNote(contents.manifest) }

  var weightBytes: Int { contents.weights.reduce(0) { $0 + $1.bytes } }

  var weightBytesByFormat: [String: Int] {
    contents.programs.weightBytesByFormat(contents.weights.map { ($0.element, $0.bytes) })
  }

  /// What is in the bundle, for people.
  var summary: String {
    let manifest = contents.manifest
    let facts = manifest.provenance.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    var lines = [
      "bundle for \(manifest.target), \(manifest.precision)",
      "  format     \(manifest.format), written by compiler \(manifest.compiler)",
      "  file       \(formatBytes(contents.fileBytes))",
      "  weights    \(formatBytes(weightBytes)) in memory, \(contents.weights.count) tensors\(byFormat(weightBytesByFormat))",
    ]
    if !facts.isEmpty { lines.append("  made from  \(facts.joined(separator: ", "))") }
    if let note { lines.append("\(note)") }
    for (described, function) in zip(manifest.functions, functions) {
      lines.append("function \(function.program.name)")
      lines += described.inputs.map { "  input      \($0.name)  \($0.element)\(Shape($0.shape))" }
      lines += described.outputs.map {
        "  output     \($0.name)  \($0.element)\(Shape($0.shape))\(sizeText($0.sizes))"
      }
      lines += [
        "  work       \(formatCount(described.macs)) multiply-adds",
        "  parameters \(formatCount(described.parameters))",
        "  arena      \(arenaText(function))",
        "  session    \(formatBytes(function.sessionBytes)) on one thread, of which "
          + "\(formatBytes(function.scratchBytes)) are scratch and tables",
        "  calls      \(countText(opCounts(function.program)))",
      ]
    }
    let sections = contents.sections.map { section in
      [
        "  " + section.kind, "\(section.offset)", "\(section.storedBytes)", "\(section.rawBytes)",
        section.compression.text,
      ]
    }
    return paragraph(lines) + "\n"
      + table(["  section", "offset", "stored", "unpacked", ""], sections, right: [1, 2, 3])
  }
}

/// Bytes of each format, the most first; nothing where all are fp32.
func byFormat(_ bytes: [String: Int]) -> String {
  let shares = bytes.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
  guard shares.contains(where: { $0.key != "fp32" }) else { return "" }
  return " (" + shares.map { "\($0.key) \(formatBytes($0.value))" }.joined(separator: ", ") + ")"
}

/// What tells the extents of an output that only a run gives, for which its type has the bounds.
func sizeText(_ sizes: [Manifest.Size]?) -> String {
  (sizes ?? []).map { ", axis \($0.axis) bounded, its size in '\($0.output)'" }.joined()
}

/// Every kernel call of a program with the types of its tensors.
func callTable(_ function: FunctionPlan) -> String {
  let program = function.program
  func describe(_ tensor: Int) -> String {
    let view = program.tensors[tensor]
    let type = "\(view.element.rawValue)\(view.shape)"
    return program.isWeight(tensor) ? "@\(view.name) \(type)" : type
  }
  let rows = program.instructions.enumerated().map { index, call in
    [
      "\(function.memory.step(ofInstruction: index))", call.operation, call.name,
      call.results.map(describe).joined(separator: ", "),
      call.inputs.map { $0.map(describe) ?? "none" }.joined(separator: ", "),
      program.attributes(of: call).map { "\($0.name) = \($0.value)" }.joined(separator: ", "),
    ]
  }
  return "function \(printable(program.name))\n"
    + table(["step", "op", "node", "results", "operands", "attributes"], rows, right: [0])
}

/// How often each op occurs, the most frequent first.
func opCounts(_ program: Program) -> [OpCount] { opCounts(program.instructions.map(\.operation)) }

func opCounts(_ names: [String]) -> [OpCount] {
  let counts = names.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
  return counts.map { OpCount(op: $0.key, count: $0.value) }.sorted { ($1.count, $0.op) < ($0.count, $1.op) }
}

struct OpCount: Encodable {
  var op: String
  var count: Int
}

func countText(_ counts: [OpCount]) -> String {
  "\(counts.reduce(0) { $0 + $1.count }): " + counts.map { "\($0.op) \($0.count)" }.joined(separator: ", ")
}
