import IR
import Tensors
import TestSupport
import Testing

/// What each op refuses, and in which words.
@Suite struct OpErrorTests {
  struct Refusal: Sendable, CustomStringConvertible {
    let op: Op
    let operands: [TensorType]
    let message: String
    init(_ op: Op, _ operands: [TensorType], _ message: String) {
      self.op = op
      self.operands = operands
      self.message = message
    }
    var description: String { message }
  }

  private static func f(_ extents: Int...) -> TensorType { TensorType(.f32, Shape(extents)) }
  private static func i(_ extents: Int...) -> TensorType { TensorType(.i32, Shape(extents)) }

  private static let elementwise: [Refusal] = [
    Refusal(.unary(Unary(.relu)), [], "has 0 operands, expected 1"),
    Refusal(.unary(Unary(.exp)), [i(2)], "operand is i32[2], expected f32, f16 or bf16; cast it first"),
    Refusal(.unary(Unary(.bitNot)), [f(2)], "operand is f32[2], expected an integer type"),
    Refusal(.unary(Unary(.bitNot)), [TensorType(.bool, [2])], "operand is bool[2], expected an integer type"),
    Refusal(
      .binary(Binary(.add)), [f(2), i(2)],
      "operands are f32[2] and i32[2], expected one element type; cast one of them"),
    Refusal(.binary(Binary(.bitAnd)), [f(2), f(2)], "operands are f32, for which 'bit_and' is not defined"),
    Refusal(.binary(Binary(.atan2)), [i(2), i(2)], "operands are i32, for which 'atan2' is not defined"),
    Refusal(
      .binary(Binary(.add)), [f(2, 3), f(2)],
      "shapes [2, 3] and [2] do not broadcast: each pair of extents must be equal or hold a 1"),
    Refusal(.select(Select()), [f(2), f(2), f(2)], "condition is f32[2], expected bool"),
    Refusal(
      .select(Select()), [TensorType(.bool, [2]), f(2), i(2)],
      "choices are f32[2] and i32[2], expected one element type"),
    Refusal(
      .select(Select()), [TensorType(.bool, [2]), f(3), f(3)], "shapes [2], [3] and [3] do not broadcast"),
    Refusal(.elementwise(Elementwise()), [f(2)], "has 0 steps, expected 1 to 24"),
    Refusal(
      .elementwise(Elementwise([.init(.binary(.add), in: .f32, [0])])), [f(2)],
      "step 0 reads 1 registers, 'add' takes 2"),
    Refusal(
      .elementwise(Elementwise([.init(.binary(.add), in: .f32, [0, 1])])), [f(2)],
      "step 0 reads register 1, defined are 0 to 0"),
    Refusal(
      .elementwise(Elementwise([.init(.unary(.exp), in: .i64, [0])], element: .i32)), [i(2)],
      "step 0, 'exp', is not defined in i64"),
    Refusal(
      .elementwise(Elementwise([.init(.binary(.bitOr), in: .f32, [0, 0])])), [i(2)],
      "step 0, 'bit_or', is not defined in f32"),
    Refusal(
      .elementwise(Elementwise([.init(.convert(.f32), in: .f32, [0])])), [f(2)],
      "step 0, 'to_f32', is not defined in f32"),
    Refusal(
      .elementwise(Elementwise([.init(.convert(.i64), in: .i64, [0])])), [i(2)],
      "step 0, 'to_i64', is not defined in i64"),
    Refusal(
      .elementwise(Elementwise([.init(.convert(.f16), in: .f32, [0])])), [f(2)],
      "step 0, 'to_f16', is not defined in f32"),
    Refusal(
      .elementwise(Elementwise([.init(.unary(.exp), in: .f32, [0]), .init(.unary(.neg), in: .i64, [1])])),
      [f(2)],
      "step 1 computes in i64 and reads register 1, which holds f32; convert it in a step of its own, 'to_i64.f32'"
    ),
    Refusal(
      .elementwise(
        Elementwise([.init(.unary(.neg), in: .i64, [0]), .init(.binary(.add), in: .f32, [0, 0])])), [i(2)],
      "step 1 computes in f32 and reads register 0, which holds i64; convert it in a step of its own, 'to_f32.i64'"
    ),
    Refusal(
      .elementwise(Elementwise([.init(.convert(.i32), in: .f32, [0]), .init(.unary(.exp), in: .f32, [1])])),
      [f(2)],
      "step 1 computes in f32 and reads register 1, which holds i64; convert it in a step of its own, 'to_f32.i64'"
    ),
    Refusal(
      .elementwise(Elementwise([.init(.unary(.relu), in: .f32, [0])])), [f(2), f(3)],
      "shapes [2], [3] do not broadcast"
    ),
    Refusal(
      .elementwise(Elementwise([.init(.unary(.relu), in: .f32, [0])])),
      [TensorType](repeating: f(2), count: 9),
      "has 9 operands, expected 1 to 8"),
  ]

