/* Phases of a transposed convolution along one axis: the output positions with one remainder of position + pad by the stride, which
 * the same taps reach. */

typedef struct {
  int64_t tap, taps; /* first tap that reaches this phase, and how many do, `step` apart */
  int64_t step;
  int64_t first, count; /* first output position, and how many, `stride` apart */
} transpose_phase;

KERNEL_STATIC int64_t greatest_divisor(int64_t a, int64_t b) {
  while (b != 0) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The taps t of an axis with (first + begin - t * dilation) divisible by the stride. */
KERNEL_STATIC transpose_phase transpose_phase_of(int64_t stride, int64_t dilation, int64_t begin, int64_t kernel, int64_t out,
                                                int64_t remainder) {
  transpose_phase phase = {.step = stride / greatest_divisor(stride, dilation), .first = remainder};
  phase.count = remainder < out ? (out - remainder - 1) / stride + 1 : 0;
  const int64_t wanted = (remainder + begin) % stride;
  const int64_t limit = kernel_least(phase.step, kernel);
  for (int64_t tap = 0; tap < limit; tap++) {
    if (tap * (dilation % stride) % stride != wanted) continue;
    phase.tap = tap;
    phase.taps = (kernel - tap - 1) / phase.step + 1;
    break;
  }
  return phase;
}
