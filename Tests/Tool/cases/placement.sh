# Where ops run: explain, and what compile requires of it.

cat >placed.graph <<'END'
graph @main(%x: f32[1, 8, 16, 16]) -> (%y) {
  weight @w: f32[8, 8, 3, 3]
  weight @v: f32[8, 8, 1, 1]
  %a = conv %x, @w {pads = [1, 1, 1, 1]}
  %b = cumsum %a {axis = 3}
  %y = conv %b, @v
}
END
expect 0 'ne .*2 .*100.0 %.*cpu .*1 .*0.0 %.*in 3 segments.*cumsum.*running sums' explain placed.graph --target apple-ane-a17pro
expect 0 'conv .*native' explain placed.graph --target apple-ane-a17pro --ops
expect 0 . explain placed.graph --target apple-ane-a17pro --json
has_keys latency_ms estimate low high ops node op engine reason rule verdict segments bytes_in bytes_out border_us share multiply_adds
expect 0 'arm-ethos-u55-256|Ethos-U55.*npu .*0.0 %.*f32 tensors' explain placed.graph --target arm-ethos-u55-256
expect 0 'npu .*100.0 %' explain placed.graph --target arm-ethos-u55-256 --precision int8
expect 0 . explain placed.graph --target apple-ane-a17pro --html placed.html
is "explain --html writes no page with ops" grep -q 'id="ops"' placed.html
is "explain --html refers to other files" sh -c '! grep -Eq "(src|href)=" placed.html'
expect 0 . explain "${digits[@]}" --target qualcomm-htp-v75
expect 0 'time [0-9.]+ ms, of ten networks eight between .* most of it .*not to be trusted' explain "${digits[@]}" --target apple-ane-a15
expect 0 'time unknown: nothing was fitted for Hexagon' explain "${digits[@]}" --target qualcomm-htp-v75
expect 0 'on chip .* ms' compile "${digits[@]}" --target apple-ane-a14 -o timed.ingot
expect 2 'calibration goes with' explain placed.graph --calibration absent

placed=(placed.graph --random-weights 1 -o placed.ingot)
expect 0 . compile "${placed[@]}" --target apple-ane-a17pro --require 'npu>=0.99' --require 'ne>=1'
rm -f placed.ingot
expect 1 "'npu' has 0.0 % of the multiply-adds, expected at least 99.0 %.* \(conv\): 90.0 % on 'cortex-m'; the chip does not compute on f32" \
  compile "${placed[@]}" --target arm-ethos-u55-256 --require 'npu>=0.99'
is "a compile that misses its requirement leaves a bundle" test ! -e placed.ingot
expect 1 "has no engine 'gpu'.*npu, ne, cpu" compile "${placed[@]}" --target apple-ane-a17pro --require 'gpu>=0.5'
for words in npu 'npu>=2' 'npu>=-1' '>=0.5' 'npu>=x'; do
  expect 2 'require' compile "${placed[@]}" --target apple-ane-a17pro --require "$words"
done
