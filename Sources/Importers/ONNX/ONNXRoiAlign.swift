import IR

/// Resamples regions to one size. Operator sets before 16 had no mode of coordinates and no half pixels.
func roiAlign(_ context: ONNXNodeContext) throws(Finding) -> [ONNXOperand] {
  let coordinates =
    context.opset < 16
    ? RoiAlign.Coordinates.outputHalfPixel
    : try context.word("coordinate_transformation_mode", RoiAlign.Coordinates.halfPixel)
  let op = RoiAlign(
    try context.word("mode", .avg), coordinates, height: try context.int("output_height", 1),
    width: try context.int("output_width", 1), samplingRatio: try context.int("sampling_ratio", 0),
    spatialScale: try context.float("spatial_scale", 1))
  var operands: [ONNXOperand] = []
  for index in 0..<3 { operands.append(try context.input(index)) }
  return [try context.emit(.roiAlign(op), operands)]
}
