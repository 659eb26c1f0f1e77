import Tensors

/// Rearrangements of elements that copy bytes and never look at them.
extension Tensor {
  /// y[i0, i1, ..] = x[origin + Σ i·stride]. Strides are in elements, may be 0 or negative, and never leave
  /// x.
  func gathered(_ shape: Shape, strides: [Int], origin: Int = 0) -> Tensor {
    let (extents, strides) = merged(shape.extents, strides)
    return Tensor(element: element, shape: shape) { target in
      guard shape.elementCount > 0, let y = target.baseAddress else { return }
      withBytes { source in
        guard let x = source.baseAddress else { return }
        switch element.byteCount {
        case 1: copy(UInt8.self, from: x, origin: origin, to: y, extents, strides)
        case 2: copy(UInt16.self, from: x, origin: origin, to: y, extents, strides)
        case 4: copy(UInt32.self, from: x, origin: origin, to: y, extents, strides)
        default: copy(UInt64.self, from: x, origin: origin, to: y, extents, strides)
        }
      }
    }
  }

  /// The slices along `axis` with these indices, in this order; `fill`, a scalar of x's type, for a nil
  /// index.
  func taken(_ indices: [Int?], along axis: Int, fill: Tensor? = nil) -> Tensor {
    var extents = shape.extents
    extents[axis] = indices.count
    let outer = shape.extents[..<axis].reduce(1, *)
    let slice = shape.extents[(axis + 1)...].reduce(1, *) * element.byteCount
    let pitch = shape[axis] * slice
    return Tensor(element: element, shape: Shape(extents)) { target in
      guard target.count > 0, slice > 0 else { return }
      withBytes { source in
        for row in 0..<outer {
          for (position, index) in indices.enumerated() {
            let start = (row * indices.count + position) * slice
            let piece = UnsafeMutableRawBufferPointer(rebasing: target[start..<(start + slice)])
            if let index {
              let from = row * pitch + index * slice
              piece.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<(from + slice)]))
            } else {
              fill?.withBytes { value in
                for offset in stride(from: 0, to: slice, by: value.count) {
                  UnsafeMutableRawBufferPointer(rebasing: piece[offset...]).copyMemory(from: value)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// Joins neighboring axes that are walked as one, so that the innermost runs are as long as they can be.
private func merged(_ extents: [Int], _ strides: [Int]) -> (extents: [Int], strides: [Int]) {
  var result: (extents: [Int], strides: [Int]) = ([], [])
  for (extent, stride) in zip(extents, strides) where extent != 1 {
    if let last = result.strides.last, last == stride &* extent {
      result.extents[result.extents.count - 1] *= extent
      result.strides[result.strides.count - 1] = stride
    } else {
      result.extents.append(extent)
      result.strides.append(stride)
    }
  }
  return result
}

@inline(__always)
private func copy<Word: BitwiseCopyable>(
  _: Word.Type, from source: UnsafeRawPointer, origin: Int, to target: UnsafeMutableRawPointer,
  _ extents: [Int], _ strides: [Int]
) {
  let size = MemoryLayout<Word>.size
  let length = extents.last ?? 1
  let step = strides.last ?? 1
  let outer = extents.dropLast()
  var position = [Int](repeating: 0, count: outer.count)
  var offset = origin
  for start in stride(from: 0, to: extents.reduce(1, *), by: length) {
    if step == 1 {
      (target + start * size).copyMemory(from: source + offset * size, byteCount: length * size)
    } else {
      var from = offset * size
      for index in start..<(start + length) {
        target.storeBytes(
          of: source.loadUnaligned(fromByteOffset: from, as: Word.self), toByteOffset: index * size,
          as: Word.self)
        from += step * size
      }
    }
    for axis in outer.indices.reversed() {
      position[axis] += 1
      offset += strides[axis]
      if position[axis] < extents[axis] { break }
      offset -= strides[axis] * extents[axis]
      position[axis] = 0
    }
  }
}
