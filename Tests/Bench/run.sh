#!/usr/bin/env bash
# Compile and run times beside onnxruntime's, and of int8 beside fp32.
#
#   run.sh INGOT OUTDIR
#
# Makes the Python environment and the cases where they are missing; prints a table.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cases=(efficientformerv2_s0 efficientnet_lite0 basic_pitch minilm_l6_v2 ddddocr_det)
python=$("$here/../Models/setup.sh")
"$python" -W ignore "$here/../Models/prepare.py" "$2" "${cases[@]}" --missing
"$python" "$here/bench.py" "$1" "$2" "${cases[@]}"
