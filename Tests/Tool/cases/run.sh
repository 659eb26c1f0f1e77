# `ingot run`: arrays in, arrays out. Leaves digit.npy, one digit, for later.

cat >odd.graph <<'END'
graph @odd(%x as "in put/0": f32[4]) -> (%a as "../a b:0", %x as "copy", %c as "ünïcode") {
  %a = relu %x
  %c = add %x, %x
}
END
npy f4 '(4,)' "$(as_f32 -3 0.5 2 -1)" >x.npy
npy f4 '(4,)' "$(as_f32 0 0.5 2 0)" >relu.npy
expect 0 . compile odd.graph -o odd.ingot
expect 0 . run odd.ingot --input 'in put/0=x.npy' --output-dir odd --json
has_keys name element shape file
is "outputs with odd names are not written under cleaned names" test -e odd/.._a_b_0.npy -a -e odd/_n_code.npy
is "relu gives wrong numbers" test "$(floats odd/.._a_b_0.npy 4)" = "$(floats relu.npy 4)"
is "an output that is an input differs from it" test "$(floats odd/copy.npy 4)" = "$(floats x.npy 4)"
is "files were written outside the output folder" test ! -e a_b_0.npy

cat >clash.graph <<'END'
graph @clash(%x: f32[4]) -> (%a as "a:b", %c as "a/b") {
  %a = relu %x
  %c = neg %x
}
END
expect 0 . compile clash.graph -o clash.ingot
expect 1 'clash.ingot: two outputs .* one file' run clash.ingot --input x=x.npy --output-dir clash
is "a run that failed made its folder" test ! -e clash

printf 'graph @two(%%weight: f32[3, 4], %%bias: f32[3]) -> (%%w) {\n  %%w = relu %%weight\n}\n' >two.graph
expect 0 . compile two.graph -o two.ingot
expect 0 . run two.ingot --input "$root/Tests/Data/Checkpoints/arrays.npz" --output-dir two
is "relu of the archive's array is wrong" test "$(floats two/w.npy 12 | tr -s ' \n' ' ')" = \
  " 0 0.125 0.25 0.375 0.5 0.625 0.75 0.875 1 1.125 1.25 1.375 "

# The images of the demo begin with one digit: 64 floats behind a header.
npy f4 '(1, 1, 8, 8)' '' >digit.npy
tail -c +129 "$demo/heldout_images.npy" | head -c 256 >>digit.npy
tail -c +129 digit.npy >digit.raw
for threads in 1 2 3; do
  expect 0 'logits' run digits.ingot --input digits=digit.npy --threads $threads --output-dir "threads$threads"
done
is "10 logits of f32 were not written" test "$(wc -c <threads1/logits.npy)" -eq $((128 + 40))
is "two threads give other bytes" cmp threads1/logits.npy threads2/logits.npy
is "three threads give other bytes" cmp threads1/logits.npy threads3/logits.npy

# All held-out digits at once must give PyTorch's answers.
expect 0 . compile "${digits[@]}" --dim batch=360 -o batch.ingot
expect 0 . run batch.ingot --input "digits=$demo/heldout_images.npy" --output-dir batch
is "the logits of the held-out digits are not PyTorch's" \
  same_floats batch/logits.npy "$demo/pytorch_logits.npy" 3600

expect 1 "input 'digits', f32\[1, 1, 8, 8\], is missing" run digits.ingot --output-dir nothing
expect 1 "no input 'image'.*digits" run digits.ingot --input image=digit.npy --output-dir nothing
expect 1 "'digits' is f32\[4\], expected f32\[1, 1, 8, 8\]" run digits.ingot --input digits=x.npy --output-dir nothing
expect 1 'absent.npy: ' run digits.ingot --input digits=absent.npy --output-dir nothing
expect 1 'NAME=FILE' run digits.ingot --input digit.npy --output-dir nothing
expect 1 'digit.raw: ' run digits.ingot --input digits=digit.raw --output-dir nothing
expect 1 "no function 'absent'.*efficientformerv2_digits" \
  run digits.ingot --function absent --input digits=digit.npy --output-dir nothing
is "a run that failed made its folder" test ! -e nothing
