import IR
import Images
import Importers
import Samples
import Tensors
import Testing

private func picture(_ name: String) throws -> Picture { try Picture.read(path: dataPath("Images/\(name)")) }

private func refusal(_ bytes: [UInt8]) -> String {
  message { _ = try Picture.read(bytes: Storage(bytes), path: "x") }
}

/// The numbers of an array that Pillow made.
private func pillow(_ name: String) throws -> [Float] {
  let array = try Npy.readArray(path: dataPath("Images/\(name)"))
  return try array.converted(to: .f32, file: name, place: name).floats
}

@Suite struct PictureTests {
  @Test(arguments: [
    ("color.png", "color.npy"), ("palette.png", "palette.npy"), ("interlaced16.png", "color.npy"),
  ])
  func pngFilesHoldWhatPillowFinds(file: String, expected: String) throws {
    let found = try picture(file)
    #expect(found.width == 13 && found.height == 9)
    #expect(found.pixels.map { Float($0) } == (try pillow(expected)))
  }

  @Test func grayIsThreeTimesTheSame() throws {
    let found = try picture("gray_alpha.png")
    let gray = try pillow("gray.npy")
    #expect(found.pixels.map { Float($0) } == gray.flatMap { [$0, $0, $0] })
    let jpeg = try picture("gray.jpg")
    #expect((0..<jpeg.width * jpeg.height).allSatisfy { jpeg.pixels[3 * $0] == jpeg.pixels[3 * $0 + 2] })
  }

  @Test(arguments: ["color.jpg", "progressive.jpg"])
  func jpegFilesHoldWhatPillowFinds(file: String) throws {
    let found = try picture(file)
    #expect(found.width == 52 && found.height == 36)
    // Other versions of the library round otherwise.
    for (value, expected) in zip(found.pixels, try pillow("color.jpg.npy")) {
      #expect(abs(Float(value) - expected) <= 3)
    }
  }

  @Test func otherFilesAndInksAreRefused() throws {
    #expect(refusal([]).contains("neither a PNG nor a JPEG"))
    #expect(refusal(Array("GIF89a".utf8)).contains("neither a PNG nor a JPEG"))
    #expect(refusal(try data("Images/inks.jpg")).contains("of 4 inks"))
  }

  @Test func whatUnpacksToTooMuchIsRefused() throws {
    #expect(refusal(try data("Images/huge.png")).contains("60000 x 60000 pixels, more than"))
    var bytes = try data("Images/color.jpg")
    let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 })
    for offset in 5..<9 { bytes[frame + offset] = 0xf0 }
    #expect(refusal(bytes).contains("61680 x 61680 pixels, more than"))
  }

  @Test(arguments: ["color.png", "interlaced16.png", "color.jpg", "progressive.jpg"])
  func everyFileThatIsCutOffIsRefused(file: String) throws {
    let bytes = try data("Images/\(file)")
    // A JPEG file may lack the mark of its end, two bytes.
    for count in 0..<bytes.count - 2 {
      let text = refusal(Array(bytes.prefix(count)))
      #expect(text != "no error", "\(count) of \(bytes.count) bytes of \(file)")
    }
  }

  @Test(arguments: ["color.png", "palette.png", "interlaced16.png", "color.jpg", "progressive.jpg"])
  func damagedFilesAreReadOrRefused(file: String) throws {
    let bytes = try data("Images/\(file)")
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = bytes
        damaged[index] ^= mask
        let text = refusal(damaged)
        #expect(text == "no error" || text.hasPrefix("x: "))
      }
    }
  }
}

@Suite struct ImageSampleTests {
  private func array(
    _ file: String, _ type: TensorType, _ change: (inout ImagePreparation) -> Void = { _ in }
  ) throws -> Tensor {
    var preparation = ImagePreparation()
    change(&preparation)
    let inputs = [SampleInput(name: "x", type: type)]
    let samples = try ImageSamples(
      path: dataPath("Images/\(file)"), input: "x", inputs: inputs, preparation: preparation)
    #expect(samples.count == 1)
    return try samples.read(0)[0]
  }

  private func refusal(
    _ type: TensorType, path: String = "color.png", _ change: (inout ImagePreparation) -> Void = { _ in }
  ) -> String {
    message { _ = try array(path, type, change) }
  }

  /// [height, width, 3] as Pillow has it, with the channels first.
  private func planes(_ values: [Float]) -> [Float] {
    (0..<3).flatMap { channel in stride(from: channel, to: values.count, by: 3).map { values[$0] } }
  }

  @Test func aPictureOfTheSizeIsTakenAsItIs() throws {
    let expected = try pillow("color.npy")
    #expect(try array("color.png", TensorType(.f32, [1, 9, 13, 3])).floats == expected)
    #expect(try array("color.png", TensorType(.f32, [1, 3, 9, 13])).floats == planes(expected))
    #expect(try array("color.png", TensorType(.f32, [3, 9, 13])).floats == planes(expected))
    #expect(try array("color.png", TensorType(.u8, [1, 9, 13, 3])).floats == expected)
  }

