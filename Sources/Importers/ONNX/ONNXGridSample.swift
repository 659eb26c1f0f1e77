import IR

/// Samples at the points of a grid. Operator sets before 20 have other names for linear and cubic.
func gridSample(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let mode: GridSample.Mode
  switch try context.string("mode", "linear") {
  case "bilinear": mode = .linear
  case "bicubic": mode = .cubic
  default: mode = try context.word("mode", .linear)
  }
  let op = GridSample(
    mode, padding: try context.word("padding_mode", .zeros), alignCorners: try context.flag("align_corners"))
  return [try context.emit(.gridSample(op), [try context.input(0), try context.input(1)])]
}
