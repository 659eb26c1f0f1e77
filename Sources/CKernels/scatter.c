/* Slices written into a copy of x at places chosen by indices. */
#include "internal.h"

/* Rows of y that one item owns. Each item walks all indices, so there are few items. */
static int64_t scatter_rows(const kernel_scatter *p) {
  const int64_t bytes = p->extent * p->inner * kernel_element_bytes(p->element);
  return kernel_ceil_divide(p->extent, kernel_most(1, kernel_least(8, bytes / 65536)));
}

kernel_work kernel_scatter_work(const void *arguments) {
  const kernel_scatter *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->extent, scatter_rows(p)), 0};
}

static float scatter_float(uint32_t reduction, float old, float new) {
  switch (reduction) {
    case INGOT_SCATTER_ADD: return old + new;
    case INGOT_SCATTER_MUL: return old * new;
    case INGOT_SCATTER_MIN: return old != old || old <= new ? old : new;
    default: return old != old || old >= new ? old : new;
  }
}

static int64_t scatter_integer(uint32_t reduction, int64_t old, int64_t new) {
  switch (reduction) {
    case INGOT_SCATTER_ADD: return (int64_t)((uint64_t)old + (uint64_t)new);
    case INGOT_SCATTER_MUL: return (int64_t)((uint64_t)old * (uint64_t)new);
    case INGOT_SCATTER_MIN: return kernel_least(old, new);
    default: return kernel_most(old, new);
  }
}

static void scatter_row(const kernel_scatter *p, int64_t y, int64_t update) {
  if (p->reduction == INGOT_SCATTER_NONE) {
    memcpy(kernel_at_mutable(p->y, p->element, y), kernel_at(p->updates, p->element, update),
           (size_t)(p->inner * kernel_element_bytes(p->element)));
  } else if (kernel_is_float(p->element)) {
    for (int64_t i = 0; i < p->inner; i++) {
      const float old = kernel_load_float(p->y, p->element, y + i);
      kernel_store_float(p->y, p->element, y + i,
                         scatter_float(p->reduction, old, kernel_load_float(p->updates, p->element, update + i)));
    }
  } else {
    for (int64_t i = 0; i < p->inner; i++) {
      const int64_t old = kernel_load_integer(p->y, p->element, y + i);
      kernel_store_integer(p->y, p->element, y + i,
                           scatter_integer(p->reduction, old, kernel_load_integer(p->updates, p->element, update + i)));
    }
  }
}

void kernel_scatter_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_scatter *p = arguments;
  (void)scratch;
  const int64_t rows = scatter_rows(p), row_bytes = p->inner * kernel_element_bytes(p->element);
  const int64_t first = begin * rows, last = kernel_least(end * rows, p->extent);
  memcpy((char *)p->y + first * row_bytes, (const char *)p->x + first * row_bytes, (size_t)((last - first) * row_bytes));
  for (int64_t i = 0; i < p->count; i++) {
    int64_t index = kernel_load_integer(p->indices, p->index_element, i);
    if (index < 0) index += p->extent;
    if (index >= first && index < last) scatter_row(p, index * p->inner, i * p->inner);
  }
}