  private static let contractions: [Refusal] = [
    Refusal(.matmul(MatMul()), [f(2)], "has 1 operands, expected 2 to 3"),
    Refusal(
      .matmul(MatMul()), [f(2, 2), i(2, 2)],
      "operand 1 is i32[2, 2], expected f32, f16 or bf16; cast it to a floating point type first"),
    Refusal(.matmul(MatMul()), [f(2), f(2, 2)], "operands are [2] and [2, 2], expected rank 2 or more"),
    Refusal(
      .matmul(MatMul(transposeB: true)), [f(2, 3), f(3, 4)],
      "inner extents 3 of [2, 3] and 4 of [3, 4] differ"),
    Refusal(
      .matmul(MatMul()), [f(2, 3, 4), f(5, 4, 6)], "batch extents of [2, 3, 4] and [5, 4, 6] do not broadcast"
    ),
    Refusal(.matmul(MatMul()), [f(2, 3), f(3, 4), f(2)], "bias has shape [2], expected [4] or [2, 1]"),
    Refusal(
      .matmul(MatMul(activation: Unary(.isNaN))), [f(2, 3), f(3, 4)],
      "activation 'is_nan' is not a function from floats to floats"),
    Refusal(
      .conv(Conv()), [f(1, 3, 8, 8), f(4, 3, 3)],
      "input is [1, 3, 8, 8] and weight [4, 3, 3], expected equal ranks from 3 to 5"),
    Refusal(
      .conv(Conv()), [f(1, 3, 2, 2, 2, 2), f(1, 3, 1, 1, 1, 1)], "has 4 spatial dimensions, expected 1 to 3"),
    Refusal(
      .conv(Conv(Window(strides: [2]))), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "strides are [2], expected 2 positive numbers"),
    Refusal(
      .conv(Conv(Window(dilations: [0, 1]))), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "dilations are [0, 1], expected 2 positive numbers"),
    Refusal(
      .conv(Conv(Window(pads: [1, 1, 1, -1]))), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "pads are [1, 1, 1, -1], expected 4 numbers that are not negative"),
    Refusal(
      .conv(Conv(Window(pads: [1, 1, 1, .max]))), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "stride, dilation, pad or extent 9223372036854775807 is too large, expected at most 1073741824"),
    Refusal(
      .conv(Conv(group: 2)), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "input has 3 channels, weight [4, 3, 3, 3] with group 2 expects 6 in and a multiple of 2 out"),
    Refusal(
      .conv(Conv(group: 0)), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "input has 3 channels, weight [4, 3, 3, 3] with group 0 expects 0 in and a multiple of 0 out"),
    Refusal(.conv(Conv()), [f(1, 3, 8, 8), f(4, 3, 3, 3), f(3)], "bias has shape [3], expected [4]"),
    Refusal(
      .conv(Conv()), [f(1, 3, 2, 8), f(4, 3, 3, 3)],
      "kernel [4, 3, 3, 3] is larger than the padded input [1, 3, 2, 8] along spatial dimension 0"),
    Refusal(
      .conv(Conv(activation: Unary(.bitNot))), [f(1, 3, 8, 8), f(4, 3, 3, 3)],
      "activation 'bit_not' is not a function from floats to floats"),
    Refusal(
      .convTranspose(ConvTranspose()), [f(1, 3, 8), f(4, 3, 3)],
      "input has 3 channels, weight [4, 3, 3] with group 1 expects 4"),
    Refusal(
      .convTranspose(ConvTranspose(outputPadding: [0])), [f(1, 3, 8, 8), f(3, 2, 2, 2)],
      "output_padding is [0], expected 2 numbers"),
    Refusal(
      .convTranspose(ConvTranspose(outputPadding: [1])), [f(1, 3, 8), f(3, 2, 2)],
      "output_padding 1 must be smaller than stride or dilation"),
    Refusal(
      .convTranspose(ConvTranspose()), [f(1, 3, 8), f(3, 2, 2), f(3)], "bias has shape [3], expected [2]"),
    Refusal(
      .convTranspose(ConvTranspose(Window(pads: [5, 5]))), [f(1, 3, 2), f(3, 2, 2)],
      "output extent along spatial dimension 0 would be -7"),
    Refusal(
      .pool(Pool(kernel: [2])), [i(1, 2, 3)],
      "operand 0 is i32[1, 2, 3], expected f32, f16 or bf16; cast it to a floating point type first"),
    Refusal(
      .pool(Pool(.average, kernel: [2])), [TensorType(.i8, [1, 2, 3])],
      "operand 0 is i8[1, 2, 3], expected f32, f16 or bf16; cast it to a floating point type first"),
    Refusal(.pool(Pool(kernel: [2])), [f(2, 3)], "input is [2, 3], expected rank 3 to 5"),
    Refusal(.pool(Pool(kernel: [2, 0])), [f(1, 2, 3, 3)], "kernel is [2, 0], expected 2 positive numbers"),
    Refusal(
      .pool(Pool(kernel: [4])), [f(1, 2, 3)],
      "window [4] is larger than the padded input [1, 2, 3] along spatial dimension 0"),
    Refusal(
      .argPool(ArgPool(kernel: [2])), [i(1, 2, 3)],
      "operand 0 is i32[1, 2, 3], expected f32, f16 or bf16; cast it to a floating point type first"),
    Refusal(
      .argPool(ArgPool(kernel: [4])), [f(1, 2, 3)],
      "window [4] is larger than the padded input [1, 2, 3] along spatial dimension 0"),
    Refusal(
      .roiAlign(RoiAlign()), [f(1, 2, 3, 3), f(5, 3), i(5)],
      "operands are f32[1, 2, 3, 3], f32[5, 3] and i32[5], expected [N, C, H, W], [regions, 4] and [regions]"),
    Refusal(
      .roiAlign(RoiAlign()), [f(1, 2, 3, 3), f(5, 4), f(5)], "indices are f32[5], expected i32 or i64"),
    Refusal(
      .roiAlign(RoiAlign(height: 0, width: 2)), [f(1, 2, 3, 3), f(5, 4), i(5)],
      "regions of [1, 2, 3, 3] become 0 x 2, expected spatial extents of 1 to 2^24 - 1"),
    Refusal(
      .roiAlign(RoiAlign(samplingRatio: 129)), [f(1, 2, 3, 3), f(5, 4), i(5)],
      "sampling_ratio is 129, expected 0 to 128"),
    Refusal(
      .roiAlign(RoiAlign(spatialScale: -1)), [f(1, 2, 3, 3), f(5, 4), i(5)],
      "spatial_scale is -1.0, expected a positive number"),
    Refusal(
      .resize(Resize(sizes: [3])), [f(1, 2, 3, 3)],
      "input is [1, 2, 3, 3] and sizes are [3], expected rank 3 to 5 and one size for each spatial dimension"),
    Refusal(
      .resize(Resize(sizes: [0])), [f(1, 2, 3)],
      "sizes [0] and scales [] must be positive, and input [1, 2, 3] not empty"),
  ]

