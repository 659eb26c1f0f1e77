"""Ingot's bundles on the same samples.

    ours.py INGOT OUTDIR [NETWORK ...] [--precision int8] [--label NAME] [-- WORD ...]

Compiles each network with `--precision` and `--calibration`, the words after `--` added, and runs the bundle on the test
samples. What the tool refuses is recorded as its message."""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import results

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Models"))

from case import file_name  # noqa: E402


class Refused(Exception):
    pass


def ingot(tool: pathlib.Path, *words) -> str:
    found = subprocess.run([tool, *map(str, words)], capture_output=True, text=True)
    if found.returncode:
        raise Refused((found.stderr.strip() or f"status {found.returncode}").splitlines()[0])
    return found.stdout


def compiled(tool: pathlib.Path, folder: pathlib.Path, bundle: pathlib.Path, words: list[str]) -> dict:
    """Compiles; gives what the compiler says of the bundle."""
    started = time.monotonic()
    facts = json.loads(ingot(tool, "compile", folder / "model.onnx", *words, "-o", bundle, "--json"))
    facts["compile_seconds"] = round(time.monotonic() - started, 1)
    kept = ("bundle_bytes", "weight_bytes", "macs_by_format", "compile_seconds", "quantization")
    for found in facts.get("quantization", []):
        found.pop("layers")
    return {key: facts[key] for key in kept if key in facts}


def run(tool: pathlib.Path, folder: pathlib.Path, bundle: pathlib.Path):
    outputs = results.network(folder)["outputs"]

    def each(feeds):
        with tempfile.TemporaryDirectory() as scratch:
            np.savez(f"{scratch}/sample.npz", **feeds)
            ingot(tool, "run", bundle, "--input", f"{scratch}/sample.npz", "--output-dir", scratch)
            return {name: np.load(f"{scratch}/{file_name(name)}") for name in outputs}

    return each


def measure(tool: pathlib.Path, folder: pathlib.Path, label: str, words: list[str]) -> None:
    bundle = folder / "results" / f"{label}.ingot"
    bundle.parent.mkdir(exist_ok=True)
    try:
        facts, source = compiled(tool, folder, bundle, words), hashlib.sha256(bundle.read_bytes()).hexdigest()
    except Refused as error:
        facts, source = {"refused": str(error)}, str(error)

    def quantize():
        if "refused" in facts:
            raise Refused(facts["refused"])
        return run(tool, folder, bundle), facts

    results.record(folder, label, source, quantize)


def main() -> None:
    words = sys.argv[1:] if "--" in sys.argv else [*sys.argv[1:], "--"]
    mine, rest = words[: words.index("--")], words[words.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path)
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--label", help="what the results are kept under (ingot-PRECISION)")
    arguments = parser.parse_args(mine)
    label = arguments.label or f"ingot-{arguments.precision}"
    for folder in results.folders(arguments.outdir, arguments.networks):
        options = ["--precision", arguments.precision]
        if arguments.precision in ("int8", "mixed"):
            options += ["--calibration", str(folder / "calibration")]
        measure(arguments.ingot.resolve(), folder, label, options + rest)


if __name__ == "__main__":
    main()
