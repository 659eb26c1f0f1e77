import Tensors
import Testing

@Suite struct LayoutTests {
  private func laidOut(_ shape: Shape, _ layout: Layout) -> [Int64] {
    let numbers = (0..<shape.elementCount).map { Int64($0) }
    return Tensor(numbers, shape: shape, element: .i32).laidOut(layout).integers
  }

  @Test func axesLieInOrder() {
    #expect(laidOut([2, 3], Layout([1, 0])) == [0, 3, 1, 4, 2, 5])
    #expect(laidOut([1, 2, 2, 2], Layout([0, 2, 3, 1])) == [0, 4, 1, 5, 2, 6, 3, 7])
    #expect(laidOut([2, 3], .rowMajor(rank: 2)) == [0, 1, 2, 3, 4, 5])
  }

  /// The last block is as wide as what is left.
  @Test func blocksLieInnermost() {
    let panels = Layout([1, 0], block: .init(axis: 1, extent: 2))
    #expect(laidOut([2, 5], panels) == [0, 1, 5, 6, 2, 3, 7, 8, 4, 9])
    let channels = Layout([0, 1, 2], block: .init(axis: 1, extent: 2))
    #expect(laidOut([1, 3, 2], channels) == [0, 2, 1, 3, 4, 5])
  }

  /// By the definition: an element's place from its indices, for every order and block of small shapes.
  @Test(arguments: [[5], [3, 4], [2, 3, 5], [2, 3, 2, 4]]) func everyLayoutIsItsDefinition(_ extents: [Int]) {
    let shape = Shape(extents)
    let blocks = shape.indices.flatMap { axis in (1...4).map { Layout.Block(axis: axis, extent: $0) } }
    for order in permutations(Array(shape.indices)) {
      for block in [nil] + blocks.map(Optional.some) {
        let layout = Layout(order, block: block)
        var expected = [Int64](repeating: -1, count: shape.elementCount)
        for element in 0..<shape.elementCount { expected[place(of: element, shape, layout)] = Int64(element) }
        #expect(laidOut(shape, layout) == expected, "\(layout) of \(shape)")
      }
    }
  }

  @Test func textTellsOrderAndBlock() {
    #expect(Layout([0, 2, 3, 1]).description == "[0, 2, 3, 1]")
    #expect(Layout([1, 0], block: .init(axis: 1, extent: 32)).description == "[1, 0; 1 by 32]")
    #expect(Layout([0, 1]).isRowMajor && !Layout([0, 1], block: .init(axis: 0, extent: 4)).isRowMajor)
    #expect(
      !Layout([0, 0]).fits(rank: 2) && !Layout([0, 1], block: .init(axis: 0, extent: 0)).fits(rank: 2))
  }

  private func place(of element: Int, _ shape: Shape, _ layout: Layout) -> Int {
    let indices = zip(shape.strides, shape).map { element / $0 % $1 }
    var place = 0
    for axis in layout.order {
      if let block = layout.block, block.axis == axis {
        // Blocks before it, then within its own all that lies inside.
        let first = indices[axis] / block.extent * block.extent
        let inner = layout.order[(layout.order.firstIndex(of: axis)! + 1)...]
        let width = min(block.extent, shape[axis] - first)
        let row = inner.reduce(0) { $0 * shape[$1] + indices[$1] }
        let size = inner.reduce(1) { $0 * shape[$1] }
        return place * shape[axis] * size + first * size + row * width + indices[axis] - first
      }
      place = place * shape[axis] + indices[axis]
    }
    return place
  }

  private func permutations(_ items: [Int]) -> [[Int]] {
    items.count <= 1
      ? [items] : items.flatMap { first in permutations(items.filter { $0 != first }).map { [first] + $0 } }
  }
}
