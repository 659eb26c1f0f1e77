# int8 by samples of the inputs, or by noise for want of them.

mkdir calibration
for sample in 1 2 3 4 5 6; do
  npy f4 '(1, 1, 8, 8)' '' >calibration/digits_000$sample.npy
  tail -c +$((129 + 256 * sample)) "$demo/heldout_images.npy" | head -c 256 >>calibration/digits_000$sample.npy
done
expect 0 'int8xint8 9[89][.0-9]* %.* quantized .* by 6 samples .* taken ' \
  compile "${digits[@]}" --precision int8 --calibration calibration -o small.ingot
expect 0 . compile "${digits[@]}" --precision int8 --calibration calibration -o small2.ingot --json
is "two compiles by the same samples differ" cmp small.ingot small2.ingot
bytes=$(json_number weight_bytes)
expect 0 . compile "${digits[@]}" --precision fp16 -o half8.ingot --json
is "weights in int8 take as much as in fp16" test "$bytes" -lt $(($(json_number weight_bytes) * 3 / 4))
expect 0 '"macs_by_format"' inspect small.ingot --json
expect 0 'conv_integer' inspect small.ingot --ops
expect 0 . verify small.ingot "${digits[@]}" --inputs calibration
expect 0 'no samples were given: .* of noise' compile "${digits[@]}" --precision int8 -o noise.ingot
expect 1 'calibration-of-nobody' compile "${digits[@]}" --precision int8 --calibration calibration-of-nobody -o x.ingot
expect 2 'goes with --precision int8' compile "${digits[@]}" --calibration calibration -o x.ingot
expect 2 'int8 follows samples' passes "${digits[@]}" --precision int8
