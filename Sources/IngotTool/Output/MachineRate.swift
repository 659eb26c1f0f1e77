import Foundation
import IR
import Ingot
import IngotCompiler
import Machine
import Tensors

/// Multiply-adds in 1e9 a second of a large matrix product on this machine: what the kernels can reach.
func matrixProductRate(threads: Int) throws -> Double {
  let size = 512
  var graph = Graph(name: "product")
  let type = TensorType(.f32, [size, size])
  let a = graph.addInput("a", type)
  let b = graph.addInput("b", type)
  graph.addOutput("c", try graph.add(.matmul(MatMul()), [a, b])[0])
  let compiled = try compile(
    Module([graph]), CompileOptions(target: try targetLibrary().interpreter()))
  let session = try Session(try Model(bytes: compiled.bytes), threads: threads)
  let clock = ContinuousClock()
  let times = try (0..<7).map { _ in milliseconds(try clock.measure { try session.run() }) }
  let macs = Double(size * size * size)
  return macs / ((times.min() ?? 1) * 1e6)
}
