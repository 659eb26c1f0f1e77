import Tensors
import Testing

@Suite struct ConversionTests {
  /// Every half, as fp32 and back.
  @Test(arguments: [ElementType.f16, .bf16])
  func everyHalfSurvivesTheRoundTrip(element: ElementType) {
    let bits = (0...UInt16.max).map { $0 }
    let halves = Tensor(element: element, shape: [bits.count]) { bytes in
      for (index, value) in bits.enumerated() {
        bytes.storeBytes(of: value, toByteOffset: index * 2, as: UInt16.self)
      }
    }
    let values = halves.floats
    let back = Tensor(values, shape: halves.shape, element: element)
    back.withBytes { bytes in
      for (index, value) in bits.enumerated() {
        let found = bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
        if values[index].isNaN {
          #expect(Tensor([values[index]], shape: [1], element: element).floats[0].isNaN)
        } else if found != value {
          Issue.record("\(element) 0x\(String(value, radix: 16)) came back as 0x\(String(found, radix: 16))")
        }
      }
    }
  }

  @Test func halvesRoundToNearestEven() {
    // One, and the values half-way to its neighbors in each format.
    let bfloat: [(Float, Float)] = [
      (1.0, 1.0), (1.00390625, 1.0), (1.01171875, 1.015625), (1.00390637, 1.0078125), (3.4e38, .infinity),
    ]
    for (value, expected) in bfloat {
      #expect(Tensor([value], shape: [1], element: .bf16).floats == [expected], "bf16 of \(value)")
    }
    let half: [(Float, Float)] = [
      (1.00048828125, 1.0), (1.00146484375, 1.001953125), (65519, 65504), (65520, .infinity),
      (2.9802322e-08, 0), (2.98023259e-08, 5.9604645e-08),
    ]
    for (value, expected) in half {
      #expect(Tensor([value], shape: [1], element: .f16).floats == [expected], "f16 of \(value)")
    }
  }

  @Test func notANumberStaysSo() {
    for pattern: UInt32 in [0x7fc0_0000, 0x7f80_0001, 0xffff_ffff] {
      #expect(Float(bitPattern: UInt32(bfloat16Bits(Float(bitPattern: pattern))) << 16).isNaN)
    }
  }

  @Test(arguments: [ElementType.i8, .u8, .i16, .i32, .i64])
  func everyIntegerIsExactAtItsLimits(element: ElementType) throws {
    let range = try #require(element.integerRange)
    let values = [range.lowerBound, range.lowerBound + 1, 0, 1, range.upperBound - 1, range.upperBound]
    #expect(Tensor(values, shape: [6], element: element).integers == values)
  }

  @Test func floatsTruncateAndSaturate() {
    let values: [Float] = [-1.9, 1.9, 300, -300, .infinity, -.infinity, .nan]
    #expect(Tensor(values, shape: [7], element: .i8).integers == [-1, 1, 127, -128, 127, -128, 0])
    #expect(Tensor(values, shape: [7], element: .u8).integers == [0, 1, 255, 0, 255, 0, 0])
    #expect(Tensor([1e19, -1e19] as [Float], shape: [2], element: .i64).integers == [.max, .min])
    #expect(Tensor(values, shape: [7]).converted(to: .i16).integers == [-1, 1, 300, -300, 32767, -32768, 0])
  }

  @Test func integersWrapWhenNarrowed() {
    #expect(Tensor([256, -1, 384] as [Int64], shape: [3]).converted(to: .u8).integers == [0, 255, 128])
    #expect(Tensor([(1 << 32) + 5] as [Int64], shape: [1]).converted(to: .i32).integers == [5])
  }

  @Test func boolIsNotZero() {
    #expect(Tensor([0, 0.5, -1], shape: [3], element: .bool).floats == [0, 1, 1])
    #expect(Tensor([0, 2, -1] as [Int64], shape: [3]).converted(to: .bool).integers == [0, 1, 1])
  }

  /// Every pair of types, on values that all of them hold.
  @Test func conversionsBetweenAllTypesAgree() {
    for source in ElementType.allCases {
      for target in ElementType.allCases {
        let tensor = Tensor([0, 1, 1, 0] as [Float], shape: [2, 2], element: source).converted(to: target)
        #expect(tensor.element == target && tensor.shape == [2, 2])
        #expect(tensor.floats == [0, 1, 1, 0], "\(source) to \(target)")
        #expect(tensor.integers == [0, 1, 1, 0], "\(source) to \(target)")
      }
    }
  }

  @Test func unalignedBytesAreRead() {
    for element in ElementType.allCases {
      let aligned = Tensor([1, 0, 1] as [Float], shape: [3], element: element)
      let storage = Storage(byteCount: aligned.byteCount + 1) { bytes in
        aligned.withBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyMemory(from: source)
        }
      }
      let tensor = Tensor(element: element, shape: [3], storage: storage, byteOffset: 1)
      #expect(tensor.floats == [1, 0, 1])
      #expect(tensor.integers == [1, 0, 1])
      #expect(tensor.isIdentical(to: aligned))
    }
  }
}
