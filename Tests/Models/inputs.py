"""Seeded inputs that look like what each kind of network sees."""

import numpy as np


def image(shape: tuple[int, ...], seed: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Smooth noise: sums of random waves of falling amplitude, stretched to [low, high]."""
    generator = np.random.default_rng(seed)
    rows = np.linspace(0, 1, shape[-2])[:, None]
    columns = np.linspace(0, 1, shape[-1])[None, :]
    planes = []
    for _ in range(int(np.prod(shape[:-2]))):
        plane = np.zeros(shape[-2:])
        for frequency in (1, 2, 4, 8, 16, 32):
            angle, phase = generator.uniform(0, 2 * np.pi, 2)
            wave = frequency * (rows * np.sin(angle) + columns * np.cos(angle))
            plane += np.sin(2 * np.pi * wave + phase) / frequency
        planes.append(plane + 0.02 * generator.standard_normal(plane.shape))
    field = np.stack(planes).reshape(shape)
    field = (field - field.min()) / (field.max() - field.min())
    return (low + (high - low) * field).astype(np.float32)


FONT = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
}


def digits(width: int, count: int, seed: int) -> np.ndarray:
    """A line of `count` random digits, dark on light, a little blurred and noisy: [1, 1, 64, width] in [-1, 1]. A digit
    takes 20 columns."""
    generator = np.random.default_rng(seed)
    line = np.zeros((64, width))
    room = width // count
    for index in range(count):
        rows = FONT[str(generator.integers(0, 10))].split()
        glyph = np.kron([[int(dot) for dot in row] for row in rows], np.ones((4, 4)))
        top, left = generator.integers(10, 26), index * room + generator.integers(2, room - 22)
        line[top : top + 28, left : left + 20] = glyph
    for axis in (0, 1, 0, 1):
        line = (np.roll(line, 1, axis) + 2 * line + np.roll(line, -1, axis)) / 4
    line = 1 - line + 0.02 * generator.standard_normal(line.shape)
    return np.clip(2 * line - 1, -1, 1).astype(np.float32)[None, None]


def audio(samples: int, rate: int, seed: int) -> np.ndarray:
    """A few decaying tones over faint noise, within [-1, 1]."""
    generator = np.random.default_rng(seed)
    time = np.arange(samples) / rate
    signal = 0.003 * generator.standard_normal(samples)
    for pitch in (45, 52, 57, 64, 69):
        start = generator.uniform(0, 0.7 * samples / rate)
        elapsed = np.maximum(time - start, 0)
        envelope = (time >= start) * np.exp(-3 * elapsed)
        for harmonic in (1, 2, 3):
            frequency = 440 * 2 ** ((pitch - 69) / 12) * harmonic
            signal += 0.15 / harmonic * envelope * np.sin(2 * np.pi * frequency * elapsed)
    return signal.astype(np.float32)


def tokens(length: int, used: int, vocabulary: int, seed: int) -> dict[str, np.ndarray]:
    """`used` random token ids, then padding, as a BERT tokenizer gives them."""
    generator = np.random.default_rng(seed)
    ids = np.zeros((1, length), np.int64)
    ids[0, :used] = generator.integers(1000, vocabulary, used)
    ids[0, 0], ids[0, used - 1] = 101, 102
    mask = np.zeros((1, length), np.int64)
    mask[0, :used] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros((1, length), np.int64)}
