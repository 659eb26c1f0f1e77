"""What calibration takes of memory with many samples, against few.

    calibration_memory.py INGOT [MANY] [FEW]

Quantizes a small network to int8 with MANY (1,000) and with FEW (10) samples of 196,608 bytes each, prints the peak memory of
both, and fails when many take more than 10 % above few. Samples that were kept would take more than the limit by themselves.
Needs nothing but Python."""

import array
import json
import pathlib
import random
import subprocess
import sys
import tempfile

SHAPE = (1, 3, 128, 128)
COUNT = SHAPE[1] * SHAPE[2] * SHAPE[3]
LIMIT = 1.10
NETWORK = """graph @main(%image: f32[1, 3, 128, 128]) -> (%scores) {
  weight @first.weight: f32[16, 3, 3, 3]
  weight @first.bias: f32[16]
  weight @second.weight: f32[32, 16, 3, 3]
  weight @second.bias: f32[32]
  %first = conv %image, @first.weight, @first.bias {strides = [2, 2], pads = [1, 1, 1, 1]}
  %active = silu %first
  %second = conv %active, @second.weight, @second.bias {strides = [2, 2], pads = [1, 1, 1, 1]}
  %rest = relu %second
  %scores = reduce %rest {kind = mean, axes = [2, 3], keep = false}
}
"""


def write_samples(folder: pathlib.Path, count: int) -> None:
    """Noise as .npy, another window of the same numbers for each sample."""
    generator = random.Random(1)
    numbers = array.array("f", (generator.gauss(0, 1) for _ in range(2 * COUNT)))
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {SHAPE}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    folder.mkdir()
    for sample in range(count):
        start = sample * 97 % COUNT
        body = numbers[start : start + COUNT].tobytes()
        (folder / f"image_{sample:04}.npy").write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header + body)


def peak(tool: str, scratch: pathlib.Path, count: int) -> int:
    samples = scratch / f"samples{count}"
    write_samples(samples, count)
    words = ["compile", scratch / "network.graph", "--random-weights", "1", "--precision", "int8", "--json"]
    words += ["--calibration", samples, "-o", scratch / "network.ingot"]
    found = subprocess.run([tool, *map(str, words)], capture_output=True, text=True)
    if found.returncode:
        sys.exit(found.stderr)
    facts = json.loads(found.stdout)
    if facts["quantization"][0]["samples"] != count:
        sys.exit(f"{facts['quantization'][0]['samples']} samples were read, expected {count}")
    return facts["cost"]["peak_memory_bytes"]


def main() -> None:
    many, few = (int(word) for word in (sys.argv[2:] + ["1000", "10"][len(sys.argv) - 2 :]))
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        (scratch / "network.graph").write_text(NETWORK)
        small, large = peak(sys.argv[1], scratch, few), peak(sys.argv[1], scratch, many)
    print(f"peak memory: {small / 1e6:.1f} MB with {few} samples, {large / 1e6:.1f} MB with {many}: {large / small:.3f} times")
    if large > LIMIT * small:
        sys.exit(f"expected at most {LIMIT} times")


if __name__ == "__main__":
    main()
