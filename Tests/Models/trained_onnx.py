"""Trained models that their packages carry as ONNX files."""

import shutil

import inputs
import numpy as np
import onnx
import packages
import quantized
from case import Case
from export import onnx_outputs

# Recurrent layers carry the rounding of every step into the next.
RECURRENT = 1e-3

INT8 = "ddddocr_common_old_int8"


def onnx_case(folder, name, downloads, feeds, dims=None, constants=None, tolerance=1e-4, shapes=()):
    """A case of the model as it is. `constants` are inputs that are fixed when compiling, scalars as numbers; `shapes`
    names inputs that are fixed to the shapes of their arrays."""
    model = shutil.copy(packages.model_file(name, downloads), folder / "model.onnx")
    constants = constants or {}
    case = Case(name, model="model.onnx", dims=dims or {}, tolerance=tolerance)
    for constant, value in constants.items():
        if value.ndim == 0:
            case.constants[constant] = str(value.item())
            continue
        case.constants[constant] = f"{constant}.npy"
        np.save(folder / case.constants[constant], value)
    for shaped in shapes:
        case.shapes[shaped] = ",".join(str(extent) for extent in feeds[shaped].shape)
    case.write(folder, feeds, onnx_outputs(model, feeds | constants))


def basic_pitch(folder, name, downloads):
    feeds = {"serving_default_input_2:0": inputs.audio(43844, 22050, seed=3).reshape(1, -1, 1)}
    onnx_case(folder, name, downloads, feeds, dims={"unk__749": 1})


def ddddocr_det(folder, name, downloads):
    onnx_case(folder, name, downloads, {"images": inputs.image((1, 3, 416, 416), seed=4, low=0, high=255)})


def ddddocr_text(folder, name, downloads, tolerance=RECURRENT):
    feeds = {"input1": inputs.image((1, 1, 64, 160), seed=6, low=-1, high=1)}
    onnx_case(folder, name, downloads, feeds, dims={"image_width": 160}, tolerance=tolerance)


def ddddocr_int8(folder, name, downloads):
    """From end to end, on the first digit at which onnxruntime does not waver."""
    model = onnx.load(packages.model_file(INT8, downloads))
    wobble = quantized.Wobble(model, {"input1": inputs.digits(32, 1, seed=0)})
    for seed in range(1000):
        feeds = {"input1": inputs.digits(32, 1, seed)}
        if quantized.is_settled(wobble, feeds):
            return onnx_case(folder, name, downloads, feeds, dims={"image_width": 32}, tolerance=RECURRENT)
    raise SystemExit(f"{name}: onnxruntime wavers on 1000 digits")


def ddddocr_int8_pieces(folder, name, downloads):
    """Between one rounding and the next, on a line of four digits."""
    feeds = {"input1": inputs.digits(160, 4, seed=0)}
    model, given = quantized.cut(onnx.load(packages.model_file(INT8, downloads)), feeds)
    onnx.save(model, folder / "model.onnx")
    feeds |= given
    case = Case(name, model="model.onnx", dims={"image_width": 160})
    case.write(folder, feeds, quantized.run(model, feeds))


def ppocr_cls(folder, name, downloads):
    """Which way up a line of text is; three axes of its input are called -1 or ?."""
    feeds = {"x": inputs.image((1, 3, 48, 192), seed=14, low=-1, high=1)}
    onnx_case(folder, name, downloads, feeds, shapes=["x"])


def silero_vad(folder, name, downloads):
    """One step of 32 ms with the 4 ms before it; the sample rate, which only chooses branches, is fixed."""
    generator = np.random.default_rng(8)
    feeds = {
        "input": inputs.audio(576, 16000, seed=8).reshape(1, -1),
        "state": generator.uniform(-0.5, 0.5, (2, 1, 128)).astype(np.float32),
    }
    rate = {"sr": np.array(16000, np.int64)}
    onnx_case(folder, name, downloads, feeds, constants=rate, tolerance=RECURRENT, shapes=["input", "state"])


def silero_vad_sequence(folder, name, downloads):
    generator = np.random.default_rng(9)
    feeds = {"input": inputs.audio(5760, 16000, seed=9).reshape(10, 576)}
    for state in ("h", "c"):
        feeds[state] = generator.uniform(-0.5, 0.5, (1, 1, 128)).astype(np.float32)
    onnx_case(folder, name, downloads, feeds, dims={"sequence_length": 10}, tolerance=RECURRENT)


def magika(folder, name, downloads):
    """The first and the last 1024 bytes of a text file; 256 pads where the file ends."""
    text = packages.__doc__.encode()
    ends = np.full((1, 2048), 256, np.int32)
    ends[0, : len(text)] = ends[0, 2048 - len(text) :] = np.frombuffer(text, np.uint8)
    onnx_case(folder, name, downloads, {"bytes": ends}, dims={"unk__214": 1})


def oww_melspectrogram(folder, name, downloads):
    feeds = {"input": 32767 * inputs.audio(16000, 16000, seed=10).reshape(1, -1)}
    onnx_case(folder, name, downloads, feeds, dims={"batch_size": 1, "samples": 16000})


def oww_embedding(folder, name, downloads):
    feeds = {"input_1": inputs.image((1, 1, 76, 32), seed=11, low=-4, high=4).reshape(1, 76, 32, 1)}
    onnx_case(folder, name, downloads, feeds, dims={"unk__316": 1})


def oww_hey_mycroft(folder, name, downloads):
    feeds = {"input_1": inputs.image((1, 16, 96), seed=12, low=-20, high=20)}
    onnx_case(folder, name, downloads, feeds, dims={"unk__332": 1}, tolerance=RECURRENT)


def nsnet2(folder, name, downloads):
    feeds = {"input": inputs.image((1, 100, 161), seed=13, low=-9, high=1)}
    onnx_case(folder, name, downloads, feeds, dims={"batch_size": 1, "frames": 100}, tolerance=RECURRENT)


CASES = {
    "basic_pitch": basic_pitch,
    "ddddocr_det": ddddocr_det,
    "ddddocr_common": ddddocr_text,
    INT8: ddddocr_int8,
    f"{INT8}_pieces": ddddocr_int8_pieces,
    "ppocr_cls": ppocr_cls,
    "silero_vad": silero_vad,
    "silero_vad_sequence": silero_vad_sequence,
    "magika": magika,
    "oww_melspectrogram": oww_melspectrogram,
    "oww_embedding": oww_embedding,
    "oww_hey_mycroft": oww_hey_mycroft,
    "nsnet2": nsnet2,
}
