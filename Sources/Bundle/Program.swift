package import CBundleFormat
package import Tensors

/// What a function becomes in a bundle: pieces of memory, typed views of them, and the flat list of kernel calls.
///
/// A program is first without addresses: its buffers have a memory and a size, and passes may change calls and
/// buffers. Once memory is planned, every buffer has an address and every memory a size.
package struct Program: Sendable, Equatable {
  /// A level of memory in which buffers lie, as the target names it.
  package struct Memory: Sendable, Equatable {
    package var id: String
    /// What its buffers need, one beside or after the other; nil until they have addresses.
    package var bytes: Int?

    package init(_ id: String, bytes: Int? = nil) {
      self.id = id
      self.bytes = bytes
    }
  }

  /// A piece of memory.
  package struct Buffer: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
      case arena
      /// The i-th input: the caller's memory, or the buffer's address.
      case input(Int)
      /// The i-th output: the caller's memory, or the buffer's address.
      case output(Int)
      /// The i-th weight of the bundle.
      case weight(Int)

      package var isWeight: Bool {
        if case .weight = self { return true }
        return false
      }
    }
    package var kind: Kind
    /// Index of its memory; of no meaning for weights, which lie where the bundle does.
    package var memory: Int
    /// Where it begins in its memory, in bytes; nil until memory is planned, and for weights.
    package var address: Int?
    package var bytes: Int

    package init(_ kind: Kind, memory: Int = 0, address: Int? = nil, bytes: Int) {
      self.kind = kind
      self.memory = memory
      self.address = address
      self.bytes = bytes
    }
  }

  /// A tensor in a buffer: dense, or some rows of a taller image.
  package struct View: Sendable, Equatable {
    package var buffer: Int
    package var element: ElementType
    package var shape: Shape
    /// In the buffer, in bytes.
    package var offset: Int
    package var name: String
    /// The order in which its elements lie; nil for row-major.
    package var layout: Layout?
    /// Where its rows lie in those of an image; nil for a dense tensor.
    package var window: RowWindow?

    package init(
      buffer: Int, element: ElementType, shape: Shape, offset: Int = 0, name: String = "",
      layout: Layout? = nil, window: RowWindow? = nil
    ) {
      self.buffer = buffer
      self.element = element
      self.shape = shape
      self.offset = offset
      self.name = name
      self.layout = layout
      self.window = window
    }
  }

  /// An axis of an output, and the output that holds its extent.
  package struct OutputSize: Sendable, Equatable {
    package var output: Int
    package var axis: Int
    package var sizeOutput: Int

    package init(output: Int, axis: Int, sizeOutput: Int) {
      self.output = output
      self.axis = axis
      self.sizeOutput = sizeOutput
    }
  }

  /// A kernel call. Operands are indices of tensors.
  package struct Instruction: Sendable, Equatable {
    package var opcode: ingot_opcode
    package var results: [Int]
    /// nil marks an absent optional input.
    package var inputs: [Int?]
    /// The words of the opcode's struct, then those of the entries of its tail.
    package var attributes: [Int64]
    package var name: String
    /// What whoever emitted the call remembers it by, such as the number of the value that it computes. Passes
    /// keep it; bundles do not hold it.
    package var origin: Int?

    package init(
      _ opcode: ingot_opcode, results: [Int], inputs: [Int?], attributes: [Int64] = [], name: String = "",
      origin: Int? = nil
    ) {
      self.opcode = opcode
      self.results = results
      self.inputs = inputs
      self.attributes = attributes
      self.name = name
      self.origin = origin
    }
  }

  package var name: String
  package var memories: [Memory] = []
  package var buffers: [Buffer] = []
  /// Inputs first, then outputs, then all others.
  package var tensors: [View] = []
  /// Axes whose extent only a run tells, by output, then axis; their tensors have the bounds.
  package var sizes: [OutputSize] = []
  package var instructions: [Instruction] = []
  package var inputCount = 0
  package var outputCount = 0

  package init(name: String) { self.name = name }

  /// What all memories need together; 0 as long as nothing is planned.
  package var arenaBytes: Int { memories.reduce(0) { $0 + ($1.bytes ?? 0) } }
}

extension Program {
  /// Tensors of the inputs.
  package var inputs: Range<Int> { 0..<inputCount }
  /// Tensors of the outputs.
  package var outputs: Range<Int> { inputCount..<(inputCount + outputCount) }
  package var isPlaced: Bool { memories.allSatisfy { $0.bytes != nil } }
}

extension Program.Instruction {
  /// The opcode's name: `conv`.
  package var operation: String {
    guard let text = ingot_opcode_text(opcode.rawValue) else { return "opcode \(opcode.rawValue)" }
    return String(cString: text)
  }
}

extension ElementType {
  /// The element's number in the file format.
  package var code: UInt8 {
    let code =
      switch self {
      case .f32: INGOT_F32
      case .f16: INGOT_F16
      case .bf16: INGOT_BF16
      case .i8: INGOT_I8
      case .u8: INGOT_U8
      case .i16: INGOT_I16
      case .i32: INGOT_I32
      case .i64: INGOT_I64
      case .bool: INGOT_BOOL
      }
    return UInt8(code.rawValue)
  }

  /// The element with this number in the file format.
  package init?(code: UInt8) {
    guard let found = ElementType.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}
