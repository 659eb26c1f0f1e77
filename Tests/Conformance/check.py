"""Compiles and runs the cases that dump.py wrote and compares with the suite's own outputs.

    check.py INGOT OUTDIR [CASE ...] [--update]

Fails when a case crashes or gives wrong results, or when one of passed.txt does not pass. With case names it runs only
those and prints what becomes of each.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys

from case import all_cases
from outcome import Kind, Outcome, outcome
from report import report

HERE = pathlib.Path(__file__).parent
RESULTS, PASSED = HERE / "RESULTS.md", HERE / "passed.txt"


def all_outcomes(tool: pathlib.Path, cases: list, processes: int) -> dict[str, Outcome]:
    """By case name, in the order of the cases."""
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        outcomes = pool.map(lambda entry: outcome(tool, *entry), cases)
        return {case.name: result for (_, case), result in zip(cases, outcomes)}


def failures(outcomes: dict[str, Outcome], passed_before: set[str]) -> list[str]:
    """What is wrong, a line or more for each failed case; `passed_before` are those that must pass."""
    lines = []
    for name, result in outcomes.items():
        if result.kind in (Kind.WRONG, Kind.CRASHED):
            lines.append(f"{name}: {result.kind}: {result.reason}")
        elif result.kind != Kind.PASSED and name in passed_before:
            lines.append(f"{name}: passed before and is {result.kind} now: {result.message}")
    lines += [f"{name}: passed before and is no case of the suite now" for name in passed_before - outcomes.keys()]
    return sorted(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ingot", type=pathlib.Path, help="the tool")
    parser.add_argument("outdir", type=pathlib.Path, help="as given to dump.py")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--update", action="store_true", help="rewrites RESULTS.md and passed.txt")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.cases and arguments.update:
        parser.error("--update needs all cases")
    cases = all_cases(arguments.outdir, arguments.cases)
    outcomes = all_outcomes(arguments.ingot.resolve(), cases, arguments.processes)

    passed_before = set(PASSED.read_text().split()) if PASSED.exists() and not arguments.update else set()
    if arguments.cases:
        passed_before &= set(arguments.cases)
        for name, result in outcomes.items():
            print(f"{name}: {result.kind}" + (f"\n{result.message}" if result.message else ""))
    else:
        details = {name: vars(result) for name, result in outcomes.items()}
        (arguments.outdir / "outcomes.json").write_text(json.dumps(details, indent=1) + "\n")
    failed = failures(outcomes, passed_before)
    passed = [name for name, result in outcomes.items() if result.kind == Kind.PASSED]
    if arguments.update:
        PASSED.write_text("".join(f"{name}\n" for name in sorted(passed)))
        RESULTS.write_text(report([case for _, case in cases], outcomes))
    elif not arguments.cases:
        new = set(passed) - passed_before
        if new or (RESULTS.exists() and RESULTS.read_text() != report([case for _, case in cases], outcomes)):
            print(f"RESULTS.md is out of date ({len(new)} more cases pass): run again with --update")
    for line in failed:
        print(line)
    print(f"\n{len(passed)} passed, {len(failed)} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
