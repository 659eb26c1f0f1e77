"""Random parameters that hide nothing."""

import torch
from torch import nn


def redraw(network: nn.Module, seed: int) -> nn.Module:
    """The network in inference mode, with new values for what new networks have at 0, 1 or 1e-5: statistics, factors
    and terms of normalizations, other biases, scales of layers, biases of attention. Left as they are they would hide
    a wrong fold."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            leaf = name.rpartition(".")[2]
            if leaf == "running_mean":
                tensor.normal_(0, 0.1, generator=generator)
            elif leaf == "running_var":
                tensor.uniform_(0.5, 1.5, generator=generator)
            elif leaf == "gamma" or (leaf == "weight" and tensor.ndim == 1):
                tensor.uniform_(0.5, 1, generator=generator)
            elif leaf == "bias":
                tensor.normal_(0, 0.1, generator=generator)
            elif leaf == "attention_biases":
                tensor.normal_(0, 0.5, generator=generator)
    return network.eval()
