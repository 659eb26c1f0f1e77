"""Prompt and noise to an image in one call, against the loop that diffusers' parts make in PyTorch."""

import dataclasses
import functools

import numpy as np
import safetensors.torch
import torch
import torchvision_schemas  # noqa: F401
import diffusers
import transformers
from case import Case
from redraw import redraw

LATENT_SCALE = 0.18215


@dataclasses.dataclass
class Sizes:
    """Dimensions of the graph; reduced ones unless stated."""

    size: int = 16
    width: int = 32
    context: int = 48
    layers: int = 2
    vocabulary: int = 512
    tokens: int = 12
    decoder_width: int = 32


FULL = Sizes(size=64, width=320, context=768, layers=12, vocabulary=49_408, tokens=77, decoder_width=128)


def unet(sizes: Sizes, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = diffusers.UNet2DConditionModel(
        sample_size=sizes.size,
        block_out_channels=tuple(sizes.width * times for times in (1, 2, 4, 4)),
        cross_attention_dim=sizes.context,
        attention_head_dim=8,
    )
    return redraw(network, seed)


def image_decoder(sizes: Sizes, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=tuple(sizes.decoder_width * times for times in (1, 2, 4, 4)),
        layers_per_block=2,
    )
    return redraw(network, seed)


def text_encoder(sizes: Sizes, seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    configuration = transformers.CLIPTextConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.context,
        intermediate_size=4 * sizes.context,
        num_hidden_layers=sizes.layers,
        num_attention_heads=12,
        max_position_embeddings=77,
        attn_implementation="eager",
    )
    return redraw(transformers.CLIPTextModel(configuration), seed)


def state(network: torch.nn.Module, keep=lambda name: True) -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous().clone() for name, tensor in network.state_dict().items() if keep(name)}


def feeds(sizes: Sizes, seed: int, guidance: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "tokens": generator.integers(0, sizes.vocabulary, (1, sizes.tokens)).astype(np.int64),
        "empty_tokens": generator.integers(0, sizes.vocabulary, (1, sizes.tokens)).astype(np.int64),
        "noise": generator.standard_normal((1, 4, sizes.size, sizes.size)).astype(np.float32),
        "guidance": np.array(guidance, np.float32),
    }


def states(encoder: torch.nn.Module, inputs: dict[str, np.ndarray]) -> torch.Tensor:
    """Of the empty prompt, then the prompt."""
    tokens = np.concatenate([inputs["empty_tokens"], inputs["tokens"]])
    return encoder(torch.from_numpy(tokens)).last_hidden_state


def denoise(network, scheduler, inputs: dict[str, np.ndarray], contexts: list[torch.Tensor]) -> torch.Tensor:
    """The sample after all steps; contexts[i] conditions step i."""
    sample = torch.from_numpy(inputs["noise"]) * scheduler.init_noise_sigma
    for time, context in zip(scheduler.timesteps, contexts, strict=True):
        seen = scheduler.scale_model_input(torch.cat([sample, sample]), time)
        plain, prompted = network(seen, time, context, return_dict=False)[0].chunk(2)
        guided = plain + float(inputs["guidance"]) * (prompted - plain)
        sample = scheduler.step(guided, time, sample, return_dict=False)[0]
    return sample


def ddim(prediction: str, steps: int) -> diffusers.DDIMScheduler:
    scheduler = diffusers.DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type=prediction,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    scheduler.set_timesteps(steps)
    return scheduler


def decoder_state(autoencoder: torch.nn.Module) -> dict[str, torch.Tensor]:
    """What the graph's image decoder reads of an autoencoder."""
    return state(autoencoder, lambda name: name.startswith(("decoder.", "post_quant_conv.")))


@dataclasses.dataclass
class Networks:
    unet: torch.nn.Module
    decoder: torch.nn.Module
    encoder: torch.nn.Module

    def save(self, folder) -> list[str]:
        """Checkpoints without a weight set."""
        files = {"unet": state(self.unet), "text": state(self.encoder), "decoder": decoder_state(self.decoder)}
        for name, tensors in files.items():
            safetensors.torch.save_file(tensors, folder / f"{name}.safetensors")
        return [f"{name}.safetensors" for name in files]

    def image(self, sample: torch.Tensor) -> np.ndarray:
        return self.decoder.decode(sample / LATENT_SCALE, return_dict=False)[0].numpy()


def networks(sizes: Sizes, seed: int) -> Networks:
    return Networks(unet(sizes, seed), image_decoder(sizes, seed + 1), text_encoder(sizes, seed + 2))


def snapfusion(folder, name, downloads, sizes=Sizes(), steps=4):
    parts, inputs = networks(sizes, 51), feeds(sizes, 51, guidance=5.0)
    with torch.no_grad():
        contexts = [states(parts.encoder, inputs)] * steps
        image = parts.image(denoise(parts.unet, ddim("v_prediction", steps), inputs, contexts))
    dims = dataclasses.asdict(sizes) | {"steps": steps}
    case = Case(name, graph="snapfusion", variant="sd15_text_to_image", checkpoints=parts.save(folder), dims=dims)
    case.write(folder, inputs, {"image": image})


def textcraftor(folder, name, downloads, steps=5, tuned_steps=3):
    sizes = Sizes()
    parts, inputs = networks(sizes, 61), feeds(sizes, 61, guidance=7.5) | {"blend": np.array(0.75, np.float32)}
    tuned = text_encoder(sizes, 69)
    with torch.no_grad():
        original = states(parts.encoder, inputs)
        blended = original + float(inputs["blend"]) * (states(tuned, inputs) - original)
        contexts = [original] * (steps - tuned_steps) + [blended] * tuned_steps
        image = parts.image(denoise(parts.unet, ddim("epsilon", steps), inputs, contexts))
    # As the authors publish it: saved from a data-parallel wrapper.
    safetensors.torch.save_file(
        {f"module.{key}": value for key, value in state(tuned).items()}, folder / "tuned.safetensors"
    )
    files = parts.save(folder) + ["tuned=tuned.safetensors"]
    dims = dataclasses.asdict(sizes) | {"steps": steps, "tuned_steps": tuned_steps}
    case = Case(name, graph="textcraftor", variant="text_to_image", checkpoints=files, dims=dims)
    case.write(folder, inputs, {"image": image})


CASES = {"snapfusion_text_to_image": snapfusion, "textcraftor_text_to_image": textcraftor}

# Stable Diffusion 1.5 from tokens to an image of 512 by 512, in as many steps as SnapFusion's.
LARGE = {"snapfusion_text_to_image_full": functools.partial(snapfusion, sizes=FULL, steps=8)}
