"""Writes detector.onnx in this directory with the onnx package: python3 make_detector.py

It is ours: the end of a detector as exporters write it, whose outputs have as many rows as boxes are found. The number of
boxes to choose from, the classes and the thresholds are small, so that every size occurs.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper


def integers(name, *values):
    return numpy_helper.from_array(numpy.array(values, numpy.int64), name)


weights = [
    integers("most", 4),
    numpy_helper.from_array(numpy.float32(0.5), "iou"),
    numpy_helper.from_array(numpy.float32(0.6), "score"),
    integers("columns", 0, 2),
    integers("one", 1),
    integers("two", 2),
    integers("end", 2**63 - 1),
    integers("flat", -1),
    integers("limit", 5),
    integers("zero", 0),
    numpy_helper.from_array(numpy.array([640, 480, 640, 480], numpy.float32), "image"),
]
nodes = [
    # Scores come with a row for each box, and are wanted with one for each class.
    helper.make_node("Transpose", ["rows"], ["scores"], name="by_class", perm=[0, 2, 1]),
    helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "iou", "score"], ["all"], name="choose"),
    helper.make_node("Slice", ["all", "zero", "limit", "zero"], ["chosen"], name="first"),
    helper.make_node("Gather", ["chosen", "columns"], ["place"], name="place", axis=1),
    helper.make_node("GatherND", ["boxes", "place"], ["corners"], name="corners"),
    helper.make_node("Mul", ["corners", "image"], ["pixels"], name="pixels"),
    helper.make_node("GatherND", ["scores", "chosen"], ["best"], name="best"),
    helper.make_node("Slice", ["chosen", "one", "two", "one"], ["class"], name="class"),
    helper.make_node("Reshape", ["class", "flat"], ["labels"], name="labels"),
    helper.make_node("Cast", ["class"], ["real"], name="real", to=TensorProto.FLOAT),
    helper.make_node("Unsqueeze", ["best", "one"], ["column"], name="column"),
    helper.make_node("Concat", ["pixels", "column", "real"], ["table"], name="table", axis=1),
]
graph = helper.make_graph(
    nodes, "detector",
    [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", 12, 4]),
     helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["N", 12, 3])],
    [helper.make_tensor_value_info("table", TensorProto.FLOAT, ["found", 6]),
     helper.make_tensor_value_info("labels", TensorProto.INT64, ["found"])],
    weights,
)
model = helper.make_model(graph, producer_name="ingot-tests", ir_version=10, opset_imports=[helper.make_opsetid("", 18)])
onnx.checker.check_model(model, full_check=True)
onnx.save(model, "detector.onnx")
