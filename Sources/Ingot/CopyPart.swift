/// Copies the elements of a dense tensor that lie within smaller extents, densely.
func copyPart(
  of source: UnsafeRawBufferPointer, _ bounds: [Int], to target: UnsafeMutableRawBufferPointer,
  _ extents: [Int], elementBytes: Int
) {
  // From the last axis that is cut on, a row of the part is contiguous in the whole.
  let cut = bounds.indices.last { extents[$0] != bounds[$0] } ?? 0
  let inner = bounds.dropFirst(cut + 1).reduce(elementBytes, *)
  let row = (extents.isEmpty ? 1 : extents[cut]) * inner
  let pitch = (bounds.isEmpty ? 1 : bounds[cut]) * inner
  let rows = extents.prefix(cut).reduce(1, *)
  guard row > 0, rows > 0 else { return }
  for index in 0..<rows {
    var (rest, position, stride) = (index, 0, 1)
    for axis in (0..<cut).reversed() {
      position += rest % extents[axis] * stride
      rest /= extents[axis]
      stride *= bounds[axis]
    }
    let piece = UnsafeRawBufferPointer(rebasing: source[(position * pitch)..<(position * pitch + row)])
    UnsafeMutableRawBufferPointer(rebasing: target[(index * row)..<((index + 1) * row)]).copyMemory(
      from: piece)
  }
}
