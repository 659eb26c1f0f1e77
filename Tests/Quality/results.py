"""What a quantizer makes of the test samples of a network, kept in OUTDIR/NETWORK/results/METHOD until network, samples or
method change: `NNNN.npz` with the outputs for each sample, and `facts.json`."""

import argparse
import hashlib
import json
import pathlib
import shutil
import time
from collections.abc import Callable

import numpy as np

Feeds = dict[str, np.ndarray]


def samples(folder: pathlib.Path) -> list[Feeds]:
    """The arrays of every `.npz` of a folder, in order."""
    found = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            found.append({name: file[name] for name in file.files})
    return found


def network(folder: pathlib.Path) -> dict:
    return json.loads((folder / "network.json").read_text())


def folders(outdir: pathlib.Path, names: list[str]) -> list[pathlib.Path]:
    """The prepared networks: those of the given names if any."""
    found = {path.parent.name: path.parent for path in sorted(outdir.glob("*/network.json"))}
    for name in names:
        if name not in found:
            raise SystemExit(f"{outdir}: '{name}' is not prepared; there are {', '.join(found) or 'none'}")
    return [path for name, path in found.items() if not names or name in names]


def record(folder: pathlib.Path, method: str, source: str, quantize: Callable[[], tuple[Callable, dict]]) -> None:
    """Runs a method unless its results are there. `source` is what they depend on beside network and samples: versions and
    settings. `quantize` gives a function from a sample to the outputs by name, and facts to keep."""
    facts = network(folder)
    key = hashlib.sha256(json.dumps([facts["digest"], method, source]).encode()).hexdigest()
    place = folder / "results" / method
    try:
        if json.loads((place / "facts.json").read_text())["key"] == key:
            return
    except (OSError, ValueError, KeyError):
        pass
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    started = time.monotonic()
    known = {"key": key, "method": method, "source": source}
    try:
        run, found = quantize()
        known |= found | {"seconds": round(time.monotonic() - started, 1)}
        for index, feeds in enumerate(samples(folder / "test")):
            np.savez(place / f"{index:04}.npz", **run(feeds))
    except Exception as error:  # noqa: BLE001 - another's tool may fail in any way; the table says how
        known["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    (place / "facts.json").write_text(json.dumps(known, indent=2) + "\n")
    print(f"{folder.name}: {method}: {known.get('error', known.get('seconds'))}", flush=True)


def run_peer(description: str, source: str, methods: dict, quantized: Callable[..., tuple[Callable, dict]]) -> None:
    """The command of a peer: records what each of its methods, or the one asked for, makes of the networks."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--method", choices=methods, help="only one of them")
    arguments = parser.parse_args()
    for folder in folders(arguments.outdir, arguments.networks):
        for name, settings in methods.items():
            if arguments.method in (None, name):
                record(folder, name, source, lambda: quantized(folder, settings))
