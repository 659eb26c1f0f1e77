#!/usr/bin/env bash
# The published systems at full size; see large.py. Needs some 16 GB of memory and of disk, and half an hour.
#
#   large.sh INGOT OUTDIR [CASE ...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/setup.sh")
"$python" -W ignore "$here/large.py" "$@"
