"""Seeded networks that onnxruntime's quantizer makes into 8 bits, calibrated on seeded noise.

A rounding turns a difference in the last place into one of a whole step, which what follows carries on. Two ways around:

- With scales that are powers of two, sums and products of 8-bit integers are exact in fp32, whatever their order: where
  nothing else rounds, two runtimes must agree to the last bit from end to end (`exact`).
- Elsewhere the model is cut at every rounding: what was rounded is given, as onnxruntime has it, and what is rounded from it
  is compared. One in a thousand may be next to a tie and so a step off (`cut`).
"""

import copy
import functools

import inputs
import numpy as np
import onnx
import onnxruntime
import torch
import torchvision_schemas  # noqa: F401
import timm
from case import Case
from export import export
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from quantized import described, showing
from redraw import redraw
from torch import nn

ONE_STEP = 1 / 100
"""Of the largest value of a tensor with 256 steps, with some room: what `verify` allows where a rounding jumps."""


def conv(inputs, outputs, kernel=3, stride=1, activation=nn.SiLU):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), activation()
    )


class Detector(nn.Module):
    """A small detector as YOLO has it: strides of 4 and 8, boxes as expectations over bins."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 8, stride=2), conv(8, 16, stride=2))
        self.block = conv(16, 16)
        self.down = conv(16, 32, stride=2)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.up = nn.Upsample(scale_factor=2)
        self.heads = nn.ModuleList([nn.Conv2d(48, 20, 1), nn.Conv2d(64, 20, 1)])

    def forward(self, image):
        x = self.stem(image)
        x = x + self.block(x)
        y = self.down(x)
        fine = self.heads[0](torch.cat([self.up(y), x], 1)).flatten(2)
        coarse = self.heads[1](torch.cat([y, self.pool(y)], 1)).flatten(2)
        boxes, scores = torch.cat([fine, coarse], 2).split((16, 4), 1)
        count, _, places = boxes.shape
        bins = boxes.view(count, 4, 4, places).transpose(2, 1).softmax(1)
        distances = (bins * torch.arange(4.0).view(1, 4, 1, 1)).sum(1)
        return torch.cat([distances, scores.sigmoid()], 1)


class Block(nn.Module):
    """A network of what onnxruntime has operators of its own for, on integers from end to end."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 8, stride=2, activation=nn.SiLU)
        self.depthwise = nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.pointwise = nn.Sequential(nn.Conv2d(8, 8, 1), nn.LeakyReLU(0.1))
        self.classifier = nn.Linear(16, 10)

    def forward(self, image):
        x = self.stem(image)
        x = torch.cat([x + self.pointwise(self.depthwise(x)), x], 1)
        x = nn.functional.avg_pool2d(x, 2, 2)
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)).softmax(1)


class Sequence(nn.Module):
    """Convolutions and products alone, which have operators of their own in 8 bits."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.Sequential(conv(3, 16, activation=nn.ReLU), conv(16, 16, stride=2, activation=nn.ReLU))
        self.weight = nn.Parameter(torch.randn(16, 24) / 4)

    def forward(self, image):
        return self.convolutions(image).flatten(2).transpose(1, 2) @ self.weight


def resnet():
    return timm.models.ResNet(
        timm.models.resnet.BasicBlock, layers=(1, 1, 1, 1), channels=(16, 32, 64, 128), stem_width=16, num_classes=50
    )


class Noise(CalibrationDataReader):
    def __init__(self, shape, seed, samples=3):
        self.samples = iter([{"image": inputs.image(shape, seed + index)} for index in range(samples)])

    def get_next(self):
        return next(self.samples, None)


def quantize(
    folder, network, seed, size=64, form=QuantFormat.QDQ, operators=None, activations=QuantType.QUInt8,
    weights=QuantType.QInt8, per_channel=False, symmetric=False,
):
    """The quantized model and an input. `symmetric`: activations have a zero point of 0."""
    shape = (1, 3, size, size)
    feeds = {"image": inputs.image(shape, seed)}
    plain, result = folder / "plain.onnx", folder / "model.onnx"
    export(redraw(network.eval(), seed), feeds, ["result"], plain)
    quant_pre_process(plain, plain, skip_symbolic_shape=True)
    quantize_static(
        plain, result, Noise(shape, seed + 1), quant_format=form, op_types_to_quantize=operators,
        activation_type=activations, weight_type=weights, per_channel=per_channel,
        extra_options={"ActivationSymmetric": symmetric},
    )
    plain.unlink()
    return onnx.load(result), feeds


def run(model, feeds):
    """Op by op, so that what is rounded is what the model says."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def write(folder, name, model, feeds, **facts):
    onnx.save(model, folder / "model.onnx")
    Case(name, model="model.onnx", **facts).write(folder, feeds, run(model, feeds))


