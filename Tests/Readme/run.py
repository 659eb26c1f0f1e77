"""Runs the commands of README.md as they stand, and compares what it shows of their output.

    run.py REPOSITORY

Every ```sh block and every command in a table runs in order, in one shell and in an empty folder; blocks that begin
with `make` run in the repository, where targets that have tests of their own (`demo`, `test` …) only have to exist. HOME is
an empty folder too. A ```text block shows the output of the block before it: words must be equal, numbers within 1 %, but
for the line of times. ```swift and ```c blocks must stand, but for their indentation, in a source file that a test builds.
Prints `N passed, N failed`.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE_COMMAND = re.compile(r"`(ingot [^`]+)`")
# Targets that .ci/run calls, or that take hours.
TESTED_ELSEWHERE = {"demo", "test", "models", "models-all", "large", "conformance", "fuzz", "bench", "c", "amalgam"}
SOURCES = ["Tests/Consumer/**/*.swift", "Tests/C/*.c"]
NUMBER = re.compile(r"\d+(?:\.\d+)?")


class Readme:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="readme-"))
        self.passed, self.failures = 0, []
        (self.scratch / "home").mkdir()
        (self.scratch / "work").mkdir()
        self.environment = dict(os.environ, HOME=str(self.scratch / "home"))
        self.last_output = ""

    def check(self, good: bool, what: str):
        self.passed += good
        if not good:
            self.failures.append(what)
            print(f"FAILED: {what}")

    def shell(self, text: str, folder: pathlib.Path):
        print("+ " + text.strip().replace("\n", "\n+ "), flush=True)
        # Variables that a block exports hold in those after it.
        script = f"set -euo pipefail\n{text}\nenv -0 >'{self.scratch}/environment'\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=self.environment, capture_output=True, text=True, timeout=1800
        )
        self.last_output = done.stdout
        self.check(done.returncode == 0, f"{text.strip()}\nexit status {done.returncode}\n{done.stderr[-2000:]}")
        if done.returncode == 0:
            pairs = (self.scratch / "environment").read_text().split("\0")
            self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)

    def make(self, text: str):
        for line in filter(None, (line.split("#")[0].strip() for line in text.splitlines())):
            words = line.split()
            if words[0] == "make" and words[1] in TESTED_ELSEWHERE:
                done = subprocess.run(["make", "-n", words[1]], cwd=self.root, capture_output=True, text=True)
                self.check(done.returncode == 0, f"{line}: there is no such target")
            else:
                self.shell(line, self.root)

    def compare_output(self, shown: str):
        found, expected = self.last_output.strip().splitlines(), shown.strip().splitlines()
        self.check(len(found) == len(expected), f"README shows {len(expected)} lines, printed were\n{self.last_output}")
        for ours, theirs in zip(expected, found):
            words = NUMBER.sub("#", ours).split(), NUMBER.sub("#", theirs).split()
            timed = ours.split()[:1] == ["time"]
            numbers = zip(map(float, NUMBER.findall(ours)), map(float, NUMBER.findall(theirs)))
            near = timed or all(abs(a - b) <= 0.01 * max(abs(a), abs(b)) for a, b in numbers)
            self.check(words[0] == words[1] and near, f"README shows\n  {ours}\nprinted was\n  {theirs}")

    def compare_snippet(self, snippet: str):
        def lines(text: str) -> list:
            return [line.strip() for line in text.splitlines() if line.strip()]

        wanted = lines(snippet)
        for pattern in SOURCES:
            for path in self.root.glob(pattern):
                held = lines(path.read_text())
                if any(held[i : i + len(wanted)] == wanted for i in range(len(held))):
                    return self.check(True, "")
        self.check(False, f"no source file that a test builds holds these lines:\n{snippet}")

    def run(self):
        text = (self.root / "README.md").read_text()
        position = 0
        for fence in [*FENCE.finditer(text), None]:
            prose = text[position : fence.start() if fence else len(text)]
            for line in prose.splitlines():
                if line.startswith("|"):
                    for command in TABLE_COMMAND.findall(line):
                        self.shell(command, self.scratch / "work")
            if fence is None:
                break
            position = fence.end()
            language, body = fence.groups()
            if language == "sh" and body.startswith("make"):
                self.make(body)
            elif language == "sh":
                self.shell(body, self.scratch / "work")
            elif language == "text":
                self.compare_output(body)
            elif language in ("swift", "c"):
                self.compare_snippet(body)
        print(f"{self.passed} passed, {len(self.failures)} failed")
        return 1 if self.failures or not self.passed else 0


sys.exit(Readme(pathlib.Path(sys.argv[1]).resolve()).run())
