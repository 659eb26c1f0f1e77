import Bundle
import IR
import IngotCompiler
import Machine
import Tensors

/// What `inspect --json` prints. What is not known, or was not asked for, is left out.
struct InspectFacts: Encodable {
  struct Function: Encodable {
    var name: String
    var inputs: [Manifest.Port]
    var outputs: [Manifest.Port]
    var nodes: Int
    var parameters: Int
    var macs: Int
    var macsByFormat: [String: Int]?
    var opCounts: [OpCount]
    var arenaBytes: Int?
    var arenaLowerBoundBytes: Int?
    var memories: [Manifest.Memory]?
    var scratchBytes: Int?
    var sessionBytes: Int?

    enum CodingKeys: String, CodingKey {
      case name, inputs, outputs, nodes, parameters, macs, memories
      case macsByFormat = "macs_by_format"
      case opCounts = "op_counts"
      case arenaBytes = "arena_bytes"
      case arenaLowerBoundBytes = "arena_lower_bound_bytes"
      case scratchBytes = "scratch_bytes"
      case sessionBytes = "session_bytes"
    }
  }

  struct Section: Encodable {
    var kind: String
    var offset: Int
    var storedBytes: Int
    var rawBytes: Int
    var compression: String
    /// In how many planes the bytes of its elements lie; nil for none.
    var bytePlanes: Int?

    init(_ section: BundleContents.Section) {
      kind = section.kind
      offset = section.offset
      storedBytes = section.storedBytes
      rawBytes = section.rawBytes
      switch section.compression {
      case .none: compression = "raw"
      case .zstd(let planes):
        compression = "zstd"
        bytePlanes = planes == 0 ? nil : planes
      }
    }

    enum CodingKeys: String, CodingKey {
      case kind, offset, compression
      case storedBytes = "stored_bytes"
      case rawBytes = "raw_bytes"
      case bytePlanes = "byte_planes"
    }
  }

  var kind: String
  var arenaBytes: Int?
  var arenaLowerBoundBytes: Int?
  var memories: [Manifest.Memory]?
  var cycles: Int?
  var bundleBytes: Int?
  var weightBytes: Int
  var weightBytesByFormat: [String: Int]?
  var sessionBytes: Int?
  var format: Int?
  var compiler: String?
  var target: String?
  var precision: String?
  var provenance: [String: String]?
  var sections: [Section]?
  var functions: [Function]
  var ops: [OpFacts]?
  var tensors: [TensorFacts]?
  var ir: String?
  var compileError: String?
  var notes: [Note]?

  enum CodingKeys: String, CodingKey {
    case kind, format, compiler, target, precision, provenance, sections, functions, ops, tensors, ir, notes
    case memories, cycles
    case arenaBytes = "arena_bytes"
    case arenaLowerBoundBytes = "arena_lower_bound_bytes"
    case bundleBytes = "bundle_bytes"
    case weightBytes = "weight_bytes"
    case weightBytesByFormat = "weight_bytes_by_format"
    case sessionBytes = "session_bytes"
    case compileError = "compile_error"
  }

  init(_ bundle: InspectedBundle, ir: Bool, ops: Bool, plan: Bool) {
    let manifest = bundle.contents.manifest
    kind = "bundle"
    bundleBytes = bundle.contents.fileBytes
    weightBytes = bundle.weightBytes
    weightBytesByFormat = bundle.weightBytesByFormat
    format = manifest.format
    compiler = manifest.compiler
    target = manifest.target
    precision = manifest.precision
    provenance = manifest.provenance
    sections = bundle.contents.sections.map(Section.init)
    functions = zip(manifest.functions, bundle.functions).map { described, function in
      Function(
        name: function.program.name, inputs: described.inputs, outputs: described.outputs,
        nodes: function.program.instructions.count, parameters: described.parameters, macs: described.macs,
        macsByFormat: function.program.multiplyAddsByFormat, opCounts: opCounts(function.program))
    }
    addMemory(bundle.functions, manifest, plan: plan)
    if ops { self.ops = bundle.functions.flatMap(OpFacts.calls) }
    if ir { self.ir = bundle.functions.map(\.program.text).joined(separator: "\n\n") }
    notes = bundle.note.map { [$0] }
  }

