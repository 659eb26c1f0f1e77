"""The networks that quality is measured on: how each is made, what it is fed, how its outputs are compared.

Those of `DEVELOPMENT` were looked at while methods were developed; those of `HELD_OUT` are only looked at in the end.
No rule may be tuned on one network alone, nor on any of the second list."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable

import inputs
import numpy as np
import onnxruntime
import packages
import pictures
import scipy.signal
import speakers
import texts
import trained_digits
import trained_onnx
import trained_torch
import voices
from PIL import Image

CALIBRATION, TEST = 24, 32
Feeds = dict[str, np.ndarray]


@dataclasses.dataclass
class Part:
    """A part of an output that is compared by itself."""

    output: int
    """Of the last axis; all when left out."""
    columns: tuple[int, int] | None = None
    """Whether the mean over the last axis is taken off first, as for logits, which may all shift by one number."""
    centered: bool = False


@dataclasses.dataclass
class Network:
    """Leaves model.onnx in a folder, with a case.json that says what its open sizes are fixed to."""

    make: Callable[[pathlib.Path, str, pathlib.Path], None]
    """Samples for calibration and others for tests, out of the downloads and the model."""
    samples: Callable[[pathlib.Path, pathlib.Path], tuple[list[Feeds], list[Feeds]]]
    """Each output as a whole when left out."""
    parts: list[Part] | None = None
    """Whether the softmax at the end is cut off: probabilities near 0 and 1 hide what logits show."""
    ends_in_logits: bool = False


def _photographs(name, size, mean, std, downloads, model):
    split = (pictures.calibration(downloads), CALIBRATION, 1), (pictures.test(downloads), TEST, 2)
    return tuple(
        [{name: pictures.planes(part, mean, std)} for part in pictures.crops(source, count, size, seed)]
        for source, count, seed in split
    )


def _super_resolution(downloads, model):
    return _photographs("image", (64, 64), 0, 1, downloads, model)


def _pages(size, downloads, seed):
    """Pages of text over photographs, each of [height, width, 3] of 0...255, every fourth a photograph alone."""
    split = (pictures.calibration, texts.calibration, CALIBRATION), (pictures.test, texts.test, TEST)
    for part, (photographs, lines, count) in enumerate(split):
        generator = np.random.default_rng(seed + part)
        words = texts.words(lines(downloads))
        backgrounds = pictures.crops(photographs(downloads), count, size, seed + part)
        yield [
            picture if index % 4 == 3 else pictures.page_of_text(words, picture, generator)
            for index, picture in enumerate(backgrounds)
        ]


def _detected(downloads, model):
    channels = lambda page: np.ascontiguousarray(page[:, :, ::-1].transpose(2, 0, 1)[None])  # noqa: E731
    return tuple([{"images": channels(page)} for page in pages] for pages in _pages((416, 416), downloads, 3))


def _detected_text(downloads, model):
    return tuple(
        [{"x": pictures.planes(page, (0.5,) * 3, (0.5,) * 3)} for page in pages]
        for pages in _pages((480, 640), downloads, 5)
    )


def _lines(downloads, seed, length):
    """Words or pieces of a sentence, `length` characters or fewer."""
    for part, (source, count) in enumerate(((texts.calibration, CALIBRATION), (texts.test, TEST))):
        generator = np.random.default_rng(seed + part)
        text = " ".join(source(downloads))
        found = []
        for _ in range(count):
            start = int(generator.integers(0, len(text) - length))
            found.append(text[start : start + int(generator.integers(length // 3, length + 1))].strip() or "a")
        yield generator, found


def _characters(downloads, model):
    def feed(text, generator):
        line = pictures.line_of_text(text, (64, 160), generator, color=False).resize((160, 64))
        return {"input1": np.asarray(line, np.float32)[None, None] / 127.5 - 1}

    return tuple([feed(text, generator) for text in found] for generator, found in _lines(downloads, 7, 8))


def _text_lines(width, upside_down, length, seed, downloads, model):
    """Lines of height 48 in color, with the end of a shorter one left 0, as this family of networks is fed."""

    def feed(text, generator):
        line = pictures.line_of_text(text, (48, width), generator, color=True)
        if upside_down and generator.uniform() < 0.5:
            line = line.rotate(180)
        line = line.resize((min(width, max(line.width, 16)), 48), Image.Resampling.BILINEAR)
        planes = np.zeros((1, 3, 48, width), np.float32)
        planes[..., : line.width] = pictures.planes(np.asarray(line, np.float32), (0.5,) * 3, (0.5,) * 3)
        return {"x": planes}

    return tuple([feed(text, generator) for text in found] for generator, found in _lines(downloads, seed, length))


def _sentences(downloads, model):
    pick = lambda source, count: source(downloads)[:count]  # noqa: E731
    split = pick(texts.calibration, CALIBRATION), pick(texts.test, TEST)
    return tuple([texts.tokens(text, 192, downloads) for text in part] for part in split)


def _faces(size, downloads, model):
    """Four crops a sample, of faces and of what is none."""
    folder = packages.unpacked(pictures.SCIKIT_IMAGE, downloads) / "skimage" / "data"
    grey = np.load(folder / "lfw_subset.npy")[np.random.default_rng(9).permutation(200)]
    grey = np.stack([np.asarray(Image.fromarray(np.float32(255 * crop)).resize((size, size))) for crop in grey])
    crops = np.repeat((grey[:, None] - 127.5) / 128, 3, 1).astype(np.float32)
    feeds = [{"image": crops[index : index + 4]} for index in range(0, 200, 4)]
    return feeds[:CALIBRATION], feeds[CALIBRATION:]


def _speech(downloads, samples, seed):
    """Stretches of 16 kHz: synthetic voices; in tests other voices, and recorded words for a quarter."""
    calibration = voices.stretches(texts.calibration(downloads), voices.VOICES, CALIBRATION, samples, seed)
    recorded = voices.words(voices.recorded(downloads), TEST // 4, samples, seed + 1)
    others = voices.stretches(
        texts.test(downloads), voices.OTHER_VOICES, TEST - len(recorded), samples, seed + 2
    )
    return calibration, recorded + others


def _heard(feed, samples, seed, downloads, model):
    return tuple([feed(signal) for signal in part] for part in _speech(downloads, samples, seed))


def _music(downloads, model):
    """Chords of decaying tones and speech in turn, 22.05 kHz."""
    feeds = []
    for part, speech in enumerate(_speech(downloads, 32000, 11)):
        found = []
        for index, signal in enumerate(speech):
            if index % 2:
                signal = inputs.audio(43844, 22050, seed=1000 * part + index)
            else:
                signal = scipy.signal.resample_poly(signal, 22050 // 50, 16000 // 50)[:43844].astype(np.float32)
            found.append({"serving_default_input_2:0": signal.reshape(1, -1, 1)})
        feeds.append(found)
    return tuple(feeds)


def _mel(signal):
    """Logarithms of 128 bands, [1, 128, 128]."""
    magnitudes = voices.spectrogram(signal, 1024, 160)[:128]
    bands = magnitudes @ voices.mel_filters(128, 513, voices.RATE).T
    return {"mel": np.log(np.maximum(bands, 1e-5))[None].astype(np.float32)}


def _frames(signal):
    frames = signal[: 8 * 1024].reshape(8, 1024)
    frames = frames - frames.mean(1, keepdims=True)
    return {"frames": frames / np.maximum(frames.std(1, keepdims=True), 1e-10)}


def _log_power(signal):
    power = voices.spectrogram(signal, 320, 160)[:100] ** 2
    return {"input": np.log10(np.maximum(power, 1e-12))[None].astype(np.float32)}


def _powers(signal):
    power = voices.spectrogram(signal, 400, 160)[:160] ** 2
    return {"mels": (power @ voices.mel_filters(40, 201, voices.RATE).T)[None].astype(np.float32)}


def _wake_word_spectra(downloads, model):
    spectra = onnxruntime.InferenceSession(packages.model_file("oww_melspectrogram", downloads))

    def feed(signal):
        (found,) = spectra.run(None, {"input": 32767 * signal[None]})
        return {"input_1": (found.reshape(-1, 32)[:76] / 10 + 2).reshape(1, 76, 32, 1)}

    return _heard(feed, 16000, 13, downloads, model)


def _voice_activity(downloads, model):
    """Ten windows with 4 ms before each, and the state that the ten before them leave."""
    session = onnxruntime.InferenceSession(model)

    def feed(signal):
        windows = np.lib.stride_tricks.sliding_window_view(signal, 576)[::512]
        zero = np.zeros((1, 1, 128), np.float32)
        _, h, c = session.run(None, {"input": windows[:10], "h": zero, "c": zero})
        return {"input": windows[10:20], "h": h, "c": c}

    return _heard(feed, 576 + 19 * 512, 15, downloads, model)


def _digits(downloads, model):
    calibration, test = trained_digits.split()
    return [{"digit": digit} for digit in calibration[:CALIBRATION]], [{"digit": digit} for digit in test[:TEST]]


def _onnx(feeds, **fixed):
    """A model that its package carries as an ONNX file, run once on arrays of these shapes."""
    generator = np.random.default_rng(0)
    arrays = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in feeds.items()}
    return functools.partial(trained_onnx.onnx_case, feeds=arrays, **fixed)


def _by_case(folder, name, downloads):
    (trained_onnx.CASES | trained_torch.CASES)[name](folder, name, downloads)


LOGITS = [Part(0, centered=True)]

DEVELOPMENT = {
    "efficientnet_lite0": Network(
        _by_case, functools.partial(_photographs, "inputs", (224, 224), 0.498, 0.502), LOGITS
    ),
    "ddddocr_det": Network(_by_case, _detected, [Part(0, columns=(0, 4)), Part(0, columns=(4, 6))]),
    "ddddocr_common": Network(_by_case, _characters, LOGITS),
    "minilm_l6_v2": Network(_by_case, _sentences),
    "ppocr_cls": Network(_by_case, functools.partial(_text_lines, 192, True, 20, 17), LOGITS, ends_in_logits=True),
    "basic_pitch": Network(_by_case, _music),
    "digits": Network(trained_digits.demo, _digits, LOGITS),
    "speech_quality": Network(
        _onnx({"input_1": (1, 144160)}, shapes=["input_1"]),
        functools.partial(_heard, lambda signal: {"input_1": signal[None]}, 144160, 19),
    ),
    "nsnet2": Network(_by_case, functools.partial(_heard, _log_power, 16000, 21)),
    "crepe_tiny": Network(_by_case, functools.partial(_heard, _frames, 8192, 23)),
    "mtcnn_pnet": Network(
        _by_case, functools.partial(_photographs, "image", (120, 160), 127.5 / 255, 128 / 255)
    ),
    "silero_vad_sequence": Network(_by_case, _voice_activity),
    "speaker_encoder": Network(speakers.encoder, functools.partial(_heard, _powers, 26000, 29)),
}

HELD_OUT = {
    "mobilenet_v2": Network(
        _by_case, functools.partial(_photographs, "image", (224, 224), *pictures.IMAGENET), LOGITS
    ),
    "ppocr_det": Network(_onnx({"x": (1, 3, 480, 640)}, shapes=["x"]), _detected_text),
    "ppocr_rec": Network(
        _onnx({"x": (1, 3, 48, 320)}, shapes=["x"]),
        functools.partial(_text_lines, 320, False, 24, 25),
        LOGITS,
        ends_in_logits=True,
    ),
    "mtcnn_rnet": Network(_by_case, functools.partial(_faces, 24)),
    "mtcnn_onet": Network(_by_case, functools.partial(_faces, 48)),
    "oww_embedding": Network(_by_case, _wake_word_spectra),
    "fcpe": Network(_by_case, functools.partial(_heard, _mel, 21000, 27)),
    "efficientformerv2_s0_digits": Network(trained_digits.efficientformer, _digits, LOGITS),
    "dat_light_x2": Network(_by_case, _super_resolution),
}

NETWORKS = DEVELOPMENT | HELD_OUT
