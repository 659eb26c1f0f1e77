/* Integers of one scale as integers of another; exact, so that every instruction set gives the same. */
#include "internal.h"

#define RESCALING_BLOCK 256

/* v * multiplier / 2^shift for a shift from 0 to 62; no intermediate result exceeds 2^62 + 2^61 + 2^30. */
KERNEL_INLINE int64_t rescaled_value(int32_t v, int64_t multiplier, int64_t shift, uint32_t rounding) {
  const int64_t half = ((int64_t)1 << shift) >> 1;
  int64_t sum = (int64_t)v * multiplier + half;
  if (rounding == INGOT_RESCALE_TWO_ROUNDINGS && shift > 31) sum += v < 0 ? -((int64_t)1 << 30) : (int64_t)1 << 30;
  int64_t rounded = sum >> shift; /* gcc and clang shift in the sign */
  if (rounding == INGOT_RESCALE_HALF_EVEN && shift > 0 && (sum & (((int64_t)1 << shift) - 1)) == 0) rounded &= ~(int64_t)1;
  return rounded;
}

KERNEL_INLINE int64_t rescaling_shift(const kernel_rescaling *r, int64_t channel) {
  return kernel_least(kernel_most(r->shift[channel], 0), 62);
}

/* One block of values of one channel, or with `step` 1 of neighbouring ones; `rounding` is known where it is inlined. */
KERNEL_INLINE void rescale_values(const kernel_rescaling *r, const int32_t *v, int64_t n, int64_t channel, int64_t step,
                                  uint32_t rounding, int32_t *y) {
  const int64_t zero = kernel_load_integer(r->zero, r->y_element, 0), least = r->least, most = r->most;
  if (step == 0) {
    const int64_t multiplier = r->multiplier[channel], shift = rescaling_shift(r, channel);
    for (int64_t i = 0; i < n; i++) {
      const int64_t value = rescaled_value(v[i], multiplier, shift, rounding) + zero;
      y[i] = (int32_t)(value < least ? least : value > most ? most : value);
    }
  } else {
    for (int64_t i = 0; i < n; i++) {
      const int64_t shift = rescaling_shift(r, channel + i);
      const int64_t value = rescaled_value(v[i], r->multiplier[channel + i], shift, rounding) + zero;
      y[i] = (int32_t)(value < least ? least : value > most ? most : value);
    }
  }
}

/* y[first], y[first + 1], ... from n values, at most RESCALING_BLOCK, of the channel, or of it and the next ones if parameters
 * differ along them (`step` 1). */
KERNEL_INLINE void rescale_block(const kernel_rescaling *r, const int32_t *v, int64_t n, int64_t channel, int64_t step, void *y,
                                 int64_t first) {
  int32_t block[RESCALING_BLOCK];
  if (!r->per_channel) channel = step = 0;
  switch (r->rounding) {
    case INGOT_RESCALE_HALF_UP: rescale_values(r, v, n, channel, step, INGOT_RESCALE_HALF_UP, block); break;
    case INGOT_RESCALE_HALF_EVEN: rescale_values(r, v, n, channel, step, INGOT_RESCALE_HALF_EVEN, block); break;
    default: rescale_values(r, v, n, channel, step, INGOT_RESCALE_TWO_ROUNDINGS, block); break;
  }
  switch (r->y_element) {
    case INGOT_I32: memcpy((int32_t *)y + first, block, (size_t)n * sizeof *block); break;
    case INGOT_I16:
      for (int64_t i = 0; i < n; i++) ((int16_t *)y)[first + i] = (int16_t)block[i];
      break;
    case INGOT_I8:
      for (int64_t i = 0; i < n; i++) ((int8_t *)y)[first + i] = (int8_t)block[i];
      break;
    default:
      for (int64_t i = 0; i < n; i++) ((uint8_t *)y)[first + i] = (uint8_t)block[i];
  }
}
