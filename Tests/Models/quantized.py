"""A model that quantizes its activations while it runs.

DynamicQuantizeLinear turns a difference in the last place into one of a whole step, of which there are 256, and what
follows carries it on; so does DynamicQuantizeLSTM in every step. `cut` makes a model in which nothing is carried on:
every tensor that a rounding reads or writes is given, and is a result too. From end to end two runtimes can agree only
where no rounding is near a tie: `is_settled` asks onnxruntime whether an input is like that.
"""

import copy

import numpy as np
import onnx
import onnxruntime
from onnx import helper

PRODUCTS = ("ConvInteger", "MatMulInteger")


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # The shapes that some models declare are not those they have.
    options.intra_op_num_threads = 1  # Several would share a layer's batch, each with a range of its own.
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    runtime = session(model)
    names = [output.name for output in runtime.get_outputs()]
    return dict(zip(names, runtime.run(names, feeds)))


SIGMOID_ERROR = 2.0**-22
"""More than onnxruntime's Sigmoid is off, 1.7e-7 at most over [-30, 30]."""


class Wobble:
    """The model with every Sigmoid, and every recurrent layer's bias, off by up to SIGMOID_ERROR at random: as far as
    another runtime's may lie."""

    def __init__(self, model: onnx.ModelProto, feeds: dict[str, np.ndarray]):
        """`feeds` have the shapes of those that the model will be run with."""
        sigmoids = [node.output[0] for node in model.graph.node if node.op_type == "Sigmoid"]
        values = run(showing(model, sigmoids), feeds)
        constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.exact = {f"{name}.error": np.zeros_like(values[name]) for name in sigmoids}
        result, nodes = copy.deepcopy(model), []
        for node in result.graph.node:
            nodes.append(node)
            if node.op_type == "Sigmoid":
                name = node.output[0]
                node.output[0] = f"{name}.exact"
                nodes.append(helper.make_node("Add", [f"{name}.exact", f"{name}.error"], [name]))
            if node.op_type == "DynamicQuantizeLSTM":
                self.exact[f"{node.input[3]}.wobbling"] = constants[node.input[3]]
                node.input[3] = f"{node.input[3]}.wobbling"
        del result.graph.node[:]
        result.graph.node.extend(nodes)
        result.graph.input.extend(described(name, value) for name, value in self.exact.items())
        self.session = session(result)

    def __call__(self, feeds: dict[str, np.ndarray], error: float, seed: int = 0) -> np.ndarray:
        """The model's first output."""
        generator = np.random.default_rng(seed)
        moved = {
            name: (value + error * generator.uniform(-1, 1, value.shape)).astype(np.float32)
            for name, value in self.exact.items()
        }
        return self.session.run(None, feeds | moved)[0]


def is_settled(wobble: Wobble, feeds: dict[str, np.ndarray], ways: int = 64) -> bool:
    """Whether onnxruntime's result stays within 1e-4 of its largest value in all of the `ways` to be off."""
    expected = wobble(feeds, 0)
    allowed = 1e-4 * np.abs(expected).max()
    return all(np.abs(wobble(feeds, SIGMOID_ERROR, way) - expected).max() <= allowed for way in range(ways))


def cut(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """The model with inputs `T.given` in place of every tensor T that is rounded, or results of rounding, and with outputs
    T; and onnxruntime's own values for them.

    A recurrent layer becomes one step, with all its steps as the batch: their states are given too, the cells' at
    random. The integers of products are outputs.
    """
    nodes = list(model.graph.node)
    computed = {output for node in nodes for output in node.output}
    roundings = [node for node in nodes if node.op_type == "DynamicQuantizeLinear"]
    layers = [node for node in nodes if node.op_type == "DynamicQuantizeLSTM"]
    products = [node.output[0] for node in nodes if node.op_type in PRODUCTS]
    read = [node.input[0] for node in roundings if node.input[0] in computed]
    written = [output for node in roundings for output in node.output]
    around = [name for node in layers for name in (node.input[0], node.input[5], node.output[0])]
    values = run(showing(model, read + written + products + around), feeds)

    given = {f"{name}.given": values[name] for name in read + written + [node.output[0] for node in layers]}
    shown = read + written + products
    result = copy.deepcopy(model)
    for node in result.graph.node:
        if node.op_type == "DynamicQuantizeLSTM":
            shown += [node.input[0], *node.output[1:3]]
            given |= one_step(node, values)
            continue
        for index, name in enumerate(node.input):
            is_rounded = node.op_type == "DynamicQuantizeLinear" or name not in read
            if is_rounded and f"{name}.given" in given:
                node.input[index] = f"{name}.given"
    result.graph.input.extend(described(name, value) for name, value in given.items())
    del result.graph.value_info[:]
    return showing(result, shown), given


def one_step(node: onnx.NodeProto, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Lets a recurrent layer run every step from the states that the step before it has left, all at once. Returns its
    inputs: [1, steps, width], and states [directions, steps, hidden]."""
    x, first, states = (values[name] for name in (node.input[0], node.input[5], node.output[0]))
    before = [np.concatenate([first[:1, 0], states[:-1, 0, 0]])]
    if states.shape[1] == 2:
        before.append(np.concatenate([states[1:, 1, 0], first[1:, 0]]))
    generator = np.random.default_rng(0)
    cells = generator.uniform(-1, 1, (len(before), len(x), states.shape[3]))
    given = {
        f"{node.input[0]}.steps": x.reshape(1, len(x), -1),
        f"{node.output[1]}.given": np.stack(before),
        f"{node.output[2]}.given": cells.astype(np.float32),
    }
    node.input[0], node.input[5], node.input[6] = given
    node.output[0] = f"{node.output[0]}.step"
    return given


def showing(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """The model with these tensors as outputs too."""
    result = copy.deepcopy(model)
    known = {output.name for output in result.graph.output}
    result.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in known)
    return result


def described(name: str, value: np.ndarray) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
