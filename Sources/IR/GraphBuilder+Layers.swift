import Tensors

/// Ops with parameters. Each declares them under `name`, which may be empty: `name.weight`, `name.bias`, as
/// in PyTorch.
extension GraphBuilder {
  /// Convolution over as many spatial dimensions as `kernel` has entries; padding is the same on both sides.
  package mutating func conv(
    _ name: String, _ x: ValueID, channels: Int, kernel: [Int], strides: [Int] = [], padding: [Int] = [],
    dilations: [Int] = [], groups: Int = 1, bias: Bool = true, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let input = try extent(1, of: x, op: "conv", file: file, line: line)
    guard groups >= 1, input % groups == 0 else {
      throw Diagnostic(
        "\(input) input channels do not divide into \(groups) groups", at: .builder(file: file, line: line),
        op: "conv")
    }
    let weight = try parameter(
      join(name, "weight"), Shape([channels, input / groups] + kernel), file: file, line: line)
    var operands = [x, weight]
    if bias { operands.append(try parameter(join(name, "bias"), [channels], file: file, line: line)) }
    let window = Window(strides: strides, dilations: dilations, pads: padding + padding)
    return try add(.conv(Conv(window, group: groups)), operands, name: name, file: file, line: line)
  }

  /// Convolution with a square kernel.
  package mutating func conv2d(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int = 1, stride: Int = 1, padding: Int = 0,
    groups: Int = 1,
    bias: Bool = true, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    try conv(
      name, x, channels: channels, kernel: [kernel, kernel], strides: [stride, stride],
      padding: [padding, padding],
      groups: groups, bias: bias, file: file, line: line)
  }

  /// Transposed convolution with a square kernel; weight: [in, channels, kernel, kernel].
  package mutating func convTranspose2d(
    _ name: String, _ x: ValueID, channels: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    outputPadding: Int = 0, bias: Bool = true, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let input = try extent(1, of: x, op: "conv_transpose", file: file, line: line)
    let weight = try parameter(
      join(name, "weight"), [input, channels, kernel, kernel], file: file, line: line)
    var operands = [x, weight]
    if bias { operands.append(try parameter(join(name, "bias"), [channels], file: file, line: line)) }
    let window = Window(
      strides: [stride, stride], pads: [Int](repeating: padding, count: 4))
    let op = ConvTranspose(window, outputPadding: [outputPadding, outputPadding])
    return try add(.convTranspose(op), operands, name: name, file: file, line: line)
  }

  /// x · weightᵀ + bias over the last axis; weight: [features, in].
  package mutating func linear(
    _ name: String, _ x: ValueID, features: Int, bias: Bool = true, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let input = try extent(-1, of: x, op: "matmul", file: file, line: line)
    let weight = try parameter(join(name, "weight"), [features, input], file: file, line: line)
    var operands = [x, weight]
    if bias { operands.append(try parameter(join(name, "bias"), [features], file: file, line: line)) }
    return try add(.matmul(MatMul(transposeB: true)), operands, name: name, file: file, line: line)
  }

  /// Rows of a table: weight: [count, width], indices of any shape.
  package mutating func embedding(
    _ name: String, _ indices: ValueID, count: Int, width: Int, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let table = try parameter(join(name, "weight"), [count, width], file: file, line: line)
    return try add(.gather(Gather(axis: 0)), [table, indices], name: name, file: file, line: line)
  }

  /// Normalization with stored statistics: weight, bias, running_mean, running_var.
  package mutating func batchNorm(
    _ name: String, _ x: ValueID, epsilon: Double = 1e-5, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let channels = try extent(1, of: x, op: "batch_norm", file: file, line: line)
    var operands = [x]
    for part in ["weight", "bias", "running_mean", "running_var"] {
      operands.append(try parameter(join(name, part), [channels], file: file, line: line))
    }
    return try add(.batchNorm(BatchNorm(epsilon: epsilon)), operands, name: name, file: file, line: line)
  }

  /// Layer normalization over the last axis.
  package mutating func layerNorm(
    _ name: String, _ x: ValueID, epsilon: Double = 1e-5, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let width = try extent(-1, of: x, op: "layer_norm", file: file, line: line)
    let scale = try parameter(join(name, "weight"), [width], file: file, line: line)
    let bias = try parameter(join(name, "bias"), [width], file: file, line: line)
    return try add(
      .layerNorm(LayerNorm(epsilon: epsilon)), [x, scale, bias], name: name, file: file, line: line)
  }

  /// Root-mean-square normalization over the last axis.
  package mutating func rmsNorm(
    _ name: String, _ x: ValueID, epsilon: Double = 1e-5, file: String = #fileID, line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let width = try extent(-1, of: x, op: "rms_norm", file: file, line: line)
    let scale = try parameter(join(name, "weight"), [width], file: file, line: line)
    return try add(.rmsNorm(RMSNorm(epsilon: epsilon)), [x, scale], name: name, file: file, line: line)
  }

  /// Group normalization of [N, C, ..].
  package mutating func groupNorm(
    _ name: String, _ x: ValueID, groups: Int, epsilon: Double = 1e-5, file: String = #fileID,
    line: Int = #line
  ) throws(Diagnostic) -> ValueID {
    let channels = try extent(1, of: x, op: "group_norm", file: file, line: line)
    let scale = try parameter(join(name, "weight"), [channels], file: file, line: line)
    let bias = try parameter(join(name, "bias"), [channels], file: file, line: line)
    let norm = GroupNorm(groups: groups, epsilon: epsilon)
    return try add(.groupNorm(norm), [x, scale, bias], name: name, file: file, line: line)
  }

  private func join(_ name: String, _ part: String) -> String { name.isEmpty ? part : "\(name).\(part)" }

  private func extent(
    _ axis: Int, of x: ValueID, op: String, file: String, line: Int
  ) throws(Diagnostic) -> Int {
    let shape = shape(of: x)
    guard let index = shape.normalized(axis: axis) else {
      throw Diagnostic(
        "input is \(shape), which has no axis \(axis)", at: .builder(file: file, line: line), op: op)
    }
    return shape[index]
  }
}
