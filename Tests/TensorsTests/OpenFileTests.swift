import Foundation
import Tensors
import Testing

@Suite struct OpenFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "ingot-\(UUID().uuidString)")
    .path

  @Test func whatIsNoRegularFileIsRefusedAtOnce() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let fifo = "\(folder)/fifo"
    #expect(mkfifo(fifo, 0o600) == 0)
    for (path, reason) in [
      (fifo, "is a FIFO; expected a regular file"), (folder, "is a folder; expected a regular file"),
      ("", "the path is empty"), ("\(folder)/absent", "No such file or directory"),
    ] {
      #expect(throws: FileError(path: path, reason: reason)) { try readText(path: path) }
      #expect(throws: FileError(path: path, reason: reason)) { try Storage.map(path: path) }
    }
    #expect(FileError(path: "", reason: "the path is empty").description == "'': the path is empty")
    #expect(FileError(path: "a\u{1b}", reason: "b").description == "a\\u{1b}: b")
  }

  @Test func filesThatAreReadAreKnownUnderAllTheirNames() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (path, hard, soft) = ("\(folder)/file", "\(folder)/hard", "\(folder)/soft")
    try Data("text".utf8).write(to: URL(filePath: path))
    try FileManager.default.linkItem(atPath: path, toPath: hard)
    try FileManager.default.createSymbolicLink(atPath: soft, withDestinationPath: "file")
    try Data("other".utf8).write(to: URL(filePath: "\(folder)/other"))
    let record = FileRecord()
    #expect(try FileRecord.$current.withValue(record) { try readText(path: soft) } == "text")
    for name in [path, hard, soft] {
      #expect(record.path(of: try #require(FileIdentity(path: name))) == soft)
    }
    #expect(record.path(of: try #require(FileIdentity(path: "\(folder)/other"))) == nil)
    #expect(FileIdentity(path: "\(folder)/absent") == nil)
  }

  @Test func textMustBeUTF8() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data([0xff, 0x41]).write(to: URL(filePath: "\(folder)/latin"))
    #expect(throws: FileError(path: "\(folder)/latin", reason: "is not UTF-8 text")) {
      try readText(path: "\(folder)/latin")
    }
  }
}
