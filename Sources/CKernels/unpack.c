/* Numbers of fewer bits than a byte. */
#include "internal.h"

#define UNPACK_GROUP 16384 /* bytes of x in an item, at least */

static int64_t unpack_rows(const kernel_unpack *p) { return kernel_most(1, UNPACK_GROUP / kernel_most(1, p->inner)); }

kernel_work kernel_unpack_work(const void *arguments) {
  const kernel_unpack *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->outer * p->extent, unpack_rows(p)), 0};
}

void kernel_unpack_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_unpack *p = arguments;
  (void)scratch;
  const int64_t rows = unpack_rows(p);
  const uint32_t count = 8 / p->bits, mask = (1u << p->bits) - 1;
  for (int64_t row = begin * rows; row < kernel_least(end * rows, p->outer * p->extent); row++) {
    const uint8_t *x = p->x + row * p->inner;
    uint8_t *y = p->y + row * p->inner * count;
    for (uint32_t part = 0; part < count; part++, y += p->inner)
      for (int64_t i = 0; i < p->inner; i++) y[i] = (uint8_t)(x[i] >> part * p->bits & mask);
  }
}
