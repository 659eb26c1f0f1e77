"""Compiles and runs every case that prepare.py made and compares the results with the other runtime's.

    check.py INGOT OUTDIR [CASE ...] [--all] [--target NAME] [--precision fp32]

For each case: compile, run, compare; compile again, which must give the same bytes; then `ingot verify --stages`,
which holds the bundle, and the graph after every pass, against the compiler's own reference. Exports of one network
must end in the same graph. Prints a table and `N passed, N failed`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import same_graph
from case import Case, all_cases, file_name

TIMEOUT = 600


class Failure(Exception):
    """What went wrong with one case, in one or a few lines."""


def ingot(tool: pathlib.Path, *words) -> str:
    """What the command prints; its standard error in a Failure if it fails."""
    command = [str(word) for word in (tool, *words)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)}: no end after {TIMEOUT} s") from None
    if done.returncode != 0:
        message = done.stderr.strip() or done.stdout.strip()
        raise Failure(f"{' '.join(command)}: exit status {done.returncode}\n{message[-2000:]}")
    return done.stdout


def graph_words(folder: pathlib.Path, case: Case) -> list:
    """The words that say which graph is meant when there is no model file, and how its sizes are fixed."""
    words = []
    for option, value in (("--graph", case.graph), ("--variant", case.variant)):
        words += [option, value] if value else []
    if case.checkpoint:
        words += ["--checkpoint", folder / case.checkpoint]
    for file in case.checkpoints:
        set_name, sign, path = file.rpartition("=")
        words += ["--checkpoint", f"{set_name}{sign}{folder / path}"]
    for name, size in case.dims.items():
        words += ["--dim", f"{name}={size}"]
    for name, value in case.options.items():
        words += ["--option", f"{name}={value}"]
    for name, shape in case.shapes.items():
        words += ["--shape", f"{name}={shape}"]
    for name, value in case.constants.items():
        words += ["--constant", f"{name}={folder / value if value.endswith('.npy') else value}"]
    return words


def compile_words(folder: pathlib.Path, case: Case, target: str | None, precision: str | None) -> list:
    """The words of `ingot compile` for the case, without the output."""
    words = [folder / case.model] if case.model else []
    words += graph_words(folder, case)
    for option, value in (("--target", target), ("--precision", precision), ("--arithmetic", case.arithmetic)):
        words += [option, value] if value else []
    return words


def verify_words(folder: pathlib.Path, case: Case) -> list:
    """The words of `ingot verify` for the case, without the bundle."""
    words = ["--model", folder / case.model] if case.model else []
    words += graph_words(folder, case) + ["--inputs", folder / "inputs"]
    return words + ["--tolerance", case.reference_tolerance]


def difference(found: np.ndarray, expected: np.ndarray, off_by_one: float = 0) -> float:
    """The largest difference as a share of the largest expected value. Integers must be the same, but for the share of
    them that may be off by one."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise Failure(f"found {found.dtype} {found.shape}, expected {expected.dtype} {expected.shape}")
    if expected.size == 0:
        return 0.0
    if expected.dtype.kind != "f":
        steps = np.abs(found.astype(np.int64) - expected.astype(np.int64))
        count = np.count_nonzero(steps)
        if count > off_by_one * expected.size or steps.max() > 1:
            raise Failure(f"{count} of {expected.size} integers differ, by {steps.max()} at most")
        return 0.0
    a, b = found.astype(np.float64), expected.astype(np.float64)
    if not np.isfinite(a).all():
        raise Failure("found values that are not finite")
    largest = np.abs(b).max()
    return float(np.abs(a - b).max() / (largest if largest > 0 else 1))


def verify(tool: pathlib.Path, folder: pathlib.Path, case: Case, bundle: pathlib.Path) -> tuple[int, float]:
    """How many passes changed the graph, and the largest difference that the graph had after any of them."""
    printed = ingot(tool, "verify", bundle, *verify_words(folder, case), "--stages", "--json")
    try:
        facts = json.loads(printed)
        stages = [(stage["pass"], float(stage["relative"])) for stage in facts["stages"]]
        layers, remark = len(facts["layers"]), facts.get("remark")
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"verify --json: {type(error).__name__}: {error}") from None
    if not layers:
        raise Failure(f"verify: compared no layer; {remark or 'no remark'}")
    name, worst = max(stages, key=lambda stage: stage[1], default=("no pass", 0.0))
    if not worst <= case.tolerance:
        raise Failure(f"verify: off by {worst:.2e} after {name}, tolerance {case.tolerance:.0e}")
    return len(stages), worst


