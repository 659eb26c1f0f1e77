import IR
package import Importers
package import Samples
package import Tensors

/// Pictures as samples of a function whose only input takes one: each `.png`, `.jpg` and `.jpeg` file of a folder, in the
/// order of file names.
package struct ImageSamples: SampleSource {
  package let inputs: [SampleInput]
  private let paths: [String]
  private let preparation: ImagePreparation
  private let shape: ImageShape

  /// Pictures of a folder, or one file, for the input of that name. Fails when there are none, when the function has
  /// other inputs too, and when the input's shape or the preparation is not that of a picture.
  package init(
    path: String, input name: String, inputs: [SampleInput], preparation: ImagePreparation
  ) throws(ImportError) {
    self.inputs = inputs
    self.preparation = preparation
    guard let input = inputs.first(where: { $0.name == name }) else {
      throw ImportError(
        file: path, found: "is for the input '\(name)', which there is none of",
        expected: "one of \(listed(inputs.map(\.name)))")
    }
    let others = inputs.filter { $0.name != name }.map { "'\($0.name)', \($0.type)" }
    guard others.isEmpty else {
      throw ImportError(
        file: path, found: "has pictures for '\(name)' only, not for input \(listed(others))",
        expected: "arrays for all inputs", advice: "write a .npz file for each sample with all of them")
    }
    guard let shape = ImageShape(input.type.shape, layout: preparation.layout) else {
      let layout = preparation.layout.map { " in layout \($0.rawValue)" } ?? ""
      throw ImportError(
        file: path,
        found:
          "has pictures for input '\(name)', whose shape \(input.type.shape) is not that of one\(layout)",
        expected: "[1, C, height, width] (nchw) or [1, height, width, C] (nhwc), C being 1 or 3",
        advice: "choose the other --layout, fix sizes with --shape, or give arrays instead")
    }
    for (option, numbers) in [("--mean", preparation.mean), ("--scale", preparation.scale)] {
      guard numbers.count == 1 || numbers.count == shape.channels else {
        throw ImportError(
          file: path, found: "is to be read with \(numbers.count) numbers of \(option)",
          expected: "one, or one for each of \(shape.channels) channels of input '\(name)'")
      }
    }
    self.shape = shape
    paths = try Self.pictures(path)
  }

  private static func pictures(_ path: String) throws(ImportError) -> [String] {
    if isPicture(path) { return [path] }
    let names: [String]
    do { names = try fileNames(inFolder: path) } catch { throw ImportError(error, advice: "check the path") }
    let pictures = names.filter(isPicture)
    guard !pictures.isEmpty else {
      throw ImportError(
        file: path, found: "has no pictures", expected: "files that end in .png, .jpg or .jpeg",
        advice: names.contains { $0.hasSuffix(".npz") || $0.hasSuffix(".npy") }
          ? "leave --image-input out to read its arrays" : "check the path")
    }
    return pictures.map { "\(path)/\($0)" }
  }

  private static func isPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".png", ".jpg", ".jpeg"].contains { name.hasSuffix($0) }
  }

  package var count: Int { paths.count }
  package func title(of sample: Int) -> String { paths[sample] }

  package func read(_ sample: Int) throws(ImportError) -> [Tensor] {
    [preparation.array(of: try Picture.read(path: paths[sample]), for: inputs[0], shape: shape)]
  }
}
