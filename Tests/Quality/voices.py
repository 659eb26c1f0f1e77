"""Speech: sentences of the news texts, spoken by espeak-ng's voices, and for tests also the recorded words of Debian's
alsa-utils. Mono, 16 kHz, within [-1, 1]."""

import functools
import io
import pathlib
import subprocess
import tempfile
import wave

import numpy as np
import scipy.signal

RATE = 16000
VOICES = ("en", "en-us+f2", "en-gb-x-rp+m3", "de+f4", "en-us+m7", "fr+f1", "es+m2", "en-gb-scotland+f3")
OTHER_VOICES = ("en-us", "en-gb+f5", "it+m1", "en-029+m4", "nl+f2")


def _read(contents: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(contents)) as file:
        values = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        mono = values.mean(1) / 32768
        return scipy.signal.resample_poly(mono, RATE, file.getframerate()).astype(np.float32)


@functools.cache
def spoken(text: str, voice: str) -> np.ndarray:
    command = ["espeak-ng", "-v", voice, "--stdout", "--", text]
    return _read(subprocess.run(command, capture_output=True, check=True).stdout)


@functools.cache
def recorded(downloads: pathlib.Path) -> list[np.ndarray]:
    """The eight words of alsa-utils, each 1.3 to 1.5 s."""
    downloads.mkdir(parents=True, exist_ok=True)
    if not list(downloads.glob("alsa-utils_*.deb")):
        subprocess.run(["apt-get", "download", "-qq", "alsa-utils"], cwd=downloads, check=True, stderr=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as folder:
        package = sorted(downloads.glob("alsa-utils_*.deb"))[-1]
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        paths = sorted(pathlib.Path(folder).glob("usr/share/sounds/alsa/*.wav"))
        return [_read(path.read_bytes()) for path in paths if path.name != "Noise.wav"]


def stretches(texts: list[str], voices: tuple[str, ...], count: int, samples: int, seed: int) -> list[np.ndarray]:
    """`count` stretches of so many samples out of speech, at several levels, over a little noise of several kinds."""
    generator = np.random.default_rng(seed)
    found = []
    for index in range(count):
        signal = np.zeros(0, np.float32)
        while len(signal) < samples:
            sentence = texts[int(generator.integers(len(texts)))][:160]
            signal = np.concatenate([signal, spoken(sentence, voices[index % len(voices)]), np.zeros(RATE // 5, np.float32)])
        found.append(_recorded_at(signal, samples, generator))
    return found


def words(recordings: list[np.ndarray], count: int, samples: int, seed: int) -> list[np.ndarray]:
    """The same out of recorded words, one behind the other."""
    generator = np.random.default_rng(seed)
    found = []
    for index in range(count):
        signal = recordings[index % len(recordings)]
        while len(signal) < samples:
            signal = np.concatenate([signal, recordings[int(generator.integers(len(recordings)))]])
        found.append(_recorded_at(signal, samples, generator))
    return found


def _recorded_at(signal: np.ndarray, samples: int, generator) -> np.ndarray:
    start = int(generator.integers(0, len(signal) - samples + 1))
    part = signal[start : start + samples] * generator.uniform(0.2, 1)
    noise = generator.standard_normal(samples) * 10 ** generator.uniform(-4, -1.7)
    if generator.uniform() < 0.5:
        noise = scipy.signal.lfilter([0.1], [1, -0.9], noise)
    return np.clip(part + noise, -1, 1).astype(np.float32)


def mel_filters(bands: int, bins: int, rate: int, low: float = 0.0, high: float | None = None) -> np.ndarray:
    """Slaney's triangles of unit area, [bands, bins], as librosa's default."""
    def hertz(mel):
        linear = 200 / 3 * mel
        return np.where(mel >= 15, 1000 * np.exp((mel - 15) * np.log(6.4) / 27), linear)

    def mel(hertz):
        return 3 * hertz / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)

    edges = hertz(np.linspace(mel(low), mel(high or rate / 2), bands + 2))
    frequencies = np.linspace(0, rate / 2, bins)
    rising = (frequencies[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies[None]) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def spectrogram(signal: np.ndarray, window: int, hop: int, fft: int | None = None) -> np.ndarray:
    """Magnitudes of Hann windows, centered, reflected at the ends: [frames, fft / 2 + 1]."""
    fft = fft or window
    padded = np.pad(signal, fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, fft)[::hop]
    hann = np.zeros(fft)
    start = (fft - window) // 2
    hann[start : start + window] = scipy.signal.get_window("hann", window)
    return np.abs(np.fft.rfft(frames * hann))
