"""A BERT encoder in plain PyTorch with the parameter names of published BERT checkpoints, then the mean over the
tokens of the mask and normalization to unit length: MiniLM as a sentence encoder."""

import math
import pathlib

import safetensors.torch
import torch
from torch import nn

WIDTH, LAYERS, HEADS, HIDDEN, VOCABULARY, POSITIONS, EPSILON = 384, 6, 12, 1536, 30522, 512, 1e-12


class Embeddings(nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, WIDTH)
        self.position_embeddings = nn.Embedding(POSITIONS, WIDTH)
        self.token_type_embeddings = nn.Embedding(2, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, ids, types):
        positions = torch.arange(ids.shape[1]).unsqueeze(0)
        words = self.word_embeddings(ids) + self.token_type_embeddings(types)
        return self.LayerNorm(words + self.position_embeddings(positions))


class SelfAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)

    def forward(self, x, bias):
        batch, length, _ = x.shape
        split = lambda y: y.view(batch, length, HEADS, WIDTH // HEADS).transpose(1, 2)  # noqa: E731
        scores = split(self.query(x)) @ split(self.key(x)).transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        context = (scores + bias).softmax(-1) @ split(self.value(x))
        return context.transpose(1, 2).reshape(batch, length, WIDTH)


class Residual(nn.Module):
    """dense, add, normalize: the second half of both halves of a layer."""

    def __init__(self, width):
        super().__init__()
        self.dense = nn.Linear(width, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=EPSILON)

    def forward(self, x, skip):
        return self.LayerNorm(self.dense(x) + skip)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Residual(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, HIDDEN)})
        self.output = Residual(HIDDEN)

    def forward(self, x, bias):
        x = self.attention["output"](self.attention["self"](x, bias), x)
        return self.output(nn.functional.gelu(self.intermediate["dense"](x)), x)


class SentenceEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(LAYERS))})

    def forward(self, input_ids, attention_mask, token_type_ids):
        mask = attention_mask.to(torch.float32)
        bias = (1 - mask)[:, None, None, :] * torch.finfo(torch.float32).min
        x = self.embeddings(input_ids, token_type_ids)
        for layer in self.encoder["layer"]:
            x = layer(x, bias)
        mask = mask.unsqueeze(-1)
        mean = (x * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return nn.functional.normalize(mean, dim=1)


def load(checkpoint: pathlib.Path) -> SentenceEncoder:
    """The encoder with the checkpoint's weights; parameters it does not use (the pooler) are left out."""
    encoder = SentenceEncoder().eval()
    state = safetensors.torch.load_file(checkpoint)
    missing, unexpected = encoder.load_state_dict(state, strict=False)
    stray = [name for name in unexpected if not name.startswith("pooler.") and not name.endswith("position_ids")]
    if missing or stray:
        raise SystemExit(f"{checkpoint}: missing {missing}, unexpected {stray}")
    return encoder
