package import IR
import Tensors

/// What one op asks of an engine that computes results in blocks: extents of its result, and bytes that it moves.
package struct CallWork: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// A convolution or matrix product that sums over `depth` channels.
    case product(depth: Int)
    /// A sum over a kernel for each channel by itself.
    case depthwise
    case pool
    /// A sum over whole images.
    case mean
    case add
    case multiply
    /// Any other function of elements, or bytes that go from place to place.
    case table
  }

  package var kind: Kind
  /// Of what a result is computed from, in the axes of rows and columns.
  package var kernel: [Int] = [1, 1]
  package var strides: [Int] = [1, 1]
  /// Of the first operand, in all images together, and its channels.
  package var readRows: Int
  package var readColumns: Int
  package var readChannels: Int
  /// Operands that are read element by element.
  package var operands: Int
  /// Of the result.
  package var rows: Int
  package var columns: Int
  package var channels: Int
  /// Images, or matrices, of the result.
  package var batch: Int
  /// Bytes of an element of what is read.
  package var elementBytes: Int
  /// Bytes of the weights of a product; 0 where they are computed.
  package var constantBytes: Int

  /// `isConstant` says which operands are known when the program is written.
  package init(_ op: Op, _ operands: [TensorType], _ results: [TensorType], isConstant: [Bool]) {
    let result = results.first ?? TensorType(.f32, [])
    let image = Image(result.shape, isMatrix: op.isMatrixProduct)
    (batch, rows, columns, channels) = (image.batch, image.rows, image.columns, image.channels)
    elementBytes = operands.first?.element.byteCount ?? 1
    let read = Image(operands.first?.shape ?? [], isMatrix: op.isMatrixProduct)
    (readRows, readColumns, readChannels) = (read.batch * read.rows, read.columns, read.channels)
    self.operands = zip(operands, isConstant).count { !$1 && $0.shape.elementCount > 1 }
    constantBytes = Array(zip(operands, isConstant)).dropFirst().first.map { $1 ? $0.byteCount : 0 } ?? 0
    kind = .table
    switch op {
    case .conv(let op): convolve(op.window, op.group, operands)
    case .convInteger(let op): convolve(op.window, op.group, operands)
    case .convTranspose, .convTransposeInteger:
      kernel = operands[1].shape.extents.dropFirst(2).suffix(2).map { $0 }
      kind = .product(depth: operands[1].shape[0])
    case .matmul(let op):
      let a = operands[0].shape
      kind = .product(depth: a[a.rank - (op.transposeA ? 2 : 1)])
    case .matmulInteger: kind = .product(depth: operands[0].shape.extents.last ?? 1)
    case .pool(let op): pool(op.kernel, op.window)
    case .poolInteger(let op): pool(op.pool.kernel, op.pool.window)
    case .reduce, .reduceInteger, .argReduce: kind = .mean
    case .addInteger: kind = .add
    case .mulInteger: kind = .multiply
    case .binary(let op): kind = op.function == .mul ? .multiply : .add
    default: break
    }
    if !hasConstants { constantBytes = 0 }
  }

  private var hasConstants: Bool {
    switch kind {
    case .product, .depthwise: true
    default: false
    }
  }

  private mutating func convolve(_ window: Window, _ group: Int, _ operands: [TensorType]) {
    let (x, w) = (operands[0].shape, operands[1].shape)
    pool(w.extents.dropFirst(2).map { $0 }, window)
    kind = group > 1 && group == x[1] ? .depthwise : .product(depth: x[1] / group)
  }

  private mutating func pool(_ extents: [Int], _ window: Window) {
    kind = .pool
    guard extents.count >= 2 else {
      kernel = [1] + extents
      return
    }
    let last = extents.count - 1
    kernel = [extents[..<last].reduce(1, *), extents[last]]
    strides = [window.stride(last - 1), window.stride(last)]
  }

  package var readPixels: Int { readRows * readColumns }

  /// The part of the work that gives some rows of the result.
  package func rows(_ count: Int) -> CallWork {
    guard rows > 0, count != rows else { return self }
    var part = self
    part.rows = count
    let images = max(batch, 1)
    let window = (count * readRows + rows - 1) / rows + max(0, kernel[0] - strides[0]) * images
    part.readRows = min(readRows, window)
    return part
  }
}

extension Op {
  fileprivate var isMatrixProduct: Bool {
    switch self {
    case .matmul, .matmulInteger: true
    default: false
    }
  }
}

/// A result as images of rows, columns and channels: [N, C, H, W], or matrices of rows and channels.
private struct Image {
  var (batch, rows, columns, channels) = (1, 1, 1, 1)

  init(_ shape: Shape, isMatrix: Bool) {
    let extents = shape.extents
    switch (extents.count, isMatrix) {
    case (0, _): break
    case (1, _): channels = extents[0]
    case (2, _), (3, _), (_, true):
      channels = extents[extents.count - 1]
      rows = extents[extents.count - 2]
      batch = extents.dropLast(2).reduce(1, *)
    default:
      channels = extents[1]
      columns = extents[extents.count - 1]
      rows = extents[2..<(extents.count - 1)].reduce(1, *)
      batch = extents[0]
    }
  }
}
