import IR
import Tensors

/// Positional encoding: sines and cosines of 2⁰ … 2⁵ times each coordinate, and the coordinate.
///
/// The largest factor makes an angle of some hundred radians, which fp16 holds to a tenth only: points and
/// encoding need fp32.
extension MobileR2L {
  /// Points [N, 3 × pointsPerRay, rows, columns] as the network wants them, [N, ``encodedChannels``, rows,
  /// columns]: for each coordinate all sines, all cosines, itself.
  func encode(_ b: inout GraphBuilder, _ points: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: points).extents
    let x = try b.reshape(points, [shape[0], shape[1], 1, shape[2], shape[3]])
    let angles = try b.multiply(x, factors(&b, [1, 1, frequencies, 1, 1]))
    let parts = try b.concat(waves(&b, angles) + [x], axis: 2)
    return try b.reshape(parts, [shape[0], encodedChannels, shape[2], shape[3]])
  }

  /// Points [N, 3 × pointsPerRay, rows, columns] as the `Embedder` of the authors' lens tools writes them, [N,
  /// 2 × frequencies + 1, rows × columns, 3 × pointsPerRay]: one plane a sine, a cosine, and the coordinate.
  func encodeByFrequency(_ b: inout GraphBuilder, _ points: ValueID) throws(Diagnostic) -> ValueID {
    let shape = b.shape(of: points).extents
    let x = try b.transpose(b.reshape(points, [shape[0], 1, shape[1], shape[2] * shape[3]]), [0, 1, 3, 2])
    let angles = try b.multiply(x, factors(&b, [1, frequencies, 1, 1]))
    return try b.concat(waves(&b, angles) + [x], axis: 1)
  }

  /// From the order of ``encodeByFrequency(_:_:)`` to that of ``encode(_:_:)``.
  func byCoordinate(
    _ b: inout GraphBuilder, _ encoded: ValueID, rows: Int, columns: Int
  ) throws(Diagnostic) -> ValueID {
    let batch = b.shape(of: encoded)[0]
    return try b.reshape(b.transpose(encoded, [0, 3, 1, 2]), [batch, encodedChannels, rows, columns])
  }

  private func waves(_ b: inout GraphBuilder, _ angles: ValueID) throws(Diagnostic) -> [ValueID] {
    [try b.unary(Unary(.sin), angles), try b.unary(Unary(.cos), angles)]
  }

  private func factors(_ b: inout GraphBuilder, _ shape: Shape) throws(Diagnostic) -> ValueID {
    try b.numbers("factors", (0..<frequencies).map { 1 << $0 }, shape)
  }
}