  private static let rows: [Refusal] = [
    Refusal(
      .reduce(Reduce(.l2, axes: [0])), [i(2)],
      "'l2' of i32[2] is not defined; cast the operand to f32 or i32 first"),
    Refusal(
      .reduce(Reduce(axes: [1, 0])), [f(2, 3)],
      "axes [1, 0] of [2, 3] must be distinct, sorted and not negative"),
    Refusal(
      .reduce(Reduce(axes: [2])), [f(2, 3)], "axes [2] of [2, 3] must be distinct, sorted and not negative"),
    Refusal(.argReduce(ArgReduce(axis: 2)), [f(2, 3)], "axis 2 lies outside shape [2, 3], expected -2 to 1"),
    Refusal(.argReduce(ArgReduce(axis: 0)), [f(0, 3)], "axis 0 of [0, 3] is empty"),
    Refusal(.cumsum(CumSum()), [TensorType(.u8, [3])], "operand is u8[3], expected a float, i32 or i64"),
    Refusal(.softmax(Softmax()), [f()], "axis -1 lies outside shape [], expected 0 to -1"),
    Refusal(.layerNorm(LayerNorm()), [f(2, 3), f(2)], "scale or bias has shape [2], expected [3]"),
    Refusal(.rmsNorm(RMSNorm()), [f(2, 3), f(2)], "scale has shape [2], expected [3]"),
    Refusal(
      .groupNorm(GroupNorm(groups: 2)), [f(2, 3, 4)],
      "input is [2, 3, 4], expected rank 2 or more and channels in multiples of 2"),
    Refusal(.groupNorm(GroupNorm()), [f(2, 3, 4), f(4)], "scale or bias has shape [4], expected [3]"),
    Refusal(
      .batchNorm(BatchNorm()), [f(3), f(3), f(3), f(3), f(3)], "input is [3], expected rank 2 or more"),
    Refusal(
      .batchNorm(BatchNorm()), [f(2, 3), f(3), f(3), f(2), f(3)], "operand 3 has shape [2], expected [3]"),
    Refusal(.lpNorm(LpNorm(order: 3)), [f(2)], "order is 3, expected 1 or 2"),
  ]

