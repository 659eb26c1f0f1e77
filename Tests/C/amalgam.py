#!/usr/bin/env python3
"""Writes the C side as one file: amalgam.py SOURCES OUTPUT_DIRECTORY makes ingot.c beside ingot.h.

Every source follows after the others with its own headers spelled out. Names that a source keeps to itself get its
number as a suffix, and its macros end with it, so that files which use the same names do not meet."""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
IF = re.compile(r"^\s*#\s*if")
ENDIF = re.compile(r"^\s*#\s*endif")
DEFINE = re.compile(r"^\s*#\s*define\s+(\w+)", re.MULTILINE)
# What sources ask of the system's headers, which must be asked before the first of them.
FEATURES = [f"#define {name}" for name in ("_POSIX_C_SOURCE 200809L", "_DEFAULT_SOURCE", "_DARWIN_C_SOURCE")]
TARGETS = ("CEnums", "CBundleFormat", "CKernels", "CInterpreter")
# Headers with a guard belong to the whole library: written once, their names are shared. Others are text of each source.
GUARD = re.compile(r"^#ifndef \w+_H$", re.MULTILINE)


def is_shared(path):
    return GUARD.search(path.read_text()) is not None


def find(name, base, roots):
    for folder in [base, *roots]:
        path = (folder / name).resolve()
        if path.exists():
            return path
    sys.exit(f"amalgam.py: {base}: can't find {name}")


def expand(path, roots, once, in_condition=False):
    """Text of a source with our own includes replaced; shared headers come the first time only that the preprocessor
    can't pass over: before that their guards see to it."""
    lines = []
    guard = 1 if is_shared(path) else 0
    depth = 0
    for line in path.read_text().splitlines():
        depth += (IF.match(line) is not None) - (ENDIF.match(line) is not None)
        include = INCLUDE.match(line)
        if not include:
            lines.append(line)
            continue
        target = find(include.group(1), path.parent, roots)
        is_certain = not in_condition and depth <= guard
        if target in once:
            continue
        if is_certain and is_shared(target):
            once.add(target)
        lines.append(expand(target, roots, once, not is_certain))
    return "\n".join(lines)


NAME_PATTERNS = [re.compile(p, re.MULTILINE) for p in (
    r"^(?:static|KERNEL_INLINE|KERNEL_STATIC)\b[^=;{(]*?\b(\w+)\s*\(",  # functions
    r"^static\b[^=;{(]*?\b(\w+)\s*(?:\[[^\]]*\])*\s*[=;]",  # objects
    r"^typedef\b[^;{(]*?\b(\w+)\s*(?:__attribute__\s*\(\(.*)?;",  # names of types
    r"^typedef\b[^;{]*?\(\*(\w+)\)",  # function pointers
    r"^\}\s*(\w+);",  # structs
)]


MACRO = re.compile(r"^\s*#\s*define\s+(\w+)\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*)$", re.MULTILINE)
PASTED = re.compile(r"\b(?:static|KERNEL_INLINE|KERNEL_STATIC)\b[^=;{(]*?\b(\w+)##(\w+)\s*\(")


def pasted_names(text):
    """Names of functions that macros define when they are written out at file scope, of a prefix and an argument."""
    names = set()
    for macro, parameters, body in MACRO.findall(text):
        parameters = [word.strip() for word in parameters.split(",")]
        pasted = [(prefix, parameters.index(word)) for prefix, word in PASTED.findall(body) if word in parameters]
        for arguments in re.findall(rf"^{macro}\(([^)]*)\)", text, re.MULTILINE) if pasted else []:
            arguments = [word.strip() for word in arguments.split(",")]
            names |= {prefix + arguments[place] for prefix, place in pasted}
    return names


def own_names(text):
    """Names of static functions, objects and types that a text defines at file scope."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    pasted = pasted_names(text)
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*$", "", text, flags=re.MULTILINE)
    names = pasted | {name for pattern in NAME_PATTERNS for name in pattern.findall(text)}
    for constants in re.findall(r"^enum \{([^}]*)\}", text, re.MULTILINE):
        names |= set(re.findall(r"\b[A-Z][A-Z0-9_]*\b(?!\()", constants))
    return names - {"__attribute__"}


def shared_paths(sources):
    return [p for t in TARGETS for p in sorted((sources / t).rglob("*.h"))
            if is_shared(p)]


def main():
    sources, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    roots = [sources / t / "include" for t in TARGETS]
    files = [f for t in TARGETS for f in sorted((sources / t).rglob("*.c"))]
    shared_once, out = set(), []
    out.append("/* Ingot as one file, made from Sources/C*. Put ingot.h beside it and link zstd, the math and the thread library.\n"
               " * With -DINGOT_NO_ZSTD it needs no zstd, and opens bundles of 'ingot compile --compression none' only. */")
    out += FEATURES
    for number, file in enumerate(files):
        text = expand(file, roots, shared_once)
        for feature in FEATURES:
            text = text.replace(feature, "")
        shared_text = "\n".join(p.read_text() for p in shared_paths(sources))
        shared_names = own_names(shared_text) | set(DEFINE.findall(shared_text))
        names = {n for n in own_names(text) if n not in shared_names}
        macros = set(DEFINE.findall(text)) - set(DEFINE.findall(shared_text))
        names -= macros
        out.append(f"\n/* {file.relative_to(sources)} */")
        out += [f"#define {n} {n}_{number}" for n in sorted(names)]
        out.append(text)
        out += [f"#undef {n}" for n in sorted(names | macros)]
    output.mkdir(parents=True, exist_ok=True)
    body = "\n".join(out) + "\n"
    header = sources / "CInterpreter/include/ingot.h"
    (output / "ingot.h").write_text(expand(header, roots, set()) + "\n")
    (output / "ingot.c").write_text(body)


main()