def check(tool: pathlib.Path, folder: pathlib.Path, case: Case, words: list, scratch: pathlib.Path) -> dict:
    started = time.monotonic()
    first, second = scratch / "first.ingot", scratch / "second.ingot"
    ingot(tool, "compile", *words, "-o", first)
    compiled = time.monotonic() - started
    ingot(tool, "compile", *words, "-o", second)
    if first.read_bytes() != second.read_bytes():
        raise Failure("two compiles of the same model differ")

    feeds = [word for name, file in case.inputs.items() for word in ("--input", f"{name}={folder / file}")]
    ingot(tool, "run", first, *feeds, "--output-dir", scratch)
    worst = 0.0
    for name, file in case.outputs.items():
        path = scratch / file_name(name)
        if not path.exists():
            written = sorted(p.name for p in scratch.glob("*.npy"))
            raise Failure(f"output {name}: {path.name} was not written; found {', '.join(written) or 'none'}")
        try:
            error = difference(np.load(path), np.load(folder / file), case.off_by_one)
        except Failure as failure:
            raise Failure(f"output {name}: {failure}") from None
        if error > case.tolerance:
            raise Failure(f"output {name}: off by {error:.2e} of its largest value, tolerance {case.tolerance:.0e}")
        worst = max(worst, error)

    passes, stage = verify(tool, folder, case, first)
    size = first.stat().st_size
    return {"error": worst, "seconds": compiled, "bytes": size, "passes": passes, "stage": stage}


def check_graphs(tool: pathlib.Path, network: str, cases: list[tuple[pathlib.Path, Case]]) -> None:
    """Whether the cases, exports of one network, end in one graph, with the ops of its golden text."""
    texts = {}
    for folder, case in cases:
        model = compile_words(folder, case, None, None)
        texts[case.name] = ingot(tool, "passes", *model, "--after", same_graph.LAST_PASS)
    try:
        found = same_graph.differences(network, texts)
    except ValueError as error:
        raise Failure(f"passes --after {same_graph.LAST_PASS}: {error}") from None
    if found:
        raise Failure("\n".join(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path, help="the tool")
    parser.add_argument("outdir", type=pathlib.Path, help="as given to prepare.py")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--all", action="store_true", help="the slow cases too")
    parser.add_argument("--target", help="passed to every compile")
    parser.add_argument("--precision", help="passed to every compile")
    arguments = parser.parse_args()
    cases = all_cases(arguments.outdir, arguments.cases, slow=arguments.all)
    tool = arguments.ingot.resolve()
    width = max([len(case.name) for _, case in cases], default=4)

    passed, failures = 0, []
    print(f"{'case':{width}}  {'error':>8}  {'compile':>8}  {'bundle':>10}  {'passes':>6}  {'worst':>8}")
    for folder, case in cases:
        words = compile_words(folder, case, arguments.target, arguments.precision)
        with tempfile.TemporaryDirectory() as scratch:
            try:
                facts = check(tool, folder, case, words, pathlib.Path(scratch))
            except Failure as failure:
                failures.append((case.name, failure))
                print(f"{case.name:{width}}  FAILED", flush=True)
                continue
        passed += 1
        print(
            f"{case.name:{width}}  {facts['error']:8.1e}  {facts['seconds']:6.2f} s  {facts['bytes']:10,}"
            f"  {facts['passes']:6}  {facts['stage']:8.1e}",
            flush=True,
        )
    if not arguments.target and not arguments.precision:
        for network, names in same_graph.NETWORKS.items():
            exports = [(folder, case) for folder, case in cases if case.name in names]
            if len(exports) < len(names):
                continue
            try:
                check_graphs(tool, network, exports)
            except Failure as failure:
                failures.append((f"graph of {network}", failure))
                print(f"graph of {network}  FAILED", flush=True)
                continue
            passed += 1
            print(f"graph of {network}  the same of {len(exports)} exports", flush=True)

    for name, failure in failures:
        print(f"\n{name}: {failure}")
    print(f"\n{passed} passed, {len(failures)} failed")
    sys.exit(1 if failures or not passed else 0)


if __name__ == "__main__":
    main()
