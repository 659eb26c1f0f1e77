#!/usr/bin/env bash
# Builds a package that uses nothing but the product IngotCompiler, and compiles the demo network with it:
#
#   run.sh INGOT SCRATCH
#
# The bundle must be the tool's to the byte, and the chips those of the folder Targets.
set -euo pipefail
tool=$(realpath "$1")
mkdir -p "$2"
scratch=$(realpath "$2")
cd "$(dirname "$0")"
root=$(realpath ../../..)
digits="$root/Graphs/Demo/digits.safetensors"

swift build -j "${JOBS:-2}" --scratch-path "$scratch/build"
products=$(swift build --scratch-path "$scratch/build" --show-bin-path)
cd "$scratch"
"$products/CompileDigits" "$digits" library.ingot | tee out
"$tool" compile --graph efficientformerv2 --variant digits --checkpoint "$digits" --target cpu-arm64 -o tool.ingot >/dev/null
cmp library.ingot tool.ingot || { echo "FAILED: the library and the tool write different bundles"; exit 1; }

chips=$(basename -s .json "$root"/Targets/*.json | grep -v '^schema$' | sort | paste -sd ' ')
found=$(sed -n 's/^chips //p' out)
if [ "$found" != "$chips" ]; then
  echo "FAILED: a program finds the chips $found, the folder Targets holds $chips; list them in Package.swift"
  exit 1
fi
