"""onnxruntime's static quantizer: QDQ, weights per channel, each of its three calibrators.

    onnxruntime_peer.py OUTDIR [NETWORK ...] [--method NAME]
"""

import pathlib
import tempfile

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime
import results
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

METHODS = {
    "onnxruntime-minmax": CalibrationMethod.MinMax,
    "onnxruntime-entropy": CalibrationMethod.Entropy,
    "onnxruntime-percentile": CalibrationMethod.Percentile,
}


class Samples(CalibrationDataReader):
    """The calibration samples in parts, so that what onnxruntime keeps of each part fits into memory."""

    def __init__(self, feeds):
        self.feeds = feeds
        self.set_range(0, len(feeds))

    def __len__(self):
        return len(self.feeds)

    def set_range(self, start_index, end_index):
        self.rest = iter(self.feeds[start_index:end_index])

    def get_next(self):
        return next(self.rest, None)


def with_axes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in an opset whose DequantizeLinear has an axis, which scales per channel need."""
    (opset,) = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    return model if opset >= 13 else onnx.version_converter.convert_version(model, 17)


def with_marked_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with names of weights that differ from those of all other tensors by more than digits at the end: what
    onnxruntime copies of weights gets a number there, and the name of another tensor if it is called so."""
    names = {weight.name: f"{weight.name}_weight" for weight in model.graph.initializer}
    for weight in model.graph.initializer:
        weight.name = names[weight.name]
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = names.get(name, name)
    return model


def quantized(folder: pathlib.Path, method: CalibrationMethod):
    weights = results.network(folder)["weights"]
    with tempfile.TemporaryDirectory() as scratch:
        ready, made = pathlib.Path(scratch) / "ready.onnx", pathlib.Path(scratch) / "made.onnx"
        onnx.save(with_axes(onnx.load(folder / "model.onnx")), ready)
        quant_pre_process(ready, ready, skip_symbolic_shape=True)
        onnx.save(with_marked_weights(onnx.load(ready)), ready)
        quantize_static(
            ready,
            made,
            Samples(results.samples(folder / "calibration")),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
            extra_options={"CalibStridedMinMax": 4},
        )
        model = onnx.load(made)
    kinds = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    small = sum(int(np.prod(w.dims)) for w in model.graph.initializer if w.data_type in kinds and len(w.dims) > 1)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    facts = {"unquantized": max(0.0, 1 - small / weights)}
    return lambda feeds: dict(zip(names, session.run(names, feeds))), facts


if __name__ == "__main__":
    source = f"onnxruntime {onnxruntime.__version__}, QDQ, u8 activations, i8 weights per channel"
    results.run_peer(__doc__.split("\n")[0], source, METHODS, quantized)
