#!/usr/bin/env bash
# Memory and cycles of an Ethos-U55-256 beside Arm's vela, on the same int8 networks.
#
#   run.sh INGOT OUTDIR [NETWORK ...] [--json FILE]
#
# Makes the environment and the networks where they are missing, compiles each by vela, whose results are kept, and by Ingot,
# and prints a table, which also goes to OUTDIR/table.md. Fails where a bundle computes other integers tiled than untiled.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tool=$1 outdir=$2
shift 2
names=() facts=$outdir/table.json
while [[ $# -gt 0 ]]; do
  case $1 in
    --json) facts=$2 && shift 2 ;;
    *) names+=("$1") && shift ;;
  esac
done
python=$("$here/setup.sh")
mkdir -p "$outdir"
export TF_CPP_MIN_LOG_LEVEL=3 TF_ENABLE_ONEDNN_OPTS=0
for step in networks qdq vela_peer reference; do
  "$python" -W ignore "$here/$step.py" "$outdir" "${names[@]}" 2>>"$outdir/peers.log" ||
    { echo "$step.py failed; see $outdir/peers.log" >&2 && exit 1; }
done
"$python" "$here/ours.py" "$tool" "$outdir" "${names[@]}"
"$python" "$here/table.py" "$outdir" "${names[@]}" --markdown "$outdir/table.md" --json "$facts"
