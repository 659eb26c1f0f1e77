"""AsCAN at reduced width: classifiers of three patterns and the generator, as plain PyTorch."""

import math

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from case import Case
from redraw import redraw
from torch import nn

from systems import text_to_image
from systems.checkpoint_case import checkpoint_case


def _normal(generator, *shape):
    return generator.standard_normal(shape).astype(np.float32)


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, inside: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, inside, 1)
        self.fc2 = nn.Conv2d(inside, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class C(nn.Module):
    def __init__(self, width: int, out: int, halve: bool = False, double: bool = False, time: int = 0):
        super().__init__()
        self.halve, self.double = halve, double
        self.conv1 = nn.Conv2d(width, 4 * width, 3, stride=2 if halve else 1, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4 * width)
        self.se = SqueezeExcite(4 * width, width // 4)
        self.conv2 = nn.Conv2d(4 * width, out, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        if time:
            self.time_proj = nn.Linear(time, 8 * width)
        if width != out:
            self.shortcut = nn.Conv2d(width, out, 1)

    def forward(self, x, time=None, text=None):
        y = self.bn1(self.conv1(x))
        if time is not None:
            scale, shift = self.time_proj(F.silu(time))[:, :, None, None].chunk(2, dim=1)
            y = y * (1 + scale) + shift
        y = self.bn2(self.conv2(self.se(F.gelu(y))))
        if self.halve:
            x = F.avg_pool2d(x, 2)
        if hasattr(self, "shortcut"):
            x = self.shortcut(x)
        y = x + y
        return F.interpolate(y, scale_factor=2, mode="nearest") if self.double else y


class MultiHead(nn.Module):
    def __init__(self, width: int, context: int):
        super().__init__()
        self.heads = width // 32
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(context, width), nn.Linear(context, width)
        self.out = nn.Linear(width, width)

    def forward(self, x, context):
        q, k, v = (
            layer(y).unflatten(2, (self.heads, 32)).transpose(1, 2)
            for layer, y in ((self.q, x), (self.k, context), (self.v, context))
        )
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class T(nn.Module):
    def __init__(self, width: int, text: int = 0):
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), MultiHead(width, width)
        if text:
            self.norm_cross, self.cross_attn = nn.LayerNorm(width), MultiHead(width, text)
        self.norm2, self.mlp = nn.LayerNorm(width), MLP(width)

    def forward(self, x, time=None, text=None):
        rows = x.flatten(2).transpose(1, 2)
        normed = self.norm1(rows)
        rows = rows + self.attn(normed, normed)
        if text is not None:
            rows = rows + self.cross_attn(self.norm_cross(rows), text)
        rows = rows + self.mlp(self.norm2(rows))
        return rows.transpose(1, 2).reshape(x.shape)


class Classifier(nn.Module):
    def __init__(self, pattern: str, widths: list[int]):
        super().__init__()
        self.stem = nn.Module()
        self.stem.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
        self.stem.bn1 = nn.BatchNorm2d(64)
        self.stem.conv2 = nn.Conv2d(64, 64, 3, padding=1)
        self.stages = nn.ModuleList()
        before = 64
        for letters, width in zip(pattern.split("/"), widths, strict=True):
            blocks = [C(before, width, halve=True)]
            blocks += [C(width, width) if letter == "C" else T(width) for letter in letters[1:]]
            self.stages.append(nn.Sequential(*blocks))
            before = width
        self.norm = nn.LayerNorm(before)
        self.head = nn.Linear(before, 1000)

    def forward(self, image):
        x = self.stem.conv2(F.gelu(self.stem.bn1(self.stem.conv1(image))))
        for stage in self.stages:
            x = stage(x)
        return self.head(self.norm(x.mean(dim=(2, 3))))


class Up(nn.Module):
    def __init__(self, blocks: list[nn.Module], skip: int):
        super().__init__()
        self.count = len(blocks)
        for i, block in enumerate(blocks):
            self.add_module(str(i), block)
        if skip:
            self.skip = nn.Conv2d(2 * skip, skip, 1)

    def forward(self, x, skip, time, text):
        if hasattr(self, "skip"):
            x = self.skip(torch.cat([x, skip], dim=1))
        for i in range(self.count):
            x = getattr(self, str(i))(x, time, text)
        return x


class Generator(nn.Module):
    def __init__(self, pattern: str, widths: list[int], text: int, classes: int = 0):
        """For a text of width `text`, or where that is 0 for classes; class `classes` stands for none of them."""
        super().__init__()
        self.width, time = widths[0], 4 * widths[0]
        self.class_embedding = None if text else nn.Embedding(classes + 1, time)
        self.time_embedding = nn.Module()
        self.time_embedding.linear_1 = nn.Linear(self.width, time)
        self.time_embedding.linear_2 = nn.Linear(time, time)
        self.conv_in = nn.Conv2d(4, self.width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for i, (letters, width) in enumerate(zip(pattern.split("/"), widths, strict=True)):
            before = widths[max(i - 1, 0)]
            inner = [lambda w=width: C(w, w, time=time), lambda w=width: T(w, text)]
            rest = ["CT".index(letter) for letter in letters[1:]]
            self.down.append(nn.ModuleList([C(before, width, halve=i > 0, time=time)] + [inner[k]() for k in rest]))
            up = [inner[k]() for k in reversed(rest)] + [C(width, before, double=i > 0, time=time)]
            self.up.append(Up(up, width if i + 1 < len(widths) else 0))
        self.norm_out = nn.BatchNorm2d(self.width)
        self.conv_out = nn.Conv2d(self.width, 4, 3, padding=1)

    def forward(self, latent, timestep, condition):
        half = self.width // 2
        angles = timestep[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        time = self.time_embedding.linear_1(torch.cat([angles.cos(), angles.sin()], dim=1))
        time, text = self.time_embedding.linear_2(F.silu(time)), condition
        if self.class_embedding is not None:
            time, text = time + self.class_embedding(condition), None
        x, skips = self.conv_in(latent), []
        for stage in self.down:
            for block in stage:
                x = block(x, time, text)
            skips.append(x)
        for stage, skip in reversed(list(zip(self.up, skips, strict=True))):
            x = stage(x, skip, time, text)
        return self.conv_out(F.gelu(self.norm_out(x)))


def _classifier(variant: str, pattern: str, seed: int, width: int = 32, size: int = 64, batch: int = 2):
    def write(folder, name, downloads):
        torch.manual_seed(seed)
        network = redraw(Classifier(pattern, [width, 2 * width, 4 * width, 8 * width]), seed)
        image = np.random.default_rng(seed).standard_normal((batch, 3, size, size)).astype(np.float32)
        dims = {"batch": batch, "size": size, "width": width}
        checkpoint_case(folder, name, network, {"image": image}, ["logits"], "ascan", variant, dims)

    return write


PATTERN = "CCC/CCT/CTTT"


def _generator(seed: int, width: int, size: int, tokens: int, text_width: int):
    def write(folder, name, downloads):
        torch.manual_seed(seed)
        network = redraw(Generator(PATTERN, [width, 2 * width, 3 * width], text_width), seed)
        generator = np.random.default_rng(seed)
        feeds = {
            "latent": _normal(generator, 2, 4, size, size),
            "timestep": np.array([981, 41], np.float32),
            "text": _normal(generator, 2, tokens, text_width),
        }
        dims = {"batch": 2, "size": size, "width": width, "tokens": tokens, "text_width": text_width}
        checkpoint_case(folder, name, network, feeds, ["prediction"], "ascan", "generator", dims)

    return write


def _to_image(variant: str, seed: int, steps: int = 5, width: int = 32, tokens: int = 7, text_width: int = 48):
    """From noise to an image, for a text or for a class, with guidance by two calls of the network in a step."""

    def write(folder, name, downloads):
        sizes, classes, of_class = text_to_image.Sizes(), 10, variant == "class_to_image"
        torch.manual_seed(seed)
        widths = [width, 2 * width, 3 * width]
        network = redraw(Generator(PATTERN, widths, 0 if of_class else text_width, classes), seed)
        decoder = text_to_image.image_decoder(sizes, seed + 1)
        generator = np.random.default_rng(seed)
        feeds = {"noise": _normal(generator, 1, 4, sizes.size, sizes.size)}
        if of_class:
            feeds["label"] = np.array([3], np.int64)
            conditions = torch.tensor([[classes], [3]])
        else:
            feeds |= {key: _normal(generator, 1, tokens, text_width) for key in ("empty_text", "text")}
            conditions = torch.from_numpy(np.stack([feeds["empty_text"], feeds["text"]]))
        feeds["guidance"] = np.array(4, np.float32)
        scheduler = text_to_image.ddim(steps)
        with torch.no_grad():
            sample = torch.from_numpy(feeds["noise"])
            for time in scheduler.timesteps:
                plain, guided = (network(sample, time[None].float(), condition) for condition in conditions)
                sample = scheduler.step(plain + 4 * (guided - plain), time, sample, return_dict=False)[0]
            image = decoder.decode(sample / text_to_image.LATENT_SCALE, return_dict=False)[0].numpy()
        safetensors.torch.save_file(text_to_image.state(network), folder / "denoiser.safetensors")
        safetensors.torch.save_file(text_to_image.decoder_state(decoder), folder / "decoder.safetensors")
        dims = {"steps": steps, "width": width, "size": sizes.size, "decoder_width": sizes.decoder_width}
        dims |= {"classes": classes} if of_class else {"tokens": tokens, "text_width": text_width}
        files = ["denoiser.safetensors", "decoder.safetensors"]
        case = Case(name, graph="ascan", variant=variant, checkpoints=files, dims=dims)
        case.write(folder, feeds, {"image": image})

    return write


CASES = {
    "ascan_small": _classifier("small", "CC/CCC/CCCTTT/CTTT", 1),
    "ascan_small_symmetric": _classifier("small_symmetric", "CT/CCT/CCCTTT/CCTT", 2),
    "ascan_small_t_first": _classifier("small_t_first", "CT/CTT/CCCCCC/CCCC", 3),
    "ascan_generator": _generator(4, width=32, size=16, tokens=7, text_width=48),
    "ascan_text_to_image": _to_image("text_to_image", 7),
    "ascan_class_to_image": _to_image("class_to_image", 8),
}

# At the sizes of the variants.
LARGE = {
    "ascan_base_full": _classifier("base", "CC/CCC/CCCTTT/CTTT", 5, width=96, size=224, batch=1),
    "ascan_generator_full": _generator(6, width=256, size=32, tokens=77, text_width=768),
}
