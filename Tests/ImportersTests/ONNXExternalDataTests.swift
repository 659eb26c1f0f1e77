import Foundation
import Importers
import Tensors
import Testing

@Suite struct ONNXExternalDataTests {
  private func model(_ entries: [(String, String)], type: Int = 1, dims: [Int] = [2]) -> [UInt8] {
    ONNXBytes.model(ONNXBytes.graph(initializers: [ONNXBytes.external("w", type: type, dims: dims, entries)]))
  }

  @Test func constantsAreViewsOfTheFileBesideTheModel() throws {
    try withTemporaryDirectory { directory in
      try write(littleEndian(9 as Float, 1, 2, 9), to: directory + "weights.bin")
      let path = directory + "model.onnx"
      let external = { (name: String, offset: String) in
        ONNXBytes.external(
          name, type: 1, dims: [2],
          [("location", "weights.bin"), ("offset", offset), ("length", "8"), ("checksum", "x")])
      }
      try write(
        ONNXBytes.model(ONNXBytes.graph(initializers: [external("a", "4"), external("b", "8")])), to: path)
      let tensors = try ONNXModel.read(path: path).graph.initializers.map(\.tensor)
      #expect(tensors.map(\.floats) == [[1, 2], [2, 9]])
      #expect(tensors[0].storage === tensors[1].storage && tensors[0].byteOffset == 4)

      // Without offset and length; and widened.
      try write(model([("location", "weights.bin")]), to: path)
      #expect(try ONNXModel.read(path: path).graph.initializers[0].tensor.floats == [9, 1])
      try write(model([("location", "weights.bin")], type: 11, dims: [1]), to: path)
      #expect(try ONNXModel.read(path: path).graph.initializers[0].tensor.element == .f32)
    }
  }

  /// Any number of constants may name one region, which costs each reader of them all of its bytes.
  @Test func sharedRegionsAreBounded() throws {
    try withTemporaryDirectory { directory in
      try write([UInt8](repeating: 0, count: 4 << 20), to: directory + "weights.bin")
      let path = directory + "model.onnx"
      func read(count: Int) throws {
        let names = (0..<count).map { "w\($0)" }
        // Spelled in many ways it is one file still, whose size counts once.
        let initializers = names.enumerated().map { index, name in
          let location = String(repeating: "./", count: index % 40) + "weights.bin"
          return ONNXBytes.external(name, type: 1, dims: [1 << 20], [("location", location)])
        }
        try write(ONNXBytes.model(ONNXBytes.graph(initializers: initializers)), to: path)
        _ = try ONNXModel.read(path: path)
      }
      try read(count: 30)
      #expect(message { try read(count: 40) }.contains("unpacks to far more bytes than the file has"))
    }
  }

  @Test(arguments: ["/etc/passwd", "../secret", "a/../../secret", "a//b", "", "..\\secret"])
  func filesElsewhereAreRefused(location: String) {
    let text = message {
      _ = try ONNXModel.read(bytes: Storage(model([("location", location)])), path: "models/model.onnx")
    }
    #expect(
      text
        == "models/model.onnx: tensor 'w': names the file '\(location)'; expected a relative path that stays in the "
        + "folder; put the file beside this one, under its plain name")
  }

  @Test func regionsMustLieInTheFile() throws {
    try withTemporaryDirectory { directory in
      try write([0, 0, 0, 0, 0, 0, 0, 0], to: directory + "weights.bin")
      func refusal(_ entries: (String, String)...) -> String {
        message {
          _ = try ONNXModel.read(
            bytes: Storage(model([("location", "weights.bin")] + entries)), path: directory + "model.onnx")
        }.replacing(directory, with: "")
      }
      #expect(refusal() == "no error")
      #expect(
        refusal(("offset", "1"))
          == "model.onnx: tensor 'w': needs 8 bytes from byte 1 of 'weights.bin'; expected a file of at least that "
          + "size, not 8 bytes; fetch the file again")
      #expect(
        refusal(("offset", "9223372036854775807")).contains("needs 8 bytes from byte 9223372036854775807"))
      #expect(
        refusal(("offset", "-1")).contains("has the external data offset '-1'; expected a number of bytes"))
      #expect(refusal(("length", "4")).contains("has 4 bytes in 'weights.bin'; expected 8 for its shape"))
      #expect(refusal(("length", "many")).contains("has the external data length 'many'"))
      #expect(
        refusal(("location", "absent.bin")).contains(
          "in 'absent.bin', which can't be read (No such file or directory); expected a file"))
    }
    let text = message { _ = try ONNXModel.read(bytes: Storage(model([])), path: "model.onnx") }
    #expect(text.contains("has external data without a location"))
  }

  /// A link may lead to another file of the folder, or where a Hugging Face cache keeps the folder's files.
  @Test func linksOutOfTheFolderAreRefused() throws {
    try withTemporaryDirectory { directory in
      let files = FileManager.default
      func link(_ name: String, to target: String) throws {
        try? files.removeItem(atPath: directory + name)
        try files.createSymbolicLink(atPath: directory + name, withDestinationPath: target)
      }
      func refusal(_ folder: String, _ name: String = "w.bin", followsLinks: Bool = false) -> String {
        message {
          _ = try ONNXModel.read(
            bytes: Storage(model([("location", name)])), path: directory + folder + "model.onnx",
            followsLinks: followsLinks)
        }
      }
      let snapshot = "hub/models--a--b/snapshots/0123/"
      for folder in ["plain/sub", "elsewhere", snapshot + "onnx", "hub/models--a--b/blobs/deep"] {
        try files.createDirectory(atPath: directory + folder, withIntermediateDirectories: true)
      }
      for file in [
        "elsewhere/w.bin", "plain/sub/w.bin", "hub/models--a--b/blobs/hash",
        "hub/models--a--b/blobs/deep/hash",
      ] {
        try write([0, 0, 0, 0, 0, 0, 0, 0], to: directory + file)
      }
      try link("plain/w.bin", to: "sub/w.bin")
      try link(snapshot + "w.bin", to: "../../blobs/hash")
      try link(snapshot + "onnx/w.bin", to: "../../../blobs/hash")
      try link("whole", to: "plain")
      for folder in ["plain/", "whole/", snapshot, snapshot + "onnx/"] {
        #expect(refusal(folder) == "no error", "\(folder)")
      }

      try link("plain/out.bin", to: "../elsewhere/w.bin")
      try link("plain/out", to: "../elsewhere")
      try link("plain/chain.bin", to: "out.bin")
      try link(snapshot + "deep.bin", to: "../../blobs/deep/hash")
      try link(snapshot + "out.bin", to: "../../../../elsewhere/w.bin")
      try link("plain/blob.bin", to: "../hub/models--a--b/blobs/hash")
      let outside = [
        ("plain/", "out.bin"), ("plain/", "out/w.bin"), ("plain/", "chain.bin"), ("plain/", "blob.bin"),
        ("whole/", "out.bin"), (snapshot, "deep.bin"), (snapshot, "out.bin"),
      ]
      for (folder, name) in outside {
        #expect(refusal(folder, name).contains("names the file '\(name)', a link to '"), "\(folder)\(name)")
        #expect(refusal(folder, name, followsLinks: true) == "no error")
      }
    }
  }
}
