/* Slices of x chosen by indices. */
#include "internal.h"

int64_t kernel_wrong_index(const void *indices, uint32_t element, int64_t count, int64_t extent) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t index = kernel_load_integer(indices, element, i);
    if (index < -extent || index >= extent) return i;
  }
  return -1;
}

static int64_t gather_group(const kernel_gather *p) { return kernel_most(1, 16384 / kernel_most(1, p->inner_bytes)); }

kernel_work kernel_gather_work(const void *arguments) {
  const kernel_gather *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->outer * p->count, gather_group(p)), 0};
}

void kernel_gather_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_gather *p = arguments;
  (void)scratch;
  const int64_t group = gather_group(p);
  for (int64_t i = begin * group; i < kernel_least(end * group, p->outer * p->count); i++) {
    int64_t index = kernel_load_integer(p->indices, p->index_element, i % p->count);
    if (index < 0) index += p->extent;
    memcpy((char *)p->y + i * p->inner_bytes,
           (const char *)p->x + (i / p->count * p->extent + index) * p->inner_bytes, (size_t)p->inner_bytes);
  }
}
