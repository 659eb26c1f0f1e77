"""Small functions that compute integers by floats, as models have them around their networks, through both exporters."""

import functools
import math

import numpy as np
import torch
from case import Case
from export import export


def lengths(n):
    """Frames that are left of `n` after two convolutions with stride 2."""
    return (n * 0.25).int()


def half(x):
    return (x * 0.5).long()


def position_buckets(relative):
    """T5's: one for each small distance, logarithmic beyond."""
    side = (relative > 0).long() * 16
    distance = relative.abs()
    far = 8 + (torch.log(distance.float() / 8) / math.log(128 / 8) * 8).long()
    return side + torch.where(distance < 8, distance, torch.minimum(far, torch.full_like(far, 15)))


def brighten(image):
    """A byte image there and back."""
    return ((image.float() / 256 * 1.5 + 0.125) * 256).floor().clamp(0, 255).to(torch.uint8)


def normalized(image):
    return (image.float() - 127.5) / 64


def mask(scores, n):
    """Scores up to each row's length, and which these are."""
    inside = torch.arange(scores.shape[1])[None] < n[:, None]
    return torch.where(inside, scores, torch.tensor(-1e4)), (inside & (scores > 0)).long() * 2


def bins(x):
    """Which of 32 bins of -1 to 1; 0, made NaN, is in none."""
    x = x / (x != 0).float()
    index = ((x + 1) * 16).floor().long().clamp(0, 31)
    return torch.where(x.isnan(), torch.full_like(index, -1), index)


def narrow(n):
    """Products of int32 that wrap, then floats, then int32 again."""
    return (n * n * 70001).float().mul(2.0**-16).ceil().int() + n


class Functions(torch.nn.Module):
    outputs = [
        "lengths", "half", "half_of_floats", "position_buckets", "brighten", "normalized", "masked", "inside", "bins", "narrow"
    ]

    def forward(self, n, relative, image, scores, x, small):
        masked, inside = mask(scores, n)
        return (
            lengths(n), half(relative), half(scores), position_buckets(relative), brighten(image), normalized(image), masked,
            inside, bins(x), narrow(small),
        )


def functions(folder, name, downloads, opset):
    generator = np.random.default_rng(41)
    relative = np.arange(24)[None] - np.arange(24)[:, None]
    x = generator.integers(-40, 40, 200).astype(np.float32) / 32
    feeds = {
        "n": np.array([0, 3, 7, 8, 11, 101], np.int64),
        "relative": relative.astype(np.int64),
        "image": np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16),
        "scores": generator.integers(-30, 30, (6, 12)).astype(np.float32) / 4,
        "x": x,
        "small": np.arange(-300, 300, 7, dtype=np.int32),
    }
    results = Functions()(*(torch.from_numpy(value) for value in feeds.values()))
    export(Functions().eval(), feeds, Functions.outputs, folder / "model.onnx", opset)
    expected = {output: result.numpy() for output, result in zip(Functions.outputs, results, strict=True)}
    Case(name, model="model.onnx").write(folder, feeds, expected)


CASES = {
    "integers_through_floats": functools.partial(functions, opset=17),
    "integers_through_floats_dynamo": functools.partial(functions, opset=18),
}
