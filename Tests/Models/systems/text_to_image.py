"""Prompt and noise to an image in one call, against the loop that diffusers' parts make in PyTorch, at reduced width."""

import dataclasses

import numpy as np
import safetensors.torch
import torch
import torchvision_schemas  # noqa: F401
import diffusers
import transformers
from case import Case
from redraw import redraw

SIZE, WIDTH, CONTEXT, LAYERS, VOCABULARY, TOKENS, DECODER_WIDTH = 16, 32, 48, 2, 512, 12, 32
LATENT_SCALE = 0.18215
DIMS = {
    "size": SIZE,
    "width": WIDTH,
    "context": CONTEXT,
    "layers": LAYERS,
    "vocabulary": VOCABULARY,
    "tokens": TOKENS,
    "decoder_width": DECODER_WIDTH,
}


def unet(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = diffusers.UNet2DConditionModel(
        sample_size=SIZE,
        block_out_channels=(WIDTH, 2 * WIDTH, 4 * WIDTH, 4 * WIDTH),
        cross_attention_dim=CONTEXT,
        attention_head_dim=8,
    )
    return redraw(network, seed)


def image_decoder(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(DECODER_WIDTH, 2 * DECODER_WIDTH, 4 * DECODER_WIDTH, 4 * DECODER_WIDTH),
        layers_per_block=2,
    )
    return redraw(network, seed)


def text_encoder(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    configuration = transformers.CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=CONTEXT,
        intermediate_size=4 * CONTEXT,
        num_hidden_layers=LAYERS,
        num_attention_heads=12,
        max_position_embeddings=77,
        attn_implementation="eager",
    )
    return redraw(transformers.CLIPTextModel(configuration), seed)


def state(network: torch.nn.Module, keep=lambda name: True) -> dict[str, torch.Tensor]:
    return {name: tensor.contiguous().clone() for name, tensor in network.state_dict().items() if keep(name)}


def feeds(seed: int, guidance: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "tokens": generator.integers(0, VOCABULARY, (1, TOKENS)).astype(np.int64),
        "empty_tokens": generator.integers(0, VOCABULARY, (1, TOKENS)).astype(np.int64),
        "noise": generator.standard_normal((1, 4, SIZE, SIZE)).astype(np.float32),
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


@dataclasses.dataclass
class Networks:
    unet: torch.nn.Module
    decoder: torch.nn.Module
    encoder: torch.nn.Module

    def save(self, folder) -> list[str]:
        """Checkpoints without a weight set."""
        files = {"unet": state(self.unet), "text": state(self.encoder)}
        files["decoder"] = state(self.decoder, lambda name: name.startswith(("decoder.", "post_quant_conv.")))
        for name, tensors in files.items():
            safetensors.torch.save_file(tensors, folder / f"{name}.safetensors")
        return [f"{name}.safetensors" for name in files]

    def image(self, sample: torch.Tensor) -> np.ndarray:
        return self.decoder.decode(sample / LATENT_SCALE, return_dict=False)[0].numpy()


def networks(seed: int) -> Networks:
    return Networks(unet(seed), image_decoder(seed + 1), text_encoder(seed + 2))


def snapfusion(folder, name, downloads, steps=4):
    parts, inputs = networks(51), feeds(51, guidance=5.0)
    with torch.no_grad():
        contexts = [states(parts.encoder, inputs)] * steps
        image = parts.image(denoise(parts.unet, ddim("v_prediction", steps), inputs, contexts))
    dims = DIMS | {"steps": steps}
    case = Case(name, graph="snapfusion", variant="sd15_text_to_image", checkpoints=parts.save(folder), dims=dims)
    case.write(folder, inputs, {"image": image})


def textcraftor(folder, name, downloads, steps=5, tuned_steps=3):
    parts, inputs = networks(61), feeds(61, guidance=7.5) | {"blend": np.array(0.75, np.float32)}
    tuned = text_encoder(69)
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
    dims = DIMS | {"steps": steps, "tuned_steps": tuned_steps}
    case = Case(name, graph="textcraftor", variant="text_to_image", checkpoints=files, dims=dims)
    case.write(folder, inputs, {"image": image})


CASES = {"snapfusion_text_to_image": snapfusion, "textcraftor_text_to_image": textcraftor}
