# What the test cases are written in. Each call counts as one test.

passed=0
failed=0

pass() { passed=$((passed + 1)); }

fail() {
  failed=$((failed + 1))
  printf 'FAILED: %s\n' "$1"
}

# fail_with_output WHAT: also shows the beginning of what the last command printed.
fail_with_output() {
  fail "$1"
  cat out err | head -c 1000 | sed 's/^/    /'
}

# expect STATUS PATTERN WORD...: runs the tool on the words. The exit status must be STATUS, and what it prints
# (messages of failures on standard error, results on standard output) must match the extended regular expression.
expect() {
  local status=$1 pattern=$2 found said quiet
  shift 2
  timeout 60 "$tool" "$@" >out 2>err </dev/null
  found=$?
  if [ "$status" -eq 0 ]; then said=out quiet=err; else said=err quiet=out; fi
  if [ "$found" -ne "$status" ]; then
    fail_with_output "ingot $*: exit status $found, expected $status"
  elif ! tr '\n' ' ' <$said | grep -qE -- "$pattern"; then
    fail_with_output "ingot $*: does not say '$pattern'"
  elif [ -s $quiet ] && [ "$status" -ne 1 ]; then
    fail_with_output "ingot $*: prints to the wrong stream"
  elif grep -q $'\x1b' out err; then
    fail_with_output "ingot $*: prints escape codes to what is no terminal"
  else
    pass
  fi
}

# has_keys KEY...: what the last command printed is one JSON value with these keys in it.
has_keys() {
  local key missing=()
  for key in "$@"; do grep -q "\"$key\" : " out || missing+=("$key"); done
  if ! tr -d '\n' <out | grep -qE '^(\{.*\}|\[.*\])$'; then
    fail_with_output "what was printed is not one JSON value"
  elif [ ${#missing[@]} -gt 0 ]; then
    fail_with_output "the JSON has no ${missing[*]}"
  else
    pass
  fi
}

# json_number KEY: the first number that the last command printed under this key.
json_number() { sed -n "s/^ *\"$1\" : \([-0-9.e+]*\),*\$/\1/p" out | head -1; }

# is WHAT TEST...: the words after WHAT are a condition of `test` or a command that succeeds.
is() {
  local what=$1
  shift
  if "$@" >/dev/null 2>&1; then pass; else fail "$what"; fi
}

# no_leftovers: no command left a temporary file behind.
no_leftovers() {
  is "a command left temporary files behind: $(find . -name '*.tmp' | head -3)" test -z "$(find . -name '*.tmp')"
}
