"""What vela makes of each network, for an Ethos-U55-256 whose maps lie in SRAM and whose weights in flash.

    vela_peer.py OUTDIR [NETWORK ...]

Writes OUTDIR/NETWORK/vela.json: for `untiled` (--optimise Performance, which forms no cascades where SRAM is not limited) and
`size` (--optimise Size) the peak of SRAM in bytes and vela's own estimate of cycles, kept until the network changes. Of the
untiled one every op's cycles stay in vela/untiled/model_per-layer.csv."""

import csv
import json
import pathlib
import subprocess
import sys

import names

SYSTEM = "Ethos_U55_High_End_Embedded"
WAYS = {"untiled": "Performance", "size": "Size"}
KEYS = {
    "cycles": "cycles_total",
    "npu_cycles": "cycles_npu",
    "sram_cycles": "cycles_sram_access",
    "flash_cycles": "cycles_off_chip_flash_access",
}


def compiled(model: pathlib.Path, folder: pathlib.Path, optimise: str) -> dict:
    words = [pathlib.Path(sys.executable).parent / "vela", model, "--output-dir", folder, "--optimise", optimise]
    words += ["--accelerator-config", "ethos-u55-256", "--config", "Arm/vela.ini", "--verbose-performance"]
    words += ["--system-config", SYSTEM, "--memory-mode", "Shared_Sram"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    with (folder / f"model_summary_{SYSTEM}.csv").open() as file:
        (row,) = csv.DictReader(file)
    found = {key: int(float(row[name])) for key, name in KEYS.items()}
    return found | {"sram_bytes": int(float(row["sram_memory_used"]) * 1024)}


def main() -> None:
    outdir = pathlib.Path(sys.argv[1])
    for name in names.of(sys.argv[2:]):
        model, facts = outdir / name / "model.tflite", outdir / name / "vela.json"
        if names.is_older(facts, model):
            print(f"compiling {name} by vela", file=sys.stdout, flush=True)
            found = {way: compiled(model, outdir / name / "vela" / way, word) for way, word in WAYS.items()}
            facts.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
