import CBundleFormat
import Tensors

/// A program section's bytes, and those of its origins, whose names lie in the program's strings.
/// Memory must be planned.
func encode(
  _ program: Program, _ origins: ProgramOrigins?, _ layouts: LayoutTable
) throws(BundleError) -> (program: [UInt8], origins: [UInt8]?) {
  try program.checkLoops()
  try program.checkWork()
  var strings = StringTable()
  var operands: [UInt32] = []
  var attributes: [Int64] = []
  var instructions: [ingot_instruction] = []
  for instruction in program.instructions {
    guard instruction.results.count + instruction.inputs.count <= Int(INGOT_MAX_OPERANDS) else {
      throw BundleError("'\(instruction.name)' has more than \(INGOT_MAX_OPERANDS) operands")
    }
    let name = strings.intern(instruction.name)
    instructions.append(
      ingot_instruction(
        opcode: instruction.opcode.rawValue, first_operand: UInt32(operands.count),
        result_count: UInt16(instruction.results.count), input_count: UInt16(instruction.inputs.count),
        first_attribute: UInt32(attributes.count), attribute_count: UInt32(instruction.attributes.count),
        name: name.offset, name_bytes: name.count, reserved: 0))
    operands += instruction.results.map { UInt32($0) }
    operands += instruction.inputs.map { $0.map { UInt32($0) } ?? INGOT_NONE }
    attributes += instruction.attributes
  }
  let tensors = try program.tensors.map { view throws(BundleError) in try encode(view, &strings, layouts) }
  let functionName = strings.intern(program.name)
  let originBytes = origins.map { encode($0, &strings) }
  var memories: [ingot_memory] = []
  for memory in program.memories {
    guard let bytes = memory.bytes else {
      throw BundleError("the memory '\(memory.id)' of function '\(program.name)' is not planned")
    }
    let id = strings.intern(memory.id)
    memories.append(ingot_memory(name: id.offset, name_bytes: id.count, bytes: UInt64(bytes)))
  }

  var section = ByteBuffer()
  section.append(
    ingot_program(
      buffer_count: UInt32(program.buffers.count), tensor_count: UInt32(tensors.count),
      instruction_count: UInt32(instructions.count), operand_count: UInt32(operands.count),
      attribute_count: UInt32(attributes.count), string_bytes: UInt32(strings.bytes.count),
      input_count: UInt32(program.inputCount), output_count: UInt32(program.outputCount),
      size_count: UInt32(program.sizes.count), memory_count: UInt32(memories.count),
      name: functionName.offset,
      name_bytes: functionName.count))
  for memory in memories { section.append(memory) }
  for buffer in program.buffers { section.append(encode(buffer)) }
  for tensor in tensors { section.append(tensor) }
  for size in program.sizes {
    section.append(
      ingot_output_size(
        output: UInt32(size.output), axis: UInt32(size.axis), size_output: UInt32(size.sizeOutput),
        reserved: 0))
  }
  for instruction in instructions { section.append(instruction) }
  for operand in operands { section.append(operand) }
  if operands.count % 2 != 0 { section.append(UInt32(0)) }
  for attribute in attributes { section.append(attribute) }
  section.append(contentsOf: strings.bytes)
  return (section.bytes, originBytes)
}

private func encode(_ buffer: Program.Buffer) -> ingot_buffer {
  let (kind, index): (ingot_buffer_kind, Int) =
    switch buffer.kind {
    case .arena: (INGOT_BUFFER_ARENA, 0)
    case .input(let index): (INGOT_BUFFER_INPUT, index)
    case .output(let index): (INGOT_BUFFER_OUTPUT, index)
    case .weight(let index): (INGOT_BUFFER_WEIGHT, index)
    }
  return ingot_buffer(
    kind: kind.rawValue, index: UInt32(index), memory: buffer.kind.isWeight ? 0 : UInt32(buffer.memory),
    reserved: 0, offset: UInt64(buffer.address ?? 0), bytes: UInt64(buffer.bytes))
}

private func encode(
  _ view: Program.View, _ strings: inout StringTable, _ layouts: LayoutTable
) throws(BundleError) -> ingot_tensor {
  guard view.shape.rank <= Int(INGOT_MAX_RANK) else {
    throw BundleError(
      "tensor '\(view.name)' has rank \(view.shape.rank), a bundle holds at most \(INGOT_MAX_RANK)")
  }
  let name = strings.intern(view.name)
  var tensor = ingot_tensor()
  tensor.buffer = UInt32(view.buffer)
  tensor.element = view.element.code
  tensor.rank = UInt8(view.shape.rank)
  tensor.layout = layouts.number(of: view.layout)
  tensor.offset = UInt64(view.offset)
  setDimensions(&tensor.dims, view.shape)
  tensor.name = name.offset
  tensor.name_bytes = name.count
  tensor.image_rows = UInt32(view.window?.imageRows ?? 0)
  tensor.first_row = UInt32(view.window?.firstRow ?? 0)
  return tensor
}

private func window(of tensor: ingot_tensor) -> RowWindow? {
  guard tensor.image_rows > 0, tensor.rank >= 2 else { return nil }
  return RowWindow(imageRows: Int(tensor.image_rows), firstRow: Int(tensor.first_row))
}

/// Writes a shape into a fixed array of the format, unused entries 0.
func setDimensions<Dimensions: BitwiseCopyable>(_ dimensions: inout Dimensions, _ shape: Shape) {
  withUnsafeMutableBytes(of: &dimensions) { bytes in
    let extents = bytes.bindMemory(to: Int64.self)
    for axis in extents.indices { extents[axis] = axis < shape.rank ? Int64(shape[axis]) : 0 }
  }
}

