# An ONNX model with axes that have no names, and an input that decides which branch is taken: --shape, --constant.

settings="$root/Tests/Data/Models/settings.onnx"
external="$root/Tests/Data/Models/external.onnx"

# What is open is shown, with the options that fix it; what can't be shown of an open model is refused.
expect 0 'input +x +f32\[\?, \?, \?\] .*open +x\[0\] .*open +x\[2\] .*fix with +--shape x=\?,\?,\?' inspect "$settings"
expect 0 'open +x\[0\] .*fix with +--shape' passes "$settings"
expect 0 'input +image +f32\[N, 3, 8, 8\] .*open +N +\(image\[0\], ids\[0\]\) .*fix with +--dim N=N ' inspect "$network"
expect 0 . inspect "$settings" --json
has_keys kind inputs type open_dimensions axes options
expect 0 'x +f32\[1, \?, 4\] ' inspect "$settings" --dim x.0=1 --dim 'x[2]=4'
for words in --ir --ops --plan "--html open.html"; do
  expect 1 "3 dimensions open: 'x\[0\]', 'x\[1\]', 'x\[2\]'.*--shape x=" inspect "$settings" $words
done
expect 1 '3 dimensions open' passes "$settings" --after start
is "an open model has a page" test ! -e open.html

# Shapes in both spellings, on every command that takes a model.
expect 0 . compile "$settings" --shape x=1,3,4 --constant sr=16000 -o four.ingot
expect 0 . compile "$settings" --shape x=1x3x4 --constant sr=16000 -o again.ingot
is "two spellings of a shape give other bundles" cmp four.ingot again.ingot
expect 0 . compile "$settings" --shape x=1,3,4 --shape sr= --constant sr=16000 -o again.ingot
expect 0 'input +x +f32\[1, 3, 4\] ' inspect "$settings" --shape x=1,3,4 --constant sr=16000
expect 0 'graph @' inspect "$settings" --shape x=1,3,4 --constant sr=16000 --ir
expect 0 'graph @' passes "$settings" --shape x=1,3,4 --constant sr=16000 --after start
expect 0 . compile "$settings" --shape x=2,3,8 --constant sr=8000 -o eight.ingot
expect 0 'made from +constant.sr = 8000, model = settings.onnx, shape.x = 2x3x8' inspect eight.ingot
expect 0 . inspect four.ingot
is "an input that is fixed is an input of the bundle" test "$(grep -c ' input ' out)" -eq 1

# The bundle's manifest knows shapes and numbers.
mkdir rows
npy f4 '(1, 3, 4)' "$(as_f32 -3 0.5 2 -1 0 0.5 2 -1 0 0 2 2)" >rows/x.npy
expect 0 'y .*' verify four.ingot --model "$settings" --inputs rows
expect 0 'y .*' verify four.ingot --model "$settings" --shape x=1,3,4 --constant sr=16000 --inputs rows
expect 0 . run four.ingot --input x=rows/x.npy --output-dir rows/out

# Shapes that contradict the model, --dim or one another.
expect 1 "two extents for 'x\[0\]': 2 by --dim x.0=2, 1 by --shape x=1,3,4" \
  compile "$settings" --dim x.0=2 --shape x=1,3,4 --constant sr=16000 -o x.ingot
expect 1 "two extents for 'N': 2 by --shape image=2,3,8,8, 1 by --shape ids=1,3" \
  compile "$network" --shape ids=1,3 --shape image=2,3,8,8 -o x.ingot
expect 1 "input 'image': has the shape \[N, 3, 8, 8\], which --shape image=1,3,8,9 does not fit" \
  compile "$network" --shape image=1,3,8,9 -o x.ingot
expect 1 'x=1,3 does not fit; expected 3 extents' compile "$settings" --shape x=1,3 -o x.ingot
expect 1 "no input 'y', which --shape names; expected one of 'x', 'sr'" compile "$settings" --shape y=1,3 -o x.ingot
expect 1 '--shape x=0,3,4 gives the extent 0' compile "$settings" --shape x=0,3,4 -o x.ingot
expect 1 "no open dimension '\?'.*'x\[0\]', 'x\[1\]', 'x\[2\]'" compile "$settings" --dim '?=1' -o x.ingot
for shape in x=1,3,-4 x=1,,4 x=1,3, x=a x=1.5 x=1,3x4 x=99999999999999999999 x=2147483648 =1 1,3,4; do
  expect 2 "'$shape' is invalid for '--shape" compile "$settings" --shape "$shape" -o x.ingot
done
expect 2 "--shape gives 'x' twice, as 1x3x4 and as 1x3x5" compile "$settings" --shape x=1,3,4 --shape x=1,3,5 -o x.ingot
expect 2 "--dim gives 'N' twice, as 1 and as 2" compile "$network" --dim N=1 --dim N=2 -o x.ingot
expect 2 "--dim gives 'N' twice; leave one out" compile "$network" --dim N=1 --dim N=1 -o x.ingot
expect 2 "--constant gives 'sr' twice" compile "$settings" --constant sr=1 --constant sr=2 -o x.ingot
expect 2 "--option gives 'prediction' twice, as epsilon and as sample" \
  compile --graph samplers --variant euler --random-weights 1 --option prediction=epsilon --option prediction=sample -o x.ingot
