"""Photographs out of Python packages, as samples for networks that see.

Calibration takes those of scikit-image and scikit-learn, tests take foolbox's ImageNet pictures, so that no picture is in
both. Crops are drawn from a seed."""

import functools
import pathlib

import numpy as np
import packages
import sklearn
from PIL import Image, ImageDraw, ImageFont

SCIKIT_IMAGE = "scikit-image==0.26.0"
FOOLBOX = "foolbox==3.3.4"

COLORFUL = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg", "hubble_deep_field.jpg")
COLORFUL += ("ihc.png", "retina.jpg", "color.png")
GRAY = ("camera.png", "coins.png", "brick.png", "grass.png", "gravel.png", "moon.png", "page.png", "cell.png")


@functools.cache
def calibration(downloads: pathlib.Path) -> list[Image.Image]:
    folder = packages.unpacked(SCIKIT_IMAGE, downloads) / "skimage" / "data"
    learn = pathlib.Path(sklearn.__file__).parent / "datasets" / "images"
    paths = [folder / name for name in COLORFUL] + [learn / "china.jpg", learn / "flower.jpg"]
    paths += [folder / name for name in GRAY]
    return [Image.open(path).convert("RGB") for path in paths]


@functools.cache
def test(downloads: pathlib.Path) -> list[Image.Image]:
    folder = packages.unpacked(FOOLBOX, downloads) / "foolbox" / "data"
    return [Image.open(path).convert("RGB") for path in sorted(folder.glob("imagenet_*.jpg"))]


def crops(pictures: list[Image.Image], count: int, size: tuple[int, int], seed: int) -> list[np.ndarray]:
    """`count` pictures of a size (height, width), [height, width, 3] of 0...255: first the middle of each, then
    random parts of at least half of a side, some mirrored."""
    generator = np.random.default_rng(seed)
    found = []
    for index in range(count):
        picture = pictures[index % len(pictures)]
        share = 0.875 if index < len(pictures) else generator.uniform(0.5, 1)
        aspect = size[1] / size[0]
        height = share * min(picture.height, picture.width / aspect)
        place = (0.5, 0.5) if index < len(pictures) else generator.uniform(0, 1, 2)
        left, top = place[0] * (picture.width - height * aspect), place[1] * (picture.height - height)
        box = (left, top, left + height * aspect, top + height)
        part = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC, box=box)
        if index >= len(pictures) and generator.uniform() < 0.5:
            part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        found.append(np.asarray(part, np.float32))
    return found


def planes(picture: np.ndarray, mean, std) -> np.ndarray:
    """[1, 3, height, width], normalized: (value / 255 - mean) / std."""
    value = (picture / 255 - np.float32(mean)) / np.float32(std)
    return np.ascontiguousarray(value.transpose(2, 0, 1)[None], np.float32)


IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def line_of_text(text: str, size: tuple[int, int], generator, color: bool) -> Image.Image:
    """A line in Pillow's own font, dark on light or the other way round, filling the picture's height."""
    height, width = size
    font = ImageFont.load_default(int(height * generator.uniform(0.5, 0.75)))
    left, top, right, bottom = font.getbbox(text)
    mode = "RGB" if color else "L"
    pick = (lambda low, high: tuple(generator.integers(low, high, 3).tolist())) if color else (
        lambda low, high: int(generator.integers(low, high))
    )
    back, ink = pick(180, 256), pick(0, 90)
    if generator.uniform() < 0.2:
        back, ink = ink, back
    image = Image.new(mode, (max(right - left + 12, 8), height), back)
    ImageDraw.Draw(image).text((6 - left, (height - bottom - top) / 2), text, fill=ink, font=font)
    noise = generator.normal(0, generator.uniform(1, 10), np.asarray(image).shape)
    image = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8), mode)
    return image


def page_of_text(words: list[str], background: np.ndarray, generator) -> np.ndarray:
    """Lines of words of several sizes over a picture of [height, width, 3], of 0...255."""
    image = Image.fromarray(background.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    y = int(generator.integers(5, 40))
    while y < image.height - 20:
        size = int(generator.integers(14, 44))
        count = int(generator.integers(1, 6))
        start = int(generator.integers(0, len(words) - count))
        text = " ".join(words[start : start + count])
        x = int(generator.integers(5, image.width // 3))
        font = ImageFont.load_default(size)
        box = draw.textbbox((x, y), text, font=font)
        dark = generator.uniform() < 0.5
        if generator.uniform() < 0.6:
            draw.rectangle((box[0] - 4, box[1] - 3, box[2] + 4, box[3] + 3), fill=(240,) * 3 if dark else (30,) * 3)
        draw.text((x, y), text, fill=(15, 15, 30) if dark else (250, 250, 235), font=font)
        y += size + int(generator.integers(8, 50))
    return np.asarray(image, np.float32)
