import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension FileKind {
  /// What was expected where a file was given.
  enum Role { case model, checkpoint, bundle }

  /// Throws for contents that are known to be of another kind than the role asks for. Archives that can't be opened
  /// are refused for that.
  static func check(_ storage: Storage, path: String, as role: Role) throws(ImportError) {
    guard let kind = FileKind(storage) else { return }
    switch role {
    case .model where kind == .onnx: return
    case .checkpoint where kind.isCheckpoint: return
    case .bundle where kind == .bundle: return
    default: break
    }
    if kind == .zip {
      do { _ = try ZipArchive(storage) } catch { throw error.located(in: path) }
    }
    throw kind.refusal(path: path, as: role)
  }

  /// Throws for a file that is known to be no bundle. For one that could not be opened as a bundle: it reads a part
  /// of the file itself.
  package static func checkBundle(path: String) throws(ImportError) {
    guard let storage = try? Storage.map(path: path) else { return }
    try check(storage, path: path, as: .bundle)
  }

  /// Throws for a file that is known to hold something else than a graph as text.
  package static func checkText(path: String) throws(ImportError) {
    guard let storage = try? Storage.map(path: path), let kind = FileKind(storage) else { return }
    if kind == .graphText || kind == .text { return }
    throw kind.refusal(path: path, as: .model)
  }

  /// Throws if the path is that of a folder that can be listed.
  static func checkNoFolder(path: String, as role: Role) throws(ImportError) {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return }
    if let kind = kind(ofFolder: names) { throw kind.refusal(path: path, as: role) }
    let parts = names.filter { name in
      role == .model
        ? name.hasSuffix(".onnx")
        : [".safetensors", ".safetensors.index.json", ".pth", ".pt", ".bin"].contains { name.hasSuffix($0) }
    }
    let found = parts.sorted().prefix(3).map(ImportError.quoted).joined(separator: ", ")
    throw ImportError(
      file: path, found: "is a folder", expected: role == .model ? "an ONNX model" : "a checkpoint",
      advice: parts.isEmpty ? "give a file" : "give one of its files, such as \(found)")
  }

  /// What a folder is by the names in it.
  private static func kind(ofFolder names: [String]) -> FileKind? {
    if names.contains("saved_model.pb") { return .savedModel }
    if names.contains("Manifest.json"), names.contains("Data") { return .coreML }
    return names.contains("coremldata.bin") ? .coreML : nil
  }

  private func refusal(path: String, as role: Role) -> ImportError {
    switch role {
    case .model:
      ImportError(file: path, found: description, expected: "an ONNX model", advice: adviceAsModel)
    case .bundle:
      ImportError(file: path, found: description, expected: "a bundle", advice: adviceAsBundle)
    case .checkpoint:
      ImportError(
        file: path, found: description, expected: "a safetensors file or a file of torch.save",
        advice: adviceAsCheckpoint)
    }
  }
}
