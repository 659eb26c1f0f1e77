# `ingot verify`: the bundle against the model it was made from.

mkdir images one empty
cp "$demo/heldout_images.npy" images/digits.npy
cp digit.npy one/digits.npy

expect 0 'logits .*worst of [1-9][0-9]* layers' verify batch.ingot "${digits[@]}" --inputs images
expect 0 'after each pass.*fold-batch-norm' verify digits.ingot "${digits[@]}" --inputs one --stages
expect 0 . verify digits.ingot "${digits[@]}" --inputs one --stages --json
has_keys passed outputs layers stages max_abs relative cosine snr_db own accumulated value kernel_calls
expect 0 'logits.*own: fed with.*accumulated: fed with.*own +own SNR' verify half.ingot "${digits[@]}" --inputs one
expect 0 . profile half.ingot --runs 1 --json
has_keys node value

# What the kernel calls compute can be left out; then only outputs are compared.
expect 0 . compile "${digits[@]}" --no-origins -o bare.ingot
expect 0 "layers can't be compared; compile it without --no-origins" verify bare.ingot "${digits[@]}" --inputs one
is "origins take no room" [ "$(wc -c <bare.ingot)" -lt "$(wc -c <digits.ingot)" ]
expect 0 . profile bare.ingot --runs 1 --json

# Half precision is not good to a millionth, and other weights give other numbers.
expect 1 "half.ingot: output 'logits' is off by .*allowed" verify half.ingot "${digits[@]}" --inputs one --tolerance 1e-6
expect 1 "the layer with the largest error of its own is conv '" verify half.ingot "${digits[@]}" --inputs one --tolerance 1e-6
expect 0 . compile --graph efficientformerv2 --variant digits --random-weights 3 -o other.ingot
expect 1 "other.ingot: output 'logits' is off by" verify other.ingot "${digits[@]}" --inputs one

expect 1 "input 'digits'.*missing" verify digits.ingot "${digits[@]}" --inputs empty
expect 1 'absent: ' verify digits.ingot "${digits[@]}" --inputs absent
expect 1 'absent.ingot: ' verify absent.ingot "${digits[@]}" --inputs one

# Inputs by file names in a folder, and inputs made from a seed: the same for the same seed, and valid where they choose
# elements. The bundle of the sampler gathers by its tokens.
mkdir friendly_inputs
npy f4 '(4,)' "$(as_f32 -3 0.5 2 -1)" >friendly_inputs/in_put_0.npy
expect 0 'a b:0 ' verify odd.ingot --model odd.graph --inputs friendly_inputs
# Each file is a sample; none is merged with another, and none is split.
mkdir several
cp friendly_inputs/in_put_0.npy several/in_put_0_1.npy
npy f4 '(4,)' "$(as_f32 1 2 3 0)" >several/in_put_0_2.npy
expect 0 'over 2 samples.*mean SNR dB.*the worst of them, several/in_put_0_[12].npy' verify odd.ingot --model odd.graph --inputs several
expect 0 . verify odd.ingot --model odd.graph --inputs several --json
has_keys samples count shown mean_snr_db worst_snr_db worst_snr_sample worst_relative worst_relative_sample
npy f4 '(3,)' "$(as_f32 1 2 3)" >several/in_put_0_3.npy
expect 1 'several/in_put_0_3.npy: input .in put/0. is f32\[3\]' verify odd.ingot --model odd.graph --inputs several
expect 1 'samples along its first axis, which are not split' verify digits.ingot "${digits[@]}" --inputs images
expect 0 'a sample made from seed 1: in put/0 -1 to 1 .*a b:0 ' verify odd.ingot --model odd.graph --random 1
expect 0 . verify odd.ingot --model odd.graph --random 2 --seed 7 --json
has_keys passed random seed samples shown
cp out first_random
expect 0 . verify odd.ingot --model odd.graph --random 2 --seed 7 --json
is "the same seed gives other samples" cmp first_random out
cat >indices.graph <<'END'
graph @main(%ids: i32[3], %mask: bool[2], %bytes: u8[2], %count: i64[1]) -> (%rows, %m, %b, %more) {
  weight @table: f32[5, 2] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  weight @one: i64[1] = [1]
  %wide = cast %ids {to = i64}
  %column = reshape %wide {shape = [3, 1]}
  %rows = gather @table, %column
  %m = not %mask
  %b = cast %bytes {to = f32}
  %next = add %count, @one
  %more = gather @table, %next
}
END
expect 0 . compile indices.graph -o indices.ingot
expect 0 'ids 0 to 4, mask 0 to 1, bytes 0 to 255, count 0 to 1[^0-9]' verify indices.ingot --model indices.graph --random 4
expect 2 'either --inputs DIR, or --random N' verify odd.ingot --model odd.graph
expect 2 'either --inputs DIR, or --random N' verify odd.ingot --model odd.graph --random 1 --inputs friendly_inputs
# Outputs of few bits are rounded themselves.
printf 'graph @h(%%x: f16[64, 2048], %%z: f16[2048, 64]) -> (%%y) {\n  %%y = matmul %%x, %%z\n}\n' >halves.graph
expect 0 . compile halves.graph -o halves.ingot
expect 0 'x -1 to 1' verify halves.ingot --model halves.graph --random 3
expect 1 'off by' verify halves.ingot --model halves.graph --random 3 --tolerance 1e-4
expect 2 'seed goes with --random' verify odd.ingot --model odd.graph --inputs friendly_inputs --seed 1
expect 2 'random must be' verify odd.ingot --model odd.graph --random 0
