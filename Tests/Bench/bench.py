"""Times compiled cases against onnxruntime on one core.

    bench.py INGOT OUTDIR [CASE ...] [--rounds 7] [--runs 20] [--cpu 0] [--json FILE]

OUTDIR is what Tests/Models/prepare.py made; without a CASE it is efficientformerv2_s0. Both runtimes run in processes
of their own, on one thread, pinned to one core, by turns in every round: what else the machine does then strikes
both alike. The ratio is the median of the rounds' ratios, ours over theirs; below 1 Ingot is the faster. Compile
time is that of the whole process.
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


def measure(tool: pathlib.Path, folder: pathlib.Path, case, options: argparse.Namespace) -> dict:
    words = compile_words(folder, case, options.target, options.precision)
    pinned = ["taskset", "-c", options.cpu]
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        bundle = pathlib.Path(scratch) / "model.ingot"
        compiled = compile_seconds(tool, words, bundle)
        mine = [*pinned, tool, "bench", bundle, "--threads", 1, "--runs", options.runs, "--json"]
        peer = [*pinned, sys.executable, HERE / "onnxruntime_time.py", folder, options.runs]
        for turn in range(options.rounds):
            # Who goes first changes too, in case the first of a round finds the core cooler.
            for command, times in ((mine, ours), (peer, theirs))[:: 1 if turn % 2 == 0 else -1]:
                times.append(json.loads(output(command))["median_ms"])
    return {
        "case": case.name,
        "compile_seconds": compiled,
        "ingot_ms": statistics.median(ours),
        "onnxruntime_ms": statistics.median(theirs),
        "ratio": statistics.median(a / b for a, b in zip(ours, theirs)),
        "ratios": [a / b for a, b in zip(ours, theirs)],
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
    parser.add_argument("--precision", help="passed to every compile")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the facts here as well")
    options = parser.parse_args()
    tool = options.ingot.resolve()
    cases = all_cases(options.outdir, options.cases)

    width = max(len(case.name) for _, case in cases)
    print(f"{'case':{width}}  {'compile':>9}  {'Ingot':>10}  {'onnxruntime':>11}  {'ratio':>6}  rounds")
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
            f"  {row['onnxruntime_ms']:8.2f} ms  {row['ratio']:6.2f}  {spread}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
