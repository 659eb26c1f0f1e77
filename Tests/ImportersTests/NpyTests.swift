import Importers
import Tensors
import Testing

private func npy(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> Storage {
  let length =
    version == 1 ? littleEndian(UInt16(header.utf8.count)) : littleEndian(UInt32(header.utf8.count))
  return Storage([0x93] + Array("NUMPY".utf8) + [version, 0] + length + Array(header.utf8) + data)
}

private func read(_ storage: Storage) throws -> Tensor { try Npy.read(bytes: storage, path: "x.npy") }

@Suite struct NpyTests {
  @Test(arguments: ElementType.allCases)
  func tensorsSurviveTheRoundTrip(element: ElementType) throws {
    for shape in [[], [1], [5], [2, 3], [1, 0, 4], [2, 1, 3, 2]] as [Shape] {
      let tensor = Tensor((0..<shape.elementCount).map { Float($0 % 2) }, shape: shape, element: element)
      let bytes = Npy.encode(tensor)
      #expect((bytes.count - (element == .bf16 ? 4 : element.byteCount) * shape.elementCount) % 64 == 0)
      let back = try read(Storage(bytes))
      #expect(
        back.isIdentical(to: element == .bf16 ? tensor.converted(to: .f32) : tensor), "\(element)\(shape)")
    }
  }

  @Test func filesOfNumPy() throws {
    let column = try Npy.read(path: dataPath("Checkpoints/column_major.npy"))
    #expect(column.shape == [3, 4] && column.floats == (0..<12).map { Float($0) / 8 })
    let big = try Npy.read(path: dataPath("Checkpoints/big_endian.npy"))
    #expect(big.element == .i16 && big.shape == [2, 3] && big.integers == [0, 1, 2, 3, 4, 5])
    // What we write is what NumPy writes.
    #expect(try data("Checkpoints/big_endian.npy").count == Npy.encode(big).count)
    let arrays = try Npz.read(path: dataPath("Checkpoints/arrays.npz"))
    #expect(arrays.map(\.name) == ["weight", "bias"])
    let tensors = try arrays.map { try $0.array.converted(to: .f32, file: "arrays.npz", place: $0.name) }
    #expect(tensors[0].isIdentical(to: column))
    #expect(tensors[1].floats == [0.5, -1.5, 2.25] && arrays[1].array.typeText == "f64[3]")
  }

  @Test func valuesBeyondFloat32AreRefused() throws {
    func file(_ values: [Double]) -> Storage {
      var bytes = Npy.encode(Tensor(values.map { _ in Float(0) }, shape: [values.count]))
      bytes.removeLast(4 * values.count)
      let header = String(decoding: bytes.map { $0 < 0x80 ? $0 : 0x3f }, as: UTF8.self)
      let place = header.distance(from: header.startIndex, to: header.firstRange(of: "<f4")!.lowerBound)
      bytes[place + 2] = UInt8(ascii: "8")
      for value in values { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
      return Storage(bytes)
    }
    #expect(try read(file([1.5, .infinity, -.infinity])).floats == [1.5, .infinity, -.infinity])
    #expect {
      try read(file([0, 1e199]))
    } throws: { error in
      "\(error)".contains("holds the float64 value 1e+199") && "\(error)".contains("float32")
    }
  }

  @Test func versionsAndSpellings() throws {
    for version in 1...3 as ClosedRange<UInt8> {
      let header = #"{"shape": (2L, ), "descr": "|u1", 'fortran_order': True}"#
      #expect(try read(npy(header, [7, 8], version: version)).integers == [7, 8])
    }
    let header = "{'descr': '>f8', 'fortran_order': False, 'shape': ()}"
    let bytes = withUnsafeBytes(of: (2.5).bitPattern.bigEndian) { Array($0) }
    #expect(try read(npy(header, bytes)).floats == [2.5])
  }

  @Test func writingReplacesTheWholeFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "out.npy"
      try Npy.write(Tensor(zeros: .f32, [100]), path: path)
      try Npy.write(Tensor([1, 2] as [Float], shape: [2]), path: path)
      #expect(try Npy.read(path: path).floats == [1, 2])
      #expect(throws: FileError.self) {
        try Npy.write(Tensor(zeros: .f32, [1]), path: directory + "no/out.npy")
      }
    }
  }

  @Test(arguments: [
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
      "has 4 bytes of data; expected 8 for the shape [2]"
    ),
    (
      "{'descr': '<c8', 'fortran_order': False, 'shape': ()}",
      "has elements of NumPy type '<c8'; expected plain num"
    ),
    ("{'descr': '|O', 'fortran_order': False, 'shape': ()}", "has elements of NumPy type '|O'"),
    (
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
      "has a structured type; expected plain num"
    ),
    ("{'descr': '<f4', 'shape': ()}", "has an incomplete header; expected descr, fortran_order and shape"),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "has a malformed header at byte"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "has a malformed header at byte"),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 3)}",
      "has the impossible shape"
    ),
    ("{'color': 'red'}", "has the unknown key 'color' in its header"),
    ("{'descr", "has a malformed header at byte 2"),
    ("", "has a malformed header at byte 0; expected a .npy file; write it with numpy.save"),
  ])
  func refusals(header: String, found: String) {
    let text = message { _ = try read(npy(header, [0, 0, 0, 0])) }
    #expect(text.hasPrefix("x.npy: " + found), "\(text)")
  }

  @Test func otherFiles() {
    #expect(
      message { _ = try read(Storage([])) }
        == "x.npy: is not a NumPy array; expected a .npy file; write it with numpy.save")
    #expect(
      message { _ = try read(npy("{}", version: 4)) }
        == "x.npy: has format version 4; expected version 1, 2 or 3; write it with numpy.save")
    #expect(
      message { _ = try Npz.read(bytes: Storage([1, 2]), path: "x.npz") }
        == "x.npz: is not a zip file; expected an .npz file; write it with numpy.savez")
  }
}

