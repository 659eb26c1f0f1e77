#!/usr/bin/env bash
# What int8 costs in accuracy, beside onnxruntime's and NNCF's static quantization on the same samples.
#
#   run.sh INGOT OUTDIR [NETWORK ...]
#
# Makes environments, networks and samples where they are missing; quantizes with the peers, whose results are kept until
# something changes, and with Ingot; prints a table and writes it to OUTDIR/table.md and OUTDIR/table.json. What the peers'
# tools print goes to OUTDIR/peers.log.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tool=$1 outdir=$2
shift 2
bash "$here/../Tool/install-packages.sh" espeak-ng
python=$("$here/../Models/setup.sh")
nncf=$("$here/setup.sh")
mkdir -p "$outdir"
"$python" -W ignore "$here/prepare.py" "$outdir" "$@" --missing
peer() {
  echo "quantizing with $2" >&2
  "$1" -W ignore "$here/$2.py" "$outdir" "${@:3}" >>"$outdir/peers.log" 2>&1 || echo "$2 failed; see $outdir/peers.log" >&2
}
peer "$python" onnxruntime_peer "$@"
peer "$nncf" nncf_peer "$@"
"$python" "$here/ours.py" "$tool" "$outdir" "$@"
"$python" "$here/ours.py" "$tool" "$outdir" "$@" --precision mixed -- --max-drop 30
"$python" "$here/ours.py" "$tool" "$outdir" "$@" --precision fp16
[[ $# -gt 0 ]] || "$python" -W ignore "$here/accuracy.py" "$tool" "$outdir"
"$python" "$here/table.py" "$outdir" "$@" --markdown "$outdir/table.md" --json "$outdir/table.json"
