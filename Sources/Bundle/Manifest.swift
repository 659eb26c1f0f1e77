package import FoundationEssentials

/// The bundle's description of itself, as JSON with sorted keys.
package struct Manifest: Codable, Sendable, Equatable {
  package struct Port: Codable, Sendable, Equatable {
    package var name: String
    package var element: String
    /// Extents; of an axis in `sizes` the bound.
    package var shape: [Int]
    /// Axes whose extent only a run tells; nil when there are none.
    package var sizes: [Size]?
    package init(name: String, element: String, shape: [Int], sizes: [Size] = []) {
      self.name = name
      self.element = element
      self.shape = shape
      self.sizes = sizes.isEmpty ? nil : sizes
    }

    enum CodingKeys: String, CodingKey {
      case name, element, shape
      case sizes = "sized_by"
    }
  }

  /// An axis of an output, and the output that holds its extent.
  package struct Size: Codable, Sendable, Equatable {
    package var axis: Int
    package var output: String
    package init(axis: Int, output: String) {
      self.axis = axis
      self.output = output
    }
  }

  /// What a function needs of one memory of the target.
  package struct Memory: Codable, Sendable, Equatable {
    /// As the target names it.
    package var id: String
    package var bytes: Int
    /// The most bytes that are live at once: no plan is smaller.
    package var lowerBoundBytes: Int
    /// What the target has; nil where it does not say.
    package var capacityBytes: Int?

    package init(id: String, bytes: Int, lowerBoundBytes: Int, capacityBytes: Int? = nil) {
      self.id = id
      self.bytes = bytes
      self.lowerBoundBytes = lowerBoundBytes
      self.capacityBytes = capacityBytes
    }

    enum CodingKeys: String, CodingKey {
      case id, bytes
      case lowerBoundBytes = "lower_bound_bytes"
      case capacityBytes = "capacity_bytes"
    }
  }

  package struct Function: Codable, Sendable, Equatable {
    package var name: String
    package var inputs: [Port]
    package var outputs: [Port]
    /// Of all memories together.
    package var arenaBytes: Int
    package var arenaLowerBoundBytes: Int
    package var memories: [Memory]
    package var instructions: Int
    package var parameters: Int
    package var macs: Int
    /// What the target takes for a run, as it estimates it itself; nil where its description does not tell.
    package var cycles: Int?

    package init(
      name: String, inputs: [Port], outputs: [Port], arenaBytes: Int, arenaLowerBoundBytes: Int,
      memories: [Memory], instructions: Int,
      parameters: Int, macs: Int, cycles: Int? = nil
    ) {
      self.name = name
      self.inputs = inputs
      self.outputs = outputs
      self.arenaBytes = arenaBytes
      self.arenaLowerBoundBytes = arenaLowerBoundBytes
      self.memories = memories
      self.instructions = instructions
      self.parameters = parameters
      self.macs = macs
      self.cycles = cycles
    }

    enum CodingKeys: String, CodingKey {
      case name, inputs, outputs, memories, instructions, parameters, macs, cycles
      case arenaBytes = "arena_bytes"
      case arenaLowerBoundBytes = "arena_lower_bound_bytes"
    }
  }

  /// Version of the file format.
  package var format: Int
  /// Version of the compiler that wrote the bundle.
  package var compiler: String
  /// Name of the chip.
  package var target: String
  /// Which kind of engines the chip has, as its description says: `cpu` for none beside the CPU.
  package var targetFamily: String
  package var precision: String
  package var functions: [Function]
  /// Where the model came from: facts of the source, in sorted order of keys when written.
  package var provenance: [String: String]

  package init(
    format: Int, compiler: String, target: String, targetFamily: String, precision: String,
    functions: [Function], provenance: [String: String]
  ) {
    self.format = format
    self.compiler = compiler
    self.target = target
    self.targetFamily = targetFamily
    self.precision = precision
    self.functions = functions
    self.provenance = provenance
  }

  enum CodingKeys: String, CodingKey {
    case format, compiler, target, precision, functions, provenance
    case targetFamily = "target_family"
  }

  /// The JSON text: the same bytes for the same contents.
  package func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return try encoder.encode(self)
  }

  package static func decode(_ data: Data) throws -> Manifest {
    try JSONDecoder().decode(Manifest.self, from: data)
  }
}
