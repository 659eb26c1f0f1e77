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

# A library that was built without zstd runs what is not compressed, and says of the rest how to compile it.
make -s -C "$root/Tests/C" "$root/build/c/amalgam/ingot.c" >out 2>err
cc -O1 -DINGOT_NO_ZSTD -I"$root/build/c/amalgam" "$root/Tests/C/embed.c" "$root/build/c/amalgam/ingot.c" -lm -lpthread -o no_zstd 2>err
is "the one file can't be built without zstd: $(head -3 err)" test -x no_zstd
./no_zstd stored.ingot digit.raw >without 2>err
is "without zstd a bundle that is not compressed gives other logits" cmp without embedded
./no_zstd digits.ingot digit.raw >out 2>err
is "without zstd a compressed bundle is not refused by name" grep -q 'digits.ingot: section 0 (manifest) is compressed with zstd.*--compression none' err

bash "$root/Tests/Tool/install.sh" "$tool" stored.ingot >install.log 2>&1
is "installing: $(grep FAILED install.log)" grep -q ', 0 failed' install.log
