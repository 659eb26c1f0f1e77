# Functions that run others, once and in loops: every command on a model and a bundle with them.

sampler="$root/Tests/Data/Models/sampler.graph"
expect 0 'sampler.ingot for .* 1728 multiply-adds, 240 parameters' compile "$sampler" --random-weights 4 -o sampler.ingot
expect 0 . compile "$sampler" --random-weights 4 -o again.ingot --report sampler.html
is "two compiles of a module with loops differ" cmp sampler.ingot again.ingot
is "the report leaves a function out" test "$(grep -c '<h2>Memory of ' sampler.html)" -eq 6
expect 0 . compile "$sampler" --random-weights 4 --precision fp16 -o half_sampler.ingot

# What is in it. Calls leave no trace, loops do.
expect 0 'sample .*loop 3.*function step .*loop 2.*function block' inspect sampler.ingot
expect 0 'loop .*count = 3, length = 15 .*take.*matmul .*latent/with/y/product.*put' inspect sampler.ingot --ops
expect 0 'memory @memory: .* bytes .*loop 3 times \{ .* = take .*loop 2 times \{ ' inspect sampler.ingot --ir
expect 0 'function sample .*trace  *f32\[3, 2, 8\]' inspect sampler.ingot --plan
expect 0 . inspect sampler.ingot --plan --ops --ir --json
has_keys functions ops tensors ir arena_bytes arena_lower_bound_bytes
expect 0 . inspect sampler.ingot --html sampler.html
expect 0 'matmul  *latent/with/y/product .*function step' inspect "$sampler" --ops
expect 0 'sample .*weights .* 5 tensors, 5 of them without contents.*loop 1' inspect "$sampler"
expect 0 . inspect "$sampler" --random-weights 4 --json
has_keys functions op_counts arena_bytes
is "inspect and compile count other weights" test "$(json_number weight_bytes)" -eq 960

# Running and comparing.
mkdir sampler_inputs block_inputs
numbers=$(as_f32 0.5 -1 0 2 -1 0.5 0.5 0)
npy i8 '(3,)' '\x01\x00\x00\x00\x00\x00\x00\x00\x0f\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00' \
  >sampler_inputs/tokens.npy
npy f4 '(2, 8)' "$numbers$numbers" >sampler_inputs/noise.npy
npy f4 '(3, 1)' "$(as_f32 2 0.5 -1)" >sampler_inputs/scales.npy
npy f4 '(2, 8)' "$numbers$numbers" >block_inputs/x.npy
npy f4 '(8,)' "$numbers" >block_inputs/context.npy
words=()
for name in tokens noise scales; do words+=(--input "$name=sampler_inputs/$name.npy"); done
for threads in 1 3; do
  expect 0 'image .*trace' run sampler.ingot "${words[@]}" --threads $threads --output-dir "sampler$threads"
done
is "a loop gives other bytes on three threads" cmp sampler1/trace.npy sampler3/trace.npy
expect 0 'image .*trace .*each function .*block +2 .*worst of [1-9][0-9]* layers.* block ' \
  verify sampler.ingot --model "$sampler" --random-weights 4 --inputs sampler_inputs
expect 0 'after each pass.* function .*fold-scale-offset +block ' \
  verify sampler.ingot --model "$sampler" --random-weights 4 --inputs sampler_inputs --stages
expect 0 'worst of 2 layers' \
  verify sampler.ingot --model "$sampler" --random-weights 4 --inputs block_inputs --function block
expect 0 . verify half_sampler.ingot --model "$sampler" --random-weights 4 --inputs sampler_inputs --json
has_keys passed outputs functions layers
expect 1 "off by" verify sampler.ingot --model "$sampler" --random-weights 5 --inputs sampler_inputs

# Times are those of all runs of a call together.
expect 0 'loop +1 .*latent/with/y/product +6 .*total .* ms' profile sampler.ingot --runs 2
expect 0 . profile sampler.ingot --runs 2 --json
has_keys executions median_ms macs
is "profile counts other work than inspect" test "$(sed -n 's/^ *"macs" : \([0-9]*\),*$/\1/p' out | awk '{ sum += $1 } END { print sum }')" = 1728
expect 0 'median .* ms' bench sampler.ingot --runs 3

# Passes work on each function.
expect 0 'function sample|function block' passes "$sampler" --random-weights 4
expect 0 'graph @sample.*graph @step.*graph @decode' passes "$sampler" --random-weights 4 --after fuse-activation
expect 0 . passes "$sampler" --random-weights 4 --json
has_keys function name changes

# x, 2x, 4x, … by hand, and everything of the way.
cat >doubling.graph <<'END'
graph @main(%x: f32[2]) -> (%y, %before) {
  %y, %before = loop %x {function = @double, count = 4, carried = 1} : f32[2], f32[4, 2]
}
graph @double(%x: f32[2]) -> (%y, %x) {
  %y = add %x, %x
}
END
npy f4 '(2,)' "$(as_f32 0.5 -3)" >pair.npy
expect 0 . compile doubling.graph -o doubling.ingot
expect 0 . run doubling.ingot --input x=pair.npy --output-dir doubling
is "four doublings are wrong" test "$(floats doubling/y.npy 2 | tr -s ' \n' ' ')" = " 8 -48 "
is "what came before is wrong" test "$(floats doubling/before.npy 8 | tr -s ' \n' ' ')" = " 0.5 -3 1 -6 2 -12 4 -24 "
expect 0 . run doubling.ingot --function double --input x=pair.npy --output-dir double
is "one doubling is wrong" test "$(floats double/y.npy 2 | tr -s ' \n' ' ')" = " 1 -6 "

sed 's/@double, /@duoble, /' doubling.graph >wrong.graph
expect 1 "wrong.graph:2:[0-9]+: loop: .*no function @duoble; did you mean @double" compile wrong.graph -o wrong.ingot
sed 's/%y = add %x, %x/%y, %z = call %x {function = @double} : f32[2], f32[2]/' doubling.graph >wrong.graph
expect 1 "wrong.graph:5:[0-9]+: call: .*@double runs @double, in a circle" compile wrong.graph -o wrong.ingot
sed 's/count = 4/count = 65537/; s/f32\[4, 2\]/f32[65537, 2]/' doubling.graph >wrong.graph
expect 1 "wrong.graph:2:[0-9]+: loop: count is 65537, expected 1 to 65536" compile wrong.graph -o wrong.ingot
is "a failed compile left a bundle" test ! -e wrong.ingot
