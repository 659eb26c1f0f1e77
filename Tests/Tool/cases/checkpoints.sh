# What a checkpoint holds beside the weights, which of several sets is taken, and files of other kinds.

# safetensors HEADER BYTES: a file with this header and so many zeros.
safetensors() {
  local length=${#1}
  printf "\\x$(printf %02x $((length % 256)))\\x$(printf %02x $((length / 256)))\\0\\0\\0\\0\\0\\0%s" "$1"
  head -c "$2" /dev/zero
}

# entry NAME BEGIN END SHAPE
entry() { printf '"%s":{"dtype":"F32","shape":[%s],"data_offsets":[%s,%s]}' "$1" "$4" "$2" "$3"; }

weights="$(entry groups.mean 0 40 10),$(entry groups.deviation 40 80 10)"
extra="$weights,$(entry teacher.a 80 84 1),$(entry teacher.b 84 88 1)"
safetensors "{$weights}" 80 >weights.safetensors
safetensors "{$extra}" 88 >teacher.safetensors
safetensors "{$(entry net.groups.mean 0 40 10),$(entry net.groups.deviation 40 80 10),$(entry ema.groups.mean 80 120 10),$(entry ema.groups.deviation 120 160 10)}" 160 >two.safetensors
adapters=(--graph denoised_weights --variant adapters -o adapters.ingot --checkpoint)

expect 0 'adapters.ingot for ' compile "${adapters[@]}" weights.safetensors
expect 1 "unexpected: 'teacher.a', f32\[1\].*unexpected: 'teacher.b'" compile "${adapters[@]}" teacher.safetensors
expect 1 "2 unexpected; check .*--ignore 'PATTERN' leaves tensors out" compile "${adapters[@]}" teacher.safetensors
expect 0 "note: teacher.safetensors: ignored 2 of its tensors: 'teacher.a', 'teacher.b'" \
  compile "${adapters[@]}" teacher.safetensors --ignore 'teacher.*'
expect 0 . compile "${adapters[@]}" teacher.safetensors --ignore '*.a' --ignore 'teacher.[b-d]' --json
has_keys notes options
expect 1 "no tensor to ignore matches 'student.\*'" \
  compile "${adapters[@]}" teacher.safetensors --ignore 'teacher.*' --ignore 'student.*'
expect 1 "matches 'groups.\*', only such as the graph needs: 'groups.mean'" \
  compile "${adapters[@]}" weights.safetensors --ignore 'groups.*'
expect 2 'go with --checkpoint' compile --graph denoised_weights --variant adapters --random-weights 1 --ignore x -o x.ingot
expect 2 'go with --checkpoint' compile net.onnx --state ema -o x.ingot

expect 1 "unexpected: 'teacher.b'.* --ignore: no tensor to ignore matches 'student.\*'" \
  compile "${adapters[@]}" teacher.safetensors --ignore 'student.*' --ignore '*.a'
# Many tensors give a few lines and a count.
many=$(for i in $(seq 500); do printf ',%s' "$(entry "more.$i" $((76 + 4 * i)) $((80 + 4 * i)) 1)"; done)
safetensors "{$weights$many}" 2080 >many.safetensors
expect 1 '500 unexpected.*unexpected: and 495 more' compile "${adapters[@]}" many.safetensors
is "a long list is printed in full" test "$(wc -l <err)" -lt 12

# Two sets.
expect 0 "note: two.safetensors: took the parameters under 'net', which are also under 'ema'; --state NAME chooses" \
  compile "${adapters[@]}" two.safetensors
expect 0 'for ' compile "${adapters[@]}" two.safetensors --state ema
is "a chosen set is noted as if it were not" test -z "$(grep note out)"
expect 0 'for ' compile "${adapters[@]}" two.safetensors --state ema.
expect 1 "no tensor to ignore under 'ema' matches 'net.\*'; what else the file holds is not read anyway" \
  compile "${adapters[@]}" two.safetensors --state ema --ignore 'net.*'
safetensors "{$weights,$(entry ema.shadow.groups.mean 80 120 10),$(entry ema.shadow.groups.deviation 120 160 10)}" 160 >bare.safetensors
expect 0 "note: bare.safetensors: took the parameters without a prefix, which are also under 'ema.shadow'; --state NAME" \
  compile "${adapters[@]}" bare.safetensors
cp bare.safetensors set=bare.safetensors
expect 0 'for ' compile "${adapters[@]}" set=bare.safetensors --state ema.shadow
expect 1 "no tensor under 'absent.' among its 4" compile "${adapters[@]}" two.safetensors --state absent

# Options of graphs, and dimensions that may be 0.
expect 0 '^snapfusion, sd15_text.*--option .*prediction +epsilon .*velocity.*spacing +leading' \
  graphs snapfusion --variant sd15_text_to_image
expect 0 . graphs samplers --variant euler --option prediction=sample --json
has_keys options values default
expect 1 "can't be 'v'; choose one of epsilon, velocity, sample" graphs samplers --variant euler --option prediction=v --ir
expect 1 "has no option 'absent'; it has prediction, spacing" graphs samplers --variant euler --option absent=v --ir
expect 2 'go(es)? with --graph' compile net.onnx --option prediction=sample -o x.ingot
expect 2 'need the name' graphs --option prediction=sample
expect 0 'lora_A' graphs e2gan --variant branch_1x --dim rank.us=1 --ir
expect 0 'translated' graphs e2gan --variant branch_1x --dim rank.us=0 --dim rank.ds=0
expect 0 'video' graphs snapvideo --variant fit_500m_euler --dim steady_steps=0 --dim steps=2
expect 1 "dimension 'batch'.* can't be 0" compile "${digits[@]}" --dim batch=0 -o x.ingot
expect 2 "'batch=0'.*at least 1" compile net.onnx --dim batch=0 -o x.ingot
clgt=(--graph clgt --variant d64_embeddings --dim nodes=3 --dim edges=4 --dim width=8 --dim layers=1 --random-weights 1)
expect 0 'options    read_out mean' compile "${clgt[@]}" --option read_out=mean -o clgt.ingot
expect 0 'option.read_out = mean' inspect clgt.ingot
mkdir -p clgt_inputs
npy i8 '(3,)' "$(printf '\\x0%s\\0\\0\\0\\0\\0\\0\\0' 1 2 3)" >clgt_inputs/nodes.npy
npy f4 '(3, 8)' "$(for _ in 1 2 3; do as_f32 0.5 -1 0 2 -1 0.5 0.5 0; done | tr -d '\n')" >clgt_inputs/positions.npy
npy i8 '(4,)' "$(printf '\\x0%s\\0\\0\\0\\0\\0\\0\\0' 0 1 2 3)" >clgt_inputs/edge_kinds.npy
npy i8 '(4,)' "$(printf '\\x0%s\\0\\0\\0\\0\\0\\0\\0' 0 1 2 0)" >clgt_inputs/source.npy
npy i8 '(4,)' "$(printf '\\x0%s\\0\\0\\0\\0\\0\\0\\0' 1 2 0 0)" >clgt_inputs/destination.npy
npy f4 '(4,)' "$(as_f32 1 1 1 0)" >clgt_inputs/mask.npy
# What a bundle was built with is known to verify.
expect 0 'predictions' verify clgt.ingot "${clgt[@]}" --inputs clgt_inputs

# Files of other kinds, whatever their names.
printf 'GGUF\3\0\0\0' >wrong.onnx
expect 1 'wrong.onnx: is a GGUF file; expected an ONNX model; export an ONNX model from' compile wrong.onnx -o x.ingot
printf '\34\0\0\0TFL3\0\0\0\0' >wrong.onnx
expect 1 'is a TensorFlow Lite model; .*tf2onnx' inspect wrong.onnx
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' >wrong.onnx
expect 1 'is a Git LFS pointer.*git lfs pull' passes wrong.onnx
expect 1 'weights.safetensors: is a safetensors checkpoint; .*--checkpoint .*--graph' compile weights.safetensors -o x.ingot
expect 1 'adapters.ingot: is a compiled bundle; .*compiled already' compile adapters.ingot -o x.ingot
expect 1 'is a compiled bundle; .*compiled already' compile "${adapters[@]}" digits.ingot
expect 1 'weights.safetensors: is a safetensors checkpoint; expected a bundle; ' run weights.safetensors --output-dir x
expect 1 'weights.safetensors: is a safetensors checkpoint; expected a bundle; ' bench weights.safetensors
printf '\10\1\72\0' >model.onnx
expect 1 "model.onnx: is an ONNX model; expected a bundle; compile it first with 'ingot compile'" profile model.onnx
printf '%%PDF-1.4\n' >wrong.onnx
expect 1 'wrong.onnx: is a PDF document; expected an ONNX model; check that it is the file you mean' compile wrong.onnx -o x.ingot
cp wrong.onnx wrong.graph
expect 1 'wrong.graph: is a PDF document' compile wrong.graph -o x.ingot
printf 'import torch\n' >net.py
expect 1 'net.py: is Python source; expected an ONNX model; .*torch.onnx.export' compile net.py -o x.ingot
mkdir -p net.mlpackage/Data && : >net.mlpackage/Manifest.json
expect 1 'net.mlpackage: is a Core ML model; expected an ONNX model; export an ONNX model from' compile net.mlpackage -o x.ingot
mkdir saved && : >saved/saved_model.pb
expect 1 'saved: is a TensorFlow SavedModel; .*tf2onnx' compile saved -o x.ingot
for form in plain legacy wrapped; do
  expect 1 "$form.pth: is a checkpoint of torch.save.*--checkpoint" \
    compile "$root/Tests/Data/Checkpoints/$form.pth" -o x.ingot
done