struct CompressedNpzTests {
  private var file: [UInt8] {
    get throws {
      let storage = try Storage.map(path: dataPath("Checkpoints/compressed.npz"))
      return withExtendedLifetime(storage) { Array(storage.bytes) }
    }
  }

  @Test func compressedArraysAreUnpacked() throws {
    let arrays = try Npz.read(path: dataPath("Checkpoints/compressed.npz"))
    #expect(arrays.map(\.name) == ["weight"])
    let weight = try arrays[0].array.converted(to: .f32, file: "x.npz", place: "weight")
    #expect(weight.shape == [3, 4])
    #expect(weight.floats == (0..<12).map { Float($0) / 8 })
  }

  /// Whatever byte is damaged, what is read is refused or has the array's shape; nothing is read beyond it.
  @Test func damageIsNoCrash() throws {
    let whole = try file
    var refused = 0
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0x55
      do {
        let arrays = try Npz.read(bytes: Storage(bytes), path: "x.npz")
        #expect(arrays.count == 1)
      } catch { refused += 1 }
    }
    #expect(refused > whole.count / 3)
  }

  @Test func whatUnpacksToOtherSizesIsRefused() throws {
    var bytes = try file
    // The size in the directory, which stands 24 bytes into its only entry.
    let directory = try #require(
      bytes.indices.dropLast(4).last { bytes[$0..<($0 + 4)].elementsEqual([0x50, 0x4b, 1, 2]) })
    for size in [175, 177, 0, 1000] as [UInt32] {
      withUnsafeBytes(of: size.littleEndian) {
        bytes.replaceSubrange((directory + 24)..<(directory + 28), with: $0)
      }
      #expect(
        message { _ = try Npz.read(bytes: Storage(bytes), path: "x.npz") }.contains(
          "does not unpack to its \(size) bytes"))
    }
    withUnsafeBytes(of: UInt32(0xf000_0000).littleEndian) {
      bytes.replaceSubrange((directory + 24)..<(directory + 28), with: $0)
    }
    #expect(message { _ = try Npz.read(bytes: Storage(bytes), path: "x.npz") }.contains("far more bytes"))
  }
}
