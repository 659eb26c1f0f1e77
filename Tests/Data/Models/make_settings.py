"""Writes settings.onnx, signs.onnx, and external.onnx with its external.bin.

    python Tests/Data/Models/make_settings.py

settings.onnx has three axes called `?` and an input that chooses, as the rate of a voice detector does, between branches
for rows of four and of eight numbers. The names of signs.onnx hold the sign that options divide names from values at. The weights of external.onnx lie in external.bin. Needs the onnx package.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent


def branch(name: str, width: int) -> onnx.GraphProto:
    weights = np.linspace(-1, 1, width * 2, dtype=np.float32).reshape(width, 2)
    return helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], [name], name=f"rows_of_{width}")],
        name,
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weights, "weights")],
    )


def save(name: str, nodes, inputs, outputs, weights=(), **options) -> None:
    graph = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(w, n) for n, w in weights])
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, producer_name="ingot-tests", opset_imports=[opset], ir_version=8)
    onnx.save(model, HERE / f"{name}.onnx", **options)


def main() -> None:
    rate = numpy_helper.from_array(np.array(16000, np.int64))
    nodes = [
        helper.make_node("Constant", [], ["high"], value=rate),
        helper.make_node("Equal", ["sr", "high"], ["is_high"]),
        helper.make_node(
            "If", ["is_high"], ["y"], name="rate", then_branch=branch("four", 4), else_branch=branch("eight", 8)
        ),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["?", "?", "?"]),
        helper.make_tensor_value_info("sr", TensorProto.INT64, []),
    ]
    save("settings", nodes, inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])

    save(
        "signs",
        [helper.make_node("Mul", ["a=b", "n=c"], ["y"])],
        [
            helper.make_tensor_value_info("a=b", TensorProto.FLOAT, ["N=1", 4]),
            helper.make_tensor_value_info("n=c", TensorProto.FLOAT, []),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )

    shape = [4, 256]
    weights = np.arange(1024, dtype=np.float32).reshape(shape) % 7
    external = HERE / "external.bin"
    external.unlink(missing_ok=True)
    save(
        "external",
        [helper.make_node("Add", ["x", "weights"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [("weights", weights)],
        save_as_external_data=True,
        location=external.name,
        size_threshold=0,
    )


if __name__ == "__main__":
    main()
