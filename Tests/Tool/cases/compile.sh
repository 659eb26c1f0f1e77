# `ingot compile`: what it writes and says, and what stays when it fails. Leaves digits.ingot and half.ingot for later.

expect 0 'digits.ingot for .* ops .* bundle .* arena .* time .* s: read .* write .* of memory at most' \
  compile "${digits[@]}" --target cpu-arm64 -o digits.ingot
expect 0 . compile "${digits[@]}" --target cpu-arm64 -o again.ingot --json
has_keys arena_bytes arena_lower_bound_bytes bundle_bytes weight_bytes cost stages seconds peak_memory_bytes
is "two compiles differ" cmp digits.ingot again.ingot
is "bundle_bytes is not the file's size" test "$(json_number bundle_bytes)" -eq "$(wc -c <digits.ingot)"
is "the arena is smaller than its lower bound" \
  test "$(json_number arena_bytes)" -ge "$(json_number arena_lower_bound_bytes)"
full_weights=$(json_number weight_bytes)

mkdir elsewhere
(cd elsewhere && "$tool" compile "${digits[@]}" --target cpu-arm64 -o digits.ingot >/dev/null)
is "a compile in another folder gives other bytes" cmp digits.ingot elsewhere/digits.ingot

expect 0 . compile "${digits[@]}" --precision fp16 -o half.ingot --json
is "fp16 does not halve the weights" test "$(json_number weight_bytes)" -lt $((full_weights * 11 / 20))
half_bytes=$(json_number bundle_bytes)
expect 0 . compile "${digits[@]}" --precision bf16 -o bfloat.ingot --json
is "bf16 does not halve the weights" test "$(json_number weight_bytes)" -lt $((full_weights * 11 / 20))
expect 0 'fp32xbf16' inspect bfloat.ingot --json
expect 0 . verify bfloat.ingot "${digits[@]}" --random 2
expect 0 . compile "${digits[@]}" --precision int8-weights -o eight.ingot --json
is "weights in int8 take as much as in fp16" test "$(json_number weight_bytes)" -lt $((full_weights / 2))
is "weights in int8 make no smaller bundle than in fp16" test "$(json_number bundle_bytes)" -lt $half_bytes
eight_bytes=$(json_number bundle_bytes)
expect 0 . compile "${digits[@]}" --precision int4 --group-size 32 -o four.ingot --json
is "weights in int4 make no smaller bundle than in int8" test "$(json_number bundle_bytes)" -lt $((eight_bytes * 9 / 10))
expect 0 'fp32xint4' inspect four.ingot --json
expect 0 . verify eight.ingot "${digits[@]}" --random 2
expect 2 'goes with --precision int4 or palette' compile "${digits[@]}" --group-size 32 -o x.ingot
expect 2 'expected 16, 32, 64 or 128' compile "${digits[@]}" --precision int4 --group-size 24 -o x.ingot
more_bytes=$half_bytes
for bits in 8 6 4 3 2; do
  expect 0 . compile "${digits[@]}" --precision palette --bits $bits -o palette$bits.ingot --json
  # Beside them an eighth of this small network stays as it is.
  is "palettes of $bits bits take more than their bits" test "$(json_number weight_bytes)" -lt $((full_weights * (bits + 4) / 32))
  is "palettes of $bits bits make no smaller bundle than those of more" test "$(json_number bundle_bytes)" -lt $more_bytes
  more_bytes=$(json_number bundle_bytes)
  expect 0 "fp32xpalette$bits" inspect palette$bits.ingot --json
done
expect 0 . compile "${digits[@]}" --precision palette --group-size 16 -o groups.ingot --json
is "palettes of 16 outputs take no more than one" test "$(json_number weight_bytes)" -gt "$(wc -c <palette3.ingot)"
expect 0 'weights = palette4:16' inspect groups.ingot
expect 0 'palette4 [0-9.]* kB, fp32 [0-9.]* kB' inspect groups.ingot
expect 0 '"palette4" : [1-9]' inspect groups.ingot --json
expect 0 . verify palette6.ingot "${digits[@]}" --random 2 --stages
expect 0 . verify four.ingot "${digits[@]}" --random 2 --stages --tolerance 1
expect 2 'expected 2, 3, 4, 6 or 8' compile "${digits[@]}" --precision palette --bits 5 -o x.ingot
expect 2 '1 or more outputs' compile "${digits[@]}" --precision palette --group-size 0 -o x.ingot
expect 2 'bits goes with --precision palette' compile "${digits[@]}" --precision int4 --bits 4 -o x.ingot
expect 0 . compile --graph efficientformerv2 --variant s0 --random-weights 7 -o random.ingot
expect 0 . compile --graph efficientformerv2 --variant s0 --random-weights 7 -o random2.ingot
is "two compiles with random weights of one seed differ" cmp random.ingot random2.ingot

expect 0 . compile "${digits[@]}" --target apple-ane-a17pro -o ane.ingot
expect 0 . compile "${digits[@]}" -o reported.ingot --report report.html
is "the report is no page" grep -qi '<html' report.html

# Text is a model too.
expect 0 '^graph ' graphs efficientformerv2 --variant digits --ir
cp out digits.graph
expect 0 . compile digits.graph --random-weights 1 -o from_text.ingot

# What fails says which file and what to do, and changes nothing.
echo old >kept.ingot
expect 1 'absent\.onnx: ' compile absent.onnx -o kept.ingot
expect 1 'absent\.safetensors: ' compile --graph efficientformerv2 --variant digits --checkpoint absent.safetensors -o kept.ingot
expect 1 "digits.safetensors: .*does not fit.*missing: '.*unexpected: '" \
  compile --graph efficientformerv2 --variant s0 --checkpoint "$demo/digits.safetensors" -o kept.ingot
expect 1 "no target 'absent'.*cpu-arm64" compile "${digits[@]}" --target absent -o kept.ingot
expect 1 "no graph 'absent'.*efficientformerv2" compile --graph absent --random-weights 1 -o kept.ingot
expect 1 "no variant 'absent'.*digits" compile --graph efficientformerv2 --variant absent --random-weights 1 -o kept.ingot
expect 1 'weight' compile --graph efficientformerv2 --variant digits -o kept.ingot
expect 1 'absent/report.html: ' compile "${digits[@]}" -o kept.ingot --report absent/report.html
expect 1 'absent/digits.ingot: ' compile "${digits[@]}" -o absent/digits.ingot
head -c 1000 "$demo/digits.safetensors" >cut.safetensors
expect 1 'cut.safetensors: ' compile --graph efficientformerv2 --variant digits --checkpoint cut.safetensors -o kept.ingot
echo 'no model' >wrong.onnx
expect 1 'wrong.onnx: ' compile wrong.onnx -o kept.ingot
printf 'graph @g(%%x: f32[2]) -> (%%y) {\n  %%y = rellu %%x\n}\n' >wrong.graph
expect 1 'wrong.graph:2:.*rellu' compile wrong.graph -o kept.ingot
is "a compile that failed changed the output file" test "$(head -c 4 kept.ingot | tr -d '\0')" = old

# Weights as they are, for libraries without zstd.
expect 0 . compile "${digits[@]}" --compression none -o stored.ingot
expect 0 . compile "${digits[@]}" --compression zstd:19 -o packed.ingot
is "what is not compressed is not larger" test "$(wc -c <stored.ingot)" -gt "$(wc -c <packed.ingot)"
expect 0 . inspect stored.ingot
for wrong in lz4 zstd:0 zstd:23 zstd: none:3; do expect 2 "'$wrong' is invalid" compile "${digits[@]}" --compression $wrong -o wrong.ingot; done
