import COpenBLAS

/// A dense row-major matrix in memory, read as it stands or transposed.
struct Matrix {
  var base: UnsafePointer<Float>
  /// Elements from one stored row to the next.
  var pitch: Int
  var isTransposed = false
}

/// c[m, n] = a[m, k] · b[k, n] in fp32. Rows of c lie `pitch` elements apart.
///
/// The order of summation, and with it the last bits, is the library's own.
func multiply(
  _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Float>, pitch: Int, rows m: Int, columns n: Int,
  inner k: Int
) throws(OpError) {
  guard m > 0, n > 0 else { return }
  guard k > 0 else {
    for row in 0..<m { (c + row * pitch).update(repeating: 0, count: n) }
    return
  }
  for extent in [m, n, k, a.pitch, b.pitch, pitch] where extent > Int(Int32.max) {
    throw OpError("matrix of \(m) × \(k) times \(k) × \(n) has extents beyond 2^31", advice: "split the op")
  }
  let isDone = openblas_multiply(
    a.isTransposed, b.isTransposed, Int32(m), Int32(n), Int32(k), a.base, Int32(a.pitch), b.base,
    Int32(b.pitch), c, Int32(pitch))
  guard isDone else {
    throw OpError(
      String(cString: openblas_problem()),
      advice: "install OpenBLAS, or raise the limit of memory (ulimit -v)")
  }
}

/// Calls `body` with the memory of two arrays to read and one to write.
func withMemory<Failure: Error>(
  _ a: [Float], _ b: [Float], _ c: inout [Float],
  _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) throws(Failure) -> Void
) throws(Failure) {
  try a.withUnsafeBufferPointer { (a) throws(Failure) in
    try b.withUnsafeBufferPointer { (b) throws(Failure) in
      try c.withUnsafeMutableBufferPointer { (c) throws(Failure) in
        guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
        try body(a, b, c)
      }
    }
  }
}
