# int8 by samples of the inputs, or by noise for want of them.

mkdir calibration
for sample in 1 2 3 4 5 6; do
  npy f4 '(1, 1, 8, 8)' '' >calibration/digits_000$sample.npy
  tail -c +$((129 + 256 * sample)) "$demo/heldout_images.npy" | head -c 256 >>calibration/digits_000$sample.npy
done
expect 0 'int8xint8 9[89][.0-9]* %.* quantized .* by 6 samples .* taken ' \
  compile "${digits[@]}" --precision int8 --calibration calibration -o small.ingot
expect 0 '"own_cosine" *: .*"input_histogram"' \
  compile "${digits[@]}" --precision int8 --calibration calibration -o small2.ingot --report small.html --json
is "the page shows no layers" grep -q 'Worst layers by themselves' small.html
is "the page shows no histograms" grep -q '<svg class="histogram"' small.html
is "two compiles by the same samples differ" cmp small.ingot small2.ingot
bytes=$(json_number weight_bytes)
expect 0 . compile "${digits[@]}" --precision fp16 -o half8.ingot --json
is "weights in int8 take as much as in fp16" test "$bytes" -lt $(($(json_number weight_bytes) * 3 / 4))
expect 0 '"macs_by_format"' inspect small.ingot --json
expect 0 'conv_integer' inspect small.ingot --ops
expect 0 . verify small.ingot "${digits[@]}" --inputs calibration
expect 0 'no samples were given: .* of noise' compile "${digits[@]}" --precision int8 -o noise.ingot
expect 1 'calibration-of-nobody' compile "${digits[@]}" --precision int8 --calibration calibration-of-nobody -o x.ingot
expect 2 'goes with --precision int8' compile "${digits[@]}" --calibration calibration -o x.ingot
expect 2 'int8 and mixed follow samples' passes "${digits[@]}" --precision int8

# Formats by a budget, and what was found once more from a recipe.
expect 0 'budget .* 45.0 dB or more.* taken ' \
  compile "${digits[@]}" --precision mixed --max-drop 45 --calibration calibration -o mixed.ingot --write-recipe mixed.json
expect 0 . compile "${digits[@]}" --precision mixed --recipe mixed.json --calibration calibration -o again.ingot \
  --write-recipe again.json
is "a recipe gives another bundle" cmp mixed.ingot again.ingot
is "a recipe gives another recipe" cmp mixed.json again.json
expect 0 '"chosen" *: *true' \
  compile "${digits[@]}" --precision mixed --max-bytes 200000 --calibration calibration -o sized.ingot --json
is "the bundle is larger than it may be" test "$(wc -c <sized.ingot)" -le 200000
expect 1 'bytes or less: the smallest formats of all layers take' \
  compile "${digits[@]}" --precision mixed --max-bytes 2000 --calibration calibration -o x.ingot
expect 0 'fp32xfp16' compile "${digits[@]}" --precision int8 --keep fp16 '*stem*' --calibration calibration -o kept.ingot
expect 1 "no layer is called as in 'tail'" \
  compile "${digits[@]}" --precision int8 --keep fp16 tail --calibration calibration -o x.ingot
cat >metric.sh <<'END'
#!/bin/sh
# Counts what it is given: always the same, so that nothing is lost.
ls "$1"/*/*.npy | wc -l
END
chmod +x metric.sh
expect 0 './metric.sh less by 0.0 or less' compile "${digits[@]}" --precision mixed --max-drop 0 --metric ./metric.sh \
  --calibration calibration -o measured.ingot
printf '#!/bin/sh\necho none\n' >metric.sh
expect 1 "last word is 'none'" compile "${digits[@]}" --precision mixed --max-drop 0 --metric ./metric.sh \
  --calibration calibration -o x.ingot
sed 's/"int8"/"int7"/' mixed.json >broken.json
expect 1 "broken.json.*'int7'.*expected one of int8" \
  compile "${digits[@]}" --precision mixed --recipe broken.json --calibration calibration -o x.ingot
sed 's/"layers": {/"layers": { "tail": "fp16",/' mixed.json >other.json
expect 1 "names layer 'tail', which the network has not" \
  compile "${digits[@]}" --precision mixed --recipe other.json --calibration calibration -o x.ingot
sed 's/"learned": [0-9]*, "held_back": [0-9]*/"learned": 9223372036854775807, "held_back": 9223372036854775807/' mixed.json >many.json
expect 1 'learns from 9223372036854775807 samples' \
  compile "${digits[@]}" --precision mixed --recipe many.json --calibration calibration -o x.ingot
head -c 100 mixed.json >short.json
expect 1 'short.json.*no recipe' compile "${digits[@]}" --precision mixed --recipe short.json --calibration calibration -o x.ingot
expect 2 'needs a budget' compile "${digits[@]}" --precision mixed --calibration calibration -o x.ingot
expect 2 'go with --precision mixed' compile "${digits[@]}" --precision int8 --max-drop 30 --calibration calibration -o x.ingot
expect 2 'needs a pattern' compile "${digits[@]}" --precision int8 --calibration calibration -o x.ingot --keep fp16

# What was learned of the samples stands for them.
expect 0 . compile "${digits[@]}" --precision int8 --calibration calibration --calibration-cache learned.cache -o first.ingot
expect 0 'by 6 samples' compile "${digits[@]}" --precision int8 --calibration-cache learned.cache -o second.ingot
is "a calibration cache gives another bundle" cmp first.ingot second.ingot
expect 0 . compile "${digits[@]}" --precision mixed --max-drop 45 --calibration-cache learned.cache -o third.ingot
is "a calibration cache gives another search" cmp mixed.ingot third.ingot
expect 1 'nowhere.cache: no such file; give --calibration' \
  compile "${digits[@]}" --precision int8 --calibration-cache nowhere.cache -o x.ingot
head -c 5000 learned.cache >short.cache
expect 1 'short.cache' compile "${digits[@]}" --precision int8 --calibration-cache short.cache -o x.ingot
expect 1 'no record of' \
  compile "${digits[@]}" --precision int8 --calibration-cache "$demo/digits.safetensors" -o x.ingot
expect 1 'made of another network' compile --graph efficientformerv2 --variant digits --random-weights 3 --precision int8 \
  --calibration-cache learned.cache -o x.ingot
expect 2 'goes with --precision int8' compile "${digits[@]}" --calibration-cache learned.cache -o x.ingot
