"""Writes the checkpoints in this directory with PyTorch: python3 make.py

They are ours, small and random. Every file holds the same numbers, so that the tests compare them with one another.
"""

import collections

import numpy
import torch
from safetensors.torch import save_file

torch.manual_seed(0)
weight = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8
bias = torch.tensor([0.5, -1.5, 2.25])
plain = collections.OrderedDict(
    [("fc.weight", weight), ("fc.bias", bias), ("steps", torch.tensor(7))]
)


class Options:
    """A class that no reader knows."""

    def __init__(self):
        self.rate = 0.1


torch.save(plain, "plain.pth")
torch.save(plain, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(
    {"transposed": weight.t(), "column": weight[:, 1], "broadcast": bias.expand(2, 3), "tail": bias[1:]},
    "strided.pth",
)
torch.save(
    {
        "epoch": 3,
        "best": torch.tensor(0.75),
        "args": Options(),
        "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
        "model": {"module." + name: value for name, value in plain.items()},
    },
    "wrapped.pth",
)
torch.save({"fc.weight": weight.bfloat16(), "fc.bias": torch.nn.Parameter(bias.half())}, "halves.pth")
torch.save(
    {"double": bias.double(), "bytes": torch.tensor([0, 255], dtype=torch.uint8), "mask": bias > 0,
     "wide": torch.tensor([1, 65535], dtype=torch.uint16), "complex": torch.tensor([1j]),
     "small": bias.to(torch.float8_e4m3fn)},
    "types.pth",
)
torch.save(torch.nn.Linear(2, 1), "module.pth")
save_file(dict(plain), "plain.safetensors", metadata={"format": "pt"})
numpy.savez("arrays.npz", weight=weight.numpy(), bias=bias.double().numpy())
numpy.savez_compressed("compressed.npz", weight=weight.numpy())
numpy.save("column_major.npy", numpy.asfortranarray(weight.numpy()))
numpy.save("big_endian.npy", numpy.arange(6, dtype=">i2").reshape(2, 3))
