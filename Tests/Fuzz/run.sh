#!/usr/bin/env bash
# Damaged bundles, models and checkpoints under the address and undefined-behavior sanitizers: all must be refused or
# read, none may crash, hang or take memory without bound.
#
#   run.sh INGOT MUTATIONS SEED
#
# Prints a line for each kind of file, then `N passed, N failed`. A failure shows the command that brings it back.
set -euo pipefail
ingot=$(realpath "$1")
mutations=$2
seed=$3
root=$(cd "$(dirname "$0")/../.." && pwd)
models="$root/Tests/Data/Models"
checkpoints="$root/Tests/Data/Checkpoints"
scratch="$root/build/fuzz"
bundles="$root/build/c/asan/fuzz_bundle"
readers="$root/.build-fuzz/release/FuzzReaders"
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

# Swift has no undefined-behavior sanitizer on Linux; its own checks stay on in release, and its C targets have one.
make -s -j 2 -C "$root/Tests/C" "$bundles"
swift build --package-path "$root" --scratch-path "$root/.build-fuzz" -c release -j 2 --product FuzzReaders \
  --sanitize address -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined >build.log 2>&1 || {
  cat build.log
  exit 1
}

# What is compressed hides from most mutations what it holds.
digits=(--graph efficientformerv2 --variant digits --checkpoint "$root/Graphs/Demo/digits.safetensors")
for precision in fp32 fp16; do
  "$ingot" compile "${digits[@]}" --precision $precision -o digits.$precision.ingot >/dev/null
  "$ingot" compile "$models/network.onnx" --dim N=1 --precision $precision --compression none -o network.$precision.ingot >/dev/null
done
"$ingot" compile "$models/detector.onnx" --dim N=1 --compression none -o detector.ingot >/dev/null
"$ingot" compile "$models/sampler.graph" --random-weights 1 --compression none -o sampler.ingot >/dev/null

# start NAME WORD...: runs the words beside at most one other such command; a hang is a failure, too.
start() {
  if [ "$(jobs -rp | wc -l)" -ge 2 ]; then wait -n; fi
  attempt "$@" &
}
attempt() {
  local name=$1 status=0
  shift
  timeout $((120 + mutations / 20)) "$@" >"$name.log" 2>&1 || status=$?
  if [ $status -eq 0 ]; then
    printf '%-20s %s\n' "$name" "$(tail -1 "$name.log")"
    echo "$name" >>passed
  else
    printf 'FAILED: %s: exit status %s: %s\n' "$name" $status "$*"
    tail -40 "$name.log"
    echo "$name" >>failed
  fi
}

touch passed failed
start opcodes "$bundles" --seed "$seed" --mutations "$mutations"
start network "$bundles" --seed "$seed" --mutations "$mutations" network.fp32.ingot network.fp16.ingot
start detector "$bundles" --seed "$seed" --mutations "$mutations" detector.ingot
start loops "$bundles" --seed "$seed" --mutations "$mutations" sampler.ingot
# The demo's bundles are large, and every mutant is digested in full: a tenth must do.
start digits "$bundles" --seed "$seed" --mutations $((mutations / 10)) digits.fp32.ingot digits.fp16.ingot
start onnx "$readers" onnx "$models/kinds.onnx" "$mutations" "$seed"
start onnx-import "$readers" import "$models/network.onnx" "$mutations" "$seed"
start onnx-sizes "$readers" import "$models/detector.onnx" "$mutations" "$seed"
start onnx-structure "$readers" import "$models/structure.onnx" "$mutations" "$seed"
start safetensors "$readers" safetensors "$checkpoints/plain.safetensors" "$mutations" "$seed"
for checkpoint in plain wrapped strided types legacy; do
  start "pth-$checkpoint" "$readers" pth "$checkpoints/$checkpoint.pth" "$mutations" "$seed"
done
for picture in color.png palette.png color.jpg progressive.jpg; do
  start "image-$picture" "$readers" image "$root/Tests/Data/Images/$picture" "$mutations" "$seed"
done
start npy "$readers" npy "$checkpoints/column_major.npy" "$mutations" "$seed"
start npz "$readers" npz "$checkpoints/compressed.npz" "$mutations" "$seed"
wait

printf '%d passed, %d failed\n' "$(wc -l <passed)" "$(wc -l <failed)"
[ ! -s failed ]
