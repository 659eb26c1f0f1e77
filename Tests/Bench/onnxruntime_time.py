"""Times one case in onnxruntime: one thread, default graph optimizations. Started by bench.py, a process a round.

    onnxruntime_time.py CASE_FOLDER RUNS
"""

import json
import pathlib
import statistics
import sys
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "Models"))

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from case import Case  # noqa: E402

WARM_UP = 3


def main() -> None:
    folder, runs = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    case = Case.read(folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / case.model, options, providers=["CPUExecutionProvider"])
    feeds = {name: np.load(folder / file) for name, file in case.inputs.items()}
    times = []
    for run in range(WARM_UP + runs):
        started = time.perf_counter()
        session.run(None, feeds)
        if run >= WARM_UP:
            times.append(1000 * (time.perf_counter() - started))
    print(json.dumps({"median_ms": statistics.median(times), "min_ms": min(times)}))


if __name__ == "__main__":
    main()