  @Test func meanScaleAndOrderOfChannelsAreApplied() throws {
    let expected = try pillow("color.npy")
    let found = try array("color.png", TensorType(.f32, [1, 9, 13, 3])) {
      ($0.mean, $0.scale, $0.channels) = ([1, 2, 3], [0.5, 0.25, 2], .bgr)
    }.floats
    for pixel in 0..<9 * 13 {
      let color = Array(expected[3 * pixel..<3 * pixel + 3])
      #expect(
        Array(found[3 * pixel..<3 * pixel + 3])
          == [(color[2] - 1) * 0.5, (color[1] - 2) * 0.25, (color[0] - 3) * 2])
    }
    let bytes = try array("color.png", TensorType(.i8, [1, 9, 13, 3])) { $0.mean = [128] }
    #expect(bytes.floats == expected.map { $0 - 128 })
  }

  @Test func oneChannelIsGrayAsPillowHasIt() throws {
    let found = try array("color.png", TensorType(.f32, [1, 1, 9, 13])).floats
    for (value, expected) in zip(found, try pillow("gray.npy")) { #expect(abs(value - expected) <= 0.51) }
  }

  @Test func otherSizesAreResampledAsPillowDoes() throws {
    let shrunk = try array("color.png", TensorType(.f32, [1, 4, 5, 3])) { $0.fit = .stretch }
    for (value, expected) in zip(shrunk.floats, try pillow("shrunk.npy")) {
      #expect(abs(value - expected) < 1e-3)
    }
    // The middle of the picture, enlarged.
    let enlarged = try array("color.png", TensorType(.f32, [1, 17, 20, 3]))
    for (value, expected) in zip(enlarged.floats, try pillow("enlarged.npy")) {
      #expect(abs(value - expected) < 1e-3)
    }
  }

  @Test func cropKeepsProportionsInTheMiddleAndPadTheWholePicture() throws {
    let cropped = try array("color.png", TensorType(.f32, [1, 9, 9, 3])).floats
    let whole = try pillow("color.npy")
    for y in 0..<9 {
      #expect(Array(cropped[y * 27..<y * 27 + 27]) == Array(whole[(y * 13 + 2) * 3..<(y * 13 + 11) * 3]))
    }
    let middle = try array("color.png", TensorType(.f32, [1, 3, 3, 3])) {
      ($0.cropRatio, $0.layout) = (1.0 / 3, .nhwc)
    }.floats
    for y in 0..<3 {
      for (found, wanted) in zip(
        middle[y * 9..<y * 9 + 9], whole[((y + 3) * 13 + 5) * 3..<((y + 3) * 13 + 8) * 3])
      {
        #expect(abs(found - wanted) < 1e-3)
      }
    }
    let padded = try array("color.png", TensorType(.f32, [1, 13, 13, 3])) { $0.fit = .pad }.floats
    #expect(Array(padded[2 * 39..<11 * 39]) == whole)
    #expect(padded[..<(2 * 39)].allSatisfy { $0 == 0 } && padded[(11 * 39)...].allSatisfy { $0 == 0 })
  }

  @Test func whatDoesNotFitIsRefused() throws {
    #expect(
      refusal(TensorType(.f32, [1, 4, 9, 13])).contains("whose shape [1, 4, 9, 13] is not that of one"))
    #expect(
      refusal(TensorType(.f32, [2, 3, 9, 13])).contains("whose shape [2, 3, 9, 13] is not that of one"))
    #expect(refusal(TensorType(.f32, [1, 3, 9, 13])) { $0.layout = .nhwc }.contains("in layout nhwc"))
    #expect(refusal(TensorType(.f32, [1, 3, 9, 13])) { $0.mean = [1, 2] }.contains("2 numbers of --mean"))
    #expect(refusal(TensorType(.f32, [1, 3, 9, 13]), path: "absent").contains("absent: "))
    let inputs = ["x", "y"].map { SampleInput(name: $0, type: TensorType(.f32, [1, 3, 9, 13])) }
    func refused(_ name: String) -> String {
      message {
        _ = try ImageSamples(
          path: dataPath("Images"), input: name, inputs: inputs, preparation: ImagePreparation())
      }
    }
    #expect(refused("x").contains("not for input 'y', f32[1, 3, 9, 13]"))
    #expect(refused("z").contains("is for the input 'z', which there is none of; expected one of x, y"))
  }

  @Test func aFolderGivesItsPicturesByName() throws {
    let inputs = [SampleInput(name: "x", type: TensorType(.f32, [1, 3, 4, 4]))]
    let samples = try ImageSamples(
      path: dataPath("Images"), input: "x", inputs: inputs, preparation: ImagePreparation())
    let names = (0..<samples.count).compactMap { samples.title(of: $0).split(separator: "/").last }
    #expect(names == names.sorted() && names.contains("color.png") && names.contains("gray.jpg"))
    #expect(!names.contains("gray.npy"))
  }
}
