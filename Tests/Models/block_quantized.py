"""Weights in few bits with a scale for each block, as exporters of language models store them, against onnxruntime."""

import functools

import numpy as np
import onnx
import onnxruntime
from case import Case
from fusions import Form, Weight, draw, normal, write
from onnx import TensorProto, helper, numpy_helper

TOLERANCE = 1e-5


def packed(numbers: np.ndarray, bits: int = 4) -> np.ndarray:
    """As many numbers of the last axis in a byte as fit, the first in the lowest bits; zeros fill the last one."""
    count = 8 // bits
    rest = -numbers.shape[-1] % count
    padded = np.pad(numbers, [(0, 0)] * (numbers.ndim - 1) + [(0, rest)]).astype(np.uint8)
    return sum(padded[..., place::count] << bits * place for place in range(count)).astype(np.uint8)


def numbers(bits: int, *shape: int) -> np.ndarray:
    return draw.integers(0, 2**bits, shape)


def scales(*shape: int) -> Weight:
    return Weight(draw.uniform(0.005, 0.025, shape).astype(np.float32))


def product(rows, inner: int, outputs: int, block: int, bits: int = 4, zeros: bool = True, bias: bool = False) -> Form:
    blocks = -(-inner // block)
    weights = packed(numbers(bits, outputs, blocks * block), bits).reshape(outputs, blocks, -1)
    operands = [normal(*rows, inner), Weight(weights), scales(outputs * blocks)]
    if zeros or bias:
        operands.append(Weight(packed(numbers(bits, outputs, blocks), bits).reshape(-1)) if zeros else None)
    if bias:
        operands += [None, Weight(normal(outputs))]
    return Form("MatMulNBits", operands, {"K": inner, "N": outputs, "bits": bits, "block_size": block})


def matmul() -> list[Form]:
    return [
        *(product([2, 3], 256, 96, block) for block in (16, 32, 64, 128, 256)),
        *(product([1], 256, 96, block, zeros=False) for block in (32, 128)),
        product([40], 128, 200, 32),
        product([5], 200, 64, 32),
        product([3], 96, 64, 64, zeros=False),
        product([5], 96, 33, 32, bias=True),
        product([1], 256, 96, 32, bits=8),
        product([20], 256, 96, 64, bits=8, zeros=False),
    ]


def rows(count: int, width: int, block: int, bits: int = 4, zeros: bool = True) -> Form:
    blocks = -(-width // block)
    ids = draw.integers(0, count, (2, 3))
    operands = [Weight(packed(numbers(bits, count, width), bits)), ids, scales(count, blocks)]
    if zeros:
        operands.append(Weight(packed(numbers(bits, count, blocks), bits)))
    return Form("GatherBlockQuantized", operands, {"bits": bits, "block_size": block, "quantize_axis": 1})


def gather() -> list[Form]:
    return [rows(500, 64, 32), rows(500, 96, 32, zeros=False), rows(40, 128, 128), rows(40, 64, 16, 8), rows(40, 64, 16, 8, False)]


def dequantized(folder, name: str, downloads) -> None:
    """Constants of ONNX's own types of 4 bits that a product reads by columns or rows, with a scale for each block or column."""
    generator = np.random.default_rng(7)
    nodes, tensors, outputs = [], [], []
    x = generator.standard_normal((3, 64)).astype(np.float32)
    for number, (element, axis, block) in enumerate(
        (element, axis, block)
        for element in (TensorProto.INT4, TensorProto.UINT4)
        for axis, block in ((0, 16), (0, 32), (1, 0))
    ):
        low = -8 if element == TensorProto.INT4 else 0
        shape = [64, 48]
        steps = [shape[axis]] if block == 0 else [64 // block, 48]
        for part, extents in (("w", shape), ("zero", steps)):
            values = generator.integers(low, low + 16, extents).reshape(-1) & 15
            tensors.append(helper.make_tensor(f"{part}{number}", element, extents, packed(values).tobytes(), raw=True))
        scale = generator.uniform(0.005, 0.025, steps).astype(np.float32)
        tensors.append(numpy_helper.from_array(scale, f"scale{number}"))
        operands = [f"{part}{number}" for part in ("w", "scale", "zero")]
        sizes = {"block_size": block} if block else {}
        nodes.append(helper.make_node("DequantizeLinear", operands, [f"b{number}"], axis=axis, **sizes))
        nodes.append(helper.make_node("MatMul", ["x", f"b{number}"], [f"y{number}"]))
        outputs.append(helper.make_tensor_value_info(f"y{number}", TensorProto.FLOAT, [3, 48]))
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 64])]
    graph = helper.make_graph(nodes, name, inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, folder / "model.onnx")
    options = onnxruntime.SessionOptions()
    # Else it multiplies by activations that it rounds to 8 bits.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in outputs]
    expected = dict(zip(names, session.run(names, {"x": x}), strict=True))
    Case(name, model="model.onnx", tolerance=TOLERANCE).write(folder, {"x": x}, expected)


CASES = {
    "blocks_matmul": functools.partial(write, family=matmul, tolerance=TOLERANCE),
    "blocks_gather": functools.partial(write, family=gather, tolerance=TOLERANCE),
    "blocks_dequantized": dequantized,
}
