"""Parses the Swift code in doc comments, which no compiler reads: python3 parse-doc-code.py FOLDER...

Prints what does not parse, such as lines that were joined into a paragraph, and fences that are not closed.
"""

import pathlib
import re
import subprocess
import sys

FENCE = "```"


def blocks(path: pathlib.Path):
    """The line that each block of Swift code begins at, and its lines."""
    start, lines = None, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        comment = re.match(r"\s*/// ?(.*)", line)
        if comment is None:
            if start is not None:
                yield start, None
            start = None
        elif comment[1].startswith(FENCE):
            if start is None:
                start, language, lines = number, comment[1][len(FENCE) :].strip(), []
                continue
            if language == "swift":
                yield start, lines
            start = None
        elif start is not None:
            lines.append(comment[1])


def main() -> int:
    failed = 0
    for folder in sys.argv[1:]:
        for path in sorted(pathlib.Path(folder).rglob("*.swift")):
            for start, lines in blocks(path):
                if lines is None:
                    failed += 1
                    print(f"{path}:{start}: the fence is not closed")
                    continue
                code = "\n".join(lines) + "\n"
                parsed = subprocess.run(
                    ["swiftc", "-frontend", "-parse", "-"], input=code, capture_output=True, text=True
                )
                if parsed.returncode != 0:
                    failed += 1
                    print(f"{path}:{start}: the code does not parse\n{parsed.stderr}")
    return 1 if failed else 0


sys.exit(main())
