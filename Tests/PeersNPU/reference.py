"""What TensorFlow's interpreter makes of a picture.

    reference.py OUTDIR [NETWORK ...]

Writes OUTDIR/NETWORK/input.npy, expected.npy and of layers.onnx the inputs and what comes out, layers.npz and
layers_expected.npz, kept until the network changes. All are NCHW."""

import pathlib
import sys

import flatmodel
import names
import networks
import numpy as np
import tensorflow as tf

SEED = 2


def channels_first(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2) if array.ndim == 4 else array)


def write(folder: pathlib.Path, picture: np.ndarray) -> None:
    # A delegate rounds in its own way.
    kind = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    model = folder / "model.tflite"
    interpreter = tf.lite.Interpreter(
        str(model), experimental_op_resolver_type=kind, experimental_preserve_all_tensors=True
    )
    interpreter.allocate_tensors()
    (port,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero = port["quantization"]
    picture = np.clip(np.round(picture / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(port["index"], picture)
    interpreter.invoke()
    tensor = lambda index: channels_first(interpreter.get_tensor(index))  # noqa: E731
    network = flatmodel.read(model)
    layers = {f"given{entry.index}": tensor(entry.index) for entry in network.read()}
    np.savez(folder / "layers.npz", **layers)
    np.savez(folder / "layers_expected.npz", **{f"t{entry.index}": tensor(entry.index) for entry in network.written()})
    np.save(folder / "input.npy", channels_first(picture))
    np.save(folder / "expected.npy", tensor(result["index"]))


def main() -> None:
    outdir = pathlib.Path(sys.argv[1])
    for name in names.of(sys.argv[2:]):
        if names.is_older(outdir / name / "expected.npy", outdir / name / "model.tflite"):
            write(outdir / name, networks.samples_of(name, 1, SEED)[:1])


if __name__ == "__main__":
    main()
