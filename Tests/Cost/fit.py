"""Fits the cost terms of networks to published times of phones, group by group, and says how far off it is on families of networks
that the fit has not seen.

    fit.py [--write TARGETS]

latencies.csv has the times, with device, lab and source; networks.csv what each network is made of (networks.py writes it).
Coefficients are not negative and shared by all groups; each group, which is one lab's tool on one phone, has a factor and a time of an
empty network of its own.
Relative errors count, so that small networks weigh as much as large ones. With --write the coefficients and their error go into
the files of the targets.
"""
import csv
import json
import os
import re
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TERMS = ["ops", "conv_gmacs", "pointwise_gmacs", "depthwise_gmacs", "attention_gmacs", "traffic_mb", "weights_mb", "movement_mb",
         "reduction_mb", "elementwise_mb"]
CAUTION = ("Fitted to image classifiers and backbones of 0.2 to 20 G multiply-adds at batch 1 in f16, as Core ML ran them. Estimates of "
           "other networks, such as decoders of diffusion models, and of parts that Core ML places elsewhere are not to be trusted.")


def read():
    with open(os.path.join(HERE, "networks.csv")) as file:
        networks = {row["network"]: np.array([float(row[term]) for term in TERMS]) for row in csv.DictReader(file)}
    with open(os.path.join(HERE, "latencies.csv")) as file:
        rows = [row for row in csv.DictReader(file) if row["network"] in networks]
    return rows, np.stack([networks[row["network"]] for row in rows])


# How much coefficients are held to be small, and from which relative error on rows count less: the best of five pairs by the error on
# families left out, which that flatters.
RIDGE = 3e-4
ROBUST = 0.1


def nonnegative(a, b):
    """Least squares with coefficients that are not negative, by coordinate descent on the normal equations."""
    gram, target = a.T @ a, a.T @ b
    x = np.zeros(a.shape[1])
    for _ in range(20000):
        before = x.copy()
        for index in range(len(x)):
            if gram[index, index] > 0:
                x[index] = max(0.0, x[index] + (target[index] - gram[index] @ x) / gram[index, index])
        if np.abs(x - before).max() <= 1e-12 * max(x.max(), 1e-12):
            break
    return x


def fit(features, times, groups, ridge=RIDGE, rounds=15):
    """Coefficients of the terms; of each group the time of an empty network, and the factor of its terms."""
    names = sorted(set(groups))
    factors = {name: 1.0 for name in names}
    scale = features.mean(0) + 1e-12
    ones = np.array([[float(group == name) for name in names] for group in groups])
    weights = np.ones(len(times))
    for _ in range(rounds):
        factor = np.array([factors[group] for group in groups])
        a = np.hstack([ones, features / scale * factor[:, None]]) / times[:, None]
        w = np.sqrt(weights)
        penalty = np.sqrt(ridge * len(times)) * np.eye(a.shape[1])
        penalty[: len(names)] = 0
        solution = nonnegative(np.vstack([a * w[:, None], penalty]), np.concatenate([w, np.zeros(a.shape[1])]))
        x = solution[len(names):] / scale
        empty = dict(zip(names, solution))
        guess = features @ x
        for name in names:
            own = np.array([group == name for group in groups])
            ratio = (times[own] - empty[name]) / np.maximum(guess[own], 1e-9)
            factors[name] = float(np.clip(np.median(ratio), 0.2, 5))
        mean = np.exp(np.mean(np.log(list(factors.values()))))
        factors = {name: value / mean for name, value in factors.items()}
        estimate = estimates_of(features, groups, x, empty, factors)
        # Rows that are far off, such as those of networks of which parts ran elsewhere, pull less.
        off = np.abs(estimate / times - 1)
        weights = np.minimum(1.0, ROBUST / np.maximum(off, 1e-9))
    return x, empty, factors


def estimates_of(features, groups, x, empty, factors):
    typical = (np.mean(list(empty.values())), 1.0)
    return np.array([
        empty.get(group, typical[0]) + factors.get(group, typical[1]) * (row @ x) for row, group in zip(features, groups)])


def ranks(values):
    order = np.argsort(np.argsort(values)).astype(float)
    for value in set(values):
        order[values == value] = order[values == value].mean()
    return order


def spearman(a, b):
    return float(np.corrcoef(ranks(np.asarray(a)), ranks(np.asarray(b)))[0, 1])


