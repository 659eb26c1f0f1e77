"""E2GAN: the generator, and low-rank adapters on its layers."""

import functools

import inputs
import numpy as np
import torch
import torchvision_schemas  # noqa: F401
from diffusers.models.attention import BasicTransformerBlock
from redraw import redraw
from systems.checkpoint_case import checkpoint_case
from torch import nn
from torch.nn import functional

BEFORE = ["down.0", "down.1", "down.2", "ds"]
AFTER = [f"tb.{part}.{layer}" for part in ("attn1", "attn2") for layer in ("to_q", "to_k", "to_v", "to_out.0")]
AFTER += ["tb.ff.net.0.proj", "tb.ff.net.2", "us", "up.0", "up.1", "up.2"]


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")

    def forward(self, x):
        y = functional.instance_norm(self.conv1(x)).relu()
        return x + functional.instance_norm(self.conv2(y))


class Generator(nn.Module):
    def __init__(self, width: int, context_width: int):
        super().__init__()
        a, b, c = width, 2 * width, 4 * width
        self.down = nn.ModuleList([
            nn.Conv2d(3, a, 7, padding=3, padding_mode="reflect"),
            nn.Conv2d(a, b, 3, stride=2, padding=1),
            nn.Conv2d(b, c, 3, stride=2, padding=1),
        ])
        self.res = nn.ModuleList(Residual(c) for _ in range(3))
        self.ds = nn.Conv2d(c, c, 3, stride=2, padding=1)
        self.tb = BasicTransformerBlock(c, 8, c // 8, cross_attention_dim=context_width)
        double = {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}
        self.us = nn.ConvTranspose2d(c, c, **double)
        self.up = nn.ModuleList([
            nn.ConvTranspose2d(c, b, **double),
            nn.ConvTranspose2d(b, a, **double),
            nn.Conv2d(a, 3, 7, padding=3, padding_mode="reflect"),
        ])

    def forward(self, image, context):
        def step(layer, x):
            return functional.instance_norm(layer(x)).relu()

        x = image
        for layer in self.down:
            x = step(layer, x)
        x = step(self.ds, self.res[1](self.res[0](x)))
        rows = self.tb(x.flatten(2).transpose(1, 2), encoder_hidden_states=context)
        x = rows.transpose(1, 2).reshape(x.shape)
        x = self.res[2](step(self.us, x))
        return self.up[2](step(self.up[1], step(self.up[0], x))).tanh()


class Swapped(nn.Module):
    """The generator with the adapters as arguments, in the order of `names`."""

    def __init__(self, network: Generator, names: list[str]):
        super().__init__()
        self.network, self.names = network, names

    def state_dict(self):
        return {name: value for name, value in self.network.state_dict().items() if name not in self.names}

    def forward(self, image, context, *adapters):
        return torch.func.functional_call(self.network, dict(zip(self.names, adapters)), (image, context))


def adapt(network: nn.Module, name: str, rank: int, generator: torch.Generator) -> None:
    """Gives a layer the parameters lora_A and lora_B and a branch that they compute."""
    layer = network.get_submodule(name)
    weight = layer.weight
    if isinstance(layer, nn.Linear):
        a, b = (rank, weight.shape[1]), (weight.shape[0], rank)
    elif isinstance(layer, nn.ConvTranspose2d):
        a, b = (weight.shape[0], rank, *weight.shape[2:]), (weight.shape[1], rank, 1, 1)
    else:
        a, b = (rank, *weight.shape[1:]), (weight.shape[0], rank, 1, 1)
    # About a third of what the layer itself gives.
    layer.lora_A = nn.Parameter(weight.detach().std() * torch.randn(a, generator=generator))
    layer.lora_B = nn.Parameter(0.3 / rank**0.5 * torch.randn(b, generator=generator))
    layer.register_forward_hook(branch)


def branch(layer, arguments, result):
    (x,) = arguments
    if isinstance(layer, nn.Linear):
        return result + x @ layer.lora_A.T @ layer.lora_B.T
    if isinstance(layer, nn.ConvTranspose2d):
        options = (layer.stride, layer.padding, layer.output_padding)
        inside = functional.conv_transpose2d(x, layer.lora_A, None, *options)
    elif layer.padding_mode == "reflect":
        border = layer.padding[0]
        inside = functional.conv2d(functional.pad(x, (border,) * 4, mode="reflect"), layer.lora_A)
    else:
        inside = functional.conv2d(x, layer.lora_A, None, layer.stride, layer.padding)
    return result + functional.conv2d(inside, layer.lora_B)


def seeded(width: int, context_width: int, multiplier: int | None, seed: int) -> Generator:
    torch.manual_seed(seed)
    network = redraw(Generator(width, context_width), seed)
    if multiplier:
        generator = torch.Generator().manual_seed(seed)
        for name in BEFORE + AFTER:
            adapt(network, name, 4 if name in BEFORE else 2 * multiplier, generator)
    return network


def feeds(size: int, tokens: int, context_width: int) -> dict[str, np.ndarray]:
    context = np.random.default_rng(61).standard_normal((1, tokens, context_width))
    image = inputs.image((1, 3, size, size), seed=62, low=-1, high=1)
    return {"image": image, "context": context.astype(np.float32)}


def generator_case(folder, name, downloads, variant, width=16, size=32, tokens=9, context_width=24):
    form, multiplier = variant.partition("_")[0], None if variant == "base" else int(variant[-2])
    network = seeded(width, context_width, multiplier, seed=60)
    arguments = feeds(size, tokens, context_width)
    if form == "swapped":
        adapters = {key: value for key, value in network.state_dict().items() if "lora" in key}
        arguments |= {key: value.numpy() for key, value in adapters.items()}
        network = Swapped(network, list(adapters))
    dims = {"width": width, "size": size, "tokens": tokens, "context_width": context_width}
    apart = "lora" if form == "merged" else None
    checkpoint_case(folder, name, network, arguments, ["translated"], "e2gan", variant, dims, apart=apart)


CASES = {
    "e2gan_base": functools.partial(generator_case, variant="base"),
    "e2gan_branch": functools.partial(generator_case, variant="branch_2x"),
    "e2gan_merged": functools.partial(generator_case, variant="merged_2x"),
    "e2gan_swapped": functools.partial(generator_case, variant="swapped_2x"),
    "e2gan_swapped_merged": functools.partial(generator_case, variant="swapped_merged_2x"),
}

LARGE = {
    f"e2gan_{variant}_full": functools.partial(
        generator_case, variant=variant, width=64, size=256, tokens=77, context_width=768
    )
    for variant in ("base", "branch_4x", "merged_4x")
}
