"""Prompt and noise to an image in one call, against diffusers' pipeline with the published scheduler, and against the
loop that its parts make in PyTorch."""

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

# scheduler/scheduler_config.json of Stable Diffusion 1.5 as published. It says nothing of the prediction, which means
# noise, nor of the spacing of times, which means leading.
PUBLISHED_SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

# What the authors of TextCraftor visit in 25 steps.
TEXTCRAFTOR_TIMES = list(range(999, 0, -40))
PREDICTIONS = {"epsilon": "epsilon", "velocity": "v_prediction", "sample": "sample"}


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


def ddim(steps: int, **changes) -> diffusers.DDIMScheduler:
    """With the published settings but for the changes."""
    scheduler = diffusers.DDIMScheduler.from_config(PUBLISHED_SCHEDULER | changes)
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


def pipeline_latents(parts: Networks, scheduler, inputs: dict[str, np.ndarray], steps: int) -> torch.Tensor:
    """What diffusers' own pipeline makes of the prompts' states."""
    pipeline = diffusers.StableDiffusionPipeline(
        vae=parts.decoder,
        text_encoder=parts.encoder,
        tokenizer=None,
        unet=parts.unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    empty, prompt = states(parts.encoder, inputs).chunk(2)
    return pipeline(
        prompt_embeds=prompt,
        negative_prompt_embeds=empty,
        latents=torch.from_numpy(inputs["noise"]),
        guidance_scale=float(inputs["guidance"]),
        num_inference_steps=steps,
        output_type="latent",
    ).images


def stable_diffusion(folder, name, downloads, sizes=Sizes(), steps=4, prediction=None):
    """Stable Diffusion 1.5 as published, or with a denoiser that was trained to predict something else."""
    parts, inputs = networks(sizes, 51), feeds(sizes, 51, guidance=5.0)
    changes = {"prediction_type": PREDICTIONS[prediction]} if prediction else {}
    with torch.no_grad():
        image = parts.image(pipeline_latents(parts, ddim(steps, **changes), inputs, steps))
    case = Case(
        name,
        graph="snapfusion",
        variant="sd15_text_to_image",
        checkpoints=parts.save(folder),
        dims=dataclasses.asdict(sizes) | {"steps": steps},
        options={"prediction": prediction} if prediction else {},
    )
    case.write(folder, inputs, {"image": image})


def textcraftor(folder, name, downloads, steps=5, tuned_steps=3):
    published = ddim(25, timestep_spacing="trailing").timesteps.tolist()
    if published != TEXTCRAFTOR_TIMES:
        raise SystemExit(f"{name}: diffusers' trailing times are {published}, the authors visit {TEXTCRAFTOR_TIMES}")
    sizes = Sizes()
    parts, inputs = networks(sizes, 61), feeds(sizes, 61, guidance=7.5) | {"blend": np.array(0.75, np.float32)}
    tuned = text_encoder(sizes, 69)
    with torch.no_grad():
        original = states(parts.encoder, inputs)
        blended = original + float(inputs["blend"]) * (states(tuned, inputs) - original)
        contexts = [original] * (steps - tuned_steps) + [blended] * tuned_steps
        image = parts.image(denoise(parts.unet, ddim(steps, timestep_spacing="trailing"), inputs, contexts))
    # As the authors publish it: saved from a data-parallel wrapper.
    safetensors.torch.save_file(
        {f"module.{key}": value for key, value in state(tuned).items()}, folder / "tuned.safetensors"
    )
    files = parts.save(folder) + ["tuned=tuned.safetensors"]
    dims = dataclasses.asdict(sizes) | {"steps": steps, "tuned_steps": tuned_steps}
    case = Case(name, graph="textcraftor", variant="text_to_image", checkpoints=files, dims=dims)
    case.write(folder, inputs, {"image": image})


CASES = {
    "stable_diffusion_text_to_image": stable_diffusion,
    "stable_diffusion_velocity": functools.partial(stable_diffusion, steps=3, prediction="velocity"),
    "stable_diffusion_sample": functools.partial(stable_diffusion, steps=3, prediction="sample"),
    "textcraftor_text_to_image": textcraftor,
}

# Stable Diffusion 1.5 from tokens to an image of 512 by 512, in as many steps as SnapFusion's.
LARGE = {"stable_diffusion_text_to_image_full": functools.partial(stable_diffusion, sizes=FULL, steps=8)}
