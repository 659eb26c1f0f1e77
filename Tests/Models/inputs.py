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
