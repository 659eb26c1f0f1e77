"""What becomes of one case."""

import dataclasses
import enum
import json
import pathlib
import signal
import subprocess
import tempfile

import numpy as np
from case import Case, DataSet
from compare import EXACT, difference
from reasons import reason

TIMEOUT = 60


class Kind(enum.StrEnum):
    PASSED = "passed"
    WRONG = "wrong"
    """Ran and gave other numbers, or another shape or element type."""
    REFUSED = "refused"
    """The compiler or the tool explains why it can't be done."""
    CRASHED = "crashed"
    """Died of a signal, took too long or failed without a message."""
    OUT_OF_SCOPE = "out of scope"
    """Refused, and no inference graph on a phone is like this."""


@dataclasses.dataclass
class Outcome:
    kind: Kind
    reason: str = ""
    """Of a refusal: the message without what is particular to the case. Otherwise what differs or happened."""
    message: str = ""
    """All that the tool said."""


class Refusal(Exception):
    """The tool's message."""


class Crash(Exception):
    """What happened to the tool."""


def ingot(tool: pathlib.Path, *words) -> str:
    """What the command prints."""
    command = [str(word) for word in (tool, *words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Crash(f"{words[0]}: no end after {TIMEOUT} s") from None
    message = done.stderr.strip()
    if done.returncode < 0:
        raise Crash(f"{words[0]}: {signal.Signals(-done.returncode).name}: {message[-2000:]}")
    if done.returncode != 0 and (not message or done.returncode > 127):
        raise Crash(f"{words[0]}: exit status {done.returncode}: {message[-2000:]}")
    if done.returncode != 0:
        raise Refusal(message)
    return done.stdout


def differences(tool: pathlib.Path, folder: pathlib.Path, case: Case, data: DataSet) -> list[str]:
    """Compiles the model, runs it on the data set and says which outputs differ, and how."""
    model = folder / "model.onnx"
    fixed = [word for name in case.constants for word in ("--constant", f"{name}={folder / data.inputs[name]}")]
    feeds = [
        word
        for name, file in data.inputs.items()
        if name not in case.constants
        for word in ("--input", f"{name}={folder / file}")
    ]
    with tempfile.TemporaryDirectory() as scratch:
        bundle = pathlib.Path(scratch) / "model.ingot"
        ingot(tool, "compile", model, *fixed, "-o", bundle)
        printed = ingot(tool, "run", bundle, *feeds, "--output-dir", scratch, "--json")
        try:
            found = {output["name"]: (output["element"], np.load(output["file"])) for output in json.loads(printed)}
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise Crash(f"run: unreadable results: {type(error).__name__}: {error}") from None
        problems = []
        for output in data.outputs:
            if output.name not in found:
                problems.append(f"{output.name}: not an output of the bundle")
                continue
            element, array = found[output.name]
            expected = np.load(folder / output.file)
            problem = difference(array, element, expected, output.type, case.rtol, case.atol)
            if problem:
                problems.append(f"{output.name}: {problem}")
        return problems


def outcome(tool: pathlib.Path, folder: pathlib.Path, case: Case) -> Outcome:
    try:
        if case.unwritable:
            # Whether it compiles is all that can be known.
            with tempfile.TemporaryDirectory() as scratch:
                ingot(tool, "compile", folder / "model.onnx", "-o", pathlib.Path(scratch) / "model.ingot")
            raise Refusal(case.unwritable)
        problems = [problem for data in case.data_sets for problem in differences(tool, folder, case, data)]
    except Refusal as refusal:
        kind = Kind.OUT_OF_SCOPE if case.out_of_scope else Kind.REFUSED
        return Outcome(kind, reason(str(refusal)), str(refusal))
    except Crash as crash:
        return Outcome(Kind.CRASHED, str(crash).splitlines()[0], str(crash))
    if problems:
        return Outcome(Kind.WRONG, "; ".join(problems), "\n".join(problems))
    return Outcome(Kind.PASSED)


def is_converted(case: Case) -> bool:
    """Whether an output has a type that Ingot holds in another one."""
    return any(output.type not in EXACT for data in case.data_sets for output in data.outputs)
