"""Denoised Neural Weights: a denoiser of rows of weights, and the way from its blocks to E2GAN's adapters."""

import functools
import math

import inputs
import numpy as np
import torch
import torchvision_schemas  # noqa: F401
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from redraw import redraw
from systems import e2gan
from systems.checkpoint_case import checkpoint_case
from torch import nn
from torch.nn import functional

BLOCKS, HEADS, GROUPS = 360, 8, 8
LAYERS = e2gan.BEFORE + e2gan.AFTER


class Residual(nn.Module):
    def __init__(self, entering: int, leaving: int, embedding: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, entering)
        self.conv1 = nn.Conv1d(entering, leaving, 3, padding=1)
        self.time_emb_proj = nn.Linear(embedding, leaving)
        self.norm2 = nn.GroupNorm(GROUPS, leaving)
        self.conv2 = nn.Conv1d(leaving, leaving, 3, padding=1)
        self.conv_shortcut = nn.Conv1d(entering, leaving, 1) if entering != leaving else nn.Identity()

    def forward(self, x, embedding):
        y = self.conv1(functional.silu(self.norm1(x)))
        y = y + self.time_emb_proj(functional.silu(embedding))[:, :, None]
        return self.conv_shortcut(x) + self.conv2(functional.silu(self.norm2(y)))


