# Outputs whose size depends on data: bounds in what `inspect` says, true sizes in what `run` writes.

cat >found.graph <<'END'
graph @found(%x: f32[4]) -> (%y sized {0 = "y.size"}, %n as "y.size") {
  %p, %n = nonzero %x
  %y = gather %x, %p
}
END
npy f4 '(4,)' "$(as_f32 -3 0 2 0)" >sparse.npy
npy f4 '(4,)' "$(as_f32 0 0 0 0)" >nothing.npy
npy f4 '(4,)' "$(as_f32 2 -1 2 0.5)" >full.npy
expect 0 "y +f32\[4\], axis 0 bounded, its size in 'y.size'" inspect found.graph
expect 0 . compile found.graph -o found.ingot
expect 0 "y +f32\[4\], axis 0 bounded, its size in 'y.size'" inspect found.ingot
expect 0 '"y": f32\[4\] in \$1 sized \{0 = %2\}' inspect found.ingot --ir
for file in found.graph found.ingot; do
  expect 0 . inspect $file --json
  has_keys sized_by axis output shape
done
expect 0 'y  f32\[2\] of at most \[4\]  found/y.npy' run found.ingot --input x=sparse.npy --output-dir found
is "the array does not have the size of the run" grep -aq "'shape': (2,)" found/y.npy
is "what was found is wrong" test "$(floats found/y.npy 2 | tr -s ' \n' ' ')" = " -3 2 "
expect 0 . run found.ingot --input x=sparse.npy --output-dir found --json
has_keys name element shape bound file
expect 0 'y  f32\[0\] of at most \[4\]  found/y.npy' run found.ingot --input x=nothing.npy --output-dir found
expect 0 'y  f32\[4\]  found/y.npy' run found.ingot --input x=full.npy --output-dir found
is "what was found is wrong" test "$(floats found/y.npy 4 | tr -s ' \n' ' ')" = " 2 -1 2 0.5 "

detector="$root/Tests/Data/Models/detector.onnx"
mkdir detections
npy f4 '(1, 12, 4)' '' >detections/boxes.npy
npy f4 '(1, 12, 3)' '' >detections/rows.npy
tail -c +129 "$demo/heldout_images.npy" | head -c $((4 * 48)) >>detections/boxes.npy
tail -c +8129 "$demo/heldout_images.npy" | head -c $((4 * 36)) >>detections/rows.npy
expect 0 . compile "$detector" --dim N=1 -o detector.ingot
expect 0 "table +f32\[5, 6\], axis 0 bounded, its size in 'table.size'" inspect detector.ingot
expect 0 'table.*labels.*table.size' verify detector.ingot --model "$detector" --inputs detections --stages
expect 0 'labels  i64\[[0-5]\]' run detector.ingot --input boxes=detections/boxes.npy --input rows=detections/rows.npy \
  --output-dir detections/out
