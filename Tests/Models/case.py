"""A case on disk: a model, inputs and what another runtime makes of them.

    CASE/case.json            what follows, with paths relative to CASE
    CASE/model.onnx           or a checkpoint, with the name of the graph it belongs to
    CASE/inputs/NAME.npy      one file an input
    CASE/expected/NAME.npy    one file an output
"""

import dataclasses
import json
import pathlib
import re

import numpy as np


def file_name(tensor: str) -> str:
    """The file of a tensor: as `ingot run` writes it."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", tensor) + ".npy"


@dataclasses.dataclass
class Case:
    name: str
    """An ONNX file, or none where a graph with a checkpoint is meant."""
    model: str | None = None
    graph: str | None = None
    variant: str | None = None
    checkpoint: str | None = None
    """Of graphs of several functions, each with the weight set it fills in front, if any: `tuned=FILE`."""
    checkpoints: list[str] = dataclasses.field(default_factory=list)
    dims: dict[str, int] = dataclasses.field(default_factory=dict)
    """Shapes of inputs, as 1,3,48,192."""
    shapes: dict[str, str] = dataclasses.field(default_factory=dict)
    """Inputs that are fixed: a file, or a number."""
    constants: dict[str, str] = dataclasses.field(default_factory=dict)
    """Choices of the graph that are not the published ones."""
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    tolerance: float = 1e-4
    """Allowed between the bundle and the compiler's own reference."""
    reference_tolerance: float = 1e-4
    """The share of an integer output's elements that may lie one off, where floats are rounded to them."""
    off_by_one: float = 0.0
    """How a quantized model is computed, exact or integer; the tool's own choice where empty."""
    arithmetic: str = ""
    inputs: dict[str, str] = dataclasses.field(default_factory=dict)
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)
    """Left out unless all cases are meant."""
    slow: bool = False

    def save(self, folder: pathlib.Path) -> None:
        (folder / "case.json").write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    def write(self, folder: pathlib.Path, inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray]) -> None:
        """Writes the tensors and case.json into `folder`, where the model is already."""
        for part, tensors, files in (("inputs", inputs, self.inputs), ("expected", outputs, self.outputs)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            for name, value in tensors.items():
                if value.dtype.kind == "f" and not np.isfinite(value).all():
                    raise SystemExit(f"{self.name}: {name} has values that are not finite")
                files[name] = f"{part}/{file_name(name)}"
                np.save(folder / files[name], np.ascontiguousarray(value).reshape(value.shape))
        self.save(folder)

    @staticmethod
    def read(folder: pathlib.Path) -> "Case":
        return Case(**json.loads((folder / "case.json").read_text()))


def all_cases(folder: pathlib.Path, names: list[str], slow: bool = True) -> list[tuple[pathlib.Path, Case]]:
    """The cases under `folder`: those of the given names if any, otherwise all or, without `slow`, the quick ones."""
    found = [(path.parent, Case.read(path.parent)) for path in sorted(folder.glob("*/case.json"))]
    known = {case.name for _, case in found}
    for name in names:
        if name not in known:
            raise SystemExit(f"{folder}: there is no case '{name}'; there are {', '.join(sorted(known)) or 'none'}")
    if names:
        return [(path, case) for path, case in found if case.name in names]
    return [(path, case) for path, case in found if slow or not case.slow]
