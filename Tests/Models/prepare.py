"""Makes the cases that check.py compiles and runs: trained models of others and seeded architectures.

    prepare.py OUTDIR [CASE ...] [--all | --large] [--missing] [--downloads DIR]
"""

import argparse
import dataclasses
import pathlib
import shutil

import block_quantized
import fused_transformers
import fusions
import integers
import seeded
import statically_quantized
import systems
import trained_onnx
import trained_torch
from case import Case

CASES = (
    seeded.CASES
    | fusions.CASES
    | block_quantized.CASES
    | fused_transformers.CASES
    | integers.CASES
    | statically_quantized.CASES
    | systems.CASES
    | trained_onnx.CASES
    | trained_torch.CASES
)

# Many seconds or hundreds of megabytes to make, or to check: only with --all.
SLOW = {
    "crepe_tiny",
    "dat_light_x2",
    "ddddocr_common",
    "fcpe",
    "quantized_efficientnet_b0",
    "resnet50",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; the quick ones by default")
    parser.add_argument("--all", action="store_true", help="the slow cases too")
    parser.add_argument("--downloads", type=pathlib.Path, help="where packages are kept (OUTDIR/downloads)")
    parser.add_argument("--large", action="store_true", help="the systems at full size instead")
    parser.add_argument("--missing", action="store_true", help="only cases that are not there yet")
    arguments = parser.parse_args()
    cases = systems.LARGE if arguments.large else CASES
    unknown = [name for name in arguments.cases if name not in cases]
    if unknown:
        parser.error(f"there is no case {', '.join(unknown)}; there are {', '.join(cases)}")
    downloads = arguments.downloads or arguments.outdir / "downloads"
    for name in arguments.cases or [name for name in cases if arguments.all or name not in SLOW]:
        if arguments.missing and (arguments.outdir / name / "case.json").exists():
            continue
        # Made beside its place and moved, so that an interrupted run leaves no half of a case.
        folder = arguments.outdir / f"{name}.partial"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        cases[name](folder, name, downloads)
        if name in SLOW:
            dataclasses.replace(Case.read(folder), slow=True).save(folder)
        shutil.rmtree(arguments.outdir / name, ignore_errors=True)
        folder.rename(arguments.outdir / name)
        print(f"{name}: prepared", flush=True)


if __name__ == "__main__":
    main()
