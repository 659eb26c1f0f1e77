"""Whether exports of one network end in one graph.

The graph after all passes is read as a list of its ops in the order in which the outputs need them, each with its
attributes, its result's shape and the places of its operands in the list. Names and values of weights do not count:
exporters choose other names and round otherwise.
"""

import collections
import difflib
import pathlib
import re

GOLDEN = pathlib.Path(__file__).parent.parent / "Golden/Models"
LAST_PASS = "remove-dead-code"

# The golden text of each network, and the cases that must all end in it.
NETWORKS = {
    "efficientformerv2_s0": ["efficientformerv2_s0", "efficientformerv2_s0_dynamo", "efficientformerv2_s0_dynamo23"],
    "unet": ["unet", "unet_dynamo", "unet_dynamo23"],
}

_VALUE = r'[%@](?:"[^"]*"|[^\s,(){}]+)'
_NODE = re.compile(rf"^  ({_VALUE}(?:, {_VALUE})*) = (\w+) (.*?) : (.*?)(?: name \".*\")?$")
_WEIGHT = re.compile(rf"^  weight ({_VALUE}): (\S+\[[^\]]*\])")
_OUTPUTS = re.compile(r"-> \(\s*([^{]*?)\s*\) \{$", re.MULTILINE)


def canonical(text: str) -> list[str]:
    """One line an op of the graph's text."""
    nodes, weights = {}, {}
    header = _OUTPUTS.search(text)
    outputs = re.findall(_VALUE, re.sub(r' as "[^"]*"', "", header[1])) if header else []
    for line in text.splitlines():
        if match := _WEIGHT.match(line):
            weights[match[1]] = match[2]
        elif match := _NODE.match(line):
            results, op, words, types = match.groups()
            head, _, attributes = words.partition(" {")
            for index, result in enumerate(re.findall(_VALUE, results)):
                nodes[result] = (results, index, op, re.findall(_VALUE, head), attributes.rstrip("}"), types)
    if not nodes or not outputs:
        raise ValueError("the text has no nodes or no outputs")

    places, lines = {}, []
    # Depth first with a stack of its own: networks are deeper than Python's.
    stack = [(output, False) for output in reversed(outputs)]
    while stack:
        value, ready = stack.pop()
        if value not in nodes or nodes[value][0] in places:
            continue
        results, _, op, operands, attributes, types = nodes[value]
        if not ready:
            stack.append((value, True))
            stack.extend((operand, False) for operand in reversed(operands))
            continue
        places[results] = len(lines)
        read = [
            f"#{places[nodes[x][0]]}.{nodes[x][1]}" if x in nodes else weights.get(x, x) for x in operands
        ]
        lines.append(f"{op} {', '.join(read)} {{{attributes}}} : {types}")
    return lines


def summary(lines: list[str]) -> str:
    """The golden text: how many ops there are of each kind."""
    counts = collections.Counter(line.split(" ", 1)[0] for line in lines)
    rows = [f"{count:5} {op}" for op, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return "\n".join([*rows, f"{len(lines):5} in all"]) + "\n"


def differences(network: str, texts: dict[str, str]) -> list[str]:
    """What is not the same between the graphs of the cases in `texts`, and between the first one and the golden."""
    graphs = {case: canonical(text) for case, text in texts.items()}
    first, *others = graphs
    found = []
    for other in others:
        lines = [
            line for line in difflib.unified_diff(graphs[first], graphs[other], first, other, lineterm="", n=0)
        ]
        if lines:
            found.append(f"{first} and {other} end in different graphs:\n" + "\n".join(lines[:20]))
    path = GOLDEN / f"{network}.txt"
    golden = path.read_text() if path.exists() else ""
    if summary(graphs[first]) != golden:
        lines = difflib.unified_diff(
            golden.splitlines(), summary(graphs[first]).splitlines(), str(path), first, lineterm="", n=0
        )
        found.append("the ops are not those of the golden text; correct it if they are better:\n" + "\n".join(lines))
    return found
