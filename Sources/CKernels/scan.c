/* Walks along one axis that keep a state: the place of the extreme, and cumulative sums. */
#include "internal.h"

#define SCAN_COLUMNS 256

kernel_work kernel_arg_reduce_work(const void *arguments) {
  const kernel_arg_reduce *p = arguments;
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, SCAN_COLUMNS), 0};
}

/* NaN counts as the extreme; the first one stays. */
static int64_t arg_reduce_float(const kernel_arg_reduce *p, int64_t base) {
  int64_t best = 0;
  float extreme = kernel_load_float(p->x, p->x_element, base);
  for (int64_t i = 1; i < p->extent && extreme == extreme; i++) {
    const float x = kernel_load_float(p->x, p->x_element, base + i * p->inner);
    if ((p->least ? x < extreme : x > extreme) || (p->last && x == extreme) || x != x) extreme = x, best = i;
  }
  return best;
}

static int64_t arg_reduce_integer(const kernel_arg_reduce *p, int64_t base) {
  int64_t best = 0, extreme = kernel_load_integer(p->x, p->x_element, base);
  for (int64_t i = 1; i < p->extent; i++) {
    const int64_t x = kernel_load_integer(p->x, p->x_element, base + i * p->inner);
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
      const int64_t best = kernel_is_float(p->x_element) ? arg_reduce_float(p, base) : arg_reduce_integer(p, base);
      if (p->y_element == INGOT_I64) ((int64_t *)p->y)[outer * p->inner + j] = best;
      else ((int32_t *)p->y)[outer * p->inner + j] = (int32_t)best;
    }
  }
}

kernel_work kernel_cumsum_work(const void *arguments) {
  const kernel_cumsum *p = arguments;
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, SCAN_COLUMNS), 0};
}

static void cumsum_line(const kernel_cumsum *p, int64_t base) {
  float real = 0;
  uint64_t integer = 0;
  for (int64_t i = 0; i < p->extent; i++) {
    const int64_t at = base + (p->reverse ? p->extent - 1 - i : i) * p->inner;
    if (kernel_is_float(p->x_element)) {
      const float next = real + kernel_load_float(p->x, p->x_element, at);
      kernel_store_float(p->y, p->y_element, at, p->exclusive ? real : next);
      real = next;
    } else {
      const uint64_t next = integer + (uint64_t)kernel_load_integer(p->x, p->x_element, at);
      const uint64_t value = p->exclusive ? integer : next;
      if (p->y_element == INGOT_I64) ((int64_t *)p->y)[at] = (int64_t)value;
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
