import IR
import Tensors

/// Fixed numbers of a definition.
extension GraphBuilder {
  /// Whole numbers in floating point. They are held as integers because floating point weights of a graph
  /// that waits for no checkpoint count as learned.
  mutating func numbers(
    _ name: String, _ values: [Int], _ shape: Shape, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let held = constant(name, Tensor(values.map(Int64.init), shape: shape, element: .i32))
    return try cast(held, to: element, file: file, line: line)
  }

  /// One whole number everywhere.
  mutating func filled(
    _ value: Int, _ extents: [Int], file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let ones = Shape([Int](repeating: 1, count: extents.count))
    let number = try numbers("number", [value], ones, file: file, line: line)
    return try expand(number, extents, file: file, line: line)
  }
}
