#!/usr/bin/env python3
"""Tries amalgam.py on small sources: test_amalgam.py COMPILER compiles what it makes of them."""
import pathlib
import subprocess
import sys
import tempfile

SCRIPT = pathlib.Path(__file__).with_name("amalgam.py")
HEADER = "#ifndef PARTS_H\n#define PARTS_H\n#include \"deep.h\"\ntypedef struct { deep value; } parts;\n#endif\n"
FILES = {
    "CInterpreter/include/ingot.h": "#ifndef INGOT_H\n#define INGOT_H\nint first(void);\nint last(void);\n#endif\n",
    "CKernels/include/deep.h": "#ifndef DEEP_H\n#define DEEP_H\ntypedef int deep;\n#endif\n",
    "CKernels/include/parts.h": HEADER,
    # The first that includes the headers is not compiled, as another machine's kernels are not.
    "CKernels/a.c": "#if defined(NO_SUCH_MACHINE)\n#include \"parts.h\"\nstatic int own(parts p) { return p.value; }\n#endif\n",
    "CKernels/b.c": "#include \"ingot.h\"\n#if 1\n#include \"parts.h\"\n#endif\n"
                    "static int own(parts p) { return p.value; }\nint first(void) { return own((parts){1}); }\n",
    "CKernels/c.c": "#include \"ingot.h\"\n#include \"deep.h\"\n#include \"parts.h\"\n"
                    "static int own(parts p) { return p.value; }\nint last(void) { return own((parts){(deep)2}); }\n",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        sources, output = pathlib.Path(folder, "sources"), pathlib.Path(folder, "output")
        for name, text in FILES.items():
            path = sources / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run([sys.executable, SCRIPT, sources, output], check=True)
        subprocess.run([*sys.argv[1:], "-std=c11", "-Wall", "-Werror", "-c", "ingot.c", "-o", "ingot.o"], check=True, cwd=output)


main()
