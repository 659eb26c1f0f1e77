"""PyTorch networks as ONNX files, and what onnxruntime makes of an ONNX file."""

import pathlib

import numpy as np
import onnxruntime
import torch


def export(network, feeds: dict[str, np.ndarray], outputs: list[str], path: pathlib.Path, opset: int = 17) -> None:
    """By the TorchScript exporter at opset 17, by the dynamo exporter from 18."""
    torch.onnx.export(
        network,
        tuple(torch.from_numpy(value) for value in feeds.values()),
        path,
        input_names=list(feeds),
        output_names=outputs,
        opset_version=opset,
        dynamo=opset > 17,
        external_data=False,
        verbose=False,
    )


def onnx_outputs(model: pathlib.Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))
