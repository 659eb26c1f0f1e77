"""The same quantized network as ONNX: QuantizeLinear and DequantizeLinear around every operator, NCHW, ports of int8.

    qdq.py OUTDIR [NETWORK ...]

Writes OUTDIR/NETWORK/model.onnx out of model.tflite, with the same integers, scales and zero points, unless it is newer.
Nothing is transposed: a tensor of four axes is NCHW here where it is NHWC there. layers.onnx beside it has the same operators,
each reading inputs `given7` of its own in place of what the one before makes, `t7`, so that each can be compared alone."""

import dataclasses
import pathlib
import sys

import flatmodel
import names
import numpy as np
import onnx
from flatmodel import Operator, Tensor
from onnx import TensorProto, helper, numpy_helper

TYPES = {np.int8: TensorProto.INT8, np.int32: TensorProto.INT32}
CHANNELS_FIRST = (0, 3, 1, 2)


def channels_first(values):
    """Shape or list of four numbers, NHWC to NCHW; others as they are."""
    return [values[axis] for axis in CHANNELS_FIRST] if len(values) == 4 else list(values)


class Writer:
    def __init__(self, network: flatmodel.Network, apart: bool = False):
        self.network = network
        self.apart = apart
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.dequantized: dict[int, str] = {}

    def name(self, tensor: Tensor) -> str:
        if not self.apart:
            for word, ports in (("input", self.network.inputs), ("output", self.network.outputs)):
                for place, port in enumerate(ports):
                    if port.index == tensor.index:
                        return f"{word}{place}"
        return f"t{tensor.index}"

    def given(self, tensor: Tensor) -> str:
        return f"given{tensor.index}" if self.apart else self.name(tensor)

    def ports(self) -> list[list[onnx.ValueInfoProto]]:
        inputs, outputs = self.network.inputs, self.network.outputs
        if self.apart:
            inputs, outputs = self.network.read(), self.network.written()
        info = lambda name, port: helper.make_tensor_value_info(name, TYPES[port.dtype], channels_first(port.shape))  # noqa: E731
        return [[info(self.given(port), port) for port in inputs], [info(self.name(port), port) for port in outputs]]

    def constant(self, name: str, value: np.ndarray) -> str:
        if all(existing.name != name for existing in self.constants):
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"{kind}_{output}", **attributes))
        return output

    def parameters(self, tensor: Tensor) -> list[str]:
        """Scale and zero point; those of one number are scalars."""
        pick = (lambda values: values) if tensor.per_channel else (lambda values: values[0])
        name = self.name(tensor)
        return [
            self.constant(f"{name}.scale", pick(tensor.scales)),
            self.constant(f"{name}.zero", pick(tensor.zero_points.astype(tensor.dtype))),
        ]

    def weight(self, tensor: Tensor, permutation: tuple[int, ...]) -> str:
        """A constant's real values, its axes permuted."""
        name = self.name(tensor)
        if tensor.index not in self.dequantized:
            stored = self.constant(name, tensor.constant.transpose(permutation))
            axis = permutation.index(tensor.axis) if tensor.per_channel else 0
            inputs = [stored, *self.parameters(tensor)]
            self.dequantized[tensor.index] = self.node("DequantizeLinear", inputs, f"{name}.real", axis=axis)
        return self.dequantized[tensor.index]

    def real(self, tensor: Tensor) -> str:
        if tensor.index not in self.dequantized:
            name = self.name(tensor)
            inputs = [self.given(tensor), *self.parameters(tensor)]
            self.dequantized[tensor.index] = self.node("DequantizeLinear", inputs, f"{name}.real")
        return self.dequantized[tensor.index]

    def operand(self, tensor: Tensor, rank: int) -> str:
        """A tensor, or a constant that is as if it had `rank` axes, of an elementwise operator."""
        if tensor.constant is None:
            return self.real(tensor)
        shape = (1,) * (rank - len(tensor.shape)) + tensor.shape
        tensor = dataclasses.replace(tensor, shape=shape, constant=tensor.constant.reshape(shape))
        return self.weight(tensor, CHANNELS_FIRST if rank == 4 else tuple(range(rank)))

    def quantize(self, real: str, operator: Operator) -> None:
        """The operator's result, after its activation."""
        (tensor,) = operator.outputs
        name = self.name(tensor)
        match operator.activation:
            case "NONE":
                pass
            case "RELU":
                real = self.node("Relu", [real], f"{name}.active")
            case "RELU6":
                real = self.node("Clip", [real, *self.bounds(0, 6)], f"{name}.active")
            case other:
                raise SystemExit(f"activation {other} has no form here")
        self.node("QuantizeLinear", [real, *self.parameters(tensor)], name)

    def bounds(self, *values: float) -> list[str]:
        return [self.constant(f"{value:g}", np.float32(value)) for value in values]

    def model(self) -> onnx.ModelProto:
        for operator in self.network.operators:
            if operator.kind not in RULES:
                raise SystemExit(f"{operator.kind} has no form here")
            RULES[operator.kind](self, operator)
        graph = helper.make_graph(self.nodes, "network", *self.ports(), self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model


def window(operator: Operator, kernel: tuple[int, int]) -> dict:
    """Attributes of a convolution or pool over `kernel` pixels, with TensorFlow's padding in numbers."""
    options = operator.options
    strides = (options.strideH, options.strideW)
    dilations = (getattr(options, "dilationHFactor", 1), getattr(options, "dilationWFactor", 1))
    before, after = [0, 0], [0, 0]
    if options.padding == flatmodel.schema.Padding.SAME:
        for axis in range(2):
            extent, result = operator.inputs[0].shape[1 + axis], operator.outputs[0].shape[1 + axis]
            total = max(0, (result - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - extent)
            before[axis], after[axis] = total // 2, total - total // 2
    found = {"kernel_shape": list(kernel), "strides": list(strides), "pads": before + after}
    return found | ({"dilations": list(dilations)} if dilations != (1, 1) else {})


def convolution(writer: Writer, operator: Operator) -> None:
    image, weight, bias = operator.inputs
    depthwise = operator.kind == "DEPTHWISE_CONV_2D"
    # [O, H, W, I], or [1, H, W, O] where each channel has filters of its own.
    order = (3, 0, 1, 2) if depthwise else CHANNELS_FIRST
    inputs = [writer.real(image), writer.weight(weight, order), *([writer.weight(bias, (0,))] if bias else [])]
    attributes = window(operator, weight.shape[1:3]) | {"group": image.shape[3] if depthwise else 1}
    writer.quantize(writer.node("Conv", inputs, f"{writer.name(operator.outputs[0])}.sum", **attributes), operator)


def fully_connected(writer: Writer, operator: Operator) -> None:
    rows, weight, bias = operator.inputs
    inputs = [writer.real(rows), writer.weight(weight, (0, 1)), *([writer.weight(bias, (0,))] if bias else [])]
    writer.quantize(writer.node("Gemm", inputs, f"{writer.name(operator.outputs[0])}.sum", transB=1), operator)


def pool(writer: Writer, operator: Operator) -> None:
    kind = {"AVERAGE_POOL_2D": "AveragePool", "MAX_POOL_2D": "MaxPool"}[operator.kind]
    attributes = window(operator, (operator.options.filterHeight, operator.options.filterWidth))
    inputs = [writer.real(operator.inputs[0])]
    writer.quantize(writer.node(kind, inputs, f"{writer.name(operator.outputs[0])}.pool", **attributes), operator)


def mean(writer: Writer, operator: Operator) -> None:
    image, axes = operator.inputs
    axes = [CHANNELS_FIRST.index(axis % 4) if len(image.shape) == 4 else int(axis) for axis in axes.constant.reshape(-1)]
    attributes = {"axes": sorted(axes), "keepdims": int(operator.options.keepDims)}
    if not operator.options.keepDims and sorted(axes) != [2, 3]:
        raise SystemExit(f"a mean over axes {axes} of NCHW that go away is transposed in NHWC")
    writer.quantize(writer.node("ReduceMean", [writer.real(image)], f"{writer.name(operator.outputs[0])}.mean", **attributes), operator)


def elementwise(kind: str):
    def rule(writer: Writer, operator: Operator) -> None:
        inputs = [writer.operand(tensor, len(operator.outputs[0].shape)) for tensor in operator.inputs]
        writer.quantize(writer.node(kind, inputs, f"{writer.name(operator.outputs[0])}.{kind.lower()}"), operator)

    return rule


def clip(writer: Writer, operator: Operator) -> None:
    inputs = [writer.real(operator.inputs[0]), *writer.bounds(0, 6)]
    writer.quantize(writer.node("Clip", inputs, f"{writer.name(operator.outputs[0])}.clip"), operator)


def softmax(writer: Writer, operator: Operator) -> None:
    inputs = [writer.real(operator.inputs[0])]
    writer.quantize(writer.node("Softmax", inputs, f"{writer.name(operator.outputs[0])}.softmax", axis=-1), operator)


def concatenation(writer: Writer, operator: Operator) -> None:
    axis = operator.options.axis % 4
    inputs = [writer.real(tensor) for tensor in operator.inputs]
    name = f"{writer.name(operator.outputs[0])}.concat"
    writer.quantize(writer.node("Concat", inputs, name, axis=CHANNELS_FIRST.index(axis)), operator)


def pad(writer: Writer, operator: Operator) -> None:
    image, amounts = operator.inputs
    (result,) = operator.outputs
    before, after = (channels_first(amounts.constant[:, side].tolist()) for side in (0, 1))
    inputs = [writer.real(image), writer.constant(f"{writer.name(result)}.pads", np.array(before + after, np.int64))]
    writer.quantize(writer.node("Pad", inputs, f"{writer.name(result)}.pad"), operator)


def reshape(writer: Writer, operator: Operator) -> None:
    image, (result,) = operator.inputs[0], operator.outputs
    for shape in (image.shape, result.shape):
        if len(shape) == 4 and shape[1:3] != (1, 1):
            raise SystemExit(f"a reshape of {image.shape} to {result.shape} of NHWC is none of NCHW")
    shape = writer.constant(f"{writer.name(result)}.shape", np.array(channels_first(result.shape), np.int64))
    writer.quantize(writer.node("Reshape", [writer.real(image), shape], f"{writer.name(result)}.same"), operator)


def strided_slice(writer: Writer, operator: Operator) -> None:
    image, begin, end, strides = operator.inputs
    (result,) = operator.outputs
    options = operator.options
    starts, ends = begin.constant.astype(np.int64), end.constant.astype(np.int64)
    for axis in range(len(starts)):
        if options.beginMask >> axis & 1:
            starts[axis] = 0
        if options.endMask >> axis & 1:
            ends[axis] = image.shape[axis]
    numbers = [channels_first(list(values)) for values in (starts, ends, range(len(starts)), strides.constant)]
    numbers[2] = list(range(len(starts)))
    words = ("starts", "ends", "axes", "steps")
    constants = [writer.constant(f"{writer.name(result)}.{word}", np.array(value, np.int64)) for word, value in zip(words, numbers)]
    writer.quantize(writer.node("Slice", [writer.real(image), *constants], f"{writer.name(result)}.slice"), operator)


def requantize(writer: Writer, operator: Operator) -> None:
    writer.quantize(writer.real(operator.inputs[0]), operator)


RULES = {
    "ADD": elementwise("Add"),
    "AVERAGE_POOL_2D": pool,
    "CONCATENATION": concatenation,
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": convolution,
    "FULLY_CONNECTED": fully_connected,
    "LOGISTIC": elementwise("Sigmoid"),
    "MAX_POOL_2D": pool,
    "MEAN": mean,
    "MUL": elementwise("Mul"),
    "PAD": pad,
    "QUANTIZE": requantize,
    "RELU": elementwise("Relu"),
    "RELU6": clip,
    "RESHAPE": reshape,
    "SOFTMAX": softmax,
    "STRIDED_SLICE": strided_slice,
    "SUB": elementwise("Sub"),
}


def main() -> None:
    outdir = pathlib.Path(sys.argv[1])
    for name in names.of(sys.argv[2:]):
        source = outdir / name / "model.tflite"
        for path, apart in ((source.with_name("model.onnx"), False), (source.with_name("layers.onnx"), True)):
            if names.is_older(path, source) or names.is_older(path, pathlib.Path(__file__)):
                onnx.save(Writer(flatmodel.read(source), apart).model(), path)


if __name__ == "__main__":
    main()
