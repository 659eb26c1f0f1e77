# Models that come quantized: computed on integers unless asked otherwise, and as small as they came.

{
  echo 'graph @main(%x: f32[1, 64]) -> (%y) {'
  echo "  weight @w: i8[64, 64] = [$(seq 4096 | awk '{ printf "%s%d", s, $1 * 26543 % 255 - 127; s = ", " }')]"
  cat <<'END'
  weight @ws: f32[] = [0.01]
  weight @wz: i8[] = [0]
  weight @s: f32[] = [0.0078125]
  weight @z: i8[] = [0]
  weight @ys: f32[] = [0.1]
  %q = quantize %x, @s, @z
  %a = dequantize %q, @s, @z
  %b = dequantize @w, @ws, @wz
  %c = matmul %a, %b
  %d = quantize %c, @ys, @z
  %y = dequantize %d, @ys, @z
}
END
} >quantized.graph

expect 0 . compile quantized.graph -o integer.ingot --json
is "weights of 8 bits have grown" test "$(json_number weight_bytes)" -lt 4300
expect 0 'matmul_integer' inspect integer.ingot --ops
expect 0 'arithmetic = integer' inspect integer.ingot
expect 0 'use-integer-arithmetic' passes quantized.graph
expect 0 . verify integer.ingot --model quantized.graph --random 2 --stages

expect 0 . compile quantized.graph --arithmetic exact -o exact.ingot --json
is "exact arithmetic is not in fp32" test "$(json_number weight_bytes)" -gt 16384
expect 0 'expand-constants' passes quantized.graph --arithmetic exact
expect 0 . verify exact.ingot --model quantized.graph --random 2 --stages --tolerance 0
expect 2 "'half' is invalid" compile quantized.graph --arithmetic half -o wrong.ingot

# Weights that nothing quantizes its numbers for stay integers, too.
sed 's/%q = .*//; s/%a = .*//; s/matmul %a/matmul %x/' quantized.graph | sed '/%d = /d; /%y = /d; s/%c = /%y = /' >stored.graph
expect 0 . compile stored.graph -o stored8.ingot --json
is "weights alone of 8 bits have grown" test "$(json_number weight_bytes)" -lt 4300
expect 0 . verify stored8.ingot --model stored.graph --random 1
