import Foundation
import Graphs
import IR
import Passes
import Tensors
import TestSupport
import Testing

struct MobileR2LTests {
  private let small: [(name: String, extent: Int)] = [
    ("rows", 5), ("columns", 4), ("blocks", 2), ("width", 16),
  ]

  private func build(
    _ variant: String, _ dimensions: [(name: String, extent: Int)] = [], seed: UInt64 = 1
  ) throws -> Graph {
    var graph = try findGraph("mobiler2l", variant: variant).variant.build(dimensions)
    graph.bindRandomWeights(seed: seed)
    return graph
  }

  /// A camera at (0, 0, 4) that looks at the origin.
  private let pose = Tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 4] as [Float], shape: [3, 4])
  private let focal = Tensor([80] as [Float], shape: [1])

  @Test(arguments: [("blender_28", [800, 800]), ("llff_29", [756, 1008])])
  func imagesHaveThePublishedSize(_ variant: String, _ size: [Int]) throws {
    let graph = try findGraph("mobiler2l", variant: variant).variant.build()
    #expect(graph.shape(of: graph.inputs[0].value)[1] == 312)
    #expect(graph.shape(of: graph.outputs[0].value) == Shape([1, 3] + size))
  }

  @Test func namesAreThoseOfTheAuthors() throws {
    let graph = try findGraph("mobiler2l", variant: "blender_29").variant.build()
    let expected: [String: Shape] = [
      "head.0.weight": [256, 312, 1, 1], "body.0.conv_block.0.weight": [256, 256, 1, 1],
      "body.28.conv_block.4.running_var": [256], "body.28.conv_block.3.bias": [256],
      "tail.0.weight": [256, 64, 4, 4], "tail.2.conv_block.1.weight": [64],
      "tail.5.conv_block.0.weight": [64, 64, 1, 1], "tail.6.weight": [64, 16, 4, 4],
      "tail.8.conv_block.4.bias": [16], "tail.9.weight": [3, 16, 1, 1],
    ]
    for (name, shape) in expected.sorted(by: { $0.key < $1.key }) {
      let value = try #require(graph.findWeight(name), "\(name)")
      #expect(graph.shape(of: value) == shape, "\(name)")
    }
    #expect(graph.findWeight("body.29.conv_block.0.weight") == nil)
  }

  /// Batch norms leave nothing behind.
  @Test func batchNormsFold() throws {
    var graph = try build("blender_28", small)
    let variant = try findGraph("mobiler2l", variant: "blender_28").variant
    let declared = Statistics(try variant.build(small)).parameters
    try run(standardPipeline, on: &graph)
    // Two batch norms of two parameters a channel in each of 2 blocks of 16 channels, 4 of 4 and 2 of 1.
    let folded = 4 * (2 * 16 + 4 * 4 + 2 * 1)
    #expect(Statistics(graph).parameters == declared - folded)
    #expect(graph.order.allSatisfy { if case .batchNorm = graph[$0].op { false } else { true } })
  }

  /// The two orders of the encoding hold the same numbers, and give the same image.
  @Test func ordersOfTheEncodingAgree() throws {
    let grid = Array(small[..<2])
    let points = Tensor(random: .f32, [1, 24, 5, 4], seed: 3)
    let byCoordinate = try evaluate(build("embedder", grid), [points])[0]
    let byFrequency = try evaluate(build("embedder_by_frequency", grid), [points])[0]
    #expect(byCoordinate.shape == [1, 312, 5, 4])
    #expect(byFrequency.shape == [1, 13, 20, 24])
    #expect(byCoordinate.floats != byFrequency.floats)
    #expect(byCoordinate.floats.sorted() == byFrequency.floats.sorted())

    let image = try evaluate(build("blender_29", small), [byCoordinate])[0]
    let other = try evaluate(build("blender_29_by_frequency", small), [byFrequency])[0]
    #expect(image.isIdentical(to: other))
    #expect(image.shape == [1, 3, 40, 32])
  }

  /// Sine k of a coordinate is at 13 × coordinate + k, cosine k six later, the coordinate last.
  @Test func encodingIsByCoordinate() throws {
    let points = Tensor((0..<24).map { Float($0) / 8 - 1 }, shape: [1, 24, 1, 1])
    let encoded = try evaluate(build("embedder", [("rows", 1), ("columns", 1)]), [points])[0].floats
    #expect(encoded.count == 312)
    for (coordinate, value) in points.floats.enumerated() {
      let waves = Array(encoded[(13 * coordinate)..<(13 * coordinate + 13)])
      for k in 0..<6 {
        let angle = value * Float(1 << k)
        #expect(abs(waves[k] - sin(angle)) < 1e-5)
        #expect(abs(waves[6 + k] - cos(angle)) < 1e-5)
      }
      #expect(waves[12] == value)
    }
  }

  /// From (0, 0, 4) along −z: the nearest points lie 2 before the camera, the last ones 6.
  @Test func pointsLieBetweenNearAndFar() throws {
    let sampler = try build("blender_sampler", [("rows", 3), ("columns", 3)])
    let points = try evaluate(sampler, [pose, focal])[0].floats
    func point(_ index: Int, _ row: Int, _ column: Int) -> [Float] {
      (0..<3).map { points[((3 * index + $0) * 3 + row) * 3 + column] }
    }
    // One cell is 1 ÷ 10 wide at distance 1, for the focal length is 80 pixels or 10 cells of 8.
    let expected: [(point: [Float], row: Int, column: Int, index: Int)] = [
      ([0, 0, 2], 1, 1, 0), ([0, 0, -2], 1, 1, 7), ([0.2, 0.2, 2], 0, 2, 0), ([-0.6, -0.6, -2], 2, 0, 7),
    ]
    for (expected, row, column, index) in expected {
      for (found, expected) in zip(point(index, row, column), expected) {
        #expect(abs(found - expected) < 1e-6)
      }
    }
  }

  /// In normalized device coordinates every ray runs from z = −1 to z = 1 and ends where all parallel rays do.
  @Test func raysInFrontAreNormalized() throws {
    let sampler = try build("llff_sampler", [("rows", 3), ("columns", 5)])
    func points(from place: (x: Float, y: Float, z: Float)) throws -> [Float] {
      let pose: [Float] = [1, 0, 0, place.x, 0, 1, 0, place.y, 0, 0, 1, place.z]
      // The focal length of 12 pixels is one cell.
      return try evaluate(sampler, [Tensor(pose, shape: [3, 4]), Tensor([12] as [Float], shape: [1])])[0]
        .floats
    }
    let centered = try points(from: (0, 0, 0))
    let aside = try points(from: (0.5, -0.25, 0.125))
    let plane = 15
    for cell in 0..<plane {
      #expect(aside[2 * plane + cell] == -1)
      #expect(aside[23 * plane + cell] == 1)
      for axis in 0..<2 {
        let (first, last) = (axis * plane + cell, (21 + axis) * plane + cell)
        #expect(abs(centered[last] - aside[last]) < 1e-5)
        #expect(centered[first] != aside[first])
      }
      // At z = −1 the frustum of 5 × 3 cells is the square of ±1.
      let x = (Float(cell % 5) - 2) / 2.5
      let y = (1 - Float(cell / 5)) / 1.5
      #expect(abs(centered[cell] - x) < 1e-5)
      #expect(abs(centered[plane + cell] - y) < 1e-5)
    }
  }

  @Test(arguments: ["blender", "llff"]) func renderingIsItsThreeParts(_ scene: String) throws {
    let grid = Array(small[..<2])
    let points = try evaluate(build("\(scene)_sampler", grid), [pose, focal])
    let encoded = try evaluate(build("embedder", grid), points)
    let image = try evaluate(build("\(scene)_29", small), encoded)[0]
    let render = try build("\(scene)_render", small)
    #expect(render.inputs.map(\.name) == ["pose", "focal"])
    #expect(try evaluate(render, [pose, focal])[0].isIdentical(to: image))

    let whole = Tensor(pose.floats + [0, 0, 0, 1], shape: [4, 4])
    let other = try build("\(scene)_render", small + [("pose_rows", 4)])
    #expect(try evaluate(other, [whole, focal])[0].isIdentical(to: image))
  }

  @Test(arguments: ["blender_render", "llff_render", "blender_29_by_frequency"])
  func passesKeepTheImage(_ variant: String) throws {
    var graph = try build(variant, small)
    let inputs =
      graph.inputs.count == 2 ? [pose, focal] : [Tensor(random: .f32, [1, 13, 20, 24], seed: 5)]
    let before = try evaluate(graph, inputs)
    try run(standardPipeline, on: &graph, verifying: true)
    let after = try evaluate(graph, inputs)
    #expect(TensorDifference(after[0], reference: before[0]).relative < 1e-5)
  }
}
