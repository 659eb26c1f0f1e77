"""Writes network.onnx in this directory with the onnx package: python3 make_network.py

It is ours: a small network with random weights that has many kinds of operators, for the fuzzers. It uses the idioms of
exporters: shapes computed by operators, composed norms and activations, constants, an open batch size.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

random = numpy.random.default_rng(0)
weights, nodes = [], []


def weight(name, *shape):
    values = random.uniform(-0.5, 0.5, shape).astype(numpy.float32)
    weights.append(numpy_helper.from_array(values, name))
    return name


def integers(name, *values):
    weights.append(numpy_helper.from_array(numpy.array(values, numpy.int64), name))
    return name


def scalar(name, value, type=numpy.float32):
    weights.append(numpy_helper.from_array(numpy.array(value, type), name))
    return name


def node(op, inputs, *outputs, **attributes):
    outputs = list(outputs) or [f"{op.lower()}_{len(nodes)}"]
    nodes.append(helper.make_node(op, inputs, outputs, name=f"{op}_{len(nodes)}", **attributes))
    return outputs[0]


# A convolutional stem: batch norm, depthwise, pooling, squeeze and excitation, a hard swish.
x = node("Conv", ["image", weight("stem.weight", 8, 3, 3, 3)], strides=[2, 2], pads=[1, 1, 1, 1])
variance = scalar("variance", numpy.full(8, 0.9))
x = node("BatchNormalization", [x, weight("scale", 8), weight("offset", 8), weight("mean", 8), variance])
x = node("Clip", [x, scalar("zero", 0), scalar("six", 6)])
y = node("Conv", [x, weight("depth.weight", 8, 1, 3, 3), weight("depth.bias", 8)], group=8, pads=[1, 1, 1, 1])
gate = node("GlobalAveragePool", [y])
gate = node("HardSigmoid", [node("Conv", [gate, weight("gate.weight", 8, 8, 1, 1)])], alpha=1 / 6)
x = node("Add", [x, node("Mul", [y, gate])])
pooled = node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
resized = node("Resize", [pooled, "", scalar("scales", [1, 1, 2, 2])], mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric")
x = node("Concat", [x, resized], axis=1)
node("Split", [x], "half.0", "half.1", axis=1, num_outputs=2)
x = node("Where", [node("Greater", ["half.0", "half.1"]), "half.0", node("Sin", ["half.1"])])

# Tokens: shape arithmetic, layer norm and attention, GELU from the error function.
batch = node("Gather", [node("Shape", [x]), integers("first", 0)])
tokens = node("Reshape", [x, node("Concat", [batch, integers("rest", 8, -1)], axis=0)])
tokens = node("Transpose", [tokens], perm=[0, 2, 1])
normal = node("LayerNormalization", [tokens, weight("norm.weight", 8), weight("norm.bias", 8)], epsilon=1e-5)
query = node("MatMul", [normal, weight("query", 8, 8)])
keys = node("Transpose", [node("MatMul", [normal, weight("key", 8, 8)])], perm=[0, 2, 1])
scores = node("Softmax", [node("Div", [node("MatMul", [query, keys]), scalar("root", 2.8284)])], axis=-1)
tokens = node("Add", [tokens, node("MatMul", [scores, normal])])
inner = node("Add", [node("MatMul", [tokens, weight("up", 8, 16)]), weight("up.bias", 16)])
erf = node("Erf", [node("Div", [inner, scalar("sqrt2", 1.4142135)])])
gelu = node("Mul", [node("Mul", [inner, node("Add", [erf, scalar("one", 1)])]), scalar("half", 0.5)])
tokens = node("Add", [tokens, node("MatMul", [gelu, weight("down", 16, 8)])])

# Words, looked up and summed with the tokens' mean; slices, pads, reductions.
words = node("Gather", [weight("table", 10, 8), "ids"])
words = node("ReduceMean", [words, integers("words.axis", 1)], keepdims=0)
mean = node("ReduceMean", [tokens, integers("mean.axis", 1)], keepdims=0)
x = node("Add", [mean, words])
x = node("Slice", [x, integers("starts", -6), integers("ends", 2**62), integers("axes", 1), integers("steps", 1)])
x = node("Pad", [x, integers("pads", 0, 1, 0, 1)], mode="reflect")
x = node("Gemm", [x, weight("head", 5, 8), weight("head.bias", 5)], transB=1)
node("Softmax", [x], "scores", axis=1)
node("ArgMax", [x], "best", axis=1, keepdims=0)
node("Cast", [node("CumSum", ["ids", scalar("sum.axis", 1, numpy.int64)])], "sums", to=TensorProto.FLOAT)

graph = helper.make_graph(
    nodes, "network",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8]),
     helper.make_tensor_value_info("ids", TensorProto.INT64, ["N", 3])],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 5]),
     helper.make_tensor_value_info("best", TensorProto.INT64, ["N"]),
     helper.make_tensor_value_info("sums", TensorProto.FLOAT, ["N", 3])],
    weights,
)
model = helper.make_model(graph, producer_name="ingot-tests", ir_version=10, opset_imports=[helper.make_opsetid("", 18)])
onnx.checker.check_model(model, full_check=True)
onnx.save(model, "network.onnx")
