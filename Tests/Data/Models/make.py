"""Writes the ONNX file in this directory with the onnx package: python3 make.py

It is ours: every kind of attribute, constant and type that the reader knows, in a model that nobody could run.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

half = helper.make_tensor("half", TensorProto.FLOAT16, [2], [1.5, 2.0])
constants = [
    numpy_helper.from_array(numpy.arange(12, dtype=numpy.float32).reshape(3, 4) / 8, "weight"),
    numpy_helper.from_array(numpy.arange(6, dtype=numpy.int64).reshape(2, 3), "indices"),
    numpy_helper.from_array(numpy.array([0.5, -1.5]), "double"),
    helper.make_tensor("typed", TensorProto.FLOAT, [2], [1.0, 2.0]),
    half,
    helper.make_tensor("bfloat", TensorProto.BFLOAT16, [2], [1.5, 2.0]),
    helper.make_tensor("unsigned", TensorProto.UINT64, [2], [1, 2**63 - 1]),
    helper.make_tensor("mask", TensorProto.BOOL, [3], [1, 0, 1]),
]
branch = helper.make_graph(
    [helper.make_node("Constant", [], ["c"], value=constants[3])],
    "branch", [], [helper.make_tensor_value_info("c", TensorProto.FLOAT, [2])],
)
nodes = [
    helper.make_node("If", ["x"], ["y"], name="choose", then_branch=branch, else_branch=branch),
    helper.make_node(
        "Kinds", ["x", ""], ["z"], domain="tests", f=1.5, i=3, s="text", floats=[1.0, 2.0], ints=[1, 2, 3],
        strings=["a", "b"], tensors=[half],
    ),
]
twice = helper.make_function(
    "tests", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
)
graph = helper.make_graph(
    nodes, "main",
    [helper.make_tensor_value_info("x", TensorProto.BOOL, ["N", 3, None])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    constants,
)
onnx.save(
    helper.make_model(
        graph, producer_name="ingot-tests", ir_version=10, functions=[twice],
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("tests", 1)],
    ),
    "kinds.onnx",
)
