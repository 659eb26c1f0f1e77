"""The page of results."""

import collections

from case import Case
from outcome import Kind, Outcome, is_converted

HEAD = """\
# Conformance

The node tests of the onnx package, 1.23.2, compiled and then run by the interpreter; written by
`Tests/Conformance/run.sh INGOT --update`. Tolerances are the suite's own. Inputs that only steer shapes are given to
the compiler (`steering.py`). An *expanded* case has the function body in place of the operator.
"""

CONVERTED = """
Of the passed cases {count} have an output of a type that Ingot holds in another one, and are compared after
converting (`compare.py`): double in fp32, uint16 in int32, uint32 and uint64 in int64.
"""


STORED = """\
## Stored models

Models of single layers and operators that come with the package, as PyTorch exported them to opset 6 (a few to 9 and
12). Four of them are refused, since the doubles stored with them are memory that nobody wrote.
"""


def table(titles: list[str], rows: list[list], numbers: set[int]) -> str:
    """A table whose columns `numbers` are numbers."""
    lines = [titles, ["---:" if column in numbers else "---" for column in range(len(titles))], *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def counted(texts: list[str]) -> str:
    """The different texts, the most frequent first, each with its count where there are several."""
    counts = sorted(collections.Counter(texts).items(), key=lambda entry: (-entry[1], entry[0]))
    return "<br>".join(f"{text} ({count})" if len(counts) > 1 else text for text, count in counts)


def totals(cases: list[Case], outcomes: dict[str, Outcome]) -> str:
    rows = []
    for kind in Kind:
        of_kind = [case for case in cases if outcomes[case.name].kind == kind]
        expanded = sum(case.is_expanded for case in of_kind)
        rows.append([kind, len(of_kind) - expanded, expanded, len(of_kind)])
    rows.append(["all", *(sum(row[column] for row in rows) for column in (1, 2, 3))])
    return table(["", "plain", "expanded", "all"], rows, {1, 2, 3})


def by_operator(cases: list[Case], outcomes: dict[str, Outcome]) -> str:
    groups: dict[str, list[Outcome]] = {}
    for case in cases:
        result = outcomes[case.name]
        if result.kind != Kind.OUT_OF_SCOPE:
            groups.setdefault(case.operator, []).append(result)
    rows = []
    for operator, results in sorted(groups.items()):
        counts = collections.Counter(result.kind for result in results)
        numbers = [counts[kind] or "" for kind in (Kind.PASSED, Kind.WRONG, Kind.CRASHED, Kind.REFUSED)]
        reasons = counted([result.reason for result in results if result.kind == Kind.REFUSED])
        rows.append([operator, len(results), *numbers, reasons])
    titles = ["operator", "cases", "passed", "wrong", "crashed", "refused", "reason of the refusal"]
    return table(titles, rows, {1, 2, 3, 4, 5})


def out_of_scope(cases: list[Case], outcomes: dict[str, Outcome]) -> str:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        if outcomes[case.name].kind == Kind.OUT_OF_SCOPE:
            groups.setdefault(case.out_of_scope or "", []).append(case)
    rows = [
        [why, len(group), ", ".join(sorted({case.operator for case in group}))]
        for why, group in sorted(groups.items())
    ]
    return table(["what", "cases", "operators"], rows, {1})


def stored_models(cases: list[Case], outcomes: dict[str, Outcome]) -> str:
    rows = []
    for source in sorted({case.source for case in cases}):
        results = [outcomes[case.name] for case in cases if case.source == source]
        counts = collections.Counter(result.kind for result in results)
        numbers = [counts[kind] or "" for kind in (Kind.PASSED, Kind.WRONG, Kind.CRASHED, Kind.REFUSED)]
        reasons = counted([result.reason for result in results if result.kind == Kind.REFUSED])
        rows.append([source, len(results), *numbers, reasons])
    titles = ["folder", "cases", "passed", "wrong", "crashed", "refused", "reason of the refusal"]
    return table(titles, rows, {1, 2, 3, 4, 5})


def report(all_cases: list[Case], outcomes: dict[str, Outcome]) -> str:
    cases = [case for case in all_cases if case.source == "node"]
    stored = [case for case in all_cases if case.source != "node"]
    converted = sum(is_converted(case) and outcomes[case.name].kind == Kind.PASSED for case in cases)
    return (
        f"{HEAD}\n{totals(cases, outcomes)}{CONVERTED.format(count=converted)}"
        f"\n## By operator\n\n{by_operator(cases, outcomes)}"
        f"\n## Out of scope\n\nRefused by name, since no inference graph on a phone has them.\n\n"
        f"{out_of_scope(cases, outcomes)}"
        f"\n{STORED}\n{stored_models(stored, outcomes)}"
    )
