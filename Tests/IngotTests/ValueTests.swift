import Foundation
import Ingot
import Testing

/// Values of every element type go in and come out, by place and by name, as arrays and as bytes.
@Suite struct ValueTests {
  /// Swaps the axes of a 2 × 3 input, so that what comes out is known and no copy of the input.
  private func swapped<Value: TensorElement & Equatable>(_ values: [Value]) throws {
    let element = Value.element
    let session = try session(
      """
      graph @main(%x as "images:0": \(element)[2, 3]) -> (%y as "scores/out") {
        %y = transpose %x {permutation = [1, 0]}
      }
      """)
    let expected = [0, 3, 1, 4, 2, 5].map { values[$0] }
    #expect(session.inputs.map(\.element) == [element])
    #expect(session.inputs[0].count == 6)
    #expect(session.inputs[0].byteCount == 6 * MemoryLayout<Value>.size)
    try session.setInput("images:0", to: values)
    try session.run()
    #expect(try session.output("scores/out", as: Value.self) == expected)
    #expect(try session.output(0, as: Value.self) == expected)
    #expect(try session.outputShape("scores/out") == [3, 2])

    let data = values.withUnsafeBytes { Data($0) }
    try session.setInput(0, to: data)
    try session.run()
    #expect(try session.outputData("scores/out") == expected.withUnsafeBytes { Data($0) })
    try session.setInput("images:0", to: Data([0]) + data.dropLast())
    try session.setInput(0, to: (Data([0]) + data).dropFirst())
    try session.run()
    #expect(try session.output(0, as: Value.self) == expected, "a slice of data")
  }

  @Test func everyElementType() throws {
    try swapped([1.5, -2, .infinity, 0, .leastNonzeroMagnitude, 3] as [Float])
    #if !(os(macOS) && arch(x86_64))
      try swapped([1.5, -2, .infinity, 0, .leastNonzeroMagnitude, 3] as [Float16])
    #endif
    try swapped([1.5, -2, .infinity, 0, 1e-38, 3].map { BFloat16($0) })
    try swapped([-128, 127, 0, 1, -1, 5] as [Int8])
    try swapped([255, 127, 0, 1, 128, 5] as [UInt8])
    try swapped([-32768, 32767, 0, 1, -1, 5] as [Int16])
    try swapped([.min, .max, 0, 1, -1, 5] as [Int32])
    try swapped([.min, .max, 0, 1, -1, 5] as [Int64])
    try swapped([true, false, false, true, true, false])
  }

  @Test func brainFloatsRoundToNearestEven() {
    let numbers: [Float] = [1, 1.00390625, 1.01171875, -0.0, .infinity, 3.4e38]
    #expect(numbers.map { Float(BFloat16($0)) } == [1, 1, 1.015625, -0.0, .infinity, .infinity])
    #expect(Float(BFloat16(.nan)).isNaN)
    #expect(BFloat16(bitPattern: 0x3fc0) == BFloat16(1.5))
  }

  @Test func anyByteButZeroIsTrue() throws {
    let session = try session(
      "graph @main(%x: bool[2, 2]) -> (%y) { %y = transpose %x {permutation = [1, 0]} }")
    try session.setInput(0, to: Data([2, 0, 255, 1]))
    try session.run()
    #expect(try session.output(0, as: Bool.self) == [true, true, false, true])
    #expect(try session.outputData(0) == Data([1, 1, 0, 1]))
  }

  @Test func emptyAndScalar() throws {
    let session = try session(
      """
      graph @main(%s: f32[], %e: i64[0, 3]) -> (%t, %f) {
        %t = neg %s
        %f = transpose %e {permutation = [1, 0]}
      }
      """)
    try session.setInput("s", to: [2] as [Float])
    try session.setInput("e", to: [] as [Int64])
    try session.setInput("e", to: Data())
    try session.run()
    #expect(try session.output("t") == [-2])
    #expect(try session.output("f", as: Int64.self) == [])
    #expect(try session.outputData("f").isEmpty)
    #expect(try session.outputShape("f") == [3, 0])
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch let error as InterpreterError where error.code == .argument {
      return error.message
    } catch {
      return "another error: \(error)"
    }
  }

  @Test func mistakesSayWhatWasExpected() throws {
    let session = try session("graph @main(%x: i32[2]) -> (%y) { %y = neg %x }")
    #expect(
      message { try session.setInput("x", to: [1, 2] as [Float]) }
        == "input 'x' is i32[2], which are 2 values; given were 2 of f32")
    #expect(
      message { try session.setInput(0, to: [1] as [Int32]) }
        == "input 'x' is i32[2], which are 2 values; given were 1 of i32")
    #expect(
      message { try session.setInput("x", to: Data(count: 7)) }
        == "input 'x' is i32[2], which are 8 bytes; given were 7")
    #expect(message { try session.setInput("z", to: Data()) } == "there is no input 'z'; there are 'x'")
    #expect(message { _ = try session.output("x") } == "there is no output 'x'; there are 'y'")
    #expect(message { _ = try session.output("y") } == "output 'y' is i32[2], not f32")
    #expect(message { _ = try session.output(1) } == "there is no output 1, the function has 1")
    #expect(message { _ = try session.outputData(-1) } == "there is no output -1, the function has 1")
  }
}
