/* The positions of elements that are not 0. */
#include "internal.h"

kernel_work kernel_nonzero_work(const void *arguments) {
  (void)arguments;
  return (kernel_work){1, 0};
}

static int nonzero_at(const kernel_nonzero *p, int64_t i) {
  return kernel_is_float(p->element) ? kernel_load_float(p->x, p->element, i) != 0
                                     : kernel_load_integer(p->x, p->element, i) != 0;
}

void kernel_nonzero_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_nonzero *p = arguments;
  (void)scratch;
  if (begin == end) return;
  int64_t count = 0;
  for (int64_t i = 0; i < p->n; i++) {
    if (nonzero_at(p, i)) p->positions[count++] = i;
  }
  for (int64_t i = count; i < p->n; i++) p->positions[i] = 0;
  *p->count = count;
}
