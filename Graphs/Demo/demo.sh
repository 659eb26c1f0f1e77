#!/usr/bin/env bash
# Compiles the demo's checkpoint and runs the bundle on the held-out digits.
set -euo pipefail
ingot=$1
classify=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p build/demo
"$ingot" compile --graph efficientformerv2 --variant digits --checkpoint "$here/digits.safetensors" \
  --target cpu-arm64 -o build/demo/digits.ingot
echo
"$classify" build/demo/digits.ingot "$here"
