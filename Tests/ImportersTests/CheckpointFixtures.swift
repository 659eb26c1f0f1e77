import Importers
import Tensors

/// Builds safetensors files from a header and data.
func safetensors(_ header: String, data: [UInt8] = []) -> Storage {
  Storage(littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data)
}

/// Builds zip files of stored members.
func zip(_ members: [(name: String, bytes: [UInt8])], method: UInt16 = 0, flags: UInt16 = 0) -> [UInt8] {
  var body: [UInt8] = []
  var directory: [UInt8] = []
  for (name, bytes) in members {
    let common =
      littleEndian(flags) + littleEndian(method) + littleEndian(0 as UInt32, 0)
      + littleEndian(UInt32(bytes.count), UInt32(bytes.count)) + littleEndian(UInt16(name.utf8.count), 0)
    directory += littleEndian(0x0201_4b50 as UInt32) + littleEndian(20 as UInt16, 20) + common
    directory +=
      littleEndian(0 as UInt16, 0, 0) + littleEndian(0 as UInt32, UInt32(body.count)) + Array(name.utf8)
    body +=
      littleEndian(0x0403_4b50 as UInt32) + littleEndian(20 as UInt16) + common + Array(name.utf8) + bytes
  }
  return body + directory + littleEndian(0x0605_4b50 as UInt32) + littleEndian(0 as UInt16, 0)
    + littleEndian(UInt16(members.count), UInt16(members.count))
    + littleEndian(UInt32(directory.count), UInt32(body.count)) + littleEndian(0 as UInt16)
}

/// Pieces of pickles; each pushes one value unless its comment says otherwise.
enum Pickle {
  static func text(_ value: String) -> [UInt8] { [0x8c, UInt8(value.utf8.count)] + Array(value.utf8) }
  static func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + littleEndian(Int64(value)) }
  static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
  static func tuple(_ values: [UInt8]...) -> [UInt8] { [0x28] + values.flatMap { $0 } + [0x74] }
  static func dictionary(_ entries: (String, [UInt8])...) -> [UInt8] {
    [0x7d, 0x28] + entries.flatMap { text($0.0) + $0.1 } + [0x75]
  }
  static func call(_ function: [UInt8], _ arguments: [UInt8]) -> [UInt8] { function + arguments + [0x52] }
  static func program(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2e] }

  static func tensor(
    storage key: String = "0", type: String = "FloatStorage", count: Int = 4, offset: Int = 0, shape: [Int],
    strides: [Int]
  ) -> [UInt8] {
    let id = tuple(text("storage"), global("torch", type), text(key), text("cpu"), integer(count)) + [0x51]
    let numbers = { (list: [Int]) in [0x28] + list.flatMap(integer) + [0x74] }
    return call(
      global("torch._utils", "_rebuild_tensor_v2"),
      tuple(id, integer(offset), numbers(shape), numbers(strides), [0x89], [0x4e]))
  }
}

/// The checkpoint in an archive of torch.save with this pickle and one storage of four floats, 0 to 3.
func archive(_ value: [UInt8], extra: [(name: String, bytes: [UInt8])] = []) -> Storage {
  Storage(
    zip(
      [("m/data.pkl", Pickle.program(value)), ("m/data/0", littleEndian(0 as Float, 1, 2, 3))] + extra))
}

/// The bytes of a file that was built here.
func contents(_ storage: Storage) -> [UInt8] {
  defer { withExtendedLifetime(storage) {} }
  return Array(storage.bytes)
}

func readCheckpoint(_ storage: Storage, state: String? = nil) throws -> Checkpoint {
  try Checkpoint.read(bytes: storage, path: "file.pth", state: state)
}

func refusal(of storage: Storage, state: String? = nil) -> String {
  message { _ = try readCheckpoint(storage, state: state) }
}
