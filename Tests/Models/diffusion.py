"""The three networks of Stable Diffusion 1.5 at reduced width, with random weights: denoiser, decoder of images,
encoder of prompts."""

import inputs
import numpy as np
import torch
import torchvision_schemas  # noqa: F401
import diffusers
import transformers
from redraw import redraw
from torch import nn

PROMPT, CONTEXT = 77, 96
VOCABULARY, END_OF_TEXT = 49408, 49407


class Unet(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = diffusers.UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(32, 64, 128, 128),
            cross_attention_dim=CONTEXT,
            attention_head_dim=4,
            norm_num_groups=8,
        )

    def forward(self, latent, timestep, context):
        return self.network(latent, timestep, context, return_dict=False)[0]


class VaeDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(16, 32, 64, 64),
            layers_per_block=2,
            norm_num_groups=8,
        )

    def forward(self, latent):
        return self.network.decode(latent, return_dict=False)[0]


class TextEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        configuration = transformers.CLIPTextConfig(
            vocab_size=VOCABULARY,
            hidden_size=256,
            intermediate_size=1024,
            num_hidden_layers=4,
            num_attention_heads=4,
            max_position_embeddings=PROMPT,
            attn_implementation="eager",
        )
        self.network = transformers.CLIPTextModel(configuration)

    def forward(self, tokens):
        result = self.network(tokens)
        return result.last_hidden_state, result.pooler_output


def unet(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return redraw(Unet(), seed)


def vae_decoder(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return redraw(VaeDecoder(), seed)


def text_encoder(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return redraw(TextEncoder(), seed)


def unet_feeds(seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "latent": inputs.image((1, 4, 16, 16), seed),
        "timestep": np.array([481], np.int64),
        "context": generator.standard_normal((1, PROMPT, CONTEXT)).astype(np.float32),
    }


def prompt_feeds(used: int, seed: int) -> dict[str, np.ndarray]:
    """`used` random tokens between the marks of start and end; the latter pads."""
    generator = np.random.default_rng(seed)
    tokens = np.full((1, PROMPT), END_OF_TEXT, np.int64)
    tokens[0, 0] = END_OF_TEXT - 1
    tokens[0, 1 : 1 + used] = generator.integers(1, END_OF_TEXT - 1, used)
    return {"tokens": tokens}
