"""A case whose model is a graph of Graphs/ with a checkpoint."""

import numpy as np
import safetensors.torch
import torch
from case import Case
from torch import nn


def checkpoint_case(
    folder,
    name: str,
    network: nn.Module,
    feeds: dict[str, np.ndarray],
    outputs: list[str],
    graph: str,
    variant: str,
    dims: dict[str, int] | None = None,
    tolerance: float = 1e-4,
    apart: str | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """Saves the network's state, if it has any, as safetensors and expects what PyTorch makes of the inputs; `feeds` in
    the order of the network's arguments. Entries with `apart` in their names go into a second file."""
    with torch.no_grad():
        results = network(*(torch.from_numpy(value) for value in feeds.values()))
    results = results if isinstance(results, tuple) else (results,)
    state = {key: value.contiguous().clone() for key, value in network.state_dict().items()}
    second = {key: state.pop(key) for key in list(state) if apart and apart in key}
    checkpoints = {"checkpoint.safetensors": state, "second.safetensors": second}
    checkpoints = {file: entries for file, entries in checkpoints.items() if entries}
    for file, entries in checkpoints.items():
        safetensors.torch.save_file(entries, folder / file)
    expected = {output: result.numpy() for output, result in zip(outputs, results, strict=True)}
    case = Case(
        name,
        graph=graph,
        variant=variant,
        checkpoints=list(checkpoints),
        dims=dims or {},
        options=options or {},
        tolerance=tolerance,
    )
    case.write(folder, feeds, expected)
