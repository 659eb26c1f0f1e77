import Bundle
import CBundleFormat
import Tensors
import TestSupport

/// A program with every kind of buffer, an absent input and attributes.
func sampleProgram(_ name: String = "main") -> Program {
  var program = Program(name: name)
  program.buffers = [
    .init(.input(0), address: 64, bytes: 24), .init(.output(0), memory: 1, address: 128, bytes: 24),
    .init(.arena, address: 0, bytes: 24),
    .init(.weight(0), bytes: 24),
  ]
  program.tensors = [
    .init(buffer: 0, element: .f32, shape: [2, 3], name: "image"),
    .init(buffer: 1, element: .f32, shape: [2, 3], name: "scores"),
    .init(buffer: 3, element: .f32, shape: [3, 2], name: "fc.weight"),
    .init(buffer: 2, element: .f32, shape: [3], offset: 12, name: ""),
    .init(buffer: 2, element: .f32, shape: [], offset: 8, name: "größe"),
  ]
  program.instructions = [
    .init(
      INGOT_OP_MATMUL, results: [3], inputs: [0, 2, nil], attributes: [0, 1, .min, .max, -1], name: "fc"),
    .init(INGOT_OP_COPY, results: [1], inputs: [3]),
  ]
  program.sizes = [.init(output: 0, axis: 0, sizeOutput: 0), .init(output: 0, axis: 1, sizeOutput: 0)]
  program.inputCount = 1
  program.outputCount = 1
  program.memories = [.init("sram", bytes: 128), .init("dram", bytes: 192)]
  return program
}

/// Origins of the sample program in a call inside another.
func sampleOrigins() -> ProgramOrigins {
  ProgramOrigins(
    calls: [.init(caller: nil, function: 0, name: "größe"), .init(caller: 0, function: 0, name: "inner")],
    values: [.init(call: 1, name: "product"), nil])
}

func sampleManifest(_ functions: [String] = ["main"]) -> Manifest {
  Manifest(
    format: 1, compiler: "0.1.0", target: "cpu-arm64", targetFamily: "cpu", precision: "fp32",
    functions: functions.map {
      .init(
        name: $0, inputs: [.init(name: "image", element: "f32", shape: [2, 3])],
        outputs: [
          .init(name: "scores", element: "f32", shape: [2, 3], sizes: [.init(axis: 1, output: "count")])
        ], arenaBytes: 320,
        arenaLowerBoundBytes: 192,
        memories: [
          .init(id: "sram", bytes: 128, lowerBoundBytes: 128, capacityBytes: 4096),
          .init(id: "dram", bytes: 192, lowerBoundBytes: 64),
        ],
        instructions: 2, parameters: 6, macs: 12)
    }, provenance: ["model": "a/b \"c\"", "dim.batch": "1"])
}

func sampleWeights() -> [BundleWeight] {
  let elements = ElementType.allCases.enumerated().map { index, element in
    BundleWeight(
      name: "weights.\(element.rawValue)", tensor: Tensor(random: element, [3, index, 2], seed: 5))
  }
  return [BundleWeight(name: "fc.weight", tensor: Tensor(random: .f32, [3, 2], seed: 1))] + elements
}

func contents(_ bytes: [UInt8]) throws -> BundleContents {
  let storage = Storage(byteCount: bytes.count) { target in target.copyBytes(from: bytes) }
  return try BundleContents(storage, path: "test.ingot")
}

/// Bytes that no compressor can make smaller.
func noise(_ count: Int, seed: UInt64 = 9) -> Tensor {
  var generator = SplitMix64(seed: seed)
  return Tensor(element: .u8, shape: [count]) { bytes in
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: generator.next() >> 13) }
  }
}
