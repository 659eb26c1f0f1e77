"""SnapFusion and Stable Diffusion 1.5: diffusers' denoiser and decoder and transformers' text tower, and the efficient
denoiser built here out of diffusers' blocks."""

import functools

import inputs
import numpy as np
import torch
import torchvision_schemas  # noqa: F401
import diffusers
import transformers
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import Downsample2D, ResnetBlock2D, Upsample2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from redraw import redraw
from systems.checkpoint_case import checkpoint_case
from torch import nn

HEADS = 8
VOCABULARY = 49408


class StableDiffusionUnet(nn.Module):
    def __init__(self, width: int, context: int, size: int):
        super().__init__()
        self.unet = diffusers.UNet2DConditionModel(
            sample_size=size,
            block_out_channels=(width, 2 * width, 4 * width, 4 * width),
            cross_attention_dim=context,
            attention_head_dim=HEADS,
        )

    def forward(self, latent, timestep, context):
        return self.unet(latent, timestep, context, return_dict=False)[0]


class Stage(nn.Module):
    """Residual blocks and transformers in the order of `plan`, a word of R and T; a small s stands for a residual block
    that is gone."""

    def __init__(self, plan: str, inputs: list[int], width: int, time: int, context: int, down=False, up=False):
        super().__init__()
        self.plan = plan
        self.resnets = nn.ModuleList(
            ResnetBlock2D(in_channels=channels, out_channels=width, temb_channels=time, eps=1e-5) for channels in inputs
        )
        self.attentions = nn.ModuleList(
            Transformer2DModel(HEADS, width // HEADS, in_channels=width, cross_attention_dim=context)
            for _ in range(plan.count("T"))
        )
        if down:
            self.downsamplers = nn.ModuleList([Downsample2D(width, use_conv=True, name="op")])
        if up:
            self.upsamplers = nn.ModuleList([Upsample2D(width, use_conv=True)])

    def forward(self, x, time, context, left=None):
        """`left` is what the way down has left, taken from its end: a position is what begins with R or s."""
        resnets, attentions, states = iter(self.resnets), iter(self.attentions), []
        for kind in self.plan:
            if kind in "Rs":
                skip = left.pop() if left is not None else None
                states.append(x)
            if kind == "R":
                x = next(resnets)(x if skip is None else torch.cat([x, skip], dim=1), time)
            elif kind == "T":
                x = next(attentions)(x, encoder_hidden_states=context, return_dict=False)[0]
            states[-1] = x
        if hasattr(self, "downsamplers"):
            x = self.downsamplers[0](x)
            states.append(x)
        if hasattr(self, "upsamplers"):
            x = self.upsamplers[0](x)
        return x, states


class EfficientUnet(nn.Module):
    """SnapFusion's table of blocks."""

    def __init__(self, width: int, context: int):
        super().__init__()
        w, wide, widest = width, 2 * width, 4 * width
        stage = functools.partial(Stage, time=widest, context=context)
        self.time_proj = Timesteps(width, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(width, widest)
        self.conv_in = nn.Conv2d(4, width, 3, padding=1)
        self.down_blocks = nn.ModuleList(
            [
                stage("RR", [w, w], w, down=True),
                stage("RTRT", [w, wide], wide, down=True),
                stage("RTsT", [wide], widest, down=True),
                stage("ss", [], widest),
            ]
        )
        self.mid_block = stage("RTs", [widest], widest)
        self.up_blocks = nn.ModuleList(
            [
                stage("RRR", [2 * widest] * 3, widest, up=True),
                stage("RTTRTTsTT", [2 * widest] * 2, widest, up=True),
                stage("RTRTRT", [widest + wide, wide + wide, wide + w], wide, up=True),
                stage("RRR", [wide + w, w + w, w + w], w),
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
        return self.conv_out(nn.functional.silu(self.conv_norm_out(x)))


class Decoder(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.vae = diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(width, 2 * width, 4 * width, 4 * width),
            layers_per_block=2,
        )

    def forward(self, latent):
        return self.vae.decode(latent, return_dict=False)[0]


class TextEncoder(nn.Module):
    def __init__(self, width: int, layers: int, vocabulary: int):
        super().__init__()
        configuration = transformers.CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=12,
            hidden_act="quick_gelu",
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            attn_implementation="eager",
        )
        self.text_model = transformers.CLIPTextModel(configuration)

    def forward(self, tokens):
        return self.text_model(tokens).last_hidden_state


def unet_case(network, variant, folder, name, downloads, width=32, context=96, size=16, tokens=77, batch=2):
    torch.manual_seed(21)
    generator = np.random.default_rng(22)
    feeds = {
        "latent": inputs.image((batch, 4, size, size), 23),
        "timestep": generator.integers(0, 1000, batch).astype(np.float32),
        "context": generator.standard_normal((batch, tokens, context)).astype(np.float32),
    }
    dims = {"width": width, "context": context, "size": size, "tokens": tokens, "batch": batch}
    built = network(width, context, size) if network is StableDiffusionUnet else network(width, context)
    checkpoint_case(folder, name, redraw(built, 24), feeds, ["prediction"], "snapfusion", variant, dims)


def decoder_case(variant, folder, name, downloads, width=32, size=16, batch=2):
    torch.manual_seed(25)
    feeds = {"latent": inputs.image((batch, 4, size, size), 26)}
    dims = {"width": width, "size": size, "batch": batch}
    checkpoint_case(folder, name, redraw(Decoder(width), 27), feeds, ["image"], "snapfusion", variant, dims)


def text_case(
    folder, name, downloads, width=96, layers=4, vocabulary=1000, tokens=77, batch=2, graph="snapfusion", parallel=False
):
    """`parallel`: with the names of a network that was trained data-parallel."""
    torch.manual_seed(28)
    numbers = np.random.default_rng(29).integers(0, vocabulary, (batch, tokens))
    dims = {"width": width, "layers": layers, "vocabulary": vocabulary, "tokens": tokens, "batch": batch}
    network = redraw(TextEncoder(width, layers, vocabulary), 30)
    if parallel:
        network = nn.DataParallel(network)
    checkpoint_case(folder, name, network, {"tokens": numbers}, ["states"], graph, "text_encoder", dims)


CASES = {
    "snapfusion_sd15_unet": functools.partial(unet_case, StableDiffusionUnet, "sd15_unet"),
    "snapfusion_unet": functools.partial(unet_case, EfficientUnet, "unet"),
    "snapfusion_decoder": functools.partial(decoder_case, "decoder"),
    "snapfusion_text_encoder": text_case,
    "snapfusion_text_encoder_short": functools.partial(text_case, tokens=16, batch=1),
}

FULL = {"width": 320, "context": 768, "size": 64, "batch": 1}
LARGE = {
    "snapfusion_sd15_unet_full": functools.partial(unet_case, StableDiffusionUnet, "sd15_unet", **FULL),
    "snapfusion_unet_full": functools.partial(unet_case, EfficientUnet, "unet", **FULL),
    "snapfusion_decoder_full": functools.partial(decoder_case, "decoder", width=64, size=64, batch=1),
    "snapfusion_sd15_decoder_full": functools.partial(decoder_case, "sd15_decoder", width=128, size=64, batch=1),
    "snapfusion_text_encoder_full": functools.partial(
        text_case, width=768, layers=12, vocabulary=VOCABULARY, batch=1
    ),
}
