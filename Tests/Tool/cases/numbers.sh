# Numbers in target files that no program could mean, and a process that is short of memory.

target="$root/Targets/apple-ane-a17pro.json"
# with KEY VALUE: a target with another first value under this key.
with() {
  awk -v key="\"$1\":" -v value="$2" '
    index($0, key) { found = 1 }
    found == 1 && /"value":/ { sub(/"value": *[^,]*/, "\"value\": " value); found = 2 }
    { print }' "$target" >changed.json
}
for value in 9223372036854775808 1e308 -1e308 1e400 -1 2.5 9007199254740994; do
  for key in max_rank max_extent; do
    with $key $value
    expect 1 "changed.json: 'limits.$key.* is [-+.e0-9]+, expected a (whole )?number" \
      compile odd.graph --target changed.json -o numbers.ingot
    expect 1 "changed.json: 'limits.$key" targets changed.json
  done
done
with max_rank NaN
expect 1 'changed.json: is not valid JSON' compile odd.graph --target changed.json -o numbers.ingot
with max_rank '"5"'
expect 1 "changed.json: 'limits.max_rank.value' is \"5\", expected a number" targets changed.json
with launch_us -1
expect 1 "changed.json: 'engines\[[0-9]\].launch_us' is -1.0, expected a number from 0 to 10.9" targets changed.json
with bandwidth_fraction 1.5
expect 1 "changed.json: 'memories\[[0-9]\].bandwidth_fraction' is 1.5, expected a number above 0, at most 1" targets changed.json
for value in 1e308 2.5 1e400 9223372036854775808; do
  sed "s/\"year\": *[0-9]*/\"year\": $value/" "$target" >changed.json
  expect 1 "changed.json: 'year' is $value, expected a (whole )?number of at most 64 bits" targets changed.json
  sed "0,/\"max\": *[0-9]*/s//\"max\": $value/" "$target" >changed.json
  expect 1 "changed.json: 'ops.[a-z_0-9]*.rules\[[0-9]*\].max' is $value, expected a (whole )?number of at most 64 bits" targets changed.json
done
is "a compile for a target that is refused wrote a file" test ! -e numbers.ingot

for tolerance in nan inf 1e400 -1; do expect 2 'tolerance' verify odd.ingot --model odd.graph --inputs . --tolerance=$tolerance; done

# No thread is started, nor memory taken for one, before there is a matrix to multiply.
for words in targets '--help' 'compile odd.graph -o small.ingot' 'inspect odd.ingot'; do
  (ulimit -v 153600; timeout 60 "$tool" $words >out 2>err)
  is "'$words' within 150 MiB ends with status $?" test $? -eq 0
done
mkfifo wait.fifo
"$tool" compile odd.graph -o wait.fifo >out 2>err &
sleep 0.5
is "a compile that multiplies nothing runs $(ls /proc/$!/task | wc -l) threads" test "$(ls /proc/$!/task | wc -l)" -eq 1
cat wait.fifo >/dev/null
wait $!
