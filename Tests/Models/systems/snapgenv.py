"""SnapGen-V as its graphs are laid out: an image denoiser of diffusers' blocks with layers over time after each, and a
decoder over time and one of frames."""

import functools

import inputs
import numpy as np
import safetensors.torch
import torch
import torchvision_schemas  # noqa: F401
from case import Case
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import Downsample2D, ResnetBlock2D, TemporalConvLayer, Upsample2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from diffusers.models.transformers.transformer_temporal import TransformerTemporalModel
from redraw import redraw
from systems.checkpoint_case import checkpoint_case
from systems.snapfusion import HEADS, Decoder
from torch import nn
from torch.nn import functional


class TemporalConv(TemporalConvLayer):
    """diffusers' layer for one video, given as its frames; with `spatial` the convolutions see neighbors too."""

    def __init__(self, width: int, spatial: bool):
        super().__init__(width, width)
        # Its last convolution starts at 0, which would hide the rest.
        self.conv4[-1].reset_parameters()
        if spatial:
            for block in (self.conv1, self.conv2, self.conv3, self.conv4):
                block[-1] = nn.Conv3d(width, width, 3, padding=1)

    def forward(self, frames, context=None):
        return super().forward(frames, num_frames=frames.shape[0])


class TemporalTransformer(TransformerTemporalModel):
    """diffusers' transformer over frames; with `spatial` over all positions of all frames."""

    def __init__(self, width: int, spatial: bool, context: int | None = None):
        super().__init__(
            HEADS,
            width // HEADS,
            in_channels=width,
            cross_attention_dim=context,
            double_self_attention=False,
        )
        self.spatial = spatial
        self.reads_context = context is not None

    def forward(self, frames, context=None):
        count, width, height, columns = frames.shape
        sequences = 1 if self.spatial else height * columns
        text = context.expand(sequences, -1, -1) if self.reads_context else None
        if not self.spatial:
            return super().forward(frames, text, num_frames=count, return_dict=False)[0]
        # One "frame" of one position for each position of each frame.
        positions = frames.permute(0, 2, 3, 1).reshape(-1, width, 1, 1)
        result = super().forward(positions, text, num_frames=len(positions), return_dict=False)[0]
        return result.reshape(count, height, columns, width).permute(0, 3, 1, 2)


