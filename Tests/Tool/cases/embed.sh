# A C program that knows nothing but ingot.h gives the tool's numbers.

embed="$root/build/c/plain/embed"
make -s -C "$root/Tests/C" "$embed" >out 2>err
is "embed.c can't be built: $(head -3 err)" test -x "$embed"
"$embed" digits.ingot digit.raw >embedded 2>err
is "embed failed: $(head -3 err)" grep -q '^logits: ' embedded

# It prints the first 8 of 10 logits, with 6 digits.
same_numbers() {
  paste <(sed 's/^logits: //' embedded | tr ' ' '\n') <(floats threads1/logits.npy 10 | head -8) |
    awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-4) wrong = 1 } END { exit wrong || NR != 8 }'
}
is "embed.c and ingot run give different logits" same_numbers
