import IR
import Tensors

/// From a camera to points on rays.
extension MobileR2L {
  /// Where the first and the last point of a ray lie.
  struct Depths: Sendable {
    var near: Double
    var far: Double
  }

  /// In world units, or along the ray in normalized device coordinates.
  var depths: Depths {
    scene == .blender ? Depths(near: 2, far: 6) : Depths(near: 0, far: 1)
  }

  /// The points of all rays, [1, 3 × pointsPerRay, rows, columns]: x, y and z of the nearest point, then of
  /// the next one.
  ///
  /// - pose: [3, 4] or [4, 4], camera to world, OpenGL axes: x right, y up, looking along −z.
  /// - focal: [1], the focal length in pixels of the full image.
  func points(
    _ b: inout GraphBuilder, pose: ValueID, focal: ValueID, rows: Int, columns: Int
  ) throws(Diagnostic) -> ValueID {
    // What is a focal length in pixels of the image is fewer of the larger cells of the grid.
    let cells = try b.affine(b.reshape(focal, [1, 1, 1, 1]), scale: 1 / Double(refinement))
    var ray = try ray(&b, pose: pose, focal: cells, rows: rows, columns: columns)
    if scene == .forwardFacing { ray = try normalized(&b, ray, focal: cells) }

    let step = (depths.far - depths.near) / Double(pointsPerRay - 1)
    let depth = try b.affine(
      b.numbers("depths", Array(0..<pointsPerRay), [1, pointsPerRay, 1, 1, 1]), scale: step,
      offset: depths.near)
    let origin = try b.reshape(ray.origin, [1, 1] + Array(b.shape(of: ray.origin).extents.dropFirst()))
    let direction = try b.reshape(ray.direction, [1, 1, 3, rows, columns])
    let points = try b.add(origin, b.multiply(direction, depth))
    return try b.reshape(points, [1, 3 * pointsPerRay, rows, columns])
  }

  /// A ray for each cell, through its center.
  private struct Ray {
    /// [1, 3, 1, 1] or [1, 3, rows, columns].
    var origin: ValueID
    /// [1, 3, rows, columns].
    var direction: ValueID
  }

  /// Rays in the world: direction = rotation · (x ÷ focal, y ÷ focal, −1), where y grows upwards. The grid is
  /// a product of x and y, so that each is rotated alone.
  private func ray(
    _ b: inout GraphBuilder, pose: ValueID, focal: ValueID, rows: Int, columns: Int
  ) throws(Diagnostic) -> Ray {
    var axes: [ValueID] = []
    for column in 0..<4 {
      let axis = try b.slice(b.slice(pose, axis: 0, 0..<3), axis: 1, column..<(column + 1))
      axes.append(try b.reshape(axis, [1, 3, 1, 1]))
    }
    let x = try b.affine(
      b.numbers("columns", Array(0..<columns), [1, 1, 1, columns]), offset: 0.5 - Double(columns) / 2)
    let y = try b.affine(
      b.numbers("rows", Array(0..<rows), [1, 1, rows, 1]), scale: -1, offset: Double(rows) / 2 - 0.5)
    let right = try b.multiply(b.binary(.div, x, focal), axes[0])
    let up = try b.multiply(b.binary(.div, y, focal), axes[1])
    return Ray(origin: axes[3], direction: try b.add(right, b.subtract(up, axes[2])))
  }

  /// The rays in normalized device coordinates with the near plane at 1, where depth 0 lies on that plane and
  /// 1 infinitely far away.
  ///
  /// The origin moves to the plane z = −1, so that of the usual formulas the divisions by its z are left out
  /// and its new z is −1, the direction's 2.
  private func normalized(
    _ b: inout GraphBuilder, _ ray: Ray, focal: ValueID
  ) throws(Diagnostic) -> Ray {
    let origin = try b.split(ray.origin, axis: 1, [1, 1, 1])
    let direction = try b.split(ray.direction, axis: 1, [1, 1, 1])
    let plane = b.shape(of: direction[2]).extents
    let distance = try b.binary(.div, b.affine(origin[2], scale: -1, offset: -1), direction[2])

    var (origins, directions): ([ValueID], [ValueID]) = ([], [])
    for (axis, cells) in [plane[3], plane[2]].enumerated() {
      let scale = try b.affine(focal, scale: 2 / Double(cells))
      let start = try b.add(origin[axis], b.multiply(distance, direction[axis]))
      let slope = try b.binary(.div, direction[axis], direction[2])
      origins.append(try b.multiply(start, scale))
      directions.append(try b.multiply(b.affine(b.add(slope, start), scale: -1), scale))
    }
    origins.append(try b.filled(-1, plane))
    directions.append(try b.filled(2, plane))
    return Ray(
      origin: try b.concat(origins, axis: 1), direction: try b.concat(directions, axis: 1))
  }
}
