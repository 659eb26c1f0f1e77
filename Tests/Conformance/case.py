"""A case of the suite on disk.

    CASE/model.onnx
    CASE/case.json            what follows, with paths relative to CASE
    CASE/SET/input_J.npy      one file an input of data set SET
    CASE/SET/output_J.npy     one file an output
"""

import dataclasses
import json
import pathlib


@dataclasses.dataclass
class Output:
    name: str
    type: str
    """ONNX's name of the element type; the file has a NumPy type that holds its values."""
    file: str


@dataclasses.dataclass
class DataSet:
    inputs: dict[str, str]
    outputs: list[Output]


@dataclasses.dataclass
class Case:
    name: str
    source: str
    """`node`, or the folder of the package's data that the model comes from."""
    operator: str
    """The operator that the case tests, also where the model has its function body instead."""
    is_expanded: bool
    constants: list[str]
    """Inputs that are given to the compiler."""
    out_of_scope: str | None
    """Why no inference graph on a phone is like this, if so."""
    unwritable: str | None
    """What keeps the tensors from being written as array files, if something does."""
    rtol: float
    atol: float
    data_sets: list[DataSet]

    def write(self, folder: pathlib.Path) -> None:
        (folder / "case.json").write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @staticmethod
    def read(folder: pathlib.Path) -> "Case":
        facts = json.loads((folder / "case.json").read_text())
        sets = [DataSet(s["inputs"], [Output(**o) for o in s["outputs"]]) for s in facts.pop("data_sets")]
        return Case(**facts, data_sets=sets)


def all_cases(folder: pathlib.Path, names: list[str]) -> list[tuple[pathlib.Path, Case]]:
    """The cases under `folder` by name, only those of the given names if any."""
    found = [(path.parent, Case.read(path.parent)) for path in sorted(folder.glob("*/case.json"))]
    unknown = sorted(set(names) - {case.name for _, case in found})
    if unknown:
        raise SystemExit(f"{folder}: there is no case {', '.join(unknown)}")
    return [(path, case) for path, case in found if not names or case.name in names]
