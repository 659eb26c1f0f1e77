#!/usr/bin/env bash
# Builds a package that uses nothing but the product Ingot, and runs bundles with it:
#
#   run.sh INGOT SCRATCH
#
# Also makes sure that an app gets neither the compiler nor the argument parser with it.
set -euo pipefail
tool=$(realpath "$1")
mkdir -p "$2"
scratch=$(realpath "$2")
cd "$(dirname "$0")"

swift build -j "${JOBS:-2}" --scratch-path "$scratch/build"
products=$(swift build --scratch-path "$scratch/build" --show-bin-path)
modules=$(cd "$products/Modules" && printf '%s ' *.swiftmodule)
if [ "$modules" != "Ingot.swiftmodule RunBundle.swiftmodule Tensors.swiftmodule " ]; then
  echo "FAILED: the app was built with $modules"
  exit 1
fi
if [ -n "$(ls -A "$scratch/build/checkouts" 2>/dev/null)" ]; then
  echo "FAILED: the app fetched $(ls "$scratch/build/checkouts")"
  exit 1
fi
for compression in zstd none; do
  "$tool" compile affine.graph --compression $compression -o "$scratch/$compression.ingot" >/dev/null
  "$products/RunBundle" "$scratch/$compression.ingot"
done
