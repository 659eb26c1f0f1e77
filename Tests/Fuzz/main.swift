import IR
import Images
import Importers
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// Reads damaged files in this process and expects to survive: FuzzReaders KIND SEEDFILE MUTATIONS SEED. KIND
// is onnx, import (an ONNX model that is also translated), safetensors, pth, npz, npy, image or index. Exit status 1
// means that memory grew beyond all reason; a crash speaks for itself, and the seed on the command line
// brings it back.

let memoryLimit = 1 << 30

/// Touches every element, as whoever uses the tensors will.
func touch(_ tensor: Tensor) -> Int {
  tensor.withBytes { bytes in bytes.reduce(0) { $0 &+ Int($1) } }
}

func touch(_ graph: ONNXGraph) -> Int {
  var sum = graph.inputs.count + graph.outputs.count + graph.values.count
  for initializer in graph.initializers { sum &+= touch(initializer.tensor) }
  for node in graph.nodes { sum &+= touch(node.attributes) }
  return sum
}

func touch(_ attributes: [ONNXAttribute]) -> Int {
  attributes.reduce(0) { sum, attribute in
    switch attribute.value {
    case .tensor(let tensor, _): sum &+ touch(tensor)
    case .tensors(let tensors): tensors.reduce(sum) { $0 &+ touch($1) }
    case .graph(let graph): sum &+ touch(graph)
    case .graphs(let graphs): graphs.reduce(sum) { $0 &+ touch($1) }
    default: sum
    }
  }
}

func read(_ kind: String, _ storage: Storage, path: String) throws(ImportError) -> Int {
  switch kind {
  case "import":
    let model = try ONNXModel.read(bytes: storage, path: path)
    let module = try importONNX(model, options: ONNXImportOptions(dimensions: ["N": 1]))
    return module.text.utf8.count
  case "onnx":
    let model = try ONNXModel.read(bytes: storage, path: path)
    return model.functions.reduce(touch(model.graph)) { sum, function in
      function.nodes.reduce(sum &+ touch(function.defaults)) { $0 &+ touch($1.attributes) }
    }
  case "image": return try Picture.read(bytes: storage, path: path).pixels.reduce(0) { $0 &+ Int($1) }
  case "npy": return touch(try Npy.read(bytes: storage, path: path))
  case "npz":
    var sum = 0
    for array in try Npz.read(bytes: storage, path: path) {
      sum &+= touch(try array.array.converted(to: .f32, file: path, place: array.name))
    }
    return sum
  default: return try Checkpoint.read(bytes: storage, path: path).entries.reduce(0) { $0 &+ touch($1.tensor) }
  }
}

/// The most memory that was in use at once, in bytes.
func peakMemory() -> Int {
  var usage = rusage()
  // 0 is RUSAGE_SELF, which has another type in every C library.
  getrusage(0, &usage)
  #if canImport(Darwin)
    return Int(usage.ru_maxrss)
  #else
    return Int(usage.ru_maxrss) * 1024
  #endif
}

func fail(_ message: String, status: Int32) -> Never {
  let line = Array((message + "\n").utf8)
  _ = write(2, line, line.count)
  exit(status)
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let mutationCount = Int(arguments[3]), let seed = UInt64(arguments[4]),
  ["onnx", "import", "safetensors", "pth", "npz", "npy", "image", "index"].contains(arguments[1])
else {
  fail(
    "usage: FuzzReaders onnx|import|safetensors|pth|npz|npy|image|index SEEDFILE MUTATIONS SEED", status: 2)
}
let (kind, path) = (arguments[1], arguments[2])

let original: [UInt8]
do {
  let file = try Storage.map(path: path)
  original = withExtendedLifetime(file) { Array(file.bytes) }
} catch {
  fail("\(error)", status: 2)
}

var random = SplitMix64(seed: seed)
var readCount = 0
var refusedCount = 0
var checksum = 0
for _ in 0..<mutationCount {
  let bytes = mutate(original, &random)
  // Exactly as many bytes as the file has, so that a sanitizer sees the first one beyond.
  let storage = Storage(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  do {
    checksum &+= try read(kind, storage, path: path)
    readCount += 1
  } catch {
    checksum &+= error.description.utf8.count
    refusedCount += 1
  }
}

let peak = peakMemory()
print("\(kind): \(readCount) read, \(refusedCount) refused, \(peak >> 20) MiB, checksum \(checksum)")
if peak > memoryLimit { fail("\(kind): used \(peak >> 20) MiB, more than \(memoryLimit >> 20)", status: 1) }
