"""Both tools' figures side by side.

    table.py OUTDIR [NETWORK ...] [--markdown FILE] [--json FILE]

SRAM in KiB; cycles in thousands, each tool's by its own estimate; `ratio` is Ingot's cycles over vela's. Cycles compare within
a tool first of all: what a schedule costs against the tool's own fastest one."""

import argparse
import json
import pathlib

import names


def row(folder: pathlib.Path) -> dict:
    vela, ours = (json.loads((folder / f"{name}.json").read_text()) for name in ("vela", "ours"))
    schedules = {}
    for schedule, facts in ours["schedules"].items():
        sram = next(memory for memory in facts["memories"] if memory["id"] == "sram")
        schedules[schedule] = {
            "sram_bytes": sram["bytes"],
            "lower_bound_bytes": sram["lower_bound_bytes"],
            "cycles": facts["cycles"],
        }
    formats = ours["schedules"]["untiled"]["macs_by_format"]
    fastest = min(facts["cycles"] for facts in schedules.values())
    return {
        "network": folder.name,
        "vela": vela,
        "ingot": schedules,
        "untiled_cycle_ratio": schedules["untiled"]["cycles"] / vela["untiled"]["cycles"],
        "small_sram_ratio": schedules["small"]["sram_bytes"] / vela["size"]["sram_bytes"],
        "small_slowdown": schedules["small"]["cycles"] / fastest - 1,
        "vela_size_slowdown": vela["size"]["cycles"] / vela["untiled"]["cycles"] - 1,
        "integer_share": formats.get("int8xint8", 0) / sum(formats.values()),
        "output_steps": ours["output_steps"],
        "worst_layer": ours["worst_layer"],
    }


def markdown(rows: list[dict]) -> str:
    def cell(facts: dict) -> str:
        return f"{facts['sram_bytes'] / 1024:,.1f}, {facts['cycles'] / 1000:,.0f}"

    titles = ["network", "vela untiled", "vela size", "Ingot untiled", "Ingot fast", "Ingot small"]
    titles += ["ratio untiled", "slow-down: vela, Ingot", "SRAM, small over size", "steps off: layer, output"]
    lines = ["| " + " | ".join(titles) + " |", "| " + " | ".join(["---"] * len(titles)) + " |"]
    for entry in rows:
        cells = [entry["network"], *(cell(entry["vela"][way]) for way in ("untiled", "size"))]
        cells += [cell(entry["ingot"][schedule]) for schedule in ("untiled", "fast", "small")]
        cells += [
            f"{entry['untiled_cycle_ratio']:.3f}",
            f"{entry['vela_size_slowdown']:+.1%}, {entry['small_slowdown']:+.1%}",
            f"{entry['small_sram_ratio']:.3f}",
            f"{entry['worst_layer']['steps']}, {entry['output_steps']}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    floating = [entry["network"] for entry in rows if entry["integer_share"] < 1]
    if floating:
        lines += ["", f"Not all multiply-adds are of int8 in {', '.join(floating)}."]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--markdown", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    rows = [row(arguments.outdir / name) for name in names.of(arguments.networks)]
    text = markdown(rows)
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text(text + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
