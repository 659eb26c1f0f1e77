"""Snap Video's FIT, first stage and upsampler, at reduced width with its preconditioning and sampler, as plain PyTorch."""

import math

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from case import Case
from redraw import redraw
from torch import nn

from systems.checkpoint_case import checkpoint_case


class Layer(nn.Module):
    """Attention and a feed-forward layer, after layer norms."""

    def __init__(self, width: int, context: int, inside: int, head: int, cross: bool = True):
        super().__init__()
        self.head = head
        self.norm_q = nn.LayerNorm(width)
        if cross:
            self.norm_kv = nn.LayerNorm(context)
        self.q = nn.Linear(width, inside, bias=False)
        self.k = nn.Linear(context, inside, bias=False)
        self.v = nn.Linear(context, inside, bias=False)
        self.out = nn.Linear(inside, width)
        self.norm_ff = nn.LayerNorm(width)
        self.ff = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x, context=None):
        queries = self.norm_q(x)
        keys = queries if context is None else self.norm_kv(context)
        q, k, v = (
            y.unflatten(2, (-1, self.head)).transpose(1, 2) for y in (self.q(queries), self.k(keys), self.v(keys))
        )
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.ff(self.norm_ff(x))


class FIT(nn.Module):
    def __init__(
        self,
        video: tuple[int, int, int],
        group: tuple[int, int],
        patch: tuple[int, int],
        latent: tuple[int, int],
        latents: int,
        blocks: int,
        tokens: int,
        text: int,
        factor: int = 1,
    ):
        """`video`: frames, height, width; `group`: patches in height and width; `patch`, `latent`: width and width of
        a head."""
        super().__init__()
        (frames, height, width), (p, p_head), (d, d_head) = video, patch, latent
        self.group, self.factor = group, factor
        self.sigma_in = factor * math.sqrt(frames)
        tall = group[0] * 4
        self.padding = (-height % tall) // 2
        self.grid = ((height + 2 * self.padding) // 4, width // 4)
        self.patch_embed = nn.Conv2d(3 if factor == 1 else 6, p, 4, stride=4)
        self.pos_embed = nn.Parameter(torch.randn(frames * self.grid[0] * self.grid[1], p))
        self.text_proj = nn.Linear(text, p)
        self.cond_pos_embed = nn.Parameter(torch.randn(3 + tokens, p))
        self.latents = nn.Parameter(torch.randn(latents, d))
        self.self_cond_norm = nn.LayerNorm(d)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "cond_read": Layer(d, p, d, d_head),
                    "read": Layer(d, p, p, p_head),
                    "global": nn.ModuleList(Layer(d, d, d, d_head, cross=False) for _ in range(4)),
                    "write": Layer(p, d, p, p_head),
                }
            )
            for _ in range(blocks)
        )
        self.head_norm = nn.LayerNorm(p)
        self.head = nn.Linear(p, 48)

    def sinusoid(self, x):
        half = self.cond_pos_embed.shape[1] // 2
        angles = x[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        return torch.cat([angles.cos(), angles.sin()], dim=1)[:, None]

    def predict(self, video, low_resolution, noise, frame_rate, resolution, text, previous):
        """`video`: batch, frames, 3, height, width."""
        batch, frames, _, height, _ = video.shape
        if low_resolution is not None:
            enlarged = F.interpolate(low_resolution.flatten(0, 1), scale_factor=self.factor, mode="bilinear")
            video = torch.cat([video, enlarged.unflatten(0, (batch, frames))], dim=2)
        video = F.pad(video, (0, 0, self.padding, self.padding))
        patches = self.patch_embed(video.flatten(0, 1)).flatten(2).transpose(1, 2)
        tokens = patches.reshape(batch, -1, patches.shape[2]) + self.pos_embed

        # Which patches, counted frame by frame and row by row, belong to each group.
        rows, columns = self.grid
        t, y, x = torch.meshgrid(torch.arange(frames), torch.arange(rows), torch.arange(columns), indexing="ij")
        owner = (y // self.group[0]) * (columns // self.group[1]) + x // self.group[1]
        members = [torch.nonzero(owner.flatten() == g).flatten() for g in range(int(owner.max()) + 1)]

        scalars = [self.sinusoid(value) for value in (noise, frame_rate, resolution)]
        conditions = torch.cat([*scalars, self.text_proj(text)], dim=1) + self.cond_pos_embed
        latents = self.latents + self.self_cond_norm(previous)
        for block in self.blocks:
            latents = block["cond_read"](latents, conditions)
            shares = latents.chunk(len(members), dim=1)
            latents = torch.cat(
                [block["read"](share, tokens[:, index]) for share, index in zip(shares, members, strict=True)], dim=1
            )
            for layer in block["global"]:
                latents = layer(latents)
            written = torch.empty_like(tokens)
            for share, index in zip(latents.chunk(len(members), dim=1), members, strict=True):
                written[:, index] = block["write"](tokens[:, index], share)
            tokens = written
        pixels = self.head(self.head_norm(tokens)).reshape(batch * frames, rows * columns, 48)
        video = F.fold(pixels.transpose(1, 2), (4 * rows, 4 * columns), 4, stride=4)
        return video.unflatten(0, (batch, frames))[..., self.padding : self.padding + height, :], latents

    def forward(self, x_sigma, sigma, *rest):
        low_resolution, (frame_rate, resolution, text, previous) = (
            (None, rest) if self.factor == 1 else (rest[0], rest[1:])
        )
        s, s_in = sigma[:, None, None, None, None], self.sigma_in
        c_in = 1 / torch.sqrt(1 / s_in**2 + s**2)
        c_skip = s_in / (1 + s_in * s**2)
        c_out = -s_in * s * torch.sqrt(s**2 + 1) / (1 + s_in * s**2)
        output, latents = self.predict(
            c_in * x_sigma, low_resolution, torch.log(sigma) / 4, frame_rate, resolution, text, previous
        )
        return c_skip * x_sigma + c_out * output, latents


def _normal(generator, *shape):
    return generator.standard_normal(shape).astype(np.float32)


def _dims(network: dict) -> dict[str, int]:
    frames, height, width = network["video"]
    return {
        "frames": frames,
        "height": height,
        "width": width,
        "blocks": network["blocks"],
        "patch_width": network["patch"][0],
        "latent_width": network["latent"][0],
        "latents": network["latents"],
        "tokens": network["tokens"],
        "text_width": network["text"],
    }


def _case(variant: str, seed: int, batch: int, sigma: list[float], network: dict):
    def write(folder, name, downloads):
        torch.manual_seed(seed)
        fit = redraw(FIT(**network), seed)
        generator = np.random.default_rng(seed)

        (frames, height, width), factor = network["video"], network.get("factor", 1)
        feeds = {"x_sigma": _normal(generator, batch, frames, 3, height, width), "sigma": np.array(sigma, np.float32)}
        if factor > 1:
            feeds["low_resolution"] = _normal(generator, batch, frames, 3, height // factor, width // factor)
        feeds |= {
            "frame_rate": np.array([24, 8][:batch], np.float32),
            "resolution": np.array([height, 2 * height][:batch], np.float32),
            "text": _normal(generator, batch, network["tokens"], network["text"]),
            "previous_latents": _normal(generator, batch, network["latents"], network["latent"][0]),
        }
        dims = _dims(network) | {"batch": batch}
        checkpoint_case(folder, name, fit, feeds, ["denoised", "latents"], "snapvideo", variant, dims)

    return write


def within_range(data: torch.Tensor) -> torch.Tensor:
    """Dynamic thresholding, of one video."""
    bound = max(1.0, float(torch.quantile(data.double().abs().flatten(), 0.995)))
    return data.clamp(-bound, bound) / bound


def denoise(fit, order: str, steps: int, steady: int, noise, low_resolution, resolution, feeds) -> torch.Tensor:
    """EDM's deterministic sampler from noise to a video, with guidance that oscillates after `steady` steps. Each call
    of the network gets the latents that the call before gave for the same text."""
    first, last = 80 ** (1 / 7), 0.002 ** (1 / 7)
    sigmas = [(first + i / (steps - 1) * (last - first)) ** 7 for i in range(steps)] + [0.0]
    latents = {text: torch.zeros_like(fit.latents)[None] for text in ("empty_text", "text")}
    low = () if low_resolution is None else (low_resolution,)

    def slope(x, sigma, scale):
        denoised = {}
        for text, previous in latents.items():
            told = (torch.tensor([sigma]), *low, feeds["frame_rate"], resolution, feeds[text])
            denoised[text], latents[text] = fit(x, *told, previous)
        data = denoised["empty_text"] + scale * (denoised["text"] - denoised["empty_text"])
        # Noise is added to the data divided by σ_in.
        return (x - within_range(data) / fit.sigma_in) / sigma

    x = noise * sigmas[0]
    for step, (now, then) in enumerate(zip(sigmas, sigmas[1:])):
        scale = feeds["guidance" if step < steady or (step - steady) % 2 else "low_guidance"]
        here = slope(x, now, scale)
        end = x + (then - now) * here
        if order == "heun" and then > 0:
            end = x + (then - now) * (here + slope(end, then, scale)) / 2
        x = end
    return x * fit.sigma_in


def _sampler_case(folder, name: str, variant: str, networks: dict[str, nn.Module], dims, feeds, outputs) -> None:
    """`networks`: weight set -> its network."""
    checkpoints = []
    for weights, fit in networks.items():
        file = f"{weights or 'checkpoint'}.safetensors"
        state = {key: value.contiguous().clone() for key, value in fit.state_dict().items()}
        safetensors.torch.save_file(state, folder / file)
        checkpoints.append(f"{weights}={file}" if weights else file)
    case = Case(name, graph="snapvideo", variant=variant, checkpoints=checkpoints, dims=dims)
    case.write(folder, feeds, {key: value.numpy() for key, value in outputs.items()})


def _conditions(generator, network: dict) -> dict[str, np.ndarray]:
    return {
        "text": _normal(generator, 1, network["tokens"], network["text"]),
        "empty_text": _normal(generator, 1, network["tokens"], network["text"]),
        "frame_rate": np.array([24], np.float32),
        "resolution": np.array([network["video"][1]], np.float32),
        "guidance": np.array(4, np.float32),
        "low_guidance": np.array(1.5, np.float32),
    }


def _seeded(network: dict, seed: int) -> FIT:
    torch.manual_seed(seed)
    return redraw(FIT(**network), seed)


def _stage(variant: str, order: str, seed: int, steps: int, steady: int, network: dict):
    def write(folder, name, downloads):
        fit = _seeded(network, seed)
        generator = np.random.default_rng(seed)
        (frames, height, width), factor = network["video"], network.get("factor", 1)
        feeds = {"noise": _normal(generator, 1, frames, 3, height, width)} | _conditions(generator, network)
        if factor > 1:
            small = (1, frames, 3, height // factor, width // factor)
            feeds |= {
                "low_resolution": _normal(generator, *small),
                "corruption_noise": _normal(generator, *small),
                "corruption": np.array(0.25, np.float32),
            }
        told = {key: torch.from_numpy(value) for key, value in feeds.items()}
        low = told["low_resolution"] + told["corruption"] * told["corruption_noise"] if factor > 1 else None
        with torch.no_grad():
            video = denoise(fit, order, steps, steady, told["noise"], low, told["resolution"], told)
        dims = _dims(network) | {"steps": steps, "steady_steps": steady}
        _sampler_case(folder, name, f"{variant}_{order}", {"": fit}, dims, feeds, {"video": video})

    return write


def _both_stages(order: str, seed: int, steps: tuple[int, int], steady: tuple[int, int], networks: tuple[dict, dict]):
    """`steps`, `steady` and `networks` of the first stage, then of the upsampler."""

    def write(folder, name, downloads):
        first, second = (_seeded(network, seed + index) for index, network in enumerate(networks))
        generator = np.random.default_rng(seed)
        (frames, height, width), large = networks[0]["video"], networks[1]["video"]
        feeds = {
            "noise": _normal(generator, 1, frames, 3, height, width),
            "upsampler_noise": _normal(generator, 1, frames, 3, *large[1:]),
            "upsampler_resolution": np.array([large[1]], np.float32),
            "corruption_noise": _normal(generator, 1, frames, 3, height, width),
            "corruption": np.array(0.25, np.float32),
        } | _conditions(generator, networks[0])
        told = {key: torch.from_numpy(value) for key, value in feeds.items()}
        with torch.no_grad():
            low = denoise(first, order, steps[0], steady[0], told["noise"], None, told["resolution"], told)
            corrupted = low + told["corruption"] * told["corruption_noise"]
            video = denoise(
                second, order, steps[1], steady[1], told["upsampler_noise"], corrupted, told["upsampler_resolution"], told
            )
        layers = ("blocks", "patch_width", "latent_width", "latents")
        dims = _dims(networks[0]) | {f"upsampler_{key}": _dims(networks[1])[key] for key in layers}
        dims |= {"steps": steps[0], "steady_steps": steady[0]}
        dims |= {"upsampler_steps": steps[1], "upsampler_steady_steps": steady[1]}
        weights = {"": first, "upsampler": second}
        _sampler_case(
            folder, name, f"text_to_video_{order}", weights, dims, feeds, {"video": video, "low_resolution": low}
        )

    return write


SMALL = dict(
    # Padded from 36 to 40 rows; two groups in height and in width.
    video=(3, 36, 32),
    group=(5, 4),
    patch=(96, 48),
    latent=(128, 64),
    latents=16,
    blocks=2,
    tokens=5,
    text=24,
)
SMALL_UPSAMPLER = dict(
    video=(2, 72, 128),
    group=(18, 16),
    patch=(64, 64),
    latent=(128, 128),
    latents=8,
    blocks=1,
    tokens=5,
    text=24,
    factor=8,
)

# A first stage with heads as wide as those of the 3.9 B network, and an upsampler for its video of 18 by 32.
SMALL_FIRST = SMALL | dict(video=(2, 18, 32), patch=(128, 64), latent=(256, 128), blocks=1)
SMALL_SECOND = SMALL_UPSAMPLER | dict(video=(2, 144, 256), latents=16)

CASES = {
    "snapvideo_fit_500m": _case("fit_500m", 1, 2, [0.7, 12.0], SMALL),
    "snapvideo_upsampler": _case("upsampler", 2, 1, [0.25], SMALL_UPSAMPLER),
    "snapvideo_upsampler_group_by_group": _case(
        "upsampler_group_by_group", 4, 2, [0.25, 3.0], SMALL_UPSAMPLER | {"blocks": 2}
    ),
    "snapvideo_euler": _stage("fit_500m", "euler", 5, 5, 2, SMALL),
    # The second slope of Heun's last step but one is a difference divided by the last noise level, 0.002, times the one
    # before: with few steps that level is high, and rounding is multiplied by hundreds.
    "snapvideo_heun": _stage("fit_500m", "heun", 6, 8, 3, SMALL),
    "snapvideo_upsampler_heun": _stage("upsampler", "heun", 7, 8, 3, SMALL_UPSAMPLER),
    "snapvideo_text_to_video": _both_stages("euler", 8, (4, 3), (2, 1), (SMALL_FIRST, SMALL_SECOND)),
}

# At the size of the variant: 2 GB of weights.
LARGE = {
    "snapvideo_fit_500m_full": _case(
        "fit_500m",
        3,
        1,
        [3.0],
        dict(
            video=(16, 36, 64),
            group=(5, 4),
            patch=(768, 48),
            latent=(1024, 64),
            latents=512,
            blocks=6,
            tokens=77,
            text=1024,
        ),
    ),
}
