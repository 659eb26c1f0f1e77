"""What a refusal has in common with others of its kind."""

import re

UNSUPPORTED = re.compile(r"^  '(?P<operator>[^']+)', .*? at node .*?\): (?P<reason>.*)$", re.MULTILINE)

PARTICULARS = (
    # Where it happened: the file, and the node's number or name, of which the operator remains.
    (re.compile(r"^error: "), ""),
    (re.compile(r"^\S*/model\.(onnx|ingot): "), ""),
    (re.compile(r"^(node \d+ ('[^']*' )?\([^)]*\) > (\w+ > )?)*node (\d+|'[^']*') \(([^)]*)\)"), r"\5"),
    (re.compile(r"^node '[^']*': "), ""),
    (re.compile(r"^\S*/input_\d+\.npy: (input '[^']*': )?holds the float64 value \S+;"), "an input: holds a float64 value out of range;"),
    # Names and sizes of tensors.
    (re.compile(r"^input '[^']*'"), "an input"),
    (re.compile(r"\b(input|condition|output \d+) \(?'[^']*'\)?"), r"\1"),
    (re.compile(r"\[[\d, ]*\]"), ""),
)


def reason(message: str) -> str:
    """The message of a refusal in one line, without the names and numbers of the model at hand."""
    unsupported = [f"{entry['operator']}: {entry['reason']}" for entry in UNSUPPORTED.finditer(message)]
    if unsupported:
        return "; ".join(unsupported)
    line = message.splitlines()[0] if message else ""
    for pattern, replacement in PARTICULARS:
        line = pattern.sub(replacement, line)
    return line
