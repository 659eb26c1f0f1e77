import IR
package import Tensors

/// Samples of a function's inputs, read one at a time.
package struct CalibrationSamples {
  package let count: Int
  /// Where a sample comes from: its file, or a number.
  let title: (_ sample: Int) -> String
  private let source: (_ sample: Int) throws -> [Tensor]

  /// `read` gives the inputs of a sample, in the order of the function's.
  package init(
    count: Int, titles: @escaping (_ sample: Int) -> String = { "\($0)" },
    read: @escaping (_ sample: Int) throws -> [Tensor]
  ) {
    self.count = count
    title = titles
    source = read
  }

  func read(_ sample: Int) throws(Diagnostic) -> [Tensor] {
    do {
      return try source(sample)
    } catch let error as Diagnostic {
      throw error
    } catch {
      throw Diagnostic("\(error)")
    }
  }

  /// Those of some numbers alone.
  func only(_ numbers: [Int]) -> CalibrationSamples {
    CalibrationSamples(count: numbers.count, titles: { title(numbers[$0]) }) { try read(numbers[$0]) }
  }
}
