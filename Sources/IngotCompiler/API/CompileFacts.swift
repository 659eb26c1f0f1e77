package import Bundle
import IR
package import Machine
import Quantization

/// What the compiler can tell of a bundle: sizes in bytes, work, and where each op runs.
public struct CompileFacts: Sendable, Encodable {
  /// Where one op runs.
  public struct Op: Sendable, Hashable, Encodable {
    /// The node's name, or its value's number where it has none.
    public let node: String
    /// The op's name in the graph that the passes left.
    public let op: String
    /// The engine of the chip that it was placed on.
    public let engine: String
    /// How it runs there.
    public let verdict: Verdict
    /// The rule that decided, where it does not run natively.
    public let rule: Rule?
    /// Why it does not run natively, in a sentence; of an op that does what else there is to say, or nothing.
    public let reason: String

    /// How an op runs on its engine.
    public enum Verdict: String, Sendable, Hashable, Encodable {
      /// As one operation at full speed.
      case native
      /// More slowly than it could.
      case slow
      /// As several operations.
      case decomposed
      /// Not on the chip's engines, but on what it falls back to.
      case fallback
    }

    /// A rule of the chip that an op does not keep.
    public struct Rule: Sendable, Hashable, Encodable {
      /// What the rule is about, such as `kernel.w` or `limits.max_rank`.
      public let key: String
      /// What the op has.
      public let actual: String
      /// What the chip allows.
      public let allowed: String
    }

    package init(_ placement: Placement) {
      node = placement.node
      op = placement.op
      engine = placement.engine
      reason = placement.reason
      verdict =
        switch placement.verdict {
        case .native: .native
        case .slow: .slow
        case .decomposed: .decomposed
        case .fallback: .fallback
        }
      rule = placement.verdict.breach.map { Rule(key: $0.key, actual: $0.actual, allowed: $0.allowed) }
    }
  }

  /// How a function was quantized, and how far its outputs are from those of the source.
  public struct Quantization: Sendable, Hashable, Encodable {
    /// A way that was tried.
    public struct Attempt: Sendable, Hashable, Encodable {
      /// What it does, in words.
      public let methods: String
      /// Mean signal to noise ratio of the outputs on samples that nothing was learned from, in dB.
      public let meanDb: Double
      /// The standard error of the mean.
      public let standardErrorDb: Double
      /// That of the worst sample.
      public let worstDb: Double
      /// Whether it was taken.
      public let isChosen: Bool

      enum CodingKeys: String, CodingKey {
        case methods
        case standardErrorDb = "standard_error_db"
        case meanDb = "mean_db"
        case worstDb = "worst_db"
        case isChosen = "chosen"
      }
    }
    /// A node that is treated in a way of its own.
    public struct Exception: Sendable, Hashable, Encodable {
      /// Its name.
      public let node: String
      /// Why, in a sentence.
      public let reason: String
    }
    /// What became of one layer: signal to noise ratios in dB, on samples that were learned from; 200 stands for no noise.
    public struct Layer: Sendable, Hashable, Encodable {
      /// Names of the node and of its op.
      public let node, op: String
      /// Of the layer alone, fed with the source's numbers.
      public let own: Double
      /// With all that comes before it quantized too.
      public let accumulated: Double
      /// Of a product with constant weights: where only its input, or only its weights, are rounded.
      public let ofInput, ofWeights: Double?
      /// Cosine of the angle between the result and what it should be, alone and with all before it quantized.
      public let ownCosine, accumulatedCosine: Double
      /// Of such a product: the least and the largest value of its input.
      public let inputRange: [Float]?
      /// Of such a product: beyond what its input is clipped; nil where channels have scales of their own.
      public let storedRange: [Float]?
      /// Of such a product: numbers of its input in equal parts of the range.
      public let inputHistogram: [UInt64]?
      /// What limits its input, in words.
      public let causes: [String]

      enum CodingKeys: String, CodingKey {
        case node, op, causes
        case own = "own_db"
        case accumulated = "accumulated_db"
        case ofInput = "of_input_db"
        case ofWeights = "of_weights_db"
        case inputRange = "input_range"
        case storedRange = "stored_range"
        case inputHistogram = "input_histogram"
        case ownCosine = "own_cosine"
        case accumulatedCosine = "accumulated_cosine"
      }

      init(_ layer: LayerQuality) {
        (node, op, own, accumulated) = (layer.node, layer.op, layer.own, layer.accumulated)
        (ofInput, ofWeights, causes) = (layer.ofInput, layer.ofWeights, layer.causes)
        (ownCosine, accumulatedCosine) = (layer.ownCosine, layer.accumulatedCosine)
        inputRange = layer.input.map { [$0.range.lowerBound, $0.range.upperBound] }
        storedRange = layer.input?.stored.map { [$0.lowerBound, $0.upperBound] }
        inputHistogram = layer.input?.counts
      }
    }

    /// Its name.
    public let function: String
    /// How many there were to calibrate with.
    public let samples: Int
    /// The ways that were tried.
    /// None where there were too few samples to hold some back.
    public let attempts: [Attempt]
    /// Values that products read in 16 bits.
    public let sixteenBits: [String]
    /// Nodes that stay in floating point.
    public let floating: [Exception]
    /// Values of which products read two bytes, as two products.
    public let twoBytes: [String]
    /// Products of which inputs and weights have two bytes.
    public let split: [Exception]
    /// What became of each layer, in the order of execution.
    public let layers: [Layer]
    /// How formats were found that keep a budget; nil where none was given.
    public let search: FormatSearch?

    enum CodingKeys: String, CodingKey {
      case function, samples, attempts, floating, layers, split, search
      case twoBytes = "two_bytes"
      case sixteenBits = "sixteen_bits"
    }

