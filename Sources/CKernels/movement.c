/* Kernels that move elements without looking at them: copy, permute (transpose, slice), interleave (concat), pad. */
#include "internal.h"

#define COPY_BYTES (256 * 1024)

kernel_work kernel_copy_work(const void *arguments) {
  const kernel_copy *p = arguments;
  /* Parts of an overlapping copy must not run side by side. */
  const char *x = p->x, *y = p->y;
  const int overlaps = x < y + p->bytes && y < x + p->bytes;
  return (kernel_work){overlaps ? 1 : kernel_ceil_divide(p->bytes, COPY_BYTES), 0};
}

void kernel_copy_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_copy *p = arguments;
  (void)scratch;
  const int64_t size = kernel_copy_work(p).items == 1 ? p->bytes : COPY_BYTES;
  for (int64_t first = begin * size; first < kernel_least(end * size, p->bytes); first += size)
    memmove((char *)p->y + first, (const char *)p->x + first, (size_t)kernel_least(size, p->bytes - first));
}

#define PERMUTE_TILE 32

/* A tile of the last two axes of y: both loops are short, so that both sides stay in cache. */
#define PERMUTE_TILE_OF(type)                                                                          \
  static void permute_tile_##type(const type *x, type *y, int64_t rows, int64_t columns, int64_t x_row, \
                                  int64_t x_column, int64_t y_row) {                                   \
    for (int64_t r = 0; r < rows; r++) {                                                               \
      for (int64_t c = 0; c < columns; c++) y[r * y_row + c] = x[r * x_row + c * x_column];            \
    }                                                                                                  \
  }
PERMUTE_TILE_OF(uint8_t)
PERMUTE_TILE_OF(uint16_t)
PERMUTE_TILE_OF(uint32_t)
PERMUTE_TILE_OF(uint64_t)
#undef PERMUTE_TILE_OF

/* The axis of y, other than the last, along which x is nearest to contiguous: tiled together with the last. */
static uint32_t permute_partner(const kernel_permute *p) {
  uint32_t partner = p->rank - 2;
  for (uint32_t axis = 0; axis + 1 < p->rank; axis++) {
    if (p->strides[axis] == 1) partner = axis;
  }
  return partner;
}

static int permute_copies_rows(const kernel_permute *p) { return p->rank > 0 && p->strides[p->rank - 1] == 1; }

/* Rows of the last axis that one item copies. */
static int64_t permute_rows(const kernel_permute *p) {
  return kernel_most(1, 16384 / (p->dims[p->rank - 1] * p->element_bytes));
}

kernel_work kernel_permute_work(const void *arguments) {
  const kernel_permute *p = arguments;
  if (p->rank < 2) return (kernel_work){1, 0};
  int64_t items = 1;
  for (uint32_t axis = 0; axis + 1 < p->rank; axis++) items *= p->dims[axis];
  if (permute_copies_rows(p)) return (kernel_work){kernel_ceil_divide(items, permute_rows(p)), 0};
  const int64_t extent = p->dims[permute_partner(p)];
  return (kernel_work){items / extent * kernel_ceil_divide(extent, PERMUTE_TILE), 0};
}

static void permute_move(const kernel_permute *p, int64_t x, int64_t y, int64_t rows, int64_t columns, int64_t x_row,
                         int64_t x_column, int64_t y_row) {
  switch (p->element_bytes) {
#define PERMUTE_CASE(bytes, type) \
  case bytes:                     \
    permute_tile_##type((const type *)p->x + x, (type *)p->y + y, rows, columns, x_row, x_column, y_row); \
    break;
    PERMUTE_CASE(1, uint8_t)
    PERMUTE_CASE(2, uint16_t)
    PERMUTE_CASE(4, uint32_t)
    PERMUTE_CASE(8, uint64_t)
#undef PERMUTE_CASE
    default: break;
  }
}

void kernel_permute_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_permute *p = arguments;
  (void)scratch;
  if (p->rank < 2) {
    if (begin < end) permute_move(p, 0, 0, 1, p->rank == 0 ? 1 : p->dims[0], 0, p->rank == 0 ? 1 : p->strides[0], 0);
    return;
  }
  const uint32_t last = p->rank - 1;
  if (permute_copies_rows(p)) {
    int64_t count = 1;
    for (uint32_t axis = 0; axis < last; axis++) count *= p->dims[axis];
    const int64_t rows = permute_rows(p), bytes = p->dims[last] * p->element_bytes;
    for (int64_t row = begin * rows; row < kernel_least(end * rows, count); row++) {
      int64_t rest = row, x = 0;
      for (uint32_t axis = last; axis-- > 0; rest /= p->dims[axis]) x += rest % p->dims[axis] * p->strides[axis];
      memcpy((char *)p->y + row * bytes, (const char *)p->x + x * p->element_bytes, (size_t)bytes);
    }
    return;
  }
  const uint32_t partner = permute_partner(p);
  int64_t y_strides[INGOT_MAX_RANK], stride = 1;
  for (uint32_t axis = p->rank; axis-- > 0; stride *= p->dims[axis]) y_strides[axis] = stride;
  const int64_t tiles = kernel_ceil_divide(p->dims[partner], PERMUTE_TILE);
  for (int64_t item = begin; item < end; item++) {
    const int64_t first = item % tiles * PERMUTE_TILE;
    int64_t rest = item / tiles, x = first * p->strides[partner], y = first * y_strides[partner];
    for (uint32_t axis = last; axis-- > 0;) {
      if (axis == partner) continue;
      x += rest % p->dims[axis] * p->strides[axis];
      y += rest % p->dims[axis] * y_strides[axis];
      rest /= p->dims[axis];
    }
    const int64_t rows = kernel_least(PERMUTE_TILE, p->dims[partner] - first);
    for (int64_t column = 0; column < p->dims[last]; column += PERMUTE_TILE) {
      permute_move(p, x + column * p->strides[last], y + column, rows,
                   kernel_least(PERMUTE_TILE, p->dims[last] - column), p->strides[partner], p->strides[last],
                   y_strides[partner]);
    }
  }
}

