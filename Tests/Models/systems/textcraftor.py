"""TextCraftor: the text encoder as its authors saved it, and sums of several encoders' states."""

import functools

import numpy as np
import torch
from systems.checkpoint_case import checkpoint_case
from systems.snapfusion import text_case
from torch import nn


class Blend(nn.Module):
    def forward(self, original, tuned, weight):
        return torch.lerp(original, tuned, weight)


class Mix(nn.Module):
    def forward(self, *arguments):
        *states, weights = arguments
        return torch.tensordot(weights, torch.stack(states), dims=1)


def states(seed: int, batch: int, tokens: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((batch, tokens, width)).astype(np.float32)


def blend_case(folder, name, downloads, batch=2, tokens=77, width=96):
    dims = {"batch": batch, "tokens": tokens, "width": width}
    feeds = {"original": states(1, **dims), "tuned": states(2, **dims), "weight": np.array([0.3], np.float32)}
    checkpoint_case(folder, name, Blend(), feeds, ["context"], "textcraftor", "blend", dims)


def mix_case(folder, name, downloads, batch=2, tokens=77, width=96):
    dims = {"batch": batch, "tokens": tokens, "width": width}
    weights = np.array([0.1, 0.3, 0.3, 0.3], np.float32)
    feeds = {f"states_{index}": states(index, **dims) for index in range(len(weights))} | {"weights": weights}
    checkpoint_case(folder, name, Mix(), feeds, ["context"], "textcraftor", "mix", dims | {"encoders": len(weights)})


CASES = {
    "textcraftor_text_encoder": functools.partial(text_case, graph="textcraftor", parallel=True),
    "textcraftor_blend": blend_case,
    "textcraftor_mix": mix_case,
}
