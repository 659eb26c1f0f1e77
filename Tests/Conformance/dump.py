"""Writes the node cases of the onnx package and its stored models as folders (see case.py).

    dump.py OUTDIR

Does nothing if OUTDIR already holds what this version of the script and of the package write.
"""

import dataclasses
import hashlib
import pathlib
import shutil
import sys
import warnings

import numpy as np
import onnx
from case import Case, DataSet, Output
from onnx.backend.test.case.node import collect_testcases
from onnx.backend.test.loader import load_model_tests
from scope import out_of_scope
from steering import open_inputs, steering_inputs

VERSION = "1.23.2"
STORED = ("pytorch-converted", "pytorch-operator")
"""Folders of models, most of them of opset 6."""


class Unwritable(Exception):
    """A value that has no array file."""


def writable(value) -> np.ndarray:
    """The tensor in a type that NumPy itself has: float32, int8 or uint8 for the small types of onnx."""
    if value is None or isinstance(value, list):
        raise Unwritable("a sequence or an empty optional has no array file")
    array = onnx.numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
    if array.dtype.kind in "OUST":
        raise Unwritable("strings have no array file")
    name = array.dtype.name
    if name.startswith(("bfloat", "float8", "float4")):
        return array.astype(np.float32)
    if name in ("int2", "int4", "uint2", "uint4"):
        return array.astype(np.uint8 if name.startswith("u") else np.int8)
    return array


def rounded(array: np.ndarray) -> np.ndarray:
    """Doubles as the float32 that they are computed in, unless its range lacks one."""
    if array.dtype != np.float64 or np.any(np.isfinite(array) & (np.abs(array) > np.finfo(np.float32).max)):
        return array
    return array.astype(np.float32)


def write_tensor(folder: pathlib.Path, file: str, array: np.ndarray) -> str:
    (folder / file).parent.mkdir(exist_ok=True)
    np.save(folder / file, np.asarray(array, order="C"))
    return file


def write_data_set(folder: pathlib.Path, number: int, model: onnx.ModelProto, values) -> DataSet:
    inputs, outputs = values
    declared_inputs = open_inputs(model)
    if len(inputs) != len(declared_inputs) or len(outputs) != len(model.graph.output):
        raise SystemExit(f"{folder.name}: data set {number} does not fit the model's inputs and outputs")
    written = DataSet({}, [])
    for index, (declared, value) in enumerate(zip(declared_inputs, inputs)):
        written.inputs[declared.name] = write_tensor(folder, f"{number}/input_{index}.npy", rounded(writable(value)))
    for index, (declared, value) in enumerate(zip(model.graph.output, outputs)):
        type = onnx.TensorProto.DataType.Name(declared.type.tensor_type.elem_type)
        file = write_tensor(folder, f"{number}/output_{index}.npy", writable(value))
        written.outputs.append(Output(declared.name, type, file))
    return written


def asks_for_training(model: onnx.ModelProto, data_sets) -> bool:
    """Whether the input that switches Dropout to training is true."""
    switches = {n.input[2] for n in model.graph.node if n.op_type == "Dropout" and len(n.input) > 2}
    return any(
        bool(np.all(writable(value)))
        for inputs, _ in data_sets
        for declared, value in zip(open_inputs(model), inputs)
        if declared.name in switches
    )


def write_case(folder: pathlib.Path, test, plain) -> None:
    """Writes `test`; `plain` is the case whose operator it tests, another one where it has the function body."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(test.model.SerializeToString())
    node = plain.model.graph.node[0]
    operator = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
    data_sets, unwritable = [], None
    try:
        data_sets = [write_data_set(folder, k, test.model, values) for k, values in enumerate(test.data_sets)]
    except Unwritable as reason:
        unwritable = str(reason)
    training = unwritable is None and asks_for_training(test.model, test.data_sets)
    constants = steering_inputs(plain.model)
    scope = out_of_scope(test.model, training)
    is_expanded = test is not plain
    case = Case(
        test.name, test.kind, operator, is_expanded, constants, scope, unwritable, test.rtol, test.atol, data_sets
    )
    case.write(folder)


def stored_tests(kind: str) -> list:
    """The models of a folder with their tensors loaded."""
    tests = []
    for test in load_model_tests(kind=kind):
        folder = pathlib.Path(test.model_dir)
        data_sets = [
            tuple(
                [onnx.load_tensor(data / f"{role}_{index}.pb") for index in range(len(list(data.glob(f"{role}_*.pb"))))]
                for role in ("input", "output")
            )
            for data in sorted(folder.glob("test_data_set_*"))
        ]
        tests.append(dataclasses.replace(test, model=onnx.load(folder / "model.onnx"), data_sets=data_sets))
    return sorted(tests, key=lambda test: test.name)


def contents() -> str:
    """Names what the folder holds: the package's version and the digest of the scripts that write it."""
    digest = hashlib.sha256()
    for file in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if file.name in ("case.py", "dump.py", "scope.py", "steering.py"):
            digest.update(file.read_bytes())
    return f"{onnx.__version__} {digest.hexdigest()}\n"


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    if onnx.__version__ != VERSION:
        raise SystemExit(f"onnx {onnx.__version__} is installed, expected {VERSION}: remove the environment and retry")
    folder = pathlib.Path(sys.argv[1])
    stamp = folder / "contents.txt"
    if stamp.exists() and stamp.read_text() == contents():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        # The suite divides by zero and overflows on purpose.
        warnings.simplefilter("ignore")
        tests = sorted(collect_testcases(), key=lambda test: test.name)
    plain = {test.name: test for test in tests}
    for test in tests:
        write_case(folder / test.name, test, plain[test.name.split("_expanded")[0]])
    for test in [test for kind in STORED for test in stored_tests(kind)]:
        write_case(folder / test.name, test, test)
        tests.append(test)
    stamp.write_text(contents())
    print(f"{len(tests)} cases in {folder}")


if __name__ == "__main__":
    main()
