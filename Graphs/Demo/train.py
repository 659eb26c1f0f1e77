"""Trains the demo network: an EfficientFormerV2 small enough to commit, on scikit-learn's handwritten digits.

    python Graphs/Demo/train.py            needs torch, timm, scikit-learn and safetensors (Tests/Models/setup.sh)

Writes beside itself the weights, under timm's EfficientFormerV2 names, and the held-out digits with PyTorch's
answers. Everything is seeded and single-threaded: the same versions on the same CPU write the same files.
"""

import pathlib
import sys
import time
from functools import partial

import numpy as np
import torch
from torch import nn

# Some torchvision builds fail on import beside a CPU-only torch unless these two operators are declared.
if not hasattr(torch.ops.torchvision, "nms"):
    library = torch.library.Library("torchvision", "DEF")
    for schema in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ):
        library.define(schema)

import safetensors.torch  # noqa: E402
import sklearn.datasets  # noqa: E402
import timm.models.efficientformer_v2 as efficientformer_v2  # noqa: E402

FOLDER = pathlib.Path(__file__).parent
SEED = 20
HELD_OUT = 360
CALIBRATION = 24
EPOCHS = 60
BATCH = 64

CONFIGURATION = dict(
    img_size=64,
    in_chans=3,
    num_classes=10,
    depths=(1, 1, 2, 2),
    embed_dims=(16, 24, 32, 48),
    mlp_ratios=(2, 2, (2, 2), (2, 2)),
    num_vit=1,
    layer_scale_init_value=0.1,
)
ATTENTION = dict(num_heads=4, key_dim=8, attn_ratio=4)


def make_network() -> nn.Module:
    """timm's own network; its attention blocks take head counts only as defaults, so those are replaced."""
    for name in ("Attention2d", "Attention2dDownsample"):
        setattr(efficientformer_v2, name, partial(getattr(efficientformer_v2, name), **ATTENTION))
    return efficientformer_v2.EfficientFormerV2(**CONFIGURATION)


def preprocess(digits: torch.Tensor) -> torch.Tensor:
    """[N, 1, 8, 8] of 0...16 to [N, 3, 64, 64] of 0...1; the compiled demo has these steps in its graph."""
    images = nn.functional.interpolate(digits / 16, scale_factor=8, mode="nearest")
    return images.expand(-1, 3, -1, -1)


def shifted(digits: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each digit moved by at most one pixel, as augmentation."""
    moves = torch.randint(-1, 2, (len(digits), 2), generator=generator)
    padded = nn.functional.pad(digits, (1, 1, 1, 1))
    windows = [padded[i, :, 1 + y : 9 + y, 1 + x : 9 + x] for i, (y, x) in enumerate(moves.tolist())]
    return torch.stack(windows)


def train(network: nn.Module, digits: torch.Tensor, labels: torch.Tensor) -> None:
    generator = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.05)
    steps = EPOCHS * (len(digits) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    network.train()
    for epoch in range(EPOCHS):
        order = torch.randperm(len(digits), generator=generator)
        total = 0.0
        for start in range(0, len(digits) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            logits = network(preprocess(shifted(digits[rows], generator)))
            loss = nn.functional.cross_entropy(logits, labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        if sys.stdout.isatty():
            print(f"\repoch {epoch + 1} of {EPOCHS}, loss {total * BATCH / len(digits):.3f}", end="", flush=True)
    if sys.stdout.isatty():
        print()
    network.eval()


def write_calibration(digits: torch.Tensor) -> None:
    """Digits that the network was trained on, a file each, to quantize it by."""
    (FOLDER / "calibration").mkdir(exist_ok=True)
    for index, digit in enumerate(digits):
        np.savez(FOLDER / "calibration" / f"{index:02}.npz", digits=digit[None].numpy())


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)

    bunch = sklearn.datasets.load_digits()
    order = np.random.default_rng(SEED).permutation(len(bunch.images))
    digits = torch.from_numpy(bunch.images[order].astype(np.float32))[:, None]
    labels = torch.from_numpy(bunch.target[order].astype(np.int64))
    held_out, held_out_labels = digits[:HELD_OUT], labels[:HELD_OUT]

    network = make_network()
    started = time.monotonic()
    train(network, digits[HELD_OUT:], labels[HELD_OUT:])
    with torch.no_grad():
        logits = network(preprocess(held_out))
    predictions = logits.argmax(1)

    state = {k: v.contiguous() for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    safetensors.torch.save_file(state, FOLDER / "digits.safetensors")
    np.save(FOLDER / "heldout_images.npy", held_out.numpy())
    np.save(FOLDER / "heldout_labels.npy", held_out_labels.numpy())
    np.save(FOLDER / "pytorch_predictions.npy", predictions.numpy())
    np.save(FOLDER / "pytorch_logits.npy", logits.numpy())
    write_calibration(digits[HELD_OUT : HELD_OUT + CALIBRATION])

    correct = int((predictions == held_out_labels).sum())
    parameters = sum(p.numel() for p in network.parameters())
    print("configuration:", CONFIGURATION, ATTENTION)
    print(f"parameters: {parameters:,} in {len(state)} tensors")
    print(f"held-out accuracy: {correct}/{HELD_OUT} = {correct / HELD_OUT:.4f}")
    top = logits.topk(2).values
    print(f"smallest margin between the first two logits: {float((top[:, 0] - top[:, 1]).min()):.4f}")
    print(f"training took {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