class Transformer(nn.Module):
    def __init__(self, width: int, context_width: int):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, width, eps=1e-6)
        self.proj_in = nn.Conv1d(width, width, 1)
        block = BasicTransformerBlock(width, HEADS, width // HEADS, cross_attention_dim=context_width)
        self.transformer_blocks = nn.ModuleList([block])
        self.proj_out = nn.Conv1d(width, width, 1)

    def forward(self, x, context):
        rows = self.proj_in(self.norm(x)).transpose(1, 2)
        return x + self.proj_out(self.transformer_blocks[0](rows, encoder_hidden_states=context).transpose(1, 2))


class Level(nn.Module):
    def __init__(self, entering, width, embedding, context_width, attends, resample=None):
        super().__init__()
        self.resnets = nn.ModuleList([Residual(entering, width, embedding)])
        self.attentions = nn.ModuleList([Transformer(width, context_width)] if attends else [])
        layer = nn.Module()
        if resample == "down":
            layer.conv = nn.Conv1d(width, width, 3, stride=2, padding=1)
            self.downsamplers = nn.ModuleList([layer])
        elif resample == "up":
            layer.conv = nn.Conv1d(width, width, 3, padding=1)
            self.upsamplers = nn.ModuleList([layer])

    def forward(self, x, embedding, context):
        x = self.resnets[0](x, embedding)
        return self.attentions[0](x, context) if len(self.attentions) else x


class Denoiser(nn.Module):
    def __init__(self, width: int, context_width: int):
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        wide = 4 * width
        self.steps = Timesteps(width, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(width, wide)
        self.block_embedding = nn.Embedding(BLOCKS, wide)
        self.conv_in = nn.Conv1d(1, a, 3, padding=1)
        self.down_blocks = nn.ModuleList([
            Level(a, a, wide, context_width, True, "down"),
            Level(a, b, wide, context_width, True, "down"),
            Level(b, c, wide, context_width, False),
        ])
        self.mid_block = nn.Module()
        self.mid_block.attentions = nn.ModuleList([Transformer(c, context_width)])
        self.up_blocks = nn.ModuleList([
            Level(c + c, c, wide, context_width, False, "up"),
            Level(c + b, b, wide, context_width, True, "up"),
            Level(b + a, a, wide, context_width, True),
        ])
        self.conv_norm_out = nn.GroupNorm(GROUPS, a)
        self.conv_out = nn.Conv1d(a, 1, 3, padding=1)

    def forward(self, noise, index, time, context):
        context = context.expand(len(noise), -1, -1)
        embedding = self.time_embedding(self.steps(time)) + self.block_embedding(index)
        x, skips = self.conv_in(noise[:, None]), []
        for level in self.down_blocks:
            x = level(x, embedding, context)
            skips.append(x)
            if hasattr(level, "downsamplers"):
                x = level.downsamplers[0].conv(x)
        x = self.mid_block.attentions[0](x, context)
        for level in self.up_blocks:
            x = level(torch.cat([x, skips.pop()], 1), embedding, context)
            if hasattr(level, "upsamplers"):
                x = level.upsamplers[0].conv(x.repeat_interleave(2, -1))
        return self.conv_out(functional.silu(self.conv_norm_out(x)))[:, 0]


class Groups(nn.Module):
    def __init__(self, count: int, generator: torch.Generator):
        super().__init__()
        self.register_buffer("mean", 0.1 * torch.randn(count, generator=generator))
        self.register_buffer("deviation", 0.5 + torch.rand(count, generator=generator))


class Adapters(nn.Module):
    """From blocks to the adapters of E2GAN: one after the other, each shifted and scaled by part and side."""

    def __init__(self, shapes: dict[str, torch.Size], seed: int):
        super().__init__()
        self.shapes = shapes
        self.kinds = list(dict.fromkeys(self.kind(name) for name in shapes))
        self.groups = Groups(len(self.kinds), torch.Generator().manual_seed(seed))

    @staticmethod
    def kind(name: str) -> tuple[str, str]:
        parts = name.split(".")
        return parts[0], parts[-1]

    def normalize(self, example: dict[str, torch.Tensor]) -> None:
        """Takes mean and deviation of each group from an example."""
        for group, kind in enumerate(self.kinds):
            numbers = torch.cat([example[name].flatten() for name in self.shapes if self.kind(name) == kind])
            self.groups.mean[group], self.groups.deviation[group] = numbers.mean(), numbers.std()

    def forward(self, blocks):
        rest, results = blocks.flatten(), []
        for name, shape in self.shapes.items():
            group = self.kinds.index(self.kind(name))
            numbers, rest = rest[: math.prod(shape)], rest[math.prod(shape) :]
            results.append(numbers.reshape(shape) * self.groups.deviation[group] + self.groups.mean[group])
        return tuple(results)


def denoiser_case(folder, name, downloads, width=16, block_size=32, blocks=3, tokens=9, context_width=24):
    torch.manual_seed(70)
    network = redraw(Denoiser(width, context_width), 70)
    generator = np.random.default_rng(71)
    feeds = {
        "noise": generator.standard_normal((blocks, block_size)).astype(np.float32),
        "index": generator.permutation(BLOCKS)[:blocks].astype(np.int64),
        "time": np.array([999], np.float32),
        "context": generator.standard_normal((1, tokens, context_width)).astype(np.float32),
    }
    dims = {"blocks": blocks, "block_size": block_size, "width": width, "tokens": tokens}
    dims |= {"context_width": context_width}
    checkpoint_case(folder, name, network, feeds, ["blocks"], "denoised_weights", "denoiser", dims)


def adapters_case(folder, name, downloads, width=16, multiplier=2, block_size=256):
    state = e2gan.seeded(width, 768, multiplier, seed=72).state_dict()
    shapes = {f"{layer}.{side}": state[f"{layer}.{side}"].shape for layer in LAYERS for side in ("lora_A", "lora_B")}
    count = sum(math.prod(shape) for shape in shapes.values())
    blocks = np.random.default_rng(73).standard_normal((-(-count // block_size), block_size)).astype(np.float32)
    dims = {"width": width, "multiplier": multiplier, "block_size": block_size}
    network = Adapters(shapes, seed=74)
    checkpoint_case(
        folder, name, network, {"blocks": blocks}, list(shapes), "denoised_weights", "adapters", dims
    )


class Whole(nn.Module):
    """From noise and a text to adapters, and to a translated image where one is given. All blocks run at once."""

    def __init__(self, denoiser: Denoiser, adapters: Adapters, generator: nn.Module | None):
        super().__init__()
        self.denoiser, self.adapters, self.generator = denoiser, adapters, generator

    def state_dict(self):
        parts = [part for part in (self.denoiser, self.adapters, self.generator) if part is not None]
        return {name: value for part in parts for name, value in part.state_dict().items()}

    def forward(self, *arguments):
        *image, noise, context = arguments
        made = self.adapters(self.denoiser(noise, torch.arange(len(noise)), torch.tensor([999.0]), context))
        return self.generator(*image, context, *made) if image else made


def whole_case(
    folder, name, downloads, variant, width=16, denoiser_width=16, block_size=256, chunk=5, size=32, tokens=9,
    context_width=24,
):
    network = e2gan.seeded(width, context_width, 2, seed=75)
    shapes = {key: value.shape for key, value in network.state_dict().items() if "lora" in key}
    shapes = {f"{layer}.{side}": shapes[f"{layer}.{side}"] for layer in LAYERS for side in ("lora_A", "lora_B")}
    torch.manual_seed(76)
    denoiser = redraw(Denoiser(denoiser_width, context_width), 76)
    image = variant == "translate"
    adapters = Adapters(shapes, seed=77)
    adapters.normalize(network.state_dict())
    whole = Whole(denoiser, adapters, e2gan.Swapped(network, list(shapes)) if image else None)

    blocks = -(-sum(math.prod(shape) for shape in shapes.values()) // block_size)
    generator = np.random.default_rng(78)
    feeds = {"image": inputs.image((1, 3, size, size), seed=79, low=-1, high=1)} if image else {}
    feeds["noise"] = generator.standard_normal((blocks, block_size)).astype(np.float32)
    feeds["context"] = generator.standard_normal((1, tokens, context_width)).astype(np.float32)
    dims = {"width": width, "denoiser_width": denoiser_width, "block_size": block_size, "chunk": chunk}
    dims |= {"tokens": tokens, "context_width": context_width} | ({"size": size} if image else {})
    outputs = ["translated"] if image else list(shapes)
    checkpoint_case(folder, name, whole, feeds, outputs, "denoised_weights", variant, dims)


CASES = {
    "denoised_weights": denoiser_case,
    "denoised_weights_adapters": adapters_case,
    "denoised_weights_text_to_adapters": functools.partial(whole_case, variant="text_to_adapters"),
    "denoised_weights_translate": functools.partial(whole_case, variant="translate"),
}

LARGE = {
    "denoised_weights_full": functools.partial(
        denoiser_case, width=128, block_size=256, blocks=4, tokens=77, context_width=768
    ),
    "denoised_weights_translate_full": functools.partial(
        whole_case, variant="translate", width=64, denoiser_width=128, chunk=40, size=256, tokens=77, context_width=768
    ),
}
