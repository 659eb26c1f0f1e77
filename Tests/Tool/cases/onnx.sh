# An ONNX model with an open size: --dim, --constant, and integers as inputs.

network="$root/Tests/Data/Models/network.onnx"
kinds="$root/Tests/Data/Models/kinds.onnx"

expect 1 "network.onnx: .*'?N'?.*--dim" compile "$network" -o network.ingot
expect 1 "'M'" compile "$network" --dim N=2 --dim M=1 -o network.ingot
expect 1 "kinds.onnx: .*'?If'?" compile "$kinds" --dim N=1 --dim x.2=1 -o network.ingot
expect 0 . compile "$network" --dim N=2 -o network.ingot
expect 0 'scores.*best.*sums' inspect network.ingot

mkdir words
ids='\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00'
npy i4 '(2, 3)' "$ids" >words/ids.npy
npy f4 '(2, 3, 8, 8)' '' >words/image.npy
tail -c +129 "$demo/heldout_images.npy" | head -c $((4 * 2 * 3 * 64)) >>words/image.npy
expect 0 'scores' run network.ingot --input ids=words/ids.npy --input image=words/image.npy --output-dir words/out
is "the running sums of 1 2 3 and 4 5 6 are wrong" \
  test "$(floats words/out/sums.npy 6 | tr -s ' \n' ' ')" = " 1 3 6 4 9 15 "
# No --dim: the bundle's manifest knows it.
expect 0 'scores.*best.*sums' verify network.ingot --model "$network" --inputs words --stages
expect 1 "input 'ids' is f32" run network.ingot --input ids=words/image.npy --input image=words/image.npy --output-dir x

# An index beyond the table is found while running.
npy i4 '(2, 3)' "${ids/x06/x0a}" >beyond.npy
expect 1 'index' run network.ingot --input ids=beyond.npy --input image=words/image.npy --output-dir beyond
is "a run that failed made its folder" test ! -e beyond

# An input that is fixed disappears. Arrays for --constant have the input's own type.
npy i8 '(2, 3)' '' >ids.npy
for number in 1 2 3 4 5 6; do printf "\\x0$number\\0\\0\\0\\0\\0\\0\\0"; done >>ids.npy
expect 0 . compile "$network" --dim N=2 --constant ids=ids.npy -o fixed.ingot
expect 0 'scores' run fixed.ingot --input image=words/image.npy --output-dir fixed
is "fixing an input changes the scores" same_floats fixed/scores.npy words/out/scores.npy 10
expect 1 "'absent'" compile "$network" --dim N=2 --constant absent=ids.npy -o fixed.ingot

# What is otherwise than the model has it is said: in text, as JSON, and when it is only looked at.
structure="$root/Tests/Data/Models/structure.onnx"
notes="note: .*'part', which .* only later.*note: .*input 'words'.*warning: .*'widen' \(Cast\).* DOUBLE"
expect 0 "$notes" compile "$structure" --dim N=1 -o structure.ingot
expect 0 "$notes" inspect "$structure" --dim N=1
expect 0 '"notes" *:.*"severity" *: *"warning"' compile "$structure" --dim N=1 --json -o structure.ingot
has_keys notes
npy f4 '(3,)' '' >x.npy
printf "$(as_f32 1 2 3)" >>x.npy
npy i8 '(1,)' '\x01\0\0\0\0\0\0\0' >one.npy
npy i8 '(1,)' '\x09\0\0\0\0\0\0\0' >nine.npy
npy i8 '(1,)' '\xf7\xff\xff\xff\xff\xff\xff\xff' >before.npy
expect 0 'z' run structure.ingot --input x=x.npy --input i=one.npy --output-dir structure
is "a branch, a function, loops or sparse constants are wrong" \
  test "$(floats structure/y.npy 3 | tr -s ' \n' ' ')$(floats structure/z.npy 4 | tr -s ' \n' ' ')" = " 2.5 4.5 6.5  1 4 3 0 "
# The index of the branch that is not chosen lies outside; then that of the branch that is.
expect 0 'z' run structure.ingot --input x=x.npy --input i=nine.npy --output-dir structure
is "the other branch is wrong" test "$(floats structure/y.npy 3 | tr -s ' \n' ' ')" = " -0.5 -1.5 -2.5 "
expect 1 'index -9' run structure.ingot --input x=x.npy --input i=before.npy --output-dir beyond
