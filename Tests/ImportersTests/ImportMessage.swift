import Foundation
import Tensors

/// The message of the error that `body` throws; "no error" if it throws none.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}

extension Storage {
  convenience init(_ bytes: [UInt8]) {
    self.init(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  }
}

/// The little-endian bytes of numbers.
func littleEndian<T>(_ values: T...) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}

/// Runs `body` with the path of an empty directory, with a trailing slash, which is removed afterwards.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
  let directory = FileManager.default.temporaryDirectory.appending(path: "ingot-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  try body(directory.path + "/")
}

/// The path of a file in Tests/Data.
func dataPath(_ name: String, file: StaticString = #filePath) -> String {
  let directory = URL(filePath: "\(file)").deletingLastPathComponent().deletingLastPathComponent()
  return directory.appending(path: "Data").appending(path: name).path
}

/// The bytes of a file in Tests/Data.
func data(_ name: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(filePath: dataPath(name))))
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(filePath: path))
}
