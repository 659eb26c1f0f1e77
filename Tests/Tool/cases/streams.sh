# Standard output that takes nothing fails a command, standard error that does not harms none, and no character of a
# file reaches the terminal that it would obey.

status_of() { "$tool" "$@"; echo $? >status; }

for words in '--help' '--version' 'targets' 'targets --json' 'graphs' 'inspect odd.ingot' 'inspect odd.ingot --json' \
  'passes odd.graph' 'compile odd.graph -o streams.ingot' 'bench odd.ingot --runs 1'; do
  status_of $words >/dev/full 2>err
  is "'$words' to a full standard output exits with $(cat status), says '$(cat err)'" \
    eval '[ $(cat status) -eq 1 ] && grep -q "standard output: .*No space" err'
  status_of $words >&- 2>err
  is "'$words' to a closed standard output exits with $(cat status), says '$(cat err)'" \
    eval '[ $(cat status) -eq 1 ] && grep -q "standard output: " err'
done
# What can't be printed is not written either: no output appears, none changes.
cp odd.ingot streams.before
for stream in full closed gone; do
  for words in 'compile odd.graph -o unsaid.ingot' 'compile odd.graph -o unsaid.ingot --report unsaid.html --json' \
    'compile odd.graph -o streams.before' 'run odd.ingot --input in_put_0=x.npy --output-dir unsaid' \
    'inspect odd.ingot --html unsaid.html' 'inspect odd.graph --html unsaid.html --plan'; do
    case $stream in
    full) status_of $words >/dev/full 2>err ;;
    closed) status_of $words >&- 2>err ;;
    gone) { sleep 0.1; status_of $words 2>err; } | true ;;
    esac
    is "'$words' to a $stream standard output exits with $(cat status)" test "$(cat status)" -ne 0
    is "'$words' to a $stream standard output leaves $(ls -d unsaid* 2>/dev/null)" test -z "$(ls -d unsaid* 2>/dev/null)"
  done
done
is "an output changed that was not announced" cmp streams.before odd.ingot
# A limit of the size of files is like a full disk.
(ulimit -f 8 && status_of compile "${digits[@]}" -o limited.ingot >/dev/null 2>err)
is "a limit of file sizes gives status $(cat status), '$(cat err)'" \
  eval '[ $(cat status) -eq 1 ] && grep -q "limited.ingot: can.t be written: File too large" err && [ ! -e limited.ingot ]'
status_of graphs efficientformerv2 --variant s0 --ir 2>err | true
is "a pipe without a reader gives status $(cat status), '$(cat err)'" eval '[ $(cat status) -eq 141 ] && [ ! -s err ]'
status_of compile odd.graph -o streams.ingot >out 2>&-
is "a closed standard error gives status $(cat status)" test "$(cat status)" -eq 0
status_of compile absent.graph -o streams.ingot >out 2>&-
is "a closed standard error hides a failure" test "$(cat status)" -eq 1
{ status_of compile absent.graph -o streams.ingot >out; } 2>&1 | true
is "a standard error without a reader gives status $(cat status)" test "$(cat status)" -eq 1

# Names with escapes, marks of direction and line feeds. IR text writes them escaped, so they read back.
evil='\u{1b}[31mred\u{7}\u{9b}2J\u{202e}txt.\u{2066}\u{200b}\r\nerror: forged'
cat >evil.graph <<END
graph @"g$evil"(%x as "x$evil": f32[4]) -> (%a as "a$evil", %b as "b$evil") {
  weight @"w$evil": f32[4]
  %a = relu %x
  %b = add %a, @"w$evil"
}
END
sed -i 's/\\r/\\u{d}/g' evil.graph
# clean WORD...: what the command prints has no control but line feeds, no mark of direction, and no forged line.
clean() {
  "$tool" "$@" >out 2>err
  if LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' out err; then
    fail "ingot $*: prints characters that a terminal obeys: $(cat out err | tr -cd '[:print:]' | head -c 300)"
  elif grep -q '^error: forged' out err; then
    fail "ingot $*: a name forges a line"
  else
    pass
  fi
}
clean inspect evil.graph
clean inspect evil.graph --ir
clean inspect evil.graph --json
clean inspect evil.graph --ops
clean passes evil.graph
clean passes evil.graph --diff
clean compile evil.graph -o evil.ingot
expect 0 . compile evil.graph --random-weights 1 -o evil.ingot
for option in --ir --ops --plan --json; do clean inspect evil.ingot $option; done
clean inspect evil.ingot
clean inspect evil.ingot --html evil.html
is "the page holds characters that a terminal obeys" test -z "$(LC_ALL=C grep -aP '[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae' evil.html)"
clean run evil.ingot --output-dir evil
clean run evil.ingot --input "y=x.npy" --output-dir evil
clean run evil.ingot --function no --output-dir evil
clean profile evil.ingot --runs 1
clean compile $'no\e[31m\n\u202efile.onnx' -o evil.ingot
clean compile evil.graph --target $'\e[31m' -o $'\e[31m/x'
clean bench $'\e[31m\xc2\x9b.ingot'
clean compile evil.graph --absent$'\e[31m'
sed 's/"title": *"[^"]*"/"title": "\\u001b[31m\\u202e\\nerror: forged"/' "$root/Targets/cpu-arm64.json" >evil.json
clean targets evil.json
clean compile evil.graph --random-weights 1 --target evil.json -o evil.ingot
printf 'graph @g(%%x: f32[2]) -> (%%y) {\n  %%y = re\e[31mlu %%x\n}\n' >evil2.graph
clean compile evil2.graph -o evil.ingot
