import Tensors

/// Turns the strided views of PyTorch into tensors. Row-major ones view the file; others are gathered once.
struct TorchTensorReader {
  private let file: Storage
  /// Where each storage's bytes lie in the file, by its key.
  private let ranges: [String: Range<Int>]
  private var budget: CopyBudget

  init(file: Storage, ranges: [String: Range<Int>]) {
    self.file = file
    self.ranges = ranges
    budget = CopyBudget(fileByteCount: file.bytes.count)
  }

  /// The tensor's element type can be unknown, which concerns nobody who doesn't need the tensor.
  static func unreadableType(_ view: TorchTensor) -> String? {
    view.type == nil ? "a tensor with elements of type \(ImportError.quoted(view.typeName))" : nil
  }

  mutating func read(_ view: TorchTensor) throws(Finding) -> Tensor {
    guard let type = view.type else {
      throw Finding("has elements of type \(ImportError.quoted(view.typeName))")
    }
    guard let range = ranges[view.storage.key] else {
      throw Finding("views the storage \(ImportError.quoted(view.storage.key)), which is missing")
    }
    let shape = Shape(view.extents)
    let byteCount = try type.byteCount(of: shape)
    guard view.extents.count == view.strides.count else {
      throw Finding("has \(view.strides.count) strides", expected: "\(view.extents.count), one per axis")
    }
    guard byteCount > 0 else { return Tensor(zeros: type.element, shape) }
    // Any number of tensors may view the same bytes, and whoever uses them looks at all.
    try budget.take(byteCount)
    try checkExtent(of: view, elementCount: range.count / type.byteCount)
    let start = range.lowerBound + view.offset * type.byteCount
    let isRowMajor = zip(zip(view.strides, shape.strides), shape).allSatisfy { $0.0 == $0.1 || $1 == 1 }
    if isRowMajor { return try type.tensor(shape, in: file, byteOffset: start, budget: &budget) }

    let gathered = file.gather(
      elementByteCount: type.byteCount, shape: shape, strides: view.strides, byteOffset: start)
    return try type.tensor(shape, in: gathered, byteOffset: 0, budget: &budget)
  }

  /// Throws unless the first and the last element lie in the storage. Only for tensors that have elements.
  private func checkExtent(of view: TorchTensor, elementCount: Int) throws(Finding) {
    var last = view.offset
    var isValid = view.offset >= 0
    for (extent, stride) in zip(view.extents, view.strides) {
      let (span, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflowToo) = last.addingReportingOverflow(span)
      isValid = isValid && stride >= 0 && !overflow && !overflowToo
      last = sum
    }
    guard isValid, last < elementCount else {
      throw Finding(
        "has offset \(view.offset), shape \(Shape(view.extents)) and strides \(Shape(view.strides))",
        expected: "a view within the \(elementCount) elements of its storage",
        advice: "the file may be damaged; fetch or save it again")
    }
  }
}