static int64_t interleave_rows(const kernel_interleave *p) { return kernel_most(1, 16384 / kernel_most(1, p->bytes)); }

kernel_work kernel_interleave_work(const void *arguments) {
  const kernel_interleave *p = arguments;
  return (kernel_work){p->bytes == 0 ? 0 : kernel_ceil_divide(p->rows, interleave_rows(p)), 0};
}

void kernel_interleave_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_interleave *p = arguments;
  (void)scratch;
  const int64_t rows = interleave_rows(p), last = kernel_least(end * rows, p->rows);
  for (int64_t row = begin * rows; row < last && p->group != 0; row++) {
    char *y = (char *)p->y + row * p->y_pitch + row / p->group * p->y_skip;
    memcpy(y, (const char *)p->x + row * p->x_pitch, (size_t)p->bytes);
  }
  if (p->group != 0) return;
#define INTERLEAVE(bytes) \
  for (int64_t row = begin * rows; row < last; row++) memcpy((char *)p->y + row * p->y_pitch, (const char *)p->x + row * p->x_pitch, (size_t)(bytes))
  /* Copies of a known size take no call. */
  switch (p->bytes) {
    case 1: INTERLEAVE(1); break;
    case 2: INTERLEAVE(2); break;
    case 4: INTERLEAVE(4); break;
    case 8: INTERLEAVE(8); break;
    default: INTERLEAVE(p->bytes); break;
  }
#undef INTERLEAVE
}

/* Position in x of position i of y along one axis, or -1 for the constant. */
static int64_t pad_source(const kernel_pad *p, uint32_t axis, int64_t i) {
  const int64_t extent = p->x_dims[axis], at = i - p->begin[axis];
  if (at >= 0 && at < extent) return at;
  switch (p->mode) {
    case INGOT_PAD_REFLECT: return at < 0 ? -at : 2 * (extent - 1) - at;
    case INGOT_PAD_EDGE: return at < 0 ? 0 : extent - 1;
    case INGOT_PAD_WRAP: return at % extent < 0 ? at % extent + extent : at % extent;
    default: return -1;
  }
}

kernel_work kernel_pad_work(const void *arguments) {
  const kernel_pad *p = arguments;
  int64_t rows = 1;
  for (uint32_t axis = 0; axis + 1 < p->rank; axis++) rows *= p->y_dims[axis];
  return (kernel_work){rows, 0};
}

static void pad_fill(const kernel_pad *p, char *y, int64_t count) {
  if (count <= 0) return;
  memcpy(y, p->value, p->element_bytes);
  for (int64_t done = 1; done < count; done *= 2)
    memcpy(y + done * p->element_bytes, y, (size_t)(kernel_least(done, count - done) * p->element_bytes));
}

void kernel_pad_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_pad *p = arguments;
  (void)scratch;
  if (p->rank == 0) {
    if (begin < end) memcpy(p->y, p->x, p->element_bytes);
    return;
  }
  const uint32_t last = p->rank - 1;
  const int64_t bytes = p->element_bytes, width = p->y_dims[last], extent = p->x_dims[last], shift = p->begin[last];
  const int64_t low = kernel_least(kernel_most(shift, 0), width);
  const int64_t high = kernel_most(low, kernel_least(extent + shift, width));
  for (int64_t row = begin; row < end; row++) {
    int64_t rest = row, x_row = 0, x_stride = extent;
    int constant = 0;
    for (uint32_t axis = last; axis-- > 0;) {
      const int64_t source = pad_source(p, axis, rest % p->y_dims[axis]);
      if (source < 0) constant = 1;
      x_row += source * x_stride;
      x_stride *= p->x_dims[axis];
      rest /= p->y_dims[axis];
    }
    char *y = (char *)p->y + row * width * bytes;
    if (constant) {
      pad_fill(p, y, width);
      continue;
    }
    const char *x = (const char *)p->x + x_row * bytes;
    if (p->mode == INGOT_PAD_CONSTANT) {
      pad_fill(p, y, low);
      pad_fill(p, y + high * bytes, width - high);
    } else {
      for (int64_t i = 0; i < low; i++) memcpy(y + i * bytes, x + pad_source(p, last, i) * bytes, (size_t)bytes);
      for (int64_t i = high; i < width; i++) memcpy(y + i * bytes, x + pad_source(p, last, i) * bytes, (size_t)bytes);
    }
    if (high > low) memcpy(y + low * bytes, x + (low - shift) * bytes, (size_t)((high - low) * bytes));
  }
}