  init(_ model: InspectedModel, ir: Bool, plan: Bool) {
    kind = "model"
    bundleBytes = model.compiled?.bundleBytes
    weightBytes = model.compiled?.weightBytes ?? Statistics(weightsOf: model.module).weightBytes
    weightBytesByFormat = model.compiled?.weightBytesByFormat
    target = model.compiled?.manifest.target
    precision = model.compiled?.manifest.precision
    functions = zip(model.module.functions, model.statistics).map { graph, statistics in
      Function(
        name: graph.name, inputs: graph.inputs.map { manifestPort($0, of: graph) },
        outputs: graph.outputs.map { manifestPort($0, of: graph) },
        nodes: statistics.nodes,
        parameters: statistics.parameters, macs: statistics.macs,
        opCounts: opCounts(graph.order.map { graph[$0].op.name }))
    }
    addMemory(model.plans, model.compiled?.manifest, plan: plan)
    ops = model.placements.map { OpFacts.placed(model.module.functions.map(\.name), $0) }
    if ir { self.ir = model.module.text }
    compileError = model.compileError
    notes = (model.compiled?.module ?? model.module).notes
  }

  /// Adds what the programs of the functions need; nothing when the model was not compiled.
  private mutating func addMemory(_ plans: [FunctionPlan], _ manifest: Manifest?, plan: Bool) {
    let described = manifest.map { zip($0.functions, plans).map { $1.memories(describedBy: $0) } } ?? []
    for (index, memories) in zip(functions.indices, described) { functions[index].memories = memories }
    memories = manifest == nil ? nil : largestMemories(described)
    cycles = manifest?.functions.compactMap(\.cycles).max()
    for (index, function) in zip(functions.indices, plans) {
      functions[index].arenaBytes = function.program.arenaBytes
      functions[index].arenaLowerBoundBytes = function.memory.lowerBound
      functions[index].scratchBytes = function.scratchBytes
      functions[index].sessionBytes = function.sessionBytes
    }
    arenaBytes = plans.map(\.program.arenaBytes).max()
    arenaLowerBoundBytes = plans.map(\.memory.lowerBound).max()
    sessionBytes = plans.map(\.sessionBytes).max()
    if plan { tensors = plans.flatMap { TensorFacts.all($0) } }
  }
}

/// An op of a model with its placement, or a kernel call of a bundle.
struct OpFacts: Encodable {
  var function: String
  var node: String
  var op: String
  var engine: String?
  var verdict: String?
  var rule: CompileFacts.Op.Rule?
  var reason: String?
  var instruction: Int?
  var step: Int?
  var results: [String]?
  var operands: [String?]?
  var attributes: [String: String]?

  static func placed(_ functions: [String], _ placements: [[Placement]]) -> [OpFacts] {
    zip(functions, placements).flatMap { function, placements in
      placements.map {
        let op = CompileFacts.Op($0)
        return OpFacts(
          function: function, node: op.node, op: op.op, engine: op.engine, verdict: op.verdict.rawValue,
          rule: op.rule, reason: op.reason)
      }
    }
  }

  static func calls(_ function: FunctionPlan) -> [OpFacts] {
    let program = function.program
    func type(_ tensor: Int) -> String {
      "\(program.tensors[tensor].element.rawValue)\(program.tensors[tensor].shape)"
    }
    return program.instructions.enumerated().map { index, call in
      OpFacts(
        function: program.name, node: call.name, op: call.operation, instruction: index,
        step: function.memory.step(ofInstruction: index), results: call.results.map(type),
        operands: call.inputs.map { $0.map(type) },
        attributes: Dictionary(program.attributes(of: call).map { ($0.name, $0.value) }) { first, _ in first }
      )
    }
  }
}

/// A tensor's place in the arena.
struct TensorFacts: Encodable {
  var function: String
  var index: Int
  var name: String
  var element: String
  var shape: [Int]
  var buffer: Int
  var offset: Int
  var bytes: Int
  var firstStep: Int
  var lastStep: Int
  /// Indices of tensors in common bytes of the same buffer.
  var sharesWith: [Int]

  enum CodingKeys: String, CodingKey {
    case function, index, name, element, shape, buffer, offset, bytes
    case firstStep = "first_step"
    case lastStep = "last_step"
    case sharesWith = "shares_with"
  }

  static func all(_ function: FunctionPlan) -> [TensorFacts] {
    function.memory.places.map { place in
      let tensor = function.program.tensors[place.tensor]
      return TensorFacts(
        function: function.program.name, index: place.tensor, name: tensor.name,
        element: tensor.element.rawValue,
        shape: tensor.shape.extents, buffer: place.buffer, offset: place.offset, bytes: place.bytes,
        firstStep: place.steps.lowerBound, lastStep: place.steps.upperBound, sharesWith: place.sharesWith)
    }
  }
}
