#!/usr/bin/env bash
# Compiles the demo's checkpoint, as it is and quantized, and runs the bundles on the held-out digits.
set -euo pipefail
ingot=$1
classify=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p build/demo
"$ingot" compile --graph efficientformerv2 --variant digits --checkpoint "$here/digits.safetensors" \
  --target cpu-arm64 -o build/demo/digits.ingot
echo
"$classify" build/demo/digits.ingot "$here"

# Half a point of accuracy is what 8 bits may cost.
echo
"$ingot" compile --graph efficientformerv2 --variant digits --checkpoint "$here/digits.safetensors" \
  --precision int8 --calibration "$here/calibration" --target cpu-arm64 -o build/demo/digits-int8.ingot
echo
"$classify" build/demo/digits-int8.ingot "$here" 0.5