class Stage(nn.Module):
    """Residual blocks, each with a transformer after it where `attends` has one; `coarse` stages have attention among
    all positions after every block, the others convolutions and attention over frames."""

    def __init__(self, inputs: list[int], attends: list[bool], width, time, context, coarse, down=False, up=False):
        super().__init__()
        self.coarse, self.attends = coarse, attends
        self.resnets = nn.ModuleList(
            ResnetBlock2D(in_channels=i, out_channels=width, temb_channels=time, eps=1e-5) for i in inputs
        )
        self.attentions = nn.ModuleList(
            Transformer2DModel(HEADS, width // HEADS, in_channels=width, cross_attention_dim=context)
            for _ in range(sum(attends))
        )
        if coarse:
            self.temp_attentions = nn.ModuleList(
                TemporalTransformer(width, True) for _ in range(len(inputs) + sum(attends))
            )
        else:
            self.temp_convs = nn.ModuleList(TemporalConv(width, False) for _ in inputs)
            self.temp_attentions = nn.ModuleList(TemporalTransformer(width, False) for _ in range(sum(attends)))
        self.downsamplers = nn.ModuleList([Downsample2D(width, use_conv=True, name="op")] if down else [])
        self.upsamplers = nn.ModuleList([Upsample2D(width, use_conv=True)] if up else [])

    def forward(self, x, time, context, left=None):
        states = []
        attentions, over_time = iter(self.attentions), iter(self.temp_attentions)
        for index, resnet in enumerate(self.resnets):
            x = resnet(x if left is None else torch.cat([x, left.pop()], dim=1), time)
            x = next(over_time)(x) if self.coarse else self.temp_convs[index](x)
            if self.attends[index]:
                text = context.expand(len(x), -1, -1)
                x = next(attentions)(x, encoder_hidden_states=text, return_dict=False)[0]
                x = next(over_time)(x)
            states.append(x)
        for resample in [*self.downsamplers, *self.upsamplers]:
            x = resample(x)
        return x, states + [x] * len(self.downsamplers)


class Denoiser(nn.Module):
    def __init__(self, width: int, context: int):
        super().__init__()
        w, x, y = width, 2 * width, 3 * width
        stage = functools.partial(Stage, time=4 * width, context=context)
        self.time_proj = Timesteps(width, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(width, 4 * width)
        self.conv_in = nn.Conv2d(4, w, 3, padding=1)
        yes, no = [True] * 3, [False] * 3
        self.down_blocks = nn.ModuleList(
            [
                stage([w, w], no[:2], w, coarse=False, down=True),
                stage([w, x], yes[:2], x, coarse=False, down=True),
                stage([x, y], yes[:2], y, coarse=True, down=True),
                stage([y, y], no[:2], y, coarse=True),
            ]
        )
        self.mid_block = stage([y, y], [True, False], y, coarse=True)
        self.up_blocks = nn.ModuleList(
            [
                stage([y + y, y + y, y + y], no, y, coarse=True, up=True),
                stage([y + y, y + y, y + x], yes, y, coarse=True, up=True),
                stage([y + x, x + x, x + w], yes, x, coarse=False, up=True),
                stage([x + w, w + w, w + w], no, w, coarse=False),
            ]
        )
        self.conv_norm_out = nn.GroupNorm(32, width)
        self.conv_out = nn.Conv2d(width, 4, 3, padding=1)

    def forward(self, latent, timestep, context):
        time = self.time_embedding(self.time_proj(timestep))
        x = self.conv_in(latent)
        left = [x]
        for block in self.down_blocks:
            x, states = block(x, time, context)
            left += states
        x, _ = self.mid_block(x, time, context)
        for block in self.up_blocks:
            x, _ = block(x, time, context, left)
        return self.conv_out(functional.silu(self.conv_norm_out(x)))


class ResnetBlock3D(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(32, inputs, eps=1e-6)
        self.conv1 = nn.Conv3d(inputs, outputs, 3, padding=1)
        self.norm2 = nn.GroupNorm(32, outputs, eps=1e-6)
        self.conv2 = nn.Conv3d(outputs, outputs, 3, padding=1)
        self.conv_shortcut = nn.Conv3d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x):
        y = self.conv1(functional.silu(self.norm1(x)))
        return self.conv_shortcut(x) + self.conv2(functional.silu(self.norm2(y)))


class FrameDoubler(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv = nn.Conv3d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(x.repeat_interleave(2, dim=2))


class TemporalDecoder(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        wide = 2 * width
        self.decoder = nn.ModuleDict(
            {
                "conv_in": nn.Conv3d(4, wide, 3, padding=1),
                "mid_block": self.part([wide, wide], wide),
                "up_blocks": nn.ModuleList(
                    [
                        self.part([wide, wide], wide, doubles=True),
                        self.part([wide, width], width, doubles=True),
                        self.part([width, width], width),
                    ]
                ),
                "conv_norm_out": nn.GroupNorm(32, width, eps=1e-6),
                "conv_out": nn.Conv3d(width, 4, 3, padding=1),
            }
        )

    @staticmethod
    def part(inputs: list[int], width: int, doubles: bool = False) -> nn.ModuleDict:
        part = nn.ModuleDict({"resnets": nn.ModuleList(ResnetBlock3D(i, width) for i in inputs)})
        if doubles:
            part["upsamplers"] = nn.ModuleList([FrameDoubler(width)])
        return part

    def forward(self, latent):
        x = self.decoder["conv_in"](latent.transpose(0, 1)[None])
        for part in [self.decoder["mid_block"], *self.decoder["up_blocks"]]:
            for group in part.values():
                for layer in group:
                    x = layer(x)
        x = self.decoder["conv_out"](functional.silu(self.decoder["conv_norm_out"](x)))
        return x[0].transpose(0, 1)


LAYERS = {
    "conv1d": lambda width, context: TemporalConv(width, False),
    "conv3d": lambda width, context: TemporalConv(width, True),
    "self_attention1d": lambda width, context: TemporalTransformer(width, False),
    "self_attention3d": lambda width, context: TemporalTransformer(width, True),
    "cross_attention1d": lambda width, context: TemporalTransformer(width, False, context),
    "cross_attention3d": lambda width, context: TemporalTransformer(width, True, context),
}


class Layer(nn.Module):
    """One layer under the names that it has in the denoiser."""

    def __init__(self, kind: str, width: int, context: int):
        super().__init__()
        layers = nn.ModuleList([LAYERS[kind](width, context)])
        self.scope = "temp_convs" if kind.startswith("conv") else "temp_attentions"
        setattr(self, self.scope, layers)

    def forward(self, *arguments):
        return getattr(self, self.scope)[0](*arguments)


def text(tokens: int, context: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((1, tokens, context)).astype(np.float32)


def denoiser_case(folder, name, downloads, width=32, context=96, size=16, frames=3, tokens=7):
    torch.manual_seed(41)
    feeds = {
        "latent": inputs.image((frames, 4, size, size), 42),
        "timestep": np.array([437], np.float32),
        "context": text(tokens, context, 43),
    }
    dims = {"width": width, "context": context, "size": size, "frames": frames, "tokens": tokens}
    network = redraw(Denoiser(width, context), 44)
    checkpoint_case(folder, name, network, feeds, ["prediction"], "snapgenv", "denoiser", dims)


def temporal_decoder_case(folder, name, downloads, width=32, size=8, frames=2):
    torch.manual_seed(45)
    feeds = {"latent": inputs.image((frames, 4, size, size), 46)}
    dims = {"width": width, "size": size, "frames": frames}
    network = redraw(TemporalDecoder(width), 47)
    checkpoint_case(folder, name, network, feeds, ["frame_latents"], "snapgenv", "temporal_decoder", dims)


def spatial_decoder_case(folder, name, downloads, width=32, size=8, frames=2):
    torch.manual_seed(48)
    feeds = {"frame_latents": inputs.image((frames, 4, size, size), 49)}
    dims = {"width": width, "size": size, "frames": frames}
    network = redraw(Decoder(width), 50)
    checkpoint_case(folder, name, network, feeds, ["frames"], "snapgenv", "spatial_decoder", dims)


def text_to_video_case(folder, name, downloads, width=32, context=96, size=8, frames=2, tokens=7, steps=4):
    torch.manual_seed(61)
    denoiser = redraw(Denoiser(width, context), 62)
    temporal, spatial = redraw(TemporalDecoder(width), 63), redraw(Decoder(width), 64)
    feeds = {"noise": inputs.image((frames, 4, size, size), 65), "context": text(tokens, context, 66)}
    with torch.no_grad():
        x = torch.from_numpy(feeds["noise"])
        for step in range(steps):
            time = torch.tensor([1000 * (1 - step / steps)])
            x = x - denoiser(x, time, torch.from_numpy(feeds["context"])) / steps
        video = torch.cat([spatial(frame[None]) for frame in temporal(x / 0.18215)])
    for key, network in {"denoiser": denoiser, "temporal": temporal, "spatial": spatial}.items():
        tensors = {entry: value.contiguous().clone() for entry, value in network.state_dict().items()}
        safetensors.torch.save_file(tensors, folder / f"{key}.safetensors")
    dims = {"width": width, "context": context, "size": size, "frames": frames, "tokens": tokens, "steps": steps}
    case = Case(
        name,
        graph="snapgenv",
        variant="text_to_video",
        checkpoints=["denoiser.safetensors", "spatial.safetensors", "temporal=temporal.safetensors"],
        dims=dims | {"temporal_width": width, "decoder_width": width},
    )
    case.write(folder, feeds, {"video": video.numpy()})


def layer_case(kind, folder, name, downloads, width=32, context=24, size=6, frames=5, tokens=7, bare=False):
    """`bare` for a layer that is saved by itself, without its place in a network."""
    torch.manual_seed(51)
    feeds = {"frames": inputs.image((frames, width, size, size), 52)}
    dims = {"width": width, "size": size, "frames": frames}
    if kind.startswith("cross"):
        feeds["context"] = text(tokens, context, 53)
        dims |= {"context": context, "tokens": tokens}
    network = redraw(LAYERS[kind](width, context) if bare else Layer(kind, width, context), 54)
    checkpoint_case(folder, name, network, feeds, ["frames_out"], "snapgenv", kind, dims)


CASES = {
    "snapgenv_denoiser": denoiser_case,
    "snapgenv_temporal_decoder": temporal_decoder_case,
    "snapgenv_spatial_decoder": spatial_decoder_case,
    "snapgenv_text_to_video": text_to_video_case,
} | {f"snapgenv_{kind}": functools.partial(layer_case, kind) for kind in LAYERS} | {
    f"snapgenv_{kind}_bare": functools.partial(layer_case, kind, bare=True) for kind in ("conv1d", "cross_attention1d")
}

LARGE = {
    "snapgenv_denoiser_full": functools.partial(
        denoiser_case, width=256, context=768, size=64, frames=8, tokens=77
    ),
    "snapgenv_temporal_decoder_full": functools.partial(temporal_decoder_case, width=64, size=64, frames=8),
}
