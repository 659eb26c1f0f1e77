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
expect 0 'a:b .*clash/a_b.npy a/b .*clash/a_b_2.npy' run clash.ingot --input x=x.npy --output-dir clash
is "the second of two outputs of one file name was not negated" test "$(floats clash/a_b_2.npy 1)" = "$(floats <(npy f4 '(1,)' '\x00\x00\x80\x3f') 1)"

# Inputs by their own names or as file names, as words and in a folder, as long as it is clear which is meant.
expect 0 . run odd.ingot --input in_put_0=x.npy --output-dir friendly
is "an input by its file name gives other results" cmp friendly/_n_code.npy odd/_n_code.npy
expect 1 "input 'in put/0' is given twice, as 'in put/0' and as 'in_put_0'" \
  run odd.ingot --input 'in put/0=x.npy' --input in_put_0=x.npy --output-dir twice
expect 1 "input 'in put/0' is given twice, by x.npy and by relu.npy" \
  run odd.ingot --input 'in put/0=x.npy' --input 'in put/0=relu.npy' --output-dir twice
is "a run that failed made its folder" test ! -e twice
printf 'graph @two(%%x as "a:0": f32[4], %%y as "a/0": f32[4], %%z as "b:0": f32[4], %%w as "b_0": f32[4]) -> (%%s, %%t, %%u, %%v) {\n  %%s = neg %%x\n  %%t = neg %%y\n  %%u = neg %%z\n  %%v = neg %%w\n}\n' >like.graph
expect 0 . compile like.graph -o like.ingot
expect 1 "'a_0' may be input 'a:0' or 'a/0'" run like.ingot --input a_0=x.npy --output-dir like
expect 0 . run like.ingot --input a:0=x.npy --input a/0=x.npy --input b_0=relu.npy --input b:0=x.npy --output-dir like
is "an input's own name was taken for another's file name" sh -c 'cmp like/u.npy like/s.npy && ! cmp like/v.npy like/s.npy'
# What becomes of the file while it runs is of no matter to a copy.
expect 0 . run odd.ingot --copy --input in_put_0=x.npy --output-dir copied
is "a copied bundle gives other results" cmp copied/_n_code.npy odd/_n_code.npy

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
expect 1 "'digits' is f32\[4\] in x.npy, expected f32\[1, 1, 8, 8\]" run digits.ingot --input digits=x.npy --output-dir nothing
npy f8 '(4,)' '\x00\x00\x00\x00\x00\x00\xf8\x3f'"$(printf '\\x00%.0s' {1..24})" >exact.npy
npy f8 '(4,)' '\x9a\x99\x99\x99\x99\x99\xb9\x3f'"$(printf '\\x00%.0s' {1..24})" >inexact.npy
npy u1 '(4,)' '\x00\x01\xff\x07' >bytes.npy
expect 0 . run odd.ingot --input 'in put/0=exact.npy' --output-dir exact
expect 0 . run odd.ingot --input 'in put/0=bytes.npy' --output-dir bytes
is "bytes are other numbers as f32" test "$(floats bytes/copy.npy 4 | tr -s ' \n' ' ')" = " 0 1 255 7 "
expect 1 "odd.ingot: inexact.npy: input 'in put/0': is f64\[4\] and holds 0.1 at \[0\], which f32 can't hold exactly; .*numpy.float32" \
  run odd.ingot --input 'in put/0=inexact.npy' --output-dir nothing
mkdir doubles
cp inexact.npy "doubles/in_put_0.npy"
expect 1 "holds 0.1 at" verify odd.ingot --model odd.graph --inputs doubles
expect 1 'absent.npy: ' run digits.ingot --input digits=absent.npy --output-dir nothing
expect 1 'NAME=FILE' run digits.ingot --input digit.npy --output-dir nothing
expect 1 'digit.raw: ' run digits.ingot --input digits=digit.raw --output-dir nothing
expect 1 "no function 'absent'.*efficientformerv2_digits" \
  run digits.ingot --function absent --input digits=digit.npy --output-dir nothing
is "a run that failed made its folder" test ! -e nothing

# One instruction set that every machine has, and one that none has.
export INGOT_ISA=portable
expect 0 . run odd.ingot --input 'in put/0=x.npy' --output-dir portable
is "portable kernels give other bits" cmp portable/.._a_b_0.npy odd/.._a_b_0.npy
export INGOT_ISA=avx2,mmx
expect 1 "INGOT_ISA names 'mmx', expected some of portable, avx2" run odd.ingot --input 'in put/0=x.npy' --output-dir portable
unset INGOT_ISA
