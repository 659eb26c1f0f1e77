"""What the quantizers make of the networks, as a table.

    table.py OUTDIR [NETWORK ...] [--ours LABEL] [--json FILE] [--markdown FILE]

The signal to noise of a part of an output is 10 log10(sum of squares / sum of squared errors) of a sample, in dB; each
figure is the mean over test samples and parts. Logits are compared less their mean; boxes and scores apart. A sample that
is exactly right counts 120 dB, one with numbers that are not finite -100 dB. A peer that leaves more than 45 % of the
weights in fp32 is partly quantized, and stands in a column of its own."""

import argparse
import json
import pathlib
import statistics

import numpy as np
import results

EXACT, BROKEN, PARTLY = 120.0, -100.0, 0.45


def part_of(value: np.ndarray, part: dict) -> np.ndarray:
    value = value.astype(np.float64)
    if part["columns"]:
        value = value[..., slice(*part["columns"])]
    return value - value.mean(-1, keepdims=True) if part["centered"] else value


def decibels(found: np.ndarray, wanted: np.ndarray) -> float | None:
    """None where there is no signal."""
    if found.shape != wanted.shape:
        raise SystemExit(f"found {found.shape}, expected {wanted.shape}")
    if not np.isfinite(found).all():
        return BROKEN
    signal, noise = np.square(wanted).sum(), np.square(found - wanted).sum()
    if signal == 0:
        return None
    return float(np.clip(10 * np.log10(signal / noise), BROKEN, EXACT)) if noise > 0 else EXACT


def measured(folder: pathlib.Path, place: pathlib.Path) -> dict | None:
    """Mean and worst of a method's results; None if there are none."""
    if not (place / "facts.json").exists():
        return None
    facts = json.loads((place / "facts.json").read_text())
    kept = ("method", "source", "unquantized", "seconds", "error", "bundle_bytes", "weight_bytes", "macs_by_format")
    kept += ("compile_seconds", "quantization")
    found = {key: facts[key] for key in kept if key in facts}
    if "error" in facts:
        return found
    network = results.network(folder)
    by_sample, by_part, same = [], [[] for _ in network["parts"]], []
    for outputs, wanted in zip(results.samples(place), results.samples(folder / "reference")):
        values = []
        for index, part in enumerate(network["parts"]):
            name = network["outputs"][part["output"]]
            value = decibels(part_of(outputs[name], part), part_of(wanted[name], part))
            if part["centered"]:
                same.append(float((outputs[name].argmax(-1) == wanted[name].argmax(-1)).mean()))
            if value is not None:
                values.append(value)
                by_part[index].append(value)
        if values:
            by_sample.append(statistics.fmean(values))
    deviation = statistics.stdev(by_sample) if len(by_sample) > 1 else 0.0
    return found | {
        "sqnr_db": statistics.fmean(by_sample),
        "standard_error_db": deviation / len(by_sample) ** 0.5,
        "worst_db": min(by_sample),
        "parts_db": [statistics.fmean(part) if part else None for part in by_part],
        "top1_agreement": statistics.fmean(same) if same else None,
        "samples": len(by_sample),
    }


def row(folder: pathlib.Path, ours: str) -> dict:
    network = results.network(folder)
    methods = {}
    for place in sorted((folder / "results").glob("*/")):
        found = measured(folder, place)
        if found:
            methods[place.name] = found

    def best(prefix: str, partly: bool) -> str | None:
        these = [
            name
            for name, found in methods.items()
            if name.startswith(prefix) and "sqnr_db" in found and (found["unquantized"] > PARTLY) == partly
        ]
        return max(these, key=lambda name: methods[name]["sqnr_db"], default=None)

    families = ("onnxruntime-", "nncf-")
    peers = [name for name in (best(family, False) for family in families) if name]
    partly = [name for name in (best(family, True) for family in families) if name]
    pick = lambda names: max(names, key=lambda name: methods[name]["sqnr_db"], default=None)  # noqa: E731
    found = {
        "network": network["name"],
        "development": network["development"],
        "best_peer": pick(peers),
        "best_partly_quantized": pick(partly),
        "model_bytes": (folder / "model.onnx").stat().st_size,
        "methods": methods,
    }
    found |= {"best_" + family.rstrip("-"): best(family, False) for family in families}
    if "sqnr_db" in methods.get(ours, {}):
        for gain, peer in (("gain_db", "best_peer"), ("gain_over_partly_quantized_db", "best_partly_quantized")):
            if found[peer]:
                found[gain] = methods[ours]["sqnr_db"] - methods[found[peer]]["sqnr_db"]
    return found