/// Reads a program section. Structure is checked as far as reading needs it; the interpreter's loader checks
/// meaning. The strings hold the names of the program's origins too.
func decodeProgram(
  _ bytes: [UInt8], _ layouts: LayoutTable
) throws(BundleError) -> (program: Program, strings: SectionReader.Strings) {
  var reader = SectionReader(bytes)
  let header: ingot_program = try reader.read()
  let memories: [ingot_memory] = try reader.read(count: Int(header.memory_count))
  let buffers: [ingot_buffer] = try reader.read(count: Int(header.buffer_count))
  let tensors: [ingot_tensor] = try reader.read(count: Int(header.tensor_count))
  let sizes: [ingot_output_size] = try reader.read(count: Int(header.size_count))
  let instructions: [ingot_instruction] = try reader.read(count: Int(header.instruction_count))
  let operands: [UInt32] = try reader.read(count: Int(header.operand_count))
  if operands.count % 2 != 0 { let _: UInt32 = try reader.read() }
  let attributes: [Int64] = try reader.read(count: Int(header.attribute_count))
  let strings = try reader.read(bytes: Int(header.string_bytes))

  var program = Program(name: try strings.text(header.name, header.name_bytes))
  program.inputCount = Int(header.input_count)
  program.outputCount = Int(header.output_count)
  for memory in memories {
    program.memories.append(
      Program.Memory(try strings.text(memory.name, memory.name_bytes), bytes: Int(clamping: memory.bytes)))
  }
  for buffer in buffers {
    let index = Int(buffer.index)
    let kind: Program.Buffer.Kind
    switch ingot_buffer_kind(buffer.kind) {
    case INGOT_BUFFER_ARENA: kind = .arena
    case INGOT_BUFFER_INPUT: kind = .input(index)
    case INGOT_BUFFER_OUTPUT: kind = .output(index)
    case INGOT_BUFFER_WEIGHT: kind = .weight(index)
    default: throw BundleError("buffer kind \(buffer.kind) is unknown")
    }
    program.buffers.append(
      Program.Buffer(
        kind, memory: Int(buffer.memory), address: kind.isWeight ? nil : Int(clamping: buffer.offset),
        bytes: Int(clamping: buffer.bytes)))
  }
  for tensor in tensors {
    guard let element = ElementType(code: tensor.element), tensor.rank <= INGOT_MAX_RANK else {
      throw BundleError("tensor with element \(tensor.element) and rank \(tensor.rank) is unknown")
    }
    let extents = withUnsafeBytes(of: tensor.dims) {
      Array($0.bindMemory(to: Int64.self).prefix(Int(tensor.rank)))
    }
    program.tensors.append(
      Program.View(
        buffer: Int(tensor.buffer), element: element, shape: Shape(extents.map { Int($0) }),
        offset: Int(clamping: tensor.offset), name: try strings.text(tensor.name, tensor.name_bytes),
        layout: try layouts.layout(tensor.layout), window: window(of: tensor)))
  }
  program.sizes = sizes.map {
    Program.OutputSize(output: Int($0.output), axis: Int($0.axis), sizeOutput: Int($0.size_output))
  }
  for instruction in instructions {
    let first = Int(instruction.first_operand)
    let (results, inputs) = (Int(instruction.result_count), Int(instruction.input_count))
    let firstAttribute = Int(instruction.first_attribute)
    let attributeCount = Int(instruction.attribute_count)
    guard first + results + inputs <= operands.count, firstAttribute + attributeCount <= attributes.count
    else {
      throw BundleError("an instruction's operands lie outside their table")
    }
    program.instructions.append(
      Program.Instruction(
        ingot_opcode(instruction.opcode), results: operands[first..<(first + results)].map { Int($0) },
        inputs: operands[(first + results)..<(first + results + inputs)].map {
          $0 == INGOT_NONE ? nil : Int($0)
        },
        attributes: Array(attributes[firstAttribute..<(firstAttribute + attributeCount)]),
        name: try strings.text(instruction.name, instruction.name_bytes)))
  }
  return (program, strings)
}

/// Reads structs one after the other, with bounds checks.
struct SectionReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var left: Int { bytes.count - place }

  mutating func read<Value: BitwiseCopyable>() throws(BundleError) -> Value {
    try read(count: 1)[0]
  }

  mutating func read<Value: BitwiseCopyable>(count: Int) throws(BundleError) -> [Value] {
    let size = MemoryLayout<Value>.stride
    guard count <= left / size else {
      throw BundleError("a table of \(count) entries does not fit its section")
    }
    let start = place
    place += count * size
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: start + $0 * size, as: Value.self) }
    }
  }

  mutating func read(bytes count: Int) throws(BundleError) -> Strings {
    guard count <= left else { throw BundleError("\(count) bytes of names do not fit their section") }
    let strings = Strings(bytes: Array(bytes[place..<(place + count)]))
    place += count
    return strings
  }

  struct Strings {
    let bytes: [UInt8]
    func text(_ offset: UInt32, _ count: UInt32) throws(BundleError) -> String {
      let (start, end) = (Int(offset), Int(offset) + Int(count))
      guard end <= bytes.count else { throw BundleError("a name lies outside its table") }
      return String(decoding: bytes[start..<end], as: UTF8.self)
    }
  }
}
