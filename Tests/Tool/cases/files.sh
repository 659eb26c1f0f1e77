# Files that are no files, outputs that are inputs, and what a command leaves behind when it ends too soon.

mkdir kinds && cd kinds
cat >m.graph <<'END'
graph @m(%x: f32[4]) -> (%a) {
  %a = relu %x
}
END
npy f4 '(4,)' "$(as_f32 -3 0.5 2 -1)" >x.npy
expect 0 . compile m.graph -o m.ingot

# Nothing waits for what is no regular file, wherever a file is read.
mkfifo fifo
for link in graph onnx json npy npz ingot safetensors index.json; do ln -s fifo "fifo.$link"; done
checkpoint=(--graph efficientformerv2 --variant digits --checkpoint)
for file in fifo fifo.graph fifo.onnx; do expect 1 "$file: is a FIFO" compile $file -o x.ingot; done
for file in fifo.safetensors fifo.index.json; do
  expect 1 "$file: is a FIFO" compile "${checkpoint[@]}" $file -o x.ingot
done
expect 1 'fifo.json: is a FIFO' compile m.graph --target fifo.json -o x.ingot
expect 1 'fifo.npy: is a FIFO' run m.ingot --input x=fifo.npy --output-dir d
expect 1 'fifo.npz: is a FIFO' run m.ingot --input fifo.npz --output-dir d
expect 1 'fifo.npz: is a FIFO' run m.ingot --input x=fifo.npz --output-dir d
for command in bench profile inspect; do expect 1 'fifo.ingot: is a FIFO' $command fifo.ingot; done
expect 1 'fifo: is a FIFO' inspect fifo
expect 1 'fifo: is a FIFO' verify m.ingot --model fifo --inputs .
expect 1 'fifo.npy: is a FIFO' compile "$root/Tests/Data/Models/network.onnx" --constant x=fifo.npy -o x.ingot
for what in 'folder .' 'device /dev/zero'; do
  expect 1 "is a ${what% *}" compile "${what#* }" -o x.ingot
  expect 1 "is a ${what% *}" compile "${checkpoint[@]}" "${what#* }" -o x.ingot
  expect 1 "is a ${what% *}" bench "${what#* }"
  expect 1 "is a ${what% *}" run m.ingot --input "x=${what#* }" --output-dir d
done
expect 1 "'': the path is empty" bench ''
expect 1 "'': the path is empty" compile "${checkpoint[@]}" '' -o x.ingot

# No input becomes an output, under whatever name.
cp m.graph before
ln m.graph hard
ln -s m.graph soft
expect 1 'm.graph: .* was read' compile m.graph -o m.graph
expect 1 "hard: .* was read as 'm.graph'" compile m.graph -o hard
expect 1 "soft: .* was read as 'm.graph'" compile m.graph -o soft
expect 1 'm.graph: .* was read' compile m.graph -o x.ingot --report ./m.graph
expect 1 'm.ingot: .* was read' inspect m.ingot --html m.ingot
cp "$demo/digits.safetensors" own.safetensors
expect 1 'own.safetensors: .* was read' compile "${checkpoint[@]}" own.safetensors -o own.safetensors
is "a checkpoint that is also the output was changed" cmp own.safetensors "$demo/digits.safetensors"
cp "$root/Targets/cpu-arm64.json" own.json
expect 1 'own.json: .* was read' compile m.graph --target own.json -o own.json
cp x.npy a.npy
expect 1 'a.npy: .* was read' run m.ingot --input x=a.npy --output-dir .
is "an input array was overwritten" cmp a.npy x.npy
is "a model that is also the output was changed" cmp m.graph before

# Outputs appear together or not at all.
expect 1 "same: .* same file as the output 'same'" compile m.graph -o same --report same
expect 1 "same file as the output" compile m.graph -o same --report ./same
ln -s one two
expect 1 "two: .* same file as the output 'one'" compile m.graph -o one --report two
expect 1 "one: .* same file as the output 'two'" compile m.graph -o two --report one
rm two
expect 1 '\.: .* is a folder' compile m.graph -o a.ingot --report .
expect 1 'fifo/r: .*Not a directory' compile m.graph -o a.ingot --report fifo/r
expect 1 'absent/r: .* no folder' compile m.graph -o a.ingot --report absent/r
expect 1 '/dev/full: .*No space left' compile m.graph -o a.ingot --report /dev/full
expect 1 "'': .*empty" compile m.graph -o ''
expect 1 "absent/: .*make it first" compile m.graph -o absent/
is "a compile that failed wrote a file" test ! -e same -a ! -e one -a ! -e a.ingot -a ! -e x.ingot
expect 1 "'': .*empty" run m.ingot --input x=x.npy --output-dir ''
expect 1 'before.*can.t be made' run m.ingot --input x=x.npy --output-dir before/new
mkdir -p there/a.npy
expect 1 'there/a.npy: .* is a folder' run m.ingot --input x=x.npy --output-dir there
printf 'graph @p(%%x: f32[4]) -> (%%a, %%n as "%s") {\n %%a = relu %%x\n %%n = neg %%x\n}\n' "$(printf 'n%.0s' {1..300})" >long.graph
expect 0 . compile long.graph -o long.ingot
expect 0 "cut/$(printf 'n%.0s' {1..200}).npy" run long.ingot --input x=x.npy --output-dir cut
expect 1 'File name too long' run m.ingot --input x=x.npy --output-dir "new/$(printf 'n%.0s' {1..300})"
is "a run that failed left its folder" test ! -e new

# Links, devices and modes stay what they are.
ln -s linked link
expect 0 . compile m.graph -o link
is "a link was replaced" test -L link -a -f linked
ln -sf /dev/null null
expect 0 . compile m.graph -o null
is "a link to a device was replaced" test -L null -a -c /dev/null
touch private && chmod 600 private
expect 0 . compile m.graph -o private
is "an output's mode changed" test "$(stat -c %a private)" = 600
(umask 027 && "$tool" compile m.graph -o masked >out 2>err)
is "a new output does not have the mode that the mask gives" test "$(stat -c %a masked)" = 640
cat fifo >through &
expect 0 . compile m.graph -o fifo
wait $!
is "a bundle through a FIFO differs" cmp through m.ingot
"$tool" compile m.graph -o /dev/stdout 2>err | cat >through
is "a bundle through standard output differs, or is mixed with text" cmp through m.ingot
"$tool" compile m.graph -o /dev/stdout 2>err >through
is "a bundle to a redirected standard output differs" cmp through m.ingot
is "what a compile to standard output prints is lost" grep -q 'arena' err

# Signals end the tool and leave nothing. `set -m`: shells make background jobs ignore SIGINT.
set -m
mkdir signals
for signal in INT:130 TERM:143 HUP:129 QUIT:131; do
  "$tool" compile --graph efficientformerv2 --variant s0 --random-weights 1 -o signals/out >out 2>err &
  for ((wait = 0; wait < 600; wait++)); do
    [ -n "$(ls -A signals)" ] && break
    sleep 0.05
  done
  kill -${signal%:*} $!
  wait $! 2>/dev/null
  status=$?
  is "SIG${signal%:*} ends the tool with status $status" test $status -eq ${signal#*:}
  is "SIG${signal%:*} leaves $(ls -A signals)" test -z "$(ls -A signals)"
done
set +m
cd ..
