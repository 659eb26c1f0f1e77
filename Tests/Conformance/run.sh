#!/usr/bin/env bash
# The onnx package's own node tests and stored models, compiled by INGOT and run by the interpreter.
#
#   run.sh INGOT [CASE ...] [--update]
#
# Prints what is wrong, then `N passed, N failed`. --update rewrites RESULTS.md and passed.txt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build="$(cd "$here/../.." && pwd)/build"
python=$("$here/setup.sh")
"$python" "$here/dump.py" "$build/conformance"
"$python" "$here/check.py" "$1" "$build/conformance" "${@:2}"
