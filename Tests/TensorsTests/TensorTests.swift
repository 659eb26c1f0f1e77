import Foundation
import Tensors
import Testing

@Suite struct TensorTests {
  @Test func copiesShareTheirStorage() {
    let tensor = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    let reshaped = tensor.reshaped([3, 2])
    #expect(reshaped.storage === tensor.storage)
    #expect(reshaped.floats == tensor.floats)
    #expect(tensor.converted(to: .f32).storage === tensor.storage)
  }

  @Test func identityIsOfTypeShapeAndBytes() {
    let tensor = Tensor([1, 2] as [Float], shape: [2])
    #expect(tensor.isIdentical(to: Tensor([1, 2] as [Float], shape: [2])))
    #expect(!tensor.isIdentical(to: tensor.reshaped([1, 2])))
    #expect(!tensor.isIdentical(to: tensor.converted(to: .f16)))
    #expect(!Tensor([0] as [Float], shape: [1]).isIdentical(to: Tensor([-0.0] as [Float], shape: [1])))
  }

  @Test func digestsDependOnEveryByte() {
    let bytes = [Int64](0..<19)
    let digest = Tensor(bytes, shape: [19], element: .u8).digest
    #expect(digest == Tensor(bytes, shape: [19], element: .u8).digest)
    for index in bytes.indices {
      var changed = bytes
      changed[index] += 1
      #expect(Tensor(changed, shape: [19], element: .u8).digest != digest)
    }
  }

  @Test func emptyTensorsHaveNoElements() {
    for element in ElementType.allCases {
      let tensor = Tensor(zeros: element, [2, 0])
      #expect(tensor.floats.isEmpty && tensor.integers.isEmpty && tensor.byteCount == 0)
      #expect(tensor.isIdentical(to: Tensor(zeros: element, [2, 0])))
    }
  }

  @Test func storageIsReleasedWithItsLastTensor() {
    final class Flag: @unchecked Sendable { var isReleased = false }
    let flag = Flag()
    nonisolated(unsafe) let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 4)
    memory.storeBytes(of: 1, as: Float.self)
    var tensor: Tensor? = Tensor(
      element: .f32, shape: [1],
      storage: Storage(
        bytes: UnsafeRawBufferPointer(memory),
        release: {
          flag.isReleased = true
          memory.deallocate()
        }))
    #expect(tensor?.floats == [1])
    #expect(!flag.isReleased)
    tensor = nil
    #expect(flag.isReleased)
  }
}

@Suite struct MappedFileTests {
  @Test func filesAreMapped() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "ingot-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data([1, 2, 3]).write(to: URL(filePath: path))
    let storage = try Storage.map(path: path)
    #expect(Array(storage.bytes) == [1, 2, 3])
    try Data().write(to: URL(filePath: path))
    #expect(try Storage.map(path: path).bytes.isEmpty)
  }

  @Test func refusalsNameTheFile() {
    #expect(throws: FileError(path: "/nonexistent", reason: "No such file or directory")) {
      try Storage.map(path: "/nonexistent")
    }
    #expect(throws: FileError(path: "/dev/null", reason: "is a device; expected a regular file")) {
      try Storage.map(path: "/dev/null")
    }
  }

  /// Pages of a temporary file that are given back hold the same when they are read again.
  @Test func temporaryFilesKeepTheirContents() throws {
    let count = 3 << 20
    let storage = try #require(
      Storage.temporaryFile(byteCount: count * 4) { bytes in
        for (index, _) in bytes.bindMemory(to: UInt32.self).enumerated() {
          bytes.storeBytes(
            of: UInt32(truncatingIfNeeded: index &* 2_654_435_761), toByteOffset: 4 * index, as: UInt32.self)
        }
      })
    let tensor = Tensor(element: .i32, shape: [count], storage: storage)
    tensor.evict()
    let isSame = tensor.withBytes { bytes in
      bytes.bindMemory(to: UInt32.self).enumerated().allSatisfy { index, number in
        number == UInt32(truncatingIfNeeded: index &* 2_654_435_761)
      }
    }
    #expect(isSame)
    #expect(Storage.temporaryFile(byteCount: 0) { _ in } == nil)
  }
}
