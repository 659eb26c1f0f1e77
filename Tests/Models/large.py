"""The published systems at full size, as prepare.py --large makes them: compiled, run, and compared with PyTorch.

    large.py INGOT OUTDIR [CASE ...]

Prints time and peak memory of each compile and run. Fails when an output is off by more than 1e-4 of its largest value
(2e-2 for fp16 weights), and when compiling a checkpoint of more than 1 GB to fp16 takes more than 1.3 times its bytes.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from case import Case, all_cases, file_name
from check import Failure, compile_words, difference

MEMORY_LIMIT = 1.3
LARGE_CHECKPOINT = 1 << 30
TOLERANCE = {"fp32": 1e-4, "fp16": 2e-2}


def measured(words: list) -> tuple[float, int]:
    """Seconds and peak bytes of a command, which must succeed. What a process has when it begins another counts for
    that one too, so this one must stay small: no PyTorch here."""
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen([str(word) for word in words], stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        if process.returncode != 0:
            said.seek(0)
            raise Failure(f"exit status {process.returncode}: {said.read().decode(errors='replace')[-2000:]}")
    return seconds, usage.ru_maxrss * 1024


def worst_difference(folder: pathlib.Path, case: Case, found: pathlib.Path) -> float:
    return max(
        difference(np.load(found / file_name(name)), np.load(folder / file)) for name, file in case.outputs.items()
    )


def check(tool: pathlib.Path, folder: pathlib.Path, precision: str) -> list:
    """One row of the table."""
    case = Case.read(folder)
    checkpoint = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        bundle = pathlib.Path(scratch) / "large.ingot"
        words = compile_words(folder, case, None, precision)
        compile_seconds, compile_bytes = measured([tool, "compile", *words, "-o", bundle])
        feeds = [word for name, file in case.inputs.items() for word in ("--input", f"{name}={folder / file}")]
        run_words = [tool, "run", bundle, *feeds, "--threads", 2, "--output-dir", scratch]
        run_seconds, run_bytes = measured(run_words)
        error = worst_difference(folder, case, pathlib.Path(scratch))
        size = bundle.stat().st_size
    if not error <= TOLERANCE[precision]:
        raise Failure(f"off by {error:.2e} of its largest value, allowed are {TOLERANCE[precision]:.0e}")
    if precision == "fp16" and checkpoint > LARGE_CHECKPOINT and compile_bytes > MEMORY_LIMIT * checkpoint:
        raise Failure(f"compiling takes {compile_bytes / checkpoint:.2f} times the checkpoint's bytes")
    return [checkpoint, size, compile_seconds, compile_bytes, run_seconds, run_bytes, error]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path, help="the tool")
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    arguments = parser.parse_args()
    passed, failed = 0, 0
    print("case                                 weights  checkpoint    bundle   compile      peak       run      peak    error")
    for folder, case in all_cases(arguments.outdir, arguments.cases):
        name = case.name
        for precision in TOLERANCE:
            try:
                row = check(arguments.ingot.resolve(), folder, precision)
            except Failure as failure:
                failed += 1
                print(f"{name:36} {precision:>7}  FAILED: {failure}", flush=True)
                continue
            passed += 1
            stored, size, seconds, peak, run, run_peak, error = row
            print(
                f"{name:36} {precision:>7} {stored / 1e6:8.0f} MB {size / 1e6:6.0f} MB {seconds:7.1f} s"
                f" {peak / 1e6:6.0f} MB {run:7.1f} s {run_peak / 1e6:6.0f} MB  {error:7.1e}",
                flush=True,
            )
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
