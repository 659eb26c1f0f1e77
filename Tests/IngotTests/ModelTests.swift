import Bundle
import Foundation
import Ingot
import Testing

/// Opening bundles from paths, URLs, bytes and data, and what a model tells of itself.
@Suite struct ModelTests {
  /// Weights that make a chunk worth mapping.
  private static let text = """
    graph @main(%x: f32[2]) -> (%y) {
      weight @w: f32[2] = [3, 4]
      %y = mul %x, @w
    }
    graph @product(%a: f32[2, 3]) -> (%b) {
      weight @m: f32[3, 5] = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]
      %b = matmul %a, @m
    }
    """

  private func expectRuns(_ model: Model) throws {
    let session = try Session(model)
    try session.setInput("x", to: [1, 2] as [Float])
    try session.run()
    #expect(try session.output("y") == [3, 8])
  }

  @Test func fromEverywhere() throws {
    let bytes = try bundle(Self.text)
    try withFile(bytes) { url in
      try expectRuns(try Model(path: url.path(percentEncoded: false)))
      try expectRuns(try Model(url: url))
      try expectRuns(try Model(url: url, copying: true))
      try expectRuns(try Model(data: try Data(contentsOf: url)))
    }
    try expectRuns(try Model(bytes: bytes))
    // A slice does not begin at 0.
    try expectRuns(try Model(data: (Data([1, 2, 3]) + Data(bytes)).dropFirst(3)))
  }

  private func failure(_ body: () throws -> Model) -> InterpreterError? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? InterpreterError
    }
  }

  @Test func refusals() throws {
    #expect(failure { try Model(data: Data()) }?.code == .notABundle)
    #expect(failure { try Model(bytes: []) }?.code == .notABundle)
    #expect(failure { try Model(bytes: [UInt8](repeating: 7, count: 4000)) }?.code == .notABundle)
    let remote = failure { try Model(url: URL(string: "https://example.com/net.ingot")!) }
    #expect(remote?.code == .argument)
    #expect(remote?.message.contains("https://example.com/net.ingot is no file") == true)
    #expect(failure { try Model(path: "/nonexistent/a.ingot") }?.code == .io)
    #expect(failure { try Model(path: "/nonexistent/a.ingot", copying: true) }?.code == .io)
    try withFile(try bundle(Self.text)) { url in
      #expect(failure { try Model(path: url.path(percentEncoded: false) + "\0.png") }?.code == .argument)
    }
    var damaged = try bundle(Self.text)
    damaged[damaged.count / 2] ^= 1
    #expect(failure { try Model(bytes: damaged) } != nil)
  }

  /// With a copy nothing that happens to the file matters; without one it would end the process.
  @Test func aCopyOutlivesItsFile() throws {
    try withFile(try bundle(Self.text, compression: .none)) { url in
      let model = try Model(url: url, copying: true)
      let handle = try FileHandle(forWritingTo: url)
      try handle.truncate(atOffset: 0)
      try handle.close()
      try expectRuns(model)
    }
  }

  @Test func functionsByName() throws {
    let model = try Model(bytes: try bundle(Self.text))
    #expect(model.functions == ["main", "product"])
    #expect(try model.function(named: "product") == 1)
    #expect(try Session(model, function: "product").outputs.map(\.shape) == [[2, 5]])
    let error = #expect(throws: InterpreterError.self) { try Session(model, function: "decoder") }
    #expect(error?.message == "there is no function 'decoder', there are main, product")
    #expect(throws: InterpreterError.self) { try Session(model, function: 2) }
    #expect(throws: InterpreterError.self) { try Session(model, function: -1) }
    #expect(throws: InterpreterError.self) { try Session(model, threads: 0) }
  }

  @Test func workIsCountedAndInTheManifest() throws {
    let model = try Model(bytes: try bundle(Self.text))
    #expect([0, 1, 2, -1].map { model.multiplyAdds(function: $0) } == [0, 2 * 3 * 5, 0, 0])
    #expect(model.manifest.contains("\"macs\" : 30"))
    #expect(Model.libraryVersion == "0.1.0")
  }
}
