"""What Ingot makes of each network for the same chip, in each schedule, and what its bundles compute.

    ours.py INGOT OUTDIR [NETWORK ...]

Writes OUTDIR/NETWORK/ours.json: for every schedule the peak of each memory and the estimate of cycles, the formats that
multiply-adds are in, and by how many steps the result for a picture and, each fed with TensorFlow's integers, the results of
single operators differ from TensorFlow's. Fails where another schedule than `untiled` computes other integers."""

import json
import pathlib
import subprocess
import sys

import names
import numpy as np

TARGET = "arm-ethos-u55-256"
SCHEDULES = ("untiled", "fast", "small")


def told(words: list) -> str:
    found = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if found.returncode:
        raise SystemExit(f"{' '.join(map(str, words))}\n{found.stderr}")
    return found.stdout


def compiled(tool: pathlib.Path, folder: pathlib.Path, schedule: str) -> dict:
    words = ["compile", folder / "model.onnx", "--target", TARGET, "--schedule", schedule, "--json"]
    facts = json.loads(told([tool, *words, "-o", folder / f"{schedule}.ingot"]))
    return {key: facts[key] for key in ("memories", "cycles", "macs_by_format")}


def result(tool: pathlib.Path, folder: pathlib.Path, schedule: str) -> np.ndarray:
    place = folder / schedule
    told([tool, "run", folder / f"{schedule}.ingot", "--input", f"input0={folder / 'input.npy'}", "--output-dir", place])
    return np.load(place / "output0.npy")


def worst_layer(tool: pathlib.Path, folder: pathlib.Path) -> dict:
    """The most by which an operator alone differs, and the share of numbers that do. All maps at once are inputs, which no
    NPU's memory would hold."""
    place = folder / "layers"
    told([tool, "compile", folder / "layers.onnx", "-o", folder / "layers.ingot"])
    told([tool, "run", folder / "layers.ingot", "--input", folder / "layers.npz", "--output-dir", place])
    steps = {}
    with np.load(folder / "layers_expected.npz") as wanted:
        for name in wanted:
            steps[name] = np.abs(np.load(place / f"{name}.npy").astype(int) - wanted[name])
    name = max(steps, key=lambda name: steps[name].max())
    share = sum(int((step > 0).sum()) for step in steps.values()) / sum(step.size for step in steps.values())
    return {"name": name, "steps": int(steps[name].max()), "differing": share}


def measured(tool: pathlib.Path, folder: pathlib.Path) -> dict:
    found = {schedule: compiled(tool, folder, schedule) for schedule in SCHEDULES}
    results = {schedule: result(tool, folder, schedule) for schedule in SCHEDULES}
    for schedule in SCHEDULES[1:]:
        if not np.array_equal(results[schedule], results["untiled"]):
            raise SystemExit(f"{folder.name}: '{schedule}' computes other integers than 'untiled'")
    steps = np.abs(results["untiled"].astype(int) - np.load(folder / "expected.npy"))
    return {"schedules": found, "output_steps": int(steps.max()), "worst_layer": worst_layer(tool, folder)}


def main() -> None:
    tool, outdir = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    for name in names.of(sys.argv[3:]):
        print(f"compiling {name}", file=sys.stderr, flush=True)
        (outdir / name / "ours.json").write_text(json.dumps(measured(tool, outdir / name), indent=1))


if __name__ == "__main__":
    main()
