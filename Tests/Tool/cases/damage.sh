# Bundles that were cut, extended or changed in transit: refused by name, never run.

size=$(wc -c <odd.ingot)
for length in 0 1 7 8 63 64 200 $((size / 2)) $((size - 1)); do
  head -c "$length" odd.ingot >cut.ingot
  expect 1 'cut.ingot: ' bench cut.ingot --runs 1
done
{ cat odd.ingot; echo; } >long.ingot
expect 1 'long.ingot: .*extended' bench long.ingot --runs 1
expect 1 'absent.ingot: ' bench absent.ingot
expect 1 'digit.npy: ' bench digit.npy

# One byte at a time, all over the file: header, table, every section and what lies between.
missed=()
for ((step = 0; step < 40; step++)); do
  position=$((step * (size - 1) / 39))
  byte=$(od -An -tu1 -j "$position" -N 1 odd.ingot)
  cp odd.ingot flipped.ingot
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of=flipped.ingot bs=1 seek="$position" conv=notrunc status=none
  "$tool" bench flipped.ingot --runs 1 >out 2>err
  if [ $? -ne 1 ] || ! grep -q 'flipped.ingot: ' err; then missed+=("$position"); fi
done
is "changed bytes at ${missed[*]:0:9} of $size were not refused with status 1 and the file's name" \
  test ${#missed[@]} -eq 0

# A newer format is called that, not damage. The version follows the magic of 8 bytes.
cp odd.ingot newer.ingot
printf '\xff' | dd of=newer.ingot bs=1 seek=8 conv=notrunc status=none
expect 1 'newer.ingot: .*version' bench newer.ingot
