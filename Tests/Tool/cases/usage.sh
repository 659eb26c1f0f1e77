# Help, and status 2 for words that make no sense.

expect 0 'SUBCOMMANDS' --help
expect 0 '^[0-9]+\.[0-9]+\.[0-9]+' --version
for command in compile run verify inspect passes explain bench profile plan targets graphs; do
  expect 0 "USAGE: ingot $command" $command --help
  expect 0 'OVERVIEW' help $command
  expect 2 'Error: .*--help' $command --absent
done
expect 0 'ingot compile net.onnx' compile --help

expect 2 "no command 'absent'; there are compile, run, " absent
for words in 'absent --help' 'absent -h' '--help absent' 'absent --version' 'help absent' 'absent x.onnx' 'explained --help'; do
  expect 2 'no command' $words
done
expect 2 "Unknown option '--absent'" compile "${digits[@]}" -o x.ingot --absent
expect 2 'Give a model file, or --graph' compile -o x.ingot
expect 2 'not both' compile x.onnx "${digits[@]}" -o x.ingot
expect 2 "Missing expected argument '--output" compile "${digits[@]}"
expect 2 'go with --graph' compile x.onnx --checkpoint x.pth -o x.ingot
expect 2 'not both' compile "${digits[@]}" --random-weights 1 -o x.ingot
expect 2 'fp32.*fp16' compile "${digits[@]}" --precision int3 -o x.ingot
expect 2 "'batch=none'" compile "${digits[@]}" --dim batch=none -o x.ingot
expect 2 "'batch=-1'" compile "${digits[@]}" --dim batch=-1 -o x.ingot
expect 2 '1 to 64' run digits.ingot --threads 0 --output-dir x
expect 2 '1 to 64' bench digits.ingot --threads 65
expect 2 '1 to' bench digits.ingot --runs 0
expect 2 '1 to' profile digits.ingot --runs 0
expect 2 'output-dir' run digits.ingot
expect 2 'inputs' verify digits.ingot "${digits[@]}"
expect 2 'Give a model file' verify digits.ingot --inputs .
expect 2 'Give a model file' passes
expect 2 'Give a model file' inspect
expect 2 'needs the name' graphs --ir
is "a command of wrong usage wrote a file" test ! -e x.ingot -a ! -e x
