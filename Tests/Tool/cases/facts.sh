# Commands that print facts: bench, profile, inspect, targets, graphs.

expect 0 'median .* ms' bench digits.ingot --runs 3
expect 0 . bench digits.ingot --runs 3 --threads 2 --json
has_keys median_ms min_ms
expect 0 'total .* ms' profile digits.ingot --runs 2 --top 3
expect 0 . profile digits.ingot --runs 2 --json
has_keys total_ms ops op node median_ms

expect 0 'efficientformerv2.*digits' graphs
expect 0 . graphs --json
has_keys name variants parameters macs inputs outputs
expect 0 . graphs efficientformerv2 --variant s0 --json
is "EfficientFormerV2-S0 has other than 0.40 G multiply-adds" test "$(($(json_number macs) / 5000000))" -eq 79
expect 0 'e2gan.*swapped_2x .*34 more' graphs e2gan
expect 0 'snapvideo, fit_500m: .*a reconstruction: .*input .*x_sigma .*output .*denoised .*--dim .*frames +16 ' \
  graphs snapvideo --variant fit_500m
expect 0 'x_sigma +f32.1, 8, 3, 36, 64.' graphs snapvideo_fit_500m --dim frames=8
expect 0 . graphs snapvideo_fit_500m --dim frames=8 --json
has_keys dimensions default least most multiple_of status ours
expect 0 'down.0.lora_A' graphs e2gan --variant branch_2x --layout
has_keys block_size groups mean deviation tensors offset shape
expect 1 "variant 'base' has no adapters" graphs e2gan --variant base --layout
expect 1 "no graph 'absent'" graphs absent
expect 1 "no variant 'absent'; choose one of s0" graphs efficientformerv2 --variant absent
expect 1 "no dimension 'absent'; it has batch" graphs snapvideo_fit_500m --dim absent=1
expect 2 'need the name' graphs --variant s0

expect 0 'cpu-arm64.*cpu-x86_64' targets
expect 0 . targets --json
has_keys name title family
expect 0 . targets apple-ane-a17pro --json
has_keys name engines
expect 1 "no target 'absent'" targets absent

expect 0 'digits.*logits.*arena' inspect digits.ingot
expect 0 . inspect digits.ingot --json
has_keys arena_bytes arena_lower_bound_bytes bundle_bytes weight_bytes
is "inspect and the file disagree on its size" test "$(json_number bundle_bytes)" -eq "$(wc -c <digits.ingot)"
has_keys memories id bytes lower_bound_bytes
arena=$(json_number arena_bytes)
expect 0 "arena .* bytes .*memory .* bytes .*lower bound .* bytes, live at step .*stem.gelu" inspect digits.ingot --plan
expect 0 'conv .*stem.conv1.conv' inspect digits.ingot --ops
expect 0 . inspect digits.ingot --ir
expect 0 'digits.*logits' inspect "${digits[@]}"
expect 0 'graph @' inspect "${digits[@]}" --ir
expect 0 'engine.*reason' inspect "${digits[@]}" --ops --target apple-ane-a17pro
expect 0 . inspect "${digits[@]}" --json
has_keys arena_bytes arena_lower_bound_bytes bundle_bytes weight_bytes
is "inspect plans another arena for the model than for its bundle" test "$(json_number arena_bytes)" = "$arena"
expect 0 . inspect digits.ingot --html plan.html
is "inspect --html writes no page" grep -qi '<html' plan.html
expect 1 'absent.ingot: ' inspect absent.ingot
expect 1 'absent.onnx: ' inspect absent.onnx

expect 0 . graphs --markdown
is "Graphs/README.md is not what 'ingot graphs --markdown' prints" cmp -s out "$root/Graphs/README.md"

# A bundle for an NPU runs on the CPU, and every command that runs it says so; one for a CPU needs no note.
note='note: nothing runs on an engine of Apple Neural Engine, A17 Pro yet'
npu=(--target apple-ane-a17pro)
expect 0 "$note" bench ane.ingot --runs 1
expect 0 "$note" profile ane.ingot --runs 1 --top 1
expect 0 "$note" verify ane.ingot "${digits[@]}" --random 1
expect 0 "$note" run ane.ingot --input digits=digit.npy --output-dir from_ane
expect 0 "$note" passes "${digits[@]}" "${npu[@]}"
for words in 'bench ane.ingot --runs 1' 'profile ane.ingot --runs 1' "verify ane.ingot ${digits[*]} --random 1"; do
  expect 0 "${note#note: }" $words --json
  has_keys notes message
done
for words in 'bench digits.ingot --runs 1' 'profile digits.ingot --runs 1 --top 1' "verify digits.ingot ${digits[*]} --random 1"; do
  expect 0 . $words
  is "'$words' warns of an engine" test -z "$(grep 'nothing runs' out)"
done

# What a bundle is compiled for stands in it, also where the target is a file that nobody else has.
for target in cpu-x86_64 apple-ane-a17pro; do
  sed "s/\"name\": \"$target\"/\"name\": \"own-$target\"/" "$root/Targets/$target.json" >own.json
  expect 0 . compile "${digits[@]}" --target own.json -o "own-$target.ingot"
done
for words in 'bench NAME --runs 1' 'profile NAME --runs 1 --top 1' "verify NAME ${digits[*]} --random 1" 'inspect NAME' \
  'run NAME --input digits=digit.npy --output-dir from_own'; do
  expect 0 . ${words/NAME/own-cpu-x86_64.ingot}
  is "'$words' warns of an engine" test -z "$(grep 'nothing runs' out)"
  expect 0 "nothing runs on an engine of 'own-apple-ane-a17pro' yet" ${words/NAME/own-apple-ane-a17pro.ingot}
done

# What an op runs as, and the rule that decided. What the engine lacks stays apart from what it has.
cat >engines.graph <<'END'
graph @main(%x: f32[1, 8, 4, 4]) -> (%z) {
  weight @w: f32[15, 8, 3, 3]
  %y = conv %x, @w
  %z = mish %y
}
END
expect 0 'conv +y +ne +slow +runs slowly.*mish +z +cpu +fallback +the chip has no' inspect engines.graph --random-weights 1 --ops "${npu[@]}"
expect 0 . inspect engines.graph --random-weights 1 --ops "${npu[@]}" --json
has_keys engine reason verdict rule key actual allowed
expect 0 '"actual" : "15".*"allowed" : "a multiple of 8".*"key" : "out.C".*"verdict" : "slow"' inspect engines.graph --random-weights 1 --ops "${npu[@]}" --json
expect 0 . compile engines.graph --random-weights 1 "${npu[@]}" -o engines.ingot --json
has_keys engine reason verdict rule
