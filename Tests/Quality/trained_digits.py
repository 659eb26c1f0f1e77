"""Networks trained on scikit-learn's digits: the demo's, with the weights that it comes with, and EfficientFormerV2-S0,
trained here from a seed."""

import pathlib
import sys

import numpy as np
import safetensors.torch
import sklearn.datasets
import torch
from case import Case
from export import export
from torch import nn

DEMO = pathlib.Path(__file__).parents[2] / "Graphs" / "Demo"
sys.path.insert(0, str(DEMO))
EPOCHS, BATCH = 12, 48


def _arranged():
    import train

    bunch = sklearn.datasets.load_digits()
    order = np.random.default_rng(train.SEED).permutation(len(bunch.images))
    digits = bunch.images[order].astype(np.float32)[:, None]
    return digits, bunch.target[order].astype(np.int64), train


def split() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Digits that the networks were trained on, for calibration, and those held out, [1, 1, 8, 8] of 0...16 each."""
    digits, _, train = _arranged()
    each = lambda part: [digit[None] for digit in part]  # noqa: E731
    return each(digits[train.HELD_OUT :]), each(digits[: train.HELD_OUT])


class WithPreprocessing(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, digit):
        import train

        return self.network(train.preprocess(digit))


def _exported(network, folder, name):
    feeds = {"digit": np.zeros((1, 1, 8, 8), np.float32)}
    export(WithPreprocessing(network).eval(), feeds, ["logits"], folder / "model.onnx")
    Case(name, model="model.onnx").save(folder)


def demo(folder, name, downloads):
    import train

    network = train.make_network().eval()
    # Counts of batches are not stored.
    network.load_state_dict(safetensors.torch.load_file(DEMO / "digits.safetensors"), strict=False)
    _exported(network, folder, name)


def efficientformer(folder, name, downloads):
    digits, labels, train = _arranged()
    import timm

    torch.manual_seed(train.SEED)
    torch.set_num_threads(1)
    network = timm.create_model("efficientformerv2_s0", num_classes=10, img_size=64)
    generator = torch.Generator().manual_seed(train.SEED)
    learned, wanted = torch.from_numpy(digits[train.HELD_OUT :]), torch.from_numpy(labels[train.HELD_OUT :])
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    steps = EPOCHS * (len(learned) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
    network.train()
    for _ in range(EPOCHS):
        order = torch.randperm(len(learned), generator=generator)
        for start in range(0, len(learned) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            logits = network(train.preprocess(train.shifted(learned[rows], generator)))
            # Both heads learn, the mean of them answers.
            heads = logits if isinstance(logits, tuple) else (logits,)
            loss = sum(nn.functional.cross_entropy(head, wanted[rows], label_smoothing=0.05) for head in heads)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.eval()
    with torch.no_grad():
        found = network(train.preprocess(torch.from_numpy(digits[: train.HELD_OUT]))).argmax(1)
    correct = int((found == torch.from_numpy(labels[: train.HELD_OUT])).sum())
    print(f"{name}: {correct} of {train.HELD_OUT} held-out digits are right", flush=True)
    _exported(network, folder, name)
