"""Times compiled cases against onnxruntime, and in int8 against their own fp32, on one core.

    bench.py INGOT OUTDIR [CASE ...] [--rounds 7] [--runs 20] [--cpu 0] [--json FILE]

OUTDIR is what Tests/Models/prepare.py made; without a CASE it is efficientformerv2_s0. What is timed runs in processes
of its own, on one thread, pinned to one core, by turns in every round: what else the machine does then strikes
all alike. A ratio is the median of the rounds' ratios: ours over onnxruntime's, below 1 Ingot is the faster; int8 over
fp32, below 1 int8 is. Compile time is that of the whole process, in fp32. The int8 bundle is calibrated on the case's own
inputs alone, as only its time is of interest.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Models"))

import numpy as np  # noqa: E402
from case import all_cases  # noqa: E402
from check import Failure, compile_words, ingot  # noqa: E402

COMPILES = 5


def output(command: list) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def compile_seconds(tool: pathlib.Path, words: list, bundle: pathlib.Path) -> float:
    times = []
    for _ in range(COMPILES):
        started = time.monotonic()
        ingot(tool, "compile", *words, "-o", bundle)
        times.append(time.monotonic() - started)
    return statistics.median(times)


def calibration(folder: pathlib.Path, case, samples: pathlib.Path) -> pathlib.Path:
    """The case's inputs as two samples, one to learn from and one to be held back."""
    samples.mkdir()
    arrays = {name: np.load(folder / file) for name, file in case.inputs.items()}
    for index in range(2):
        np.savez(samples / f"{index:04}.npz", **arrays)
    return samples


def measure(tool: pathlib.Path, folder: pathlib.Path, case, options: argparse.Namespace) -> dict:
    words = compile_words(folder, case, options.target, options.precision)
    pinned = ["taskset", "-c", options.cpu]
    times = {"fp32": [], "int8": [], "onnxruntime": []}
    with tempfile.TemporaryDirectory() as scratch:
        bundle = pathlib.Path(scratch) / "model.ingot"
        compiled = compile_seconds(tool, words, bundle)
        quantized = pathlib.Path(scratch) / "int8.ingot"
        samples = calibration(folder, case, pathlib.Path(scratch) / "samples")
        words = compile_words(folder, case, options.target, None)
        ingot(tool, "compile", *words, "--precision", "int8", "--calibration", samples, "-o", quantized)
        words = ["--threads", 1, "--runs", options.runs, "--json"]
        commands = {
            "fp32": [*pinned, tool, "bench", bundle, *words],
            "int8": [*pinned, tool, "bench", quantized, *words],
            "onnxruntime": [*pinned, sys.executable, HERE / "onnxruntime_time.py", folder, options.runs],
        }
        for turn in range(options.rounds):
            # Who goes first changes too, in case the first of a round finds the core cooler.
            for name in list(commands)[:: 1 if turn % 2 == 0 else -1]:
                times[name].append(json.loads(output(commands[name]))["median_ms"])
    ratios = [a / b for a, b in zip(times["fp32"], times["onnxruntime"])]
    return {
        "case": case.name,
        "compile_seconds": compiled,
        "ingot_ms": statistics.median(times["fp32"]),
        "onnxruntime_ms": statistics.median(times["onnxruntime"]),
        "ratio": statistics.median(ratios),
        "ratios": ratios,
        "int8_ms": statistics.median(times["int8"]),
        "int8_ratio": statistics.median(a / b for a, b in zip(times["int8"], times["fp32"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path)
    parser.add_argument("outdir", type=pathlib.Path, help="as given to prepare.py")
    parser.add_argument("cases", nargs="*", default=["efficientformerv2_s0"], metavar="CASE")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--runs", type=int, default=20, help="inferences a round")
    parser.add_argument("--cpu", default="0", help="the core both are pinned to")
    parser.add_argument("--target", help="passed to every compile")
    parser.add_argument("--precision", help="passed to every compile but that in int8")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the facts here as well")
    options = parser.parse_args()
    tool = options.ingot.resolve()
    cases = all_cases(options.outdir, options.cases)

    width = max(len(case.name) for _, case in cases)
    print(f"{'case':{width}}  {'compile':>9}  {'Ingot':>10}  {'onnxruntime':>11}  {'ratio':>6}  {'rounds':12}  {'int8':>10}  int8/fp32")
    rows, failed = [], False
    for folder, case in cases:
        if not case.model:
            print(f"{case.name:{width}}  has no ONNX model for onnxruntime to run")
            continue
        try:
            row = measure(tool, folder, case, options)
        except Failure as failure:
            print(f"{case.name:{width}}  FAILED: {failure}")
            failed = True
            continue
        rows.append(row)
        spread = f"{min(row['ratios']):.2f} to {max(row['ratios']):.2f}"
        print(
            f"{case.name:{width}}  {row['compile_seconds']:7.2f} s  {row['ingot_ms']:7.2f} ms"
            f"  {row['onnxruntime_ms']:8.2f} ms  {row['ratio']:6.2f}  {spread:12}"
            f"  {row['int8_ms']:7.2f} ms  {row['int8_ratio']:9.2f}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