def markdown(rows: list[dict], ours: str) -> str:
    def figure(entry: dict, name: str | None) -> str:
        if not name:
            return "-"
        method = entry["methods"][name]
        return f"{method['sqnr_db']:.1f} ({name.split('-', 1)[1]})"

    def gain(entry: dict) -> str:
        if "gain_db" in entry:
            return f"{entry['gain_db']:+.1f}"
        partly = entry.get("gain_over_partly_quantized_db")
        return "-" if partly is None else f"({partly:+.1f})"

    lines = [
        "| network | onnxruntime | NNCF | partly quantized | Ingot | gain | worst sample: peer, Ingot | list |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in rows:
        mine = entry["methods"].get(ours, {})
        peer = entry["best_peer"] or entry["best_partly_quantized"]
        own = f"{mine['sqnr_db']:.1f} ± {mine['standard_error_db']:.1f}" if "sqnr_db" in mine else ("failed" if mine else "not run")
        partly = entry["best_partly_quantized"]
        share = f", {entry['methods'][partly]['unquantized']:.0%} fp32" if partly else ""
        cells = [
            entry["network"],
            figure(entry, entry["best_onnxruntime"]),
            figure(entry, entry["best_nncf"]),
            (f"{entry['methods'][partly]['sqnr_db']:.1f} ({partly}{share})" if partly else "-"),
            own.replace("|", "\\|"),
            gain(entry),
            f"{entry['methods'][peer]['worst_db']:.1f}" if peer else "-",
            "development" if entry["development"] else "held out",
        ]
        cells[6] += f", {mine['worst_db']:.1f}" if "worst_db" in mine else ", -"
        lines.append("| " + " | ".join(cells) + " |")
    gains = [entry["gain_db"] for entry in rows if "gain_db" in entry]
    if gains:
        lines += [
            "",
            f"{len(gains)} networks that a peer quantizes: median gain {statistics.median(gains):+.1f} dB, "
            f"{sum(value >= 1 for value in gains)} gain 1 dB or more, the least is {min(gains):+.1f} dB. "
            "In brackets: over a peer that quantizes partly.",
        ]
    failed = [
        f"{entry['network']}, {name}: {method['error']}"
        for entry in rows
        for name, method in entry["methods"].items()
        if "error" in method
    ]
    return "\n".join(lines + [""] + [f"- {line}" for line in failed]) + "\n"


def budgets(rows: list[dict]) -> str:
    """What `--precision mixed` makes of a budget, beside int8 and fp16; nothing where it was not run."""
    rows = [entry for entry in rows if "ingot-mixed" in entry["methods"]]
    if not rows:
        return ""
    lines = [
        "| network | int8 | mixed: held back | mixed: tests | as int8, mixed and fp16 in kB | other formats than int8 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for entry in rows:
        int8, mixed, half = (entry["methods"].get(f"ingot-{name}", {}) for name in ("int8", "mixed", "fp16"))
        if "error" in mixed:
            lines.append(f"| {entry['network']} | - | {mixed['error'].replace('|', '/')} | - | - | - |")
            continue
        search = mixed["quantization"][0]["search"]
        chosen = next(point for point in search["points"] if point["chosen"])
        others = ", ".join(f"{count} {name}" for name, count in sorted(chosen["layers"].items()) if name != "int8")
        sizes = [f"{method['bundle_bytes'] / 1e3:,.0f}" if "bundle_bytes" in method else "-" for method in (int8, mixed, half)]
        cells = [
            entry["network"],
            f"{int8['sqnr_db']:.1f}" if "sqnr_db" in int8 else "-",
            f"{chosen['mean_db']:.1f} ± {chosen['standard_error']:.1f}",
            f"{mixed['sqnr_db']:.1f} ± {mixed['standard_error_db']:.1f}",
            ", ".join(sizes),
            f"{others or 'none'}, of {sum(chosen['layers'].values())} layers",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(["", *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("outdir", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--ours", default="ingot-int8", help="the label of Ingot's results")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    arguments = parser.parse_args()
    rows = [row(folder, arguments.ours) for folder in results.folders(arguments.outdir, arguments.networks)]
    rows.sort(key=lambda entry: (not entry["development"], entry["network"]))
    text = markdown(rows, arguments.ours) + budgets(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
    if arguments.markdown:
        arguments.markdown.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
