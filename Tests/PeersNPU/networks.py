"""The networks that both tools take: keras.applications with random weights from a seed, converted to int8 by TensorFlow,
with int8 inputs and outputs.

    networks.py OUTDIR [NETWORK ...]

Writes OUTDIR/NETWORK/model.tflite, unless it is newer than this."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pathlib  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402

import keras  # noqa: E402
import names  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

SEED = 1
SIZE = 224
SAMPLES = 8
# Without it, the classes of a network that nothing was learned by are equally likely, and int8 says 0 of each.
LOGITS_DEVIATION = 4.0

MAKERS = {
    "mobilenet_v1": keras.applications.MobileNet,
    "mobilenet_v2": keras.applications.MobileNetV2,
    "efficientnet_b0": keras.applications.EfficientNetB0,
    "resnet50": keras.applications.ResNet50,
    "nasnet_mobile": keras.applications.NASNetMobile,
}
SCALES_ITS_INPUT = ("efficientnet_b0",)


def pictures(count: int, seed: int) -> np.ndarray:
    """Colored noise of several roughnesses, [count, 224, 224, 3] of 0...255: white noise alone leaves nothing to tell apart
    behind the mean over all pixels."""
    generator = np.random.default_rng(seed)
    found = np.zeros((count, SIZE, SIZE, 3), np.float32)
    for cells in (2, 7, 28, 112, SIZE):
        part = generator.uniform(0, 1, (count, cells, cells, 3)).astype(np.float32)
        repeat = SIZE // cells
        found += part.repeat(repeat, 1).repeat(repeat, 2)
    return found / 5 * 255


def samples_of(name: str, count: int, seed: int) -> np.ndarray:
    """Pictures as the network wants them."""
    found = pictures(count, seed)
    return found if name in SCALES_ITS_INPUT else found / 127.5 - 1


def settle(model: keras.Model, samples: np.ndarray) -> None:
    """Lets every batch norm scale its channels to a mean square of 1, as training would: by default nothing does, maps shrink
    from layer to layer, and the converter gives what is below 1e-6 the same integer. Means stay 0, so that no bias comes in."""

    def scaled(layer, inputs, training=None, mask=None):
        square = keras.ops.mean(inputs**2, axis=(0, 1, 2))
        layer.moving_variance.assign(square)
        return inputs / keras.ops.sqrt(square + layer.epsilon)

    own = keras.layers.BatchNormalization.call
    keras.layers.BatchNormalization.call = scaled
    model(samples, training=False)
    keras.layers.BatchNormalization.call = own


def logits(model: keras.Model, samples: np.ndarray) -> np.ndarray:
    """What softmax reads, be it a layer or the activation of the last one."""
    last = model.layers[-1]
    found = keras.Model(model.inputs, last.input)(samples, training=False).numpy()
    return found @ last.kernel.numpy() if hasattr(last, "kernel") else found


def spread(model: keras.Model, samples: np.ndarray) -> None:
    """Scales the last weights, so that the classes differ."""
    kernel = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")][-1]
    kernel.assign(kernel.numpy() * (LOGITS_DEVIATION / logits(model, samples).std(axis=1).mean()))


def make(name: str, path: pathlib.Path) -> None:
    keras.utils.set_random_seed(SEED)
    model = MAKERS[name](weights=None)
    samples = samples_of(name, SAMPLES, SEED)
    settle(model, samples)
    spread(model, samples)
    with tempfile.TemporaryDirectory() as folder:
        picture = tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32, name="picture")
        model.export(folder, verbose=False, input_signature=[picture])
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        contents = converter.convert()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents)


def main() -> None:
    outdir = pathlib.Path(sys.argv[1])
    for name in names.of(sys.argv[2:]):
        path = outdir / name / "model.tflite"
        if names.is_older(path, pathlib.Path(__file__)):
            print(f"making {name}", flush=True)
            make(name, path)


if __name__ == "__main__":
    main()