  private static let movements: [Refusal] = [
    Refusal(
      .transpose(Transpose([0, 0])), [f(2, 3)],
      "permutation is [0, 0], expected each of the 2 axes of [2, 3] once"),
    Refusal(.reshape(Reshape([4])), [f(2, 3)], "shape [4] does not hold the 6 elements of [2, 3]"),
    Refusal(.reshape(Reshape([-2, -3])), [f(2, 3)], "shape [-2, -3] does not hold the 6 elements of [2, 3]"),
    Refusal(.expand(Expand([3])), [f(2, 3)], "[2, 3] does not broadcast to [3]"),
    Refusal(
      .expand(Expand([.max, .max, 3])), [f(3)],
      "[3] does not broadcast to [9223372036854775807, 9223372036854775807, 3]"),
    Refusal(
      .concat(Concat()), [f(2, 3), f(2, 4)],
      "operands f32[2, 3] and f32[2, 4] must agree in everything but axis 0"),
    Refusal(
      .concat(Concat()), [f(2), i(2)], "operands f32[2] and i32[2] must agree in everything but axis 0"),
    Refusal(
      .slice(Slice(starts: [0], counts: [1])), [f(2, 3)],
      "starts, counts and steps must have 2 entries, one for each axis of [2, 3]"),
    Refusal(
      .slice(Slice(starts: [0], counts: [2], steps: [0])), [f(3)], "count 2 or step 0 along axis 0 is invalid"
    ),
    Refusal(
      .slice(Slice(starts: [1], counts: [2], steps: [2])), [f(3)],
      "slice from 1, 2 elements in steps of 2, leaves axis 0 of [3]"),
    Refusal(
      .slice(Slice(starts: [0], counts: [3], steps: [.max])), [f(3)],
      "slice from 0, 3 elements in steps of 9223372036854775807, leaves axis 0 of [3]"),
    Refusal(.pad(Pad([1])), [f(2)], "pads has 1 entries, expected 2 for [2]"),
    Refusal(.pad(Pad([-2, -2])), [f(3)], "pads -2 and -2 leave nothing of axis 0 of [3]"),
    Refusal(
      .pad(Pad([3, 0], mode: .reflect)), [f(3)],
      "reflect pads 3 and 0 must be smaller than extent 3 of axis 0"),
    Refusal(.pad(Pad([1, 0], mode: .edge)), [f(0)], "axis 0 of [0] is empty, nothing to repeat"),
    Refusal(.gather(Gather()), [f(2), f(1)], "indices are f32[1], expected i32 or i64"),
    Refusal(
      .expand(Expand([1 << 30, 1 << 30])), [f(1)],
      "result would be f32[1073741824, 1073741824], expected at most 281474976710656 elements"),
    Refusal(.gather(Gather(axis: 1)), [f(2), i(1)], "axis 1 lies outside shape [2], expected -1 to 0"),
  ]

