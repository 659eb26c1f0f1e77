#!/usr/bin/env bash
# Tests the command line as its users see it: words in; files, text, JSON and exit status out.
#
#   run.sh INGOT
#
# Needs nothing but the tool, a C compiler and the demo's files. Prints what failed, then `N passed, N failed`.
set -uo pipefail
tool=$(realpath "$1") || exit 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

demo="$root/Graphs/Demo"
# The model that most commands are tried on.
digits=(--graph efficientformerv2 --variant digits --checkpoint "$demo/digits.safetensors")

source "$here/expect.sh"
source "$here/arrays.sh"
for area in compile quantized int8 checkpoints run onnx shapes sizes usage facts placement plan schedule verify images passes loops damage embed files streams numbers; do
  source "$here/cases/$area.sh"
done

no_leftovers
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