def left_out(rows, features, times, groups):
    """Estimates of each row by a fit without its family."""
    families = np.array([row["family"] for row in rows])
    estimates = np.zeros(len(rows))
    for family in sorted(set(families)):
        rest = families != family
        fitted = fit(features[rest], times[rest], [group for group, keep in zip(groups, rest) if keep])
        out = np.flatnonzero(~rest)
        estimates[out] = estimates_of(features[out], [groups[index] for index in out], *fitted)
    return estimates


def main():
    rows, features = read()
    times = np.array([float(row["latency_ms"]) for row in rows])
    groups = [row["group"] for row in rows]
    x, empty, factors = fit(features, times, groups)
    estimates = left_out(rows, features, times, groups)
    errors = np.abs(estimates / times - 1)
    if "--rows" in sys.argv:
        for row, time, estimate in sorted(zip(rows, times, estimates), key=lambda item: item[2] / item[1]):
            print(f"{row['group']:20s} {row['network']:24s} {time:7.2f} ms, left out {estimate:7.2f}, {estimate / time:5.2f}")
    print("coefficient       ms per unit")
    for name, value in zip(TERMS, x):
        print(f"{name:16s} {value:12.6f}")
    print()
    print("group                 rows  families   empty  factor  median error  within 20 %  rank correlation  (families left out)")
    targets = {}
    for group in sorted(factors) + ["all"]:
        own = [index for index, name in enumerate(groups) if group in (name, "all")]
        families = {rows[index]["family"] for index in own}
        print(f"{group:20s} {len(own):5d} {len(families):9d} {empty.get(group, float('nan')):7.3f} {factors.get(group, 1):7.3f} {np.median(errors[own]):12.1%} "
              f"{np.mean(errors[own] <= 0.2):12.0%} {spearman(estimates[own], times[own]):17.3f}")
        if group != "all":
            targets.setdefault(rows[own[0]]["target"], []).append((len(own), group, own))
    if "--write" in sys.argv:
        folder = sys.argv[sys.argv.index("--write") + 1]
        for target, found in sorted(targets.items()):
            own = [index for _, _, part in found for index in part]
            # Of several groups of one chip, the mean by rows.
            counts = np.array([count for count, _, _ in found], float)
            shares = counts / counts.sum()
            factor = float(np.exp(sum(share * np.log(factors[group]) for share, (_, group, _) in zip(shares, found))))
            once = float(sum(share * empty[group] for share, (_, group, _) in zip(shares, found)))
            write(os.path.join(folder, target + ".json"), rows, once, x * factor, own, estimates, times, errors)


def write(path, rows, once, x, own, estimates, times, errors):
    def quantity(value, digits=4):
        return {"value": float(f"{value:.{digits}g}"), "source": "fit", "trust": "derived"}

    ratios = np.sort(times[own] / estimates[own])
    with open(path) as file:
        text = file.read()
    target = json.loads(text)
    cost = {
        "activation": "f16",
        "ms_per_inference": quantity(once),
        "ms_per_unit": {term: quantity(value) for term, value in zip(TERMS, x) if value > 0},
        "fitted_on_rows": len(own),
        "fitted_on_families": len({rows[index]["family"] for index in own}),
        "median_error": quantity(np.median(errors[own]), 3),
        "rank_correlation": quantity(max(0.0, spearman(estimates[own], times[own])), 3),
        "interval_low": quantity(min(1.0, float(np.quantile(ratios, 0.1))), 3),
        "interval_high": quantity(max(1.0, float(np.quantile(ratios, 0.9))), 3),
        "caution": CAUTION,
    }
    target["sources"]["fit"] = {"title": "Fitted by Tests/Cost/fit.py to published times of phones", "kind": "estimate"}
    # Everything else in the file stays as it is written.
    lines = []
    for key, value in cost.items():
        if key == "ms_per_unit":
            inner = ",\n".join(f'      "{term}": {json.dumps(amount)}' for term, amount in value.items())
            lines.append(f'    "{key}": {{\n{inner}\n    }}')
        else:
            lines.append(f'    "{key}": {json.dumps(value)}')
    block = '  "cost": {\n' + ",\n".join(lines) + "\n  }"
    text = re.sub(r',\n  "cost": \{\n.*?\n  \}', "", text, flags=re.S)
    text = text.rstrip().removesuffix("}").rstrip() + ",\n" + block + "\n}\n"
    if '"fit":' not in text:
        entry = json.dumps(target["sources"]["fit"])
        text = text.replace('"sources": {\n', '"sources": {\n    "fit": ' + entry + ",\n", 1)
    json.loads(text)
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
