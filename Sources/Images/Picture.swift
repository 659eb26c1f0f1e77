import CImages
package import Importers
package import Tensors

/// A picture's pixels: red, green and blue, 0 to 255 each, row by row from the upper left.
package struct Picture: Sendable {
  package let width: Int
  package let height: Int
  /// `height` × `width` × 3 bytes.
  package let pixels: [UInt8]

  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 3, "a picture needs three bytes a pixel")
    (self.width, self.height, self.pixels) = (width, height, pixels)
  }

  /// The most that a file may unpack to: 64 million pixels. A few bytes of a file can ask for any number.
  package static let mostPixels = 1 << 26

  /// Reads a PNG or JPEG file, told apart by what it holds. Transparency is left out, and a tag that asks to turn the
  /// picture is not followed. Fails when the file is of another kind, damaged or cut off.
  package static func read(path: String) throws(ImportError) -> Picture {
    let storage: Storage
    do { storage = try Storage.map(path: path) } catch { throw ImportError(error, advice: "check the path") }
    return try read(bytes: storage, path: path)
  }

  /// Reads from memory; `path` names it in messages.
  package static func read(bytes: Storage, path: String) throws(ImportError) -> Picture {
    defer { withExtendedLifetime(bytes) {} }
    let decode: Decoder
    if bytes.bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      decode = ci_decode_png
    } else if bytes.bytes.starts(with: [0xff, 0xd8, 0xff]) {
      decode = ci_decode_jpeg
    } else {
      throw ImportError(
        file: path, found: "is neither a PNG nor a JPEG file", expected: "a picture of one of these kinds",
        advice: "convert it, or move it out of the folder")
    }
    var image = ci_image()
    var message = [CChar](repeating: 0, count: CI_MESSAGE_BYTES)
    guard decode(bytes.bytes.baseAddress, bytes.bytes.count, UInt64(mostPixels), &image, &message) else {
      let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw ImportError(
        file: path, found: text, advice: "save it again, or move it out of the folder")
    }
    defer { ci_release(&image) }
    let (width, height) = (Int(image.width), Int(image.height))
    return Picture(
      width: width, height: height,
      pixels: Array(UnsafeBufferPointer(start: image.pixels, count: width * height * 3)))
  }

  private typealias Decoder = (
    UnsafeRawPointer?, Int, UInt64, UnsafeMutablePointer<ci_image>?, UnsafeMutablePointer<CChar>?
  ) -> Bool
}