expect 2 "--dim gives 'steps' twice" graphs samplers --variant euler --dim steps=1 --dim steps=2
expect 2 "'N=99999999999' is invalid" compile "$network" --dim N=99999999999 -o x.ingot
expect 2 'go with a model file' compile "${digits[@]}" --shape digits=1,1,8,8 -o x.ingot
expect 2 'x.graph is a bundle|four.ingot is a bundle' inspect four.ingot --shape x=1,3,4
expect 1 'odd.graph: is IR text, which leaves nothing open' compile odd.graph --shape x=4 -o x.ingot
expect 1 'odd.graph: is IR text, which leaves nothing open' compile odd.graph --dim N=4 -o x.ingot

# The input that decides is named, with what to say; then the way to the node.
expect 1 "node 2 'rate' \(If\): input 'sr' decides which branch is taken; .*--constant sr=16000 .*node 2 'rate' \(If\) > else_branch > node 0 'rows_of_8' \(MatMul\)" \
  compile "$settings" --shape x=1,3,4 -o x.ingot

# Numbers have the input's type; arrays another only where it holds them.
expect 1 "input 'sr': --constant gives '16000.5'; expected a value of the input's type, i64" \
  compile "$settings" --shape x=1,3,4 --constant sr=16000.5 -o x.ingot
expect 1 "--constant gives 'true'" compile "$settings" --shape x=1,3,4 --constant sr=true -o x.ingot
expect 1 "--constant sr=absent: 'absent' is neither a number nor a file" compile "$settings" --shape x=1,3,4 --constant sr=absent -o x.ingot
npy f8 '()' '\x00\x00\x00\x00\x00\x40\xcf\x40' >rate.npy
expect 0 . compile "$settings" --shape x=1,3,4 --constant sr=rate.npy -o from_file.ingot
npy f8 '()' '\x00\x00\x00\x00\x40\x40\xcf\x40' >rate.npy
expect 1 "input 'sr': --constant is f64\[\] and holds 16000.5 at \[\], which i64 can't hold exactly; .*numpy.int64" \
  compile "$settings" --shape x=1,3,4 --constant sr=rate.npy -o x.ingot

# Data beside the model counts.
size=$(($(wc -c <"$external") + $(wc -c <"${external%.onnx}.bin")))
expect 0 . compile "$external" -o external.ingot --json
is "external data is not part of the source's size" test "$(json_number source_bytes)" -eq "$size"
expect 0 . compile "$external" -o external.ingot --report external.html
is "the report has another size than the bundle" \
  grep -qF "<td>$(sed -n 's/^ *bundle *\([^,]*\),.*/\1/p' out)</td>" external.html
expect 0 'time +0\.[0-9]{3} s: read 0\.[0-9]{3}, ' compile "$external" -o external.ingot
is "a command of wrong shapes wrote a file" test ! -e x.ingot

# Names that hold the sign which divides names from values.
signs="$root/Tests/Data/Models/signs.onnx"
npy f4 '(1, 4)' "$(as_f32 0.5 2 -1 2)" >signs.npy
npy f4 '()' "$(as_f32 2)" >factor.npy
expect 0 'input +a=b +f32\[3, 4\] ' inspect "$signs" --dim N=1=3
expect 1 "no open dimension 'N', which --dim names; expected one of 'N=1'" inspect "$signs" --dim N=3
expect 0 . compile "$signs" --shape a=b=1,4 --shape n=c= -o signs.ingot
expect 0 . run signs.ingot --input a=b=signs.npy --input n=c=factor.npy --output-dir signs
expect 0 . run signs.ingot --input a_b=signs.npy --input n_c=factor.npy --output-dir signs_2
is "names of files and names with signs give other results" cmp signs/y.npy signs_2/y.npy
cp signs.npy b=signs.npy
expect 0 . run signs.ingot --input a=b=b=signs.npy --input n=c=factor.npy --output-dir signs_2
expect 1 "there is no input 'a'" run signs.ingot --input a=signs.npy --input n=c=factor.npy --output-dir signs_2
expect 0 . compile "$signs" --dim N=1=1 --constant n=c=2 -o two.ingot
cp factor.npy c=factor.npy
for file in factor.npy c=factor.npy; do
  expect 0 . compile "$signs" --dim N=1=1 --constant n=c=$file -o two_again.ingot
  expect 0 "made from +constant.n=c = $file, dim.N=1 = 1" inspect two_again.ingot
  expect 0 . run two_again.ingot --input a=b=signs.npy --output-dir signs_2
  is "a constant of a name with a sign gives other results" cmp signs/y.npy signs_2/y.npy
done
expect 1 "no input 'n', which --constant names" compile "$signs" --dim N=1=1 --constant n=2 -o x.ingot
expect 0 . verify two.ingot --model "$signs" --random 1

# Integers, however they are written.
for number in 16000 1.6e4 16000.0 160e2 0x3e80 1600000e-2 +16000; do
  expect 0 . compile "$settings" --shape x=1,3,4 --constant sr=$number -o again.ingot
done
for number in 16000.5 1e-3 9223372036854775808 1e19 nan 0x1p-1; do
  expect 1 "--constant gives '${number//+/\\+}'; expected a value of the input's type, i64" \
    compile "$settings" --shape x=1,3,4 --constant sr=$number -o x.ingot
done
is "a command of wrong numbers wrote a file" test ! -e x.ingot
