# How programs are scheduled: compile --schedule and --memory, and what inspect --check replays.

cat >striped.graph <<'END'
graph @main(%x: f32[1, 4, 32, 32]) -> (%y) {
  weight @w: f32[16, 4, 3, 3]
  weight @v: f32[4, 16, 3, 3]
  %a = conv %x, @w {pads = [1, 1, 1, 1], activation = relu}
  %y = conv %a, @v {pads = [1, 1, 1, 1]}
}
END
striped=(striped.graph --random-weights 1 --target cpu-x86_64 -o striped.ingot)
expect 0 'arena +81.9 kB' compile "${striped[@]}"
expect 0 'checked +function main: 2 calls in 81.9 kB' inspect striped.ingot --check
expect 0 'arena +[34][0-9]\.[0-9]+ kB' compile "${striped[@]}" --schedule small
expect 0 'checked +function main: [0-9]+ calls in [34][0-9]\.[0-9]+ kB' inspect striped.ingot --check
expect 0 'rows [0-9]+ of [0-9]+ in' inspect striped.ingot --ir
expect 0 . verify striped.ingot --model striped.graph --random-weights 1 --random 2
expect 0 'arena +[4-6][0-9]\.[0-9]+ kB' compile "${striped[@]}" --memory memory=60K
rm -f striped.ingot
expect 1 "needs at least [0-9]+ bytes of memory 'memory', of which 20480 may be used; allow it [0-9]+ bytes.*conv 'a' to conv 'y' in stripes needs" \
  compile "${striped[@]}" --memory memory=20K
expect 1 "needs at least 81920 bytes .* of which 61440 may be used; schedule it with --schedule fast" \
  compile "${striped[@]}" --schedule untiled --memory memory=60K
is "a compile that misses its memory leaves a bundle" test ! -e striped.ingot
expect 2 'memory sram: the target plans memory' compile "${striped[@]}" --memory sram=1M
expect 2 'memory is given twice' compile "${striped[@]}" --memory memory=1M --memory memory=2M
for words in memory memory= =1 memory=-1 memory=1X memory=99999999999999999999; do
  expect 2 'memory' compile "${striped[@]}" --memory "$words"
done
expect 2 'schedule' compile "${striped[@]}" --schedule best
expect 2 'check goes with a bundle' inspect striped.graph --check
rm -f striped.graph