    init(_ report: QuantizationReport) {
      function = report.function
      samples = report.samples
      attempts = report.attempts.map {
        Attempt(
          methods: $0.variant.description, meanDb: $0.mean,
          standardErrorDb: $0.standardError, worstDb: $0.worst,
          isChosen: $0.variant == report.chosen)
      }
      sixteenBits = report.sixteenBits
      floating = report.floating.map { Exception(node: $0.node, reason: $0.reason) }
      layers = report.layers.map { Layer($0) }
      twoBytes = report.twoBytes
      split = report.split.map { Exception(node: $0.node, reason: $0.reason) }
      search = report.search.map { FormatSearch($0) }
    }
  }

  /// What one memory of the chip holds of intermediate tensors.
  public struct Memory: Sendable, Hashable, Encodable {
    /// As the target names it.
    public let id: String
    /// The most that one function needs.
    public let bytes: Int
    /// The most that is live at once in one function: no plan is smaller.
    public let lowerBoundBytes: Int
    /// What the chip has; nil where nobody has published it.
    public let capacityBytes: Int?

    enum CodingKeys: String, CodingKey {
      case id, bytes
      case lowerBoundBytes = "lower_bound_bytes"
      case capacityBytes = "capacity_bytes"
    }
  }

  /// Memory of intermediate tensors, the most that one function needs of all memories together.
  public let arenaBytes: Int
  /// What no plan could be smaller than: the most bytes that are live at once.
  public let arenaLowerBoundBytes: Int
  /// The planned memories in which intermediate tensors lie.
  public let memories: [Memory]
  /// The bundle's size.
  public let bundleBytes: Int
  /// Parameters once unpacked.
  public let weightBytes: Int
  /// The same by format, such as `fp32`, `int8` and `palette4`, with scales and palettes under the format that needs them.
  public let weightBytesByFormat: [String: Int]
  /// Nodes of all functions as they were read.
  public let nodesBefore: Int
  /// Nodes of all functions after the passes.
  public let nodesAfter: Int
  /// Kernel calls of all functions.
  public let instructions: Int
  /// Multiply-adds of one call of each function that no other runs.
  public let macs: Int
  /// The same by the formats of what is multiplied, such as `int8xint8`, `int16xint8`, `fp32xfp16` and `fp32`.
  public let macsByFormat: [String: Int]
  /// Cycles of the chip for one call of each function that no other runs, by the estimate of its description; nil where
  /// that does not tell.
  public let cycles: Int?
  /// How functions were quantized; empty where they were not.
  public let quantizations: [Quantization]
  /// Numbers among the parameters.
  public let parameters: Int
  /// Where every op of every function runs, in execution order.
  public let ops: [Op]
  /// Values of the graph's options, such as what its denoiser predicts; none of a model.
  public let options: [String: String]

  enum CodingKeys: String, CodingKey {
    case arenaBytes = "arena_bytes"
    case arenaLowerBoundBytes = "arena_lower_bound_bytes"
    case bundleBytes = "bundle_bytes"
    case weightBytes = "weight_bytes"
    case weightBytesByFormat = "weight_bytes_by_format"
    case nodesBefore = "nodes_before"
    case nodesAfter = "nodes_after"
    case macsByFormat = "macs_by_format"
    case quantizations = "quantization"
    case memories, instructions, macs, cycles, parameters, ops, options
  }

  package init(_ compiled: CompiledBundle) {
    let functions = compiled.manifest.functions
    arenaBytes = functions.map(\.arenaBytes).max() ?? 0
    arenaLowerBoundBytes = functions.map(\.arenaLowerBoundBytes).max() ?? 0
    memories = largestMemories(functions.map(\.memories)).map {
      Memory(
        id: $0.id, bytes: $0.bytes, lowerBoundBytes: $0.lowerBoundBytes, capacityBytes: $0.capacityBytes)
    }
    bundleBytes = compiled.bundleBytes
    weightBytes = compiled.weightBytes
    weightBytesByFormat = compiled.weightBytesByFormat
    nodesBefore = compiled.nodesBefore
    nodesAfter = compiled.nodesAfter
    instructions = functions.reduce(0) { $0 + $1.instructions }
    // Functions that others run are counted with these.
    let callees = Set(
      compiled.module.functions.flatMap { graph in graph.order.compactMap { graph[$0].op.callee } })
    macs = functions.filter { !callees.contains($0.name) }.reduce(0) { $0 + $1.macs }
    let cycles = functions.filter { !callees.contains($0.name) }.compactMap(\.cycles)
    self.cycles = cycles.isEmpty ? nil : cycles.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    macsByFormat = compiled.programs.filter { !callees.contains($0.name) }.reduce(into: [:]) {
      sums, program in
      for (format, count) in program.multiplyAddsByFormat {
        let (sum, overflow) = sums[format, default: 0].addingReportingOverflow(count)
        sums[format] = overflow ? Int.max : sum
      }
    }
    quantizations = compiled.quantizations.map { Quantization($0) }
    parameters = Statistics(weightsOf: compiled.module).parameters
    ops = compiled.placements.flatMap { $0.map(Op.init) }
    options = NetworkSource.options(recordedIn: compiled.manifest.provenance)
  }
}

/// What functions need of each memory at most, in the order in which they name them.
package func largestMemories(_ functions: [[Manifest.Memory]]) -> [Manifest.Memory] {
  var largest: [Manifest.Memory] = []
  for memory in functions.joined() {
    guard let index = largest.firstIndex(where: { $0.id == memory.id }) else {
      largest.append(memory)
      continue
    }
    largest[index].bytes = max(largest[index].bytes, memory.bytes)
    largest[index].lowerBoundBytes = max(largest[index].lowerBoundBytes, memory.lowerBoundBytes)
  }
  return largest
}