  @Test(arguments: elementwise + contractions + rows + movements) func refuses(_ refusal: Refusal) {
    let error = #expect(throws: OpError.self) { try refusal.op.infer(refusal.operands) }
    #expect(error?.description == refusal.message)
  }

  /// Attributes and extents that no arithmetic on them survives are refused, not trapped on.
  @Test(arguments: [
    Refusal(.concat(Concat()), [f(0, .max), f(0, .max)], ""),
    Refusal(.concat(Concat(axis: 1)), [f(0, .max), f(0, .max)], ""),
    Refusal(.conv(Conv(group: .max)), [f(1, 3, 8), f(0, 3, 1)], ""),
    Refusal(.conv(Conv()), [f(1, 0, .max), f(0, 0, 1)], ""),
    Refusal(.conv(Conv(Window(strides: [.max]))), [f(1, 1, 3), f(1, 1, 1)], ""),
    Refusal(
      .convTranspose(ConvTranspose(Window(strides: [.max], dilations: [.max]))), [f(1, 1, 3), f(1, 1, 3)], ""),
    Refusal(.convTranspose(ConvTranspose(group: .max)), [f(1, 0, 3), f(0, 3, 1)], ""),
    Refusal(.pool(Pool(kernel: [.max])), [f(1, 1, 3)], ""),
    Refusal(.pool(Pool(kernel: [2], Window(dilations: [.max]))), [f(1, 1, 3)], ""),
    Refusal(.argPool(ArgPool(kernel: [.max])), [f(1, 1, 3)], ""),
    Refusal(.roiAlign(RoiAlign(height: .max, width: .max)), [f(1, 2, 3, 3), f(5, 4), i(5)], ""),
    Refusal(.roiAlign(RoiAlign()), [f(.max, 0, 3, 3), f(.max, 4), i(.max)], ""),
    Refusal(.resize(Resize(sizes: [.max, .max])), [f(1, 2, 3, 3)], ""),
    Refusal(.pad(Pad([.max, .max])), [f(3)], ""),
    Refusal(.gather(Gather()), [f(0, .max), TensorType(.i64, [2, .max, 0])], ""),
    Refusal(.layerNorm(LayerNorm(axis: .min)), [f(3)], ""),
    Refusal(.matmul(MatMul()), [f(1 << 40, 0), f(0, 1 << 40)], ""),
    Refusal(.binary(Binary(.add)), [f(1 << 40, 1), f(1, 1 << 40)], ""),
  ])
  func hugeNumbersDoNotTrap(_ refusal: Refusal) {
    if let types = try? refusal.op.infer(refusal.operands) {
      for type in types { #expect(type.shape.checkedCount != nil) }
    }
  }
}
