import Importers
import Tensors
import Testing

/// Files of other kinds where a model or a checkpoint is expected: what they are, by their contents, and what to do.
@Suite struct FileKindTests {
  /// A protobuf field: a number, or bytes.
  private static func field(_ number: Int, _ value: [UInt8]? = nil) -> [UInt8] {
    let key = number << 3 | (value == nil ? 0 : 2)
    let encoded = key < 0x80 ? [UInt8(key)] : [UInt8(key & 0x7f | 0x80), UInt8(key >> 7)]
    return encoded + (value.map { [UInt8($0.count)] + $0 } ?? [1])
  }

  private static func flatbuffer(_ name: String) -> [UInt8] {
    [0x1c, 0, 0, 0] + Array(name.utf8) + [0, 0, 0, 0]
  }

  static let files: [(kind: FileKind, bytes: [UInt8])] = [
    (.onnx, ONNXBytes.model(ONNXBytes.graph(initializers: []))),
    (.onnx, field(7, [])), (.onnx, field(2, Array("pytorch".utf8)) + field(7, []) + field(1)),
    (.onnxText, Array("ir_version: 8\nproducer_name: \"x\"\n".utf8)),
    (.graphText, Array("graph @main(%x: f32[2]) -> (%x) {\n}\n".utf8)),
    (.bundle, [0x89] + Array("INGOT\r\n".utf8) + [0, 0]),
    (.safetensors, contents(safetensors("{}"))),
    (.shardIndex, Array(#"{"metadata": {}, "weight_map": {}}"#.utf8)),
    (.json, Array(#" {"architectures": ["Bert"]}"#.utf8)),
    (.torchCheckpoint, contents(archive([0x4e]))),
    (
      .legacyTorchCheckpoint,
      [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
    ),
    (.pickle, [0x80, 4, 0x4e, 0x2e]),
    (.torchScript, zip([("net/data.pkl", [0x2e]), ("net/constants.pkl", []), ("net/code/a.py", [])])),
    (.exportedProgram, zip([("net/archive_format", Array("pt2".utf8)), ("net/models/model.json", [])])),
    (.exportedProgram, zip([("serialized_exported_program.json", [])])),
    (.executorch, flatbuffer("ET12")), (.tfLite, flatbuffer("TFL3")), (.onnxRuntime, flatbuffer("ORTM")),
    (.savedModel, field(1) + field(2, [1, 2])), (.savedModel, zip([("x/saved_model.pb", [])])),
    (.graphDefinition, field(1, field(1, [0x61])) + field(1, field(1, [0x62])) + field(4, [])),
    (.paddle, field(1, field(1) + field(2)) + field(4, [])),
    (.hdf5, [0x89] + Array("HDF\r\n\u{1a}\n".utf8)),
    (.keras, zip([("config.json", []), ("model.weights.h5", [])])),
    (.coreML, field(1) + field(2, [1]) + field(500, [3])),
    (.coreML, field(1) + field(500, [3])),
    (.coreMLPackage, zip([("net.mlpackage/Data/com.apple.CoreML/model.mlmodel", [])])),
    (.gguf, Array("GGUF".utf8) + [3, 0, 0, 0]),
    (.ggml, Array("lmgg".utf8) + [1, 0, 0, 0]), (.ggml, Array("tjgg".utf8) + [1, 0, 0, 0]),
    (.caffe, field(1, Array("MobileNet".utf8)) + field(100, [0x0a, 1, 0x61])),
    (.caffeText, Array("name: \"net\"\nlayer {\n}\n".utf8)),
    (.mxnet, [0x12, 1, 0, 0, 0, 0, 0, 0, 0]), (.tensorRT, Array("ftrt".utf8) + [0, 0]),
    (.rknn, Array("RKNN".utf8) + [0, 0]), (.hailo, [1] + Array("HEF".utf8)), (.kendryte, Array("LDMK".utf8)),
    (.matlab, Array("MATLAB 5.0 MAT-file, Platform".utf8)), (.rar, Array("Rar!\u{1a}\u{7}".utf8)),
    (.database, Array("SQLite format 3\0".utf8)), (.pdf, Array("%PDF-1.7\n".utf8)),
    (.program, [0x7f] + Array("ELF".utf8)), (.program, [0xcf, 0xfa, 0xed, 0xfe]),
    (.program, Array("\0asm".utf8)), (.image, Array("GIF89a".utf8)),
    (.image, Array("RIFF".utf8) + [1, 0, 0, 0] + Array("WEBP".utf8)),
    (.sound, Array("RIFF".utf8) + [1, 0, 0, 0] + Array("WAVE".utf8)),
    (.sound, [0, 0, 0, 0x20] + Array("ftypisom".utf8)),
    (.pythonSource, Array("# A network.\nimport torch\n".utf8)),
    (.pythonSource, Array("from torch import nn\n".utf8)),
    (.pythonSource, Array("#!/usr/bin/env python3\n".utf8)),
    (.notebook, Array(#"{"cells": []}"#.utf8)), (.text, Array("a,b\r\n1,2\n".utf8)),
    (.text, Array("größe\tmaß".utf8)), (.text, Array(repeating: 0x61, count: 4095) + Array("ü".utf8)),
    (.wideText, [0xff, 0xfe, 0x61, 0]), (.wideText, [0xfe, 0xff, 0, 0x61]),
    (.openVINO, Array("<?xml version=\"1.0\"?>\n<net name=\"x\" version=\"11\">".utf8)),
    (.ncnn, Array("7767517\n75 83\n".utf8)), (.array, [0x93] + Array("NUMPY".utf8)),
    (.arrays, zip([("a.npy", []), ("b.npy", [])])), (.zip, zip([("readme", [])])), (.zip, zip([])),
    (.gzip, [0x1f, 0x8b, 8]), (.xz, [0xfd] + Array("7zXZ\0".utf8)), (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
    (.bzip2, Array("BZh9".utf8)), (.sevenZip, Array("7z".utf8) + [0xbc, 0xaf, 0x27, 0x1c]),
    (.tar, [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8)),
    (.gitPointer, Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)),
    (.webPage, Array("\n<!DOCTYPE html><html>".utf8)), (.image, [0xff, 0xd8, 0xff, 0xe0]),
  ]

  @Test(arguments: files) func kindIsToldByContents(_ kind: FileKind, _ bytes: [UInt8]) {
    #expect(FileKind(Storage(bytes)) == kind)
    let refusal = message { _ = try ONNXModel.read(bytes: Storage(bytes), path: "given") }
    if let advice = kind.adviceAsModel {
      #expect(refusal == "given: \(kind.description); expected an ONNX model; \(advice)")
    }
  }

  @Test func everyKindIsTried() {
    #expect(Set(Self.files.map(\.kind)) == Set(FileKind.allCases))
  }

  @Test(
    arguments: [
      [], [0], [8, 9, 0x12], Array("abc".utf8), Array("hello\u{1}".utf8), [0x80, 1], [0x3a, 0xff], [10, 0],
    ] as [[UInt8]])
  func othersAreUnknown(_ bytes: [UInt8]) {
    #expect(FileKind(Storage(bytes)) == nil)
  }

  /// A producer's name may be that of a file format.
  @Test(arguments: ["ORTModule", "TFL3", "ET12"]) func producersAreNoSignatures(_ producer: String) {
    let bytes = Self.field(1) + Self.field(2, Array(producer.utf8)) + Self.field(7, [])
    #expect(FileKind(Storage(bytes)) == .onnx)
  }

  @Test func modelsAreNoCheckpoints() {
    let model = Storage(ONNXBytes.model(ONNXBytes.graph(initializers: [])))
    #expect(
      refusal(of: model)
        == "file.pth: is an ONNX model; expected a safetensors file or a file of torch.save; give it as the model, "
        + "without --graph and --checkpoint")
    #expect(refusal(of: Storage([0x89] + Array("INGOT\r\n".utf8))).contains("compiled already"))
    #expect(refusal(of: Storage(Self.flatbuffer("TFL3"))).contains("convert its weights to safetensors"))
    #expect(refusal(of: Storage(Array("GGUF".utf8))).contains("safetensors files that it was made from"))
  }

  @Test func foldersSayWhatIsInThem() throws {
    try withTemporaryDirectory { directory in
      let folder = String(directory.dropLast())
      func asModel() -> String { message { _ = try ONNXModel.read(path: folder) } }
      func asCheckpoint() -> String { message { _ = try Checkpoint.read(path: folder) } }
      #expect(asModel() == "\(folder): is a folder; expected an ONNX model; give a file")
      try write([], to: directory + "model.safetensors")
      try write([], to: directory + "net.onnx")
      #expect(
        asModel()
          == "\(folder): is a folder; expected an ONNX model; give one of its files, such as 'net.onnx'")
      #expect(
        asCheckpoint()
          == "\(folder): is a folder; expected a checkpoint; give one of its files, such as 'model.safetensors'"
      )
      try write([], to: directory + "saved_model.pb")
      #expect(
        asModel().contains("is a TensorFlow SavedModel; expected an ONNX model; convert its folder with"))
    }
  }
}
