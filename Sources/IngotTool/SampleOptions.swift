import ArgumentParser
import Images
import Samples

/// How the pictures of a folder of samples become arrays; without them its samples are NumPy's files.
struct ImageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Takes the pictures (.png, .jpg) of the folder as samples for this input, the function's only one.",
      valueName: "name"))
  var imageInput: String?

  @Option(
    help: ArgumentHelp(
      "Of pictures: an input's value is (v - mean) * scale for each v of 0 to 255; one number, or one a channel, such as 123.7,116.3,103.5. 0 when left out.",
      valueName: "x,…"))
  var mean: NumberList?

  @Option(
    help: ArgumentHelp(
      "Of pictures: what the difference to --mean is multiplied by; one number, or one a channel, also written as 1/255 or 1/58.4,1/57.1,1/57.4. 1 when left out.",
      valueName: "x,…"))
  var scale: NumberList?

  @Option(
    help: "Of pictures: the order of the input's axes; when left out that in which 1 or 3 channels fit.")
  var layout: ImagePreparation.Layout?

  @Option(help: "Of pictures: the order of three channels; rgb when left out. One channel is gray.")
  var channels: ImagePreparation.Channels?

  @Option(
    help:
      "Of pictures of other proportions: their middle (crop, when left out), the whole with black beside it (pad), or stretched."
  )
  var fit: ImagePreparation.Fit?

  @Option(
    help: ArgumentHelp(
      "Of pictures: the share of height or width that --fit crop keeps, such as 0.875; 1 when left out.",
      valueName: "x"))
  var cropRatio: Double?

  func validate() throws {
    let details: [(String, Bool)] = [
      ("--mean", mean != nil), ("--scale", scale != nil), ("--layout", layout != nil),
      ("--channels", channels != nil),
      ("--fit", fit != nil), ("--crop-ratio", cropRatio != nil),
    ]
    if imageInput == nil, let stray = details.first(where: \.1) {
      throw ValidationError("\(stray.0) goes with --image-input NAME.")
    }
    if let cropRatio, !(cropRatio > 0 && cropRatio <= 1) {
      throw ValidationError("--crop-ratio must be more than 0 and at most 1.")
    }
    if cropRatio != nil, fit ?? .crop != .crop { throw ValidationError("--crop-ratio goes with --fit crop.") }
  }

  /// Opens the samples at a path, as pictures if that is asked for.
  func openSamples(path: String, for inputs: [SampleInput]) throws -> any SampleSource {
    guard let imageInput else { return try Samples.openSamples(path: path, for: inputs) }
    var preparation = ImagePreparation()
    preparation.mean = mean?.numbers ?? preparation.mean
    preparation.scale = scale?.numbers ?? preparation.scale
    preparation.layout = layout
    preparation.channels = channels ?? preparation.channels
    preparation.fit = fit ?? preparation.fit
    preparation.cropRatio = cropRatio ?? preparation.cropRatio
    return try ImageSamples(path: path, input: imageInput, inputs: inputs, preparation: preparation)
  }
}

extension ImagePreparation.Layout: ExpressibleByArgument {}
extension ImagePreparation.Channels: ExpressibleByArgument {}
extension ImagePreparation.Fit: ExpressibleByArgument {}

/// Numbers between commas, each as `0.5` or `1/255`.
struct NumberList: ExpressibleByArgument {
  var numbers: [Double] = []

  init?(argument: String) {
    for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let parts = word.split(separator: "/", omittingEmptySubsequences: false).map {
        Double($0.filter { $0 != " " })
      }
      guard let first = parts[0], parts.count <= 2 else { return nil }
      var number = first
      if parts.count == 2 {
        guard let divisor = parts[1], divisor != 0 else { return nil }
        number /= divisor
      }
      guard number.isFinite else { return nil }
      numbers.append(number)
    }
  }
}
