/* Moves elements from one layout to another: an item is a line along the last logical axis. */
#include "internal.h"

/* Where the element with these indices lies. */
static int64_t repack_place(const kernel_repack *p, const kernel_layout *layout, const int64_t *index) {
  int64_t place = 0;
  for (uint32_t i = 0; i < p->rank; i++) {
    const uint32_t axis = layout->order[i];
    if (layout->block_extent == 0 || axis != layout->block_axis) {
      place = place * p->dims[axis] + index[axis];
      continue;
    }
    const int64_t first = index[axis] / layout->block_extent * layout->block_extent;
    const int64_t width = kernel_least(layout->block_extent, p->dims[axis] - first);
    int64_t inner = 0, count = 1;
    for (uint32_t j = i + 1; j < p->rank; j++) {
      inner = inner * p->dims[layout->order[j]] + index[layout->order[j]];
      count *= p->dims[layout->order[j]];
    }
    return (place * p->dims[axis] + first) * count + inner * width + (index[axis] - first);
  }
  return place;
}

kernel_work kernel_repack_work(const void *arguments) {
  const kernel_repack *p = arguments;
  int64_t lines = 1;
  for (uint32_t axis = 0; axis + 1 < p->rank; axis++) lines *= p->dims[axis];
  return (kernel_work){lines, 0};
}

void kernel_repack_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_repack *p = arguments;
  const int64_t bytes = p->element_bytes, length = p->dims[p->rank - 1];
  (void)scratch;
  for (int64_t line = begin; line < end; line++) {
    int64_t index[INGOT_MAX_RANK] = {0}, rest = line;
    for (uint32_t axis = p->rank - 1; axis-- > 0; rest /= p->dims[axis]) index[axis] = rest % p->dims[axis];
    for (int64_t i = 0; i < length; i++) {
      index[p->rank - 1] = i;
      memcpy((char *)p->y + repack_place(p, &p->y_layout, index) * bytes,
             (const char *)p->x + repack_place(p, &p->x_layout, index) * bytes, (size_t)bytes);
    }
  }
}
