/* Walks along one axis that keep a state: the place of the extreme, and cumulative sums. */
#include "internal.h"

#define SCAN_COLUMNS 256

static float scan_float(const void *x, uint32_t element, int64_t index) {
  switch (element) {
    case KERNEL_F16: return kernel_half_to_float(((const uint16_t *)x)[index]);
    case KERNEL_BF16: return kernel_bfloat_to_float(((const uint16_t *)x)[index]);
    default: return ((const float *)x)[index];
  }
}

static int64_t scan_integer(const void *x, uint32_t element, int64_t index) {
  switch (element) {
    case KERNEL_I8: return ((const int8_t *)x)[index];
    case KERNEL_I16: return ((const int16_t *)x)[index];
    case KERNEL_I32: return ((const int32_t *)x)[index];
    case KERNEL_I64: return ((const int64_t *)x)[index];
    default: return ((const uint8_t *)x)[index];
  }
}

static int scan_is_float(uint32_t element) {
  return element == KERNEL_F32 || element == KERNEL_F16 || element == KERNEL_BF16;
}

kernel_work kernel_arg_reduce_work(const void *arguments) {
  const kernel_arg_reduce *p = arguments;
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, SCAN_COLUMNS), 0};
}

/* NaN counts as the extreme; the first one stays. */
static int64_t arg_reduce_float(const kernel_arg_reduce *p, int64_t base) {
  int64_t best = 0;
  float extreme = scan_float(p->x, p->x_element, base);
  for (int64_t i = 1; i < p->extent && extreme == extreme; i++) {
    const float x = scan_float(p->x, p->x_element, base + i * p->inner);
    if ((p->least ? x < extreme : x > extreme) || (p->last && x == extreme) || x != x) extreme = x, best = i;
  }
  return best;
}

static int64_t arg_reduce_integer(const kernel_arg_reduce *p, int64_t base) {
  int64_t best = 0, extreme = scan_integer(p->x, p->x_element, base);
  for (int64_t i = 1; i < p->extent; i++) {
    const int64_t x = scan_integer(p->x, p->x_element, base + i * p->inner);
    if ((p->least ? x < extreme : x > extreme) || (p->last && x == extreme)) extreme = x, best = i;
  }
  return best;
}

void kernel_arg_reduce_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_arg_reduce *p = arguments;
  (void)scratch;
  const int64_t chunks = kernel_ceil_divide(p->inner, SCAN_COLUMNS);
  for (int64_t item = begin; item < end; item++) {
    const int64_t outer = item / chunks, first = item % chunks * SCAN_COLUMNS;
    for (int64_t j = first; j < kernel_least(first + SCAN_COLUMNS, p->inner); j++) {
      const int64_t base = outer * p->extent * p->inner + j;
      const int64_t best = scan_is_float(p->x_element) ? arg_reduce_float(p, base) : arg_reduce_integer(p, base);
      if (p->y_element == KERNEL_I64) ((int64_t *)p->y)[outer * p->inner + j] = best;
      else ((int32_t *)p->y)[outer * p->inner + j] = (int32_t)best;
    }
  }
}

kernel_work kernel_cumsum_work(const void *arguments) {
  const kernel_cumsum *p = arguments;
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, SCAN_COLUMNS), 0};
}

static void cumsum_store_float(void *y, uint32_t element, int64_t index, float value) {
  if (element == KERNEL_F32) ((float *)y)[index] = value;
  else ((uint16_t *)y)[index] = element == KERNEL_F16 ? kernel_float_to_half(value) : kernel_float_to_bfloat(value);
}

static void cumsum_line(const kernel_cumsum *p, int64_t base) {
  float real = 0;
  uint64_t integer = 0;
  for (int64_t i = 0; i < p->extent; i++) {
    const int64_t at = base + (p->reverse ? p->extent - 1 - i : i) * p->inner;
    if (scan_is_float(p->x_element)) {
      const float next = real + scan_float(p->x, p->x_element, at);
      cumsum_store_float(p->y, p->y_element, at, p->exclusive ? real : next);
      real = next;
    } else {
      const uint64_t next = integer + (uint64_t)scan_integer(p->x, p->x_element, at);
      const uint64_t value = p->exclusive ? integer : next;
      if (p->y_element == KERNEL_I64) ((int64_t *)p->y)[at] = (int64_t)value;
      else ((int32_t *)p->y)[at] = (int32_t)(uint32_t)value;
      integer = next;
    }
  }
}

void kernel_cumsum_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_cumsum *p = arguments;
  (void)scratch;
  const int64_t chunks = kernel_ceil_divide(p->inner, SCAN_COLUMNS);
  for (int64_t item = begin; item < end; item++) {
    const int64_t first = item % chunks * SCAN_COLUMNS;
    for (int64_t j = first; j < kernel_least(first + SCAN_COLUMNS, p->inner); j++)
      cumsum_line(p, item / chunks * p->extent * p->inner + j);
  }
}
