"""How many held-out digits are right in fp32 and in Ingot's bundles.

    accuracy.py INGOT OUTDIR [NETWORK=POINTS ...] [--label ingot-int8]

Runs the models of the networks trained on digits by onnxruntime, and the bundles that ours.py made of them, on all digits held out
from training; fails where a bundle loses more than POINTS per cent (digits=0.5, efficientformerv2_s0_digits=1)."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Models"))

import trained_digits  # noqa: E402


def held_out() -> tuple[np.ndarray, np.ndarray]:
    digits, labels, train = trained_digits._arranged()
    return digits[: train.HELD_OUT], labels[: train.HELD_OUT]


def of_onnxruntime(model: pathlib.Path, digits: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model)
    return np.array([session.run(["logits"], {"digit": digit[None]})[0].argmax() for digit in digits])


def of_bundle(tool: pathlib.Path, bundle: pathlib.Path, digits: np.ndarray) -> np.ndarray:
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        for digit in digits:
            np.save(f"{scratch}/digit.npy", digit[None])
            words = ["run", bundle, "--input", f"digit={scratch}/digit.npy", "--output-dir", scratch]
            subprocess.run([tool, *words], check=True, stdout=subprocess.DEVNULL)
            found.append(np.load(f"{scratch}/logits.npy").argmax())
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path)
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*", default=["digits=0.5", "efficientformerv2_s0_digits=1"])
    parser.add_argument("--label", default="ingot-int8")
    arguments = parser.parse_args()
    digits, labels = held_out()
    lost = []
    for word in arguments.networks:
        name, points = word.split("=")
        folder = arguments.outdir / name
        exact = of_onnxruntime(folder / "model.onnx", digits)
        bundle = of_bundle(arguments.ingot.resolve(), folder / "results" / f"{arguments.label}.ingot", digits)
        right = [int((answer == labels).sum()) for answer in (exact, bundle)]
        print(
            f"{name}: {right[0]} of {len(labels)} right in fp32, {right[1]} in {arguments.label}; "
            f"{int((exact == bundle).sum())} answers are the same",
            flush=True,
        )
        if 100 * (right[0] - right[1]) > float(points) * len(labels):
            lost.append(name)
    if lost:
        sys.exit(f"more is lost than may be: {', '.join(lost)}")


if __name__ == "__main__":
    main()