def exact(folder, name, downloads, network, seed, **options):
    torch.manual_seed(seed)
    model, feeds = quantize(folder, network(), seed, **options)
    scales = {name for node in model.graph.node for name in node.input if "scale" in name}
    for tensor in model.graph.initializer:
        if tensor.name in scales:
            value = numpy_helper.to_array(tensor)
            power = np.exp2(np.ceil(np.log2(value))).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(power, tensor.name))
    write(folder, name, model, feeds, tolerance=0, arithmetic="exact")


def rounds(node):
    """Whether a node's result is rounded."""
    return node.op_type == "QuantizeLinear" or node.op_type.startswith("QLinear") or node.op_type == "QGemm"


def cut(folder, name, downloads, network, seed, arithmetic="exact", off_by_one=1e-3, **options):
    torch.manual_seed(seed)
    model, feeds = quantize(folder, network(), seed, **options)
    rounded = [node.output[0] for node in model.graph.node if rounds(node)]
    values = run(showing(model, rounded), feeds)
    given = {f"{tensor}.given": values[tensor] for tensor in rounded}
    pieces = copy.deepcopy(model)
    for node in pieces.graph.node:
        for index, tensor in enumerate(node.input):
            if f"{tensor}.given" in given:
                node.input[index] = f"{tensor}.given"
    pieces.graph.input.extend(described(tensor, value) for tensor, value in given.items())
    facts = {"tolerance": ONE_STEP, "off_by_one": off_by_one, "arithmetic": arithmetic}
    if arithmetic == "integer":
        # The reference computes the model, whose arithmetic is another. Softmax uses few of its steps.
        facts["reference_tolerance"] = facts["tolerance"] = 2 * ONE_STEP
    write(folder, name, showing(pieces, rounded), feeds | given, **facts)


def timm_network(name):
    return functools.partial(timm.create_model, name, pretrained=False)


CASES = {
    "quantized_resnet": functools.partial(exact, network=resnet, seed=51),
    "quantized_operators": functools.partial(
        exact, network=Sequence, seed=52, size=16, form=QuantFormat.QOperator, operators=["Conv", "MatMul"]
    ),
    "quantized_block": functools.partial(cut, network=Block, seed=56, form=QuantFormat.QOperator),
    "quantized_detector": functools.partial(cut, network=Detector, seed=53),
    "quantized_mobilenetv3_small_050": functools.partial(cut, network=timm_network("mobilenetv3_small_050"), seed=54),
    "quantized_efficientnet_b0": functools.partial(cut, network=timm_network("efficientnet_b0"), seed=55),
    "rescaled_resnet18": functools.partial(
        cut, network=timm_network("resnet18"), seed=57, arithmetic="integer", per_channel=True
    ),
    "rescaled_mobilenetv3_small_100": functools.partial(
        cut, network=timm_network("mobilenetv3_small_100"), seed=58, arithmetic="integer",
        activations=QuantType.QInt8, symmetric=True,
    ),
    "rescaled_efficientnet_b0": functools.partial(
        cut, network=timm_network("efficientnet_b0"), seed=59, arithmetic="integer", form=QuantFormat.QOperator,
        weights=QuantType.QUInt8,
    ),
    "rescaled_detector": functools.partial(
        cut, network=Detector, seed=60, arithmetic="integer", activations=QuantType.QInt8, per_channel=True,
        off_by_one=5e-3,  # Of a softmax on integers.
    ),
}
