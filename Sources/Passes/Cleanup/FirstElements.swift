package import Tensors

/// The first elements of some weights: tells quickly of most elements that no weight begins with them.
package struct FirstElements {
  private var isFirst = [Bool](repeating: false, count: 1 << 16)

  package init() {}

  package mutating func insert(_ bits: UInt64) { isFirst[Self.bucket(bits)] = true }

  /// False only if no weight begins with the element.
  package func mayContain(_ bits: UInt64) -> Bool { isFirst[Self.bucket(bits)] }

  private static func bucket(_ bits: UInt64) -> Int {
    Int(truncatingIfNeeded: (bits &* 0x9e37_79b9_7f4a_7c15) >> 48)
  }
}

extension Tensor {
  /// The bits of an element.
  package func bits(_ index: Int) -> UInt64 {
    let start = byteOffset + index * element.byteCount
    return withExtendedLifetime(storage) {
      switch element.byteCount {
      case 1: UInt64(storage.bytes[start])
      case 2: UInt64(storage.bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self))
      case 4: UInt64(storage.bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
      default: storage.bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)
      }
    }
  }
}
