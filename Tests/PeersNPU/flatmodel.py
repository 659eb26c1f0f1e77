"""A .tflite file as a list of operators on tensors, for what follows to read."""

import dataclasses
import pathlib

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {schema.TensorType.INT8: np.int8, schema.TensorType.INT32: np.int32, schema.TensorType.FLOAT32: np.float32}
OPERATORS = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
ACTIVATIONS = {number: name for name, number in vars(schema.ActivationFunctionType).items() if isinstance(number, int)}


@dataclasses.dataclass
class Tensor:
    index: int
    name: str
    shape: tuple[int, ...]
    dtype: type
    constant: np.ndarray | None
    scales: np.ndarray | None
    zero_points: np.ndarray | None
    axis: int

    @property
    def per_channel(self) -> bool:
        return self.scales is not None and len(self.scales) > 1


@dataclasses.dataclass
class Operator:
    kind: str
    inputs: list[Tensor | None]
    outputs: list[Tensor]
    options: object

    @property
    def activation(self) -> str:
        return ACTIVATIONS[getattr(self.options, "fusedActivationFunction", 0)]


@dataclasses.dataclass
class Network:
    operators: list[Operator]
    inputs: list[Tensor]
    outputs: list[Tensor]

    def written(self) -> list[Tensor]:
        return [result for operator in self.operators for result in operator.outputs]

    def read(self) -> list[Tensor]:
        """What operators read of the input and of each other, each once."""
        found = {}
        for operator in self.operators:
            found |= {tensor.index: tensor for tensor in operator.inputs if tensor and tensor.constant is None}
        return list(found.values())


def read(path: pathlib.Path) -> Network:
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    (graph,) = model.subgraphs
    tensors = [_tensor(index, tensor, model) for index, tensor in enumerate(graph.tensors)]
    pick = lambda indices: [tensors[index] if index >= 0 else None for index in indices]  # noqa: E731
    operators = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = OPERATORS[max(code.builtinCode, code.deprecatedBuiltinCode)]
        operators.append(Operator(kind, pick(operator.inputs), pick(operator.outputs), operator.builtinOptions))
    return Network(operators, pick(graph.inputs), pick(graph.outputs))


def _tensor(index: int, tensor: schema.TensorT, model: schema.ModelT) -> Tensor:
    dtype = TYPES[tensor.type]
    shape = tuple(int(extent) for extent in (tensor.shape if tensor.shape is not None else ()))
    data = model.buffers[tensor.buffer].data
    constant = None if data is None or len(data) == 0 else np.frombuffer(bytes(data), dtype).reshape(shape)
    quantization = tensor.quantization
    quantized = quantization is not None and quantization.scale is not None and dtype != np.float32
    return Tensor(
        index,
        tensor.name.decode(),
        shape,
        dtype,
        constant,
        np.asarray(quantization.scale, np.float32) if quantized else None,
        np.asarray(quantization.zeroPoint, np.int64) if quantized else None,
        quantization.quantizedDimension if quantized else 0,
    )
