import CZlib
import Tensors

/// Unpacks a raw deflate stream that holds exactly so many bytes; nil where it holds others, or is damaged.
func inflate(_ packed: UnsafeRawBufferPointer, byteCount: Int) -> Storage? {
  var isWhole = false
  let storage = Storage(byteCount: byteCount) { target in
    isWhole = inflate(packed, into: target)
  }
  return isWhole ? storage : nil
}

/// zlib counts bytes in 32 bits.
private let largestPiece = 1 << 30

private func inflate(_ packed: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
  var stream = z_stream()
  // Negative: no header, as in zip files.
  guard
    inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return false }
  defer { inflateEnd(&stream) }
  var (read, written) = (0, 0)
  // What zlib may write to when nothing more should come.
  var spare: UInt8 = 0
  while true {
    let input = min(packed.count - read, largestPiece)
    let output = min(target.count - written, largestPiece)
    stream.next_in = packed.baseAddress.map {
      UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: UInt8.self))
    }
    stream.avail_in = UInt32(input)
    let status = withUnsafeMutablePointer(to: &spare) { spare in
      stream.next_out =
        output > 0
        ? (target.baseAddress! + written).assumingMemoryBound(to: UInt8.self) : spare
      stream.avail_out = UInt32(max(output, 1))
      return CZlib.inflate(&stream, Z_NO_FLUSH)
    }
    let made = max(output, 1) - Int(stream.avail_out)
    read += input - Int(stream.avail_in)
    written += made
    if status == Z_STREAM_END { return written == target.count && read == packed.count }
    guard status == Z_OK, written <= target.count, made > 0 || input > Int(stream.avail_in) else {
      return false
    }
  }
}
