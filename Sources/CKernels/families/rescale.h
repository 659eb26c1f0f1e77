/* Rescaling of integers by rows: [outer, channels, inner], of which a row is what shares parameters, or, where every element has
 * its own, the last axis. */
#include "../rescaling.h"

#define RESCALE_CHUNK 4096

/* Rows, and how long they are. */
KERNEL_INLINE int64_t rescale_length(const kernel_rescale *p) {
  if (!p->rescaling.per_channel) return p->outer * p->channels * p->inner;
  return p->inner == 1 ? p->channels : p->inner;
}
KERNEL_INLINE int64_t rescale_rows(const kernel_rescale *p) {
  if (!p->rescaling.per_channel) return 1;
  return p->inner == 1 ? p->outer : p->outer * p->channels;
}

static kernel_work rescale_work(const void *arguments) {
  const kernel_rescale *p = arguments;
  return (kernel_work){rescale_rows(p) * kernel_ceil_divide(rescale_length(p), RESCALE_CHUNK), 0};
}

/* n integers less the zero point, wrapping. */
KERNEL_INLINE void rescale_load(const kernel_rescale *p, int64_t first, int64_t n, int32_t *v) {
  const uint32_t zero = (uint32_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  switch (p->x_element) {
    case INGOT_I32:
      for (int64_t i = 0; i < n; i++) v[i] = (int32_t)((uint32_t)((const int32_t *)p->x)[first + i] - zero);
      break;
    case INGOT_I16:
      for (int64_t i = 0; i < n; i++) v[i] = ((const int16_t *)p->x)[first + i] - (int32_t)zero;
      break;
    case INGOT_I8:
      for (int64_t i = 0; i < n; i++) v[i] = ((const int8_t *)p->x)[first + i] - (int32_t)zero;
      break;
    default:
      for (int64_t i = 0; i < n; i++) v[i] = ((const uint8_t *)p->x)[first + i] - (int32_t)zero;
  }
}

static void rescale_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_rescale *p = arguments;
  (void)scratch;
  const int64_t length = rescale_length(p), chunks = kernel_ceil_divide(length, RESCALE_CHUNK);
  const int64_t step = p->inner == 1;
  int32_t v[RESCALING_BLOCK];
  for (int64_t item = begin; item < end; item++) {
    const int64_t row = item / chunks, start = item % chunks * RESCALE_CHUNK;
    const int64_t stop = kernel_least(start + RESCALE_CHUNK, length);
    for (int64_t i = start; i < stop; i += RESCALING_BLOCK) {
      const int64_t n = kernel_least(RESCALING_BLOCK, stop - i);
      rescale_load(p, row * length + i, n, v);
      rescale_block(&p->rescaling, v, n, step ? i : row % p->channels, step, p->y, row * length + i);
    }
  }
}
