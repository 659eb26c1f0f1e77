"""Writes structure.onnx in this directory with the onnx package: python3 make_structure.py

It is ours: little arithmetic in what the importer takes apart while it reads. Nodes out of order, a function called
without an input that a branch of its body reads, an If on data that guards an index, sequences carried by a loop, a loop
without iterations, sparse constants, doubles, and strings that nothing reads. For the fuzzers and the command line's
tests; with x = [1, 2, 3] and i = [1], y is [2, 4, 6] + 0.5 and z is [1, 4, 3, 0].
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def value(name, type=TensorProto.FLOAT, shape=None):
    return helper.make_tensor_value_info(name, type, shape)


def integers(name, values):
    return numpy_helper.from_array(numpy.array(values, numpy.int64), name)


def sparse(name, values, indices, shape):
    numbers = numpy_helper.from_array(numpy.array(values, numpy.float32), name)
    return helper.make_sparse_tensor(numbers, integers("", indices), shape)


opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]

bounded = helper.make_graph([helper.make_node("Clip", ["a", "low", "high"], ["t"])], "then", [], [value("t")])
free = helper.make_graph([helper.make_node("Identity", ["a"], ["f"])], "else", [], [value("f")])
function = helper.make_function(
    "local", "Bounded", ["a", "low", "high", "c"], ["b"],
    [helper.make_node("If", ["c"], ["b"], then_branch=bounded, else_branch=free)], opsets)

indexed = helper.make_graph(
    [helper.make_node("Gather", ["x", "i"], ["element"]), helper.make_node("Mul", ["x", "element"], ["t"])],
    "then", [], [value("t", shape=[3])])
other = helper.make_graph([helper.make_node("Neg", ["x"], ["f"])], "else", [], [value("f", shape=[3])])

body = helper.make_graph(
    [
        helper.make_node("SequenceInsert", ["parts", "part"], ["more"]),
        helper.make_node("Gather", ["pair", "k"], ["scale"]),
        helper.make_node("Mul", ["x", "scale"], ["part"]),
        helper.make_node("Identity", ["go"], ["on"]),
    ],
    "body",
    [
        value("k", TensorProto.INT64, []), value("go", TensorProto.BOOL, []),
        helper.make_tensor_sequence_value_info("parts", TensorProto.FLOAT, None),
    ],
    [value("on", TensorProto.BOOL, []), helper.make_tensor_sequence_value_info("more", TensorProto.FLOAT, None)])

nothing = helper.make_graph(
    [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Abs", ["x"], ["row"])],
    "body", [value("k", TensorProto.INT64, []), value("go", TensorProto.BOOL, [])],
    [value("on", TensorProto.BOOL, []), value("row", shape=["n"])])

nodes = [
    helper.make_node("Cast", ["sum"], ["y"], "narrow", to=TensorProto.FLOAT),
    helper.make_node("Add", ["wide", "half"], ["sum"], "sum"),
    helper.make_node("Cast", ["chosen"], ["wide"], "widen", to=TensorProto.DOUBLE),
    helper.make_node("Less", ["i", "limit"], ["within"], "within"),
    helper.make_node("If", ["within"], ["guarded"], "guard", then_branch=indexed, else_branch=other),
    helper.make_node("Bounded", ["guarded", "", "most", "within"], ["chosen"], "bounded", domain="local"),
    helper.make_node("Loop", ["none", ""], ["rows"], "empty", body=nothing),
    helper.make_node("ReduceSum", ["rows"], ["zeros"], "zeros", keepdims=0),
    helper.make_node("SequenceEmpty", [], ["start"], "start"),
    helper.make_node("Loop", ["two", "", "start"], ["scaled"], "collect", body=body),
    helper.make_node("ConcatFromSequence", ["scaled"], ["joined"], "joined", axis=0),
    helper.make_node("MatMul", ["selection", "joined"], ["picked"], "picked"),
    helper.make_node("Unsqueeze", ["zeros", "first"], ["last"], "last"),
    helper.make_node("Concat", ["picked", "last"], ["z"], "z", axis=0),
]
graph = helper.make_graph(
    nodes, "structure",
    [value("words", TensorProto.STRING, ["n"]), value("x", shape=[3]), value("i", TensorProto.INT64, ["N"])],
    [value("y", shape=[3]), value("z", shape=[4])],
    [
        integers("limit", 3), integers("none", 0), integers("two", 2), integers("first", [0]),
        numpy_helper.from_array(numpy.array([0.5]), "half"),
        numpy_helper.from_array(numpy.array(1e6, numpy.float32), "most"),
    ],
    sparse_initializer=[
        sparse("pair", [1, 2], [0, 1], [2]),
        sparse("selection", [1, 1, 1], [[0, 0], [1, 4], [2, 2]], [3, 6]),
    ])
model = helper.make_model(graph, opset_imports=opsets, functions=[function], producer_name="ingot-tests")
model.ir_version = 10
onnx.save(model, "structure.onnx")
