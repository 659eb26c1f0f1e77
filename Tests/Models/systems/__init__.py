"""The published systems of Graphs/, each as a plain PyTorch network with seeded weights under the graph's names.

A system is a module here with a table `CASES`: case name -> function (folder, name, downloads) that writes the case.
`LARGE` is the same at full size, for `large.py`.
"""

import importlib
import pkgutil

CASES, LARGE = {}, {}
for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
    system = importlib.import_module(f"{__name__}.{module}")
    CASES |= getattr(system, "CASES", {})
    LARGE |= getattr(system, "LARGE", {})
