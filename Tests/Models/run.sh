#!/usr/bin/env bash
# Trained models of others, and seeded networks, against onnxruntime and PyTorch.
#
#   run.sh INGOT OUTDIR [--all]
#
# Makes the Python environment and the cases where they are missing; checks that diffusers' schedulers still do what
# is recorded of them; prints a table, then `N passed, N failed`.
# Without --all the slow cases are left out.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/setup.sh")
"$python" -W ignore "$here/schedules.py"
"$python" -W ignore "$here/prepare.py" "$2" --missing "${@:3}"
"$python" "$here/check.py" "$1" "$2" "${@:3}"
