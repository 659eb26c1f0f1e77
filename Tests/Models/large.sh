#!/usr/bin/env bash
# The published systems at full size; see large.py. Needs some 16 GB of memory, 25 GB of disk, and half an hour.
#
#   large.sh INGOT OUTDIR [CASE ...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/setup.sh")
"$python" -W ignore "$here/prepare.py" "$2" "${@:3}" --large --missing
"$python" "$here/large.py" "$@"
