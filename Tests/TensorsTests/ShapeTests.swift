import Tensors
import Testing

@Suite struct ShapeTests {
  @Test func countsAndStrides() {
    #expect(([] as Shape).elementCount == 1)
    #expect(([2, 3, 4] as Shape).strides == [12, 4, 1])
    #expect(([2, 0, 4] as Shape).elementCount == 0)
    #expect("\([2, 3] as Shape)" == "[2, 3]")
  }

  @Test func impossibleExtentsHaveNoCount() {
    #expect(([2, -1] as Shape).checkedCount == nil)
    #expect(([1 << 32, 1 << 32] as Shape).checkedCount == nil)
    #expect(([0, 1 << 62] as Shape).checkedCount == 0)
    #expect(([3, 5] as Shape).checkedCount == 15)
  }

  @Test(
    arguments: [
      ([2, 3], [2, 3], [2, 3]), ([2, 3], [3], [2, 3]), ([2, 1], [1, 3], [2, 3]), ([], [4], [4]),
      ([8, 1, 6, 1], [7, 1, 5], [8, 7, 6, 5]), ([0], [1], [0]), ([2, 3], [2], nil), ([0], [2], nil),
    ] as [([Int], [Int], [Int]?)])
  func broadcasting(first: [Int], second: [Int], expected: [Int]?) {
    #expect(Shape(first).broadcast(with: Shape(second)) == expected.map(Shape.init))
    #expect(Shape(second).broadcast(with: Shape(first)) == expected.map(Shape.init))
  }

  @Test func broadcastStridesRepeat() {
    #expect(([3, 1] as Shape).broadcastStrides(to: [2, 3, 4]) == [0, 1, 0])
    #expect(([2, 3] as Shape).broadcastStrides(to: [2, 3]) == [3, 1])
    #expect(([] as Shape).broadcastStrides(to: [5]) == [0])
  }

  @Test func negativeAxesCountFromTheEnd() {
    let shape: Shape = [2, 3, 4]
    #expect(shape.normalized(axis: -1) == 2)
    #expect(shape.normalized(axis: -3) == 0)
    #expect(shape.normalized(axis: 2) == 2)
    #expect(shape.normalized(axis: 3) == nil)
    #expect(shape.normalized(axis: -4) == nil)
  }
}
