/* The largest integer of windows, or their sum rescaled, one row of y at a time. Of the largest, all rows of a window go into one line,
 * and then its columns. Of sums, every tap updates the stretch of the row that it reaches. */

static kernel_work pool_integer_work(const void *arguments) {
  const kernel_pool_integer *p = arguments;
  return (kernel_work){p->window.planes * p->window.out[0] * p->window.out[1], 0};
}

#define POOL_LINE 1024 /* elements */

typedef int8_t pool_i8 __attribute__((vector_size(4 * LANES)));
typedef uint8_t pool_u8 __attribute__((vector_size(4 * LANES)));
typedef int16_t pool_i16 __attribute__((vector_size(4 * LANES)));

#if defined(KERNEL_USES_AVX512)
#define POOL_LARGER(type, intel, arm, x, y) (pool_##type) _mm512_max_##intel((__m512i)(x), (__m512i)(y))
#elif defined(KERNEL_USES_AVX2)
#define POOL_LARGER(type, intel, arm, x, y) (pool_##type) _mm256_max_##intel((__m256i)(x), (__m256i)(y))
#elif defined(KERNEL_USES_NEON)
#define POOL_LARGER(type, intel, arm, x, y) (pool_##type) vmaxq_##arm(x, y)
#else
#define POOL_LARGER(type, intel, arm, x, y) (pool_##type)((((x) > (y)) & (pool_##type)(x)) | (((x) <= (y)) & (pool_##type)(y)))
#endif

/* For elements of one type: y[j] = the larger of y[j] and x[j], whole vectors or n of them; and elements 2 j and 2 j + 1 of x, whole
 * vectors. */
#define POOL_LINES(name, element, wide, intel, arm)                                                             \
  KERNEL_INLINE void pool_larger_whole_##name(const element *x, int64_t n, element *y) {                        \
    for (int64_t j = 0; j < n; j += (int64_t)(4 * LANES / sizeof(element))) {                                   \
      pool_##name a, b;                                                                                         \
      memcpy(&a, x + j, sizeof a);                                                                              \
      memcpy(&b, y + j, sizeof b);                                                                              \
      b = POOL_LARGER(name, intel, arm, a, b);                                                                  \
      memcpy(y + j, &b, sizeof b);                                                                              \
    }                                                                                                           \
  }                                                                                                             \
  KERNEL_INLINE void pool_larger_##name(const element *x, int64_t n, element *y) {                              \
    const int64_t whole = n - n % (int64_t)(4 * LANES / sizeof(element));                                       \
    pool_larger_whole_##name(x, whole, y);                                                                      \
    for (int64_t j = whole; j < n; j++) y[j] = x[j] > y[j] ? x[j] : y[j];                                       \
  }                                                                                                             \
  KERNEL_INLINE void pool_split_##name(const element *x, int64_t n, element *even, element *odd) {              \
    typedef wide wides __attribute__((vector_size(4 * LANES)));                                                 \
    typedef element halves __attribute__((vector_size(2 * LANES)));                                             \
    for (int64_t j = 0; j < n; j += (int64_t)(2 * LANES / sizeof(element))) {                                   \
      wides both;                                                                                               \
      memcpy(&both, x + 2 * j, sizeof both);                                                                    \
      const halves first = __builtin_convertvector(both, halves);                                               \
      const halves second = __builtin_convertvector(both >> (int)(8 * sizeof(element)), halves);                \
      memcpy(even + j, &first, sizeof first);                                                                   \
      memcpy(odd + j, &second, sizeof second);                                                                  \
    }                                                                                                           \
  }                                                                                                             \
  /* n positions from w0 on, of taps [c0, c1) of their row; y has room for whole vectors. */                    \
  static void pool_taps_##name(const kernel_pool *w, const pool_rows *rows, int64_t w0, int64_t n, int64_t c0,  \
                               int64_t c1, element least, element *y) {                                         \
    element line[POOL_LINE + 4 * LANES], halves[2][POOL_LINE / 2 + 4 * LANES];                                  \
    const int64_t stride = w->stride[2], dilation = w->dilation[2];                                             \
    const int64_t shift = w0 * stride - w->begin[2] + c0 * dilation;                                            \
    const int64_t span = (n - 1) * stride + (c1 - 1 - c0) * dilation + 1;                                       \
    const int64_t low = kernel_most(0, -shift), high = kernel_least(span, w->in[2] - shift);                    \
    if (low >= high) return;                                                                                    \
    for (int64_t j = 0; j < span + 4 * LANES; j++) line[j] = least;                                             \
    for (int64_t a = rows->first[0]; a < rows->end[0]; a++) {                                                   \
      for (int64_t b = rows->first[1]; b < rows->end[1]; b++)                                                   \
        pool_larger_##name((const element *)w->x + pool_row_start(w, rows, a, b) + shift + low, high - low, line + low); \
    }                                                                                                           \
    if (stride == 2) pool_split_##name(line, span / 2 + 1, halves[0], halves[1]);                               \
    for (int64_t c = 0; c < c1 - c0; c++) {                                                                     \
      const int64_t place = c * dilation;                                                                       \
      if (stride == 1) pool_larger_whole_##name(line + place, n, y);                                            \
      else if (stride == 2) pool_larger_whole_##name(halves[place % 2] + place / 2, n, y);                      \
      else for (int64_t j = 0; j < n; j++) y[j] = line[j * stride + place] > y[j] ? line[j * stride + place] : y[j]; \
    }                                                                                                           \
  }                                                                                                             \
  /* n positions from w0 on, at most POOL_LINE / 2. */                                                          \
  static void pool_largest_##name(const kernel_pool_integer *p, const pool_rows *rows, int64_t w0, int64_t n, int64_t taps, void *target) { \
    element y[POOL_LINE / 2 + 4 * LANES];                                                                       \
    for (int64_t j = 0; j < n + 4 * LANES && j < POOL_LINE / 2 + 4 * LANES; j++) y[j] = (element)p->least;      \
    for (int64_t c = 0; c < p->window.kernel[2]; c += taps)                                                     \
      pool_taps_##name(&p->window, rows, w0, n, c, kernel_least(c + taps, p->window.kernel[2]), (element)p->least, y); \
    memcpy(target, y, (size_t)n * sizeof *y);                                                                   \
  }

/* The rows of a window: taps of the outer axes that lie in x, and where its first one would. */
typedef struct {
  int64_t plane, origin[2], first[2], end[2];
} pool_rows;

static pool_rows pool_rows_of(const kernel_pool *w, int64_t plane, const int64_t place[2]) {
  pool_rows rows = {.plane = plane};
  for (int axis = 0; axis < 2; axis++) {
    rows.origin[axis] = place[axis] * w->stride[axis] - w->begin[axis];
    kernel_valid_range(rows.origin[axis], w->dilation[axis], w->in[axis], w->kernel[axis], &rows.first[axis], &rows.end[axis]);
  }
  return rows;
}
KERNEL_INLINE int64_t pool_row_start(const kernel_pool *w, const pool_rows *rows, int64_t a, int64_t b) {
  const int64_t depth = rows->origin[0] + a * w->dilation[0], height = rows->origin[1] + b * w->dilation[1];
  return kernel_ring_row(&w->x_ring, w->in[1], rows->plane * w->in[0] + depth, height) * w->in[2];
}

POOL_LINES(i8, int8_t, int16_t, epi8, s8)
POOL_LINES(u8, uint8_t, int16_t, epu8, u8)
POOL_LINES(i16, int16_t, int32_t, epi16, s16)
#undef POOL_LINES

static void pool_largest_row(const kernel_pool_integer *p, const pool_rows *rows, int64_t first) {
  const kernel_pool *w = &p->window;
  /* Taps whose reach is half of a line, and positions that fill the other half. */
  const int64_t taps = kernel_most(1, POOL_LINE / 2 / w->dilation[2]), columns = kernel_most(1, POOL_LINE / 2 / w->stride[2] - 1);
  for (int64_t w0 = 0; w0 < w->out[2]; w0 += columns) {
    const int64_t n = kernel_least(columns, w->out[2] - w0);
    void *y = kernel_at_mutable(w->y, w->element, first + w0);
    if (w->element == INGOT_I8) pool_largest_i8(p, rows, w0, n, taps, y);
    else if (w->element == INGOT_U8) pool_largest_u8(p, rows, w0, n, taps, y);
    else pool_largest_i16(p, rows, w0, n, taps, y);
  }
}

/* One tap for n positions of the row, `stride` elements apart. */
static void pool_integer_tap(const kernel_pool *w, int64_t first, int64_t stride, int64_t n, int32_t zero, int32_t *y) {
  int32_t v[QUANTIZED_ROOM];
  if (stride == 1) {
    quantized_load(w->x, w->element, first, n, 1, zero, v);
  } else {
    for (int64_t j = 0; j < n; j++) v[j] = (int32_t)kernel_load_integer(w->x, w->element, first + j * stride) - zero;
  }
  for (int64_t j = 0; j < n; j++) y[j] += v[j];
}

/* A block of a row. Sums of many taps leave 32 bits in time. */
static void pool_integer_taps(const kernel_pool *w, const pool_rows *rows, int64_t w0, int64_t n, int32_t zero, int32_t *part, int64_t *sum) {
  int64_t taps = 0;
  for (int64_t a = rows->first[0]; a < rows->end[0]; a++) {
    for (int64_t b = rows->first[1]; b < rows->end[1]; b++) {
      const int64_t row = pool_row_start(w, rows, a, b);
      for (int64_t c = 0; c < w->kernel[2]; c++) {
        const int64_t shift = w0 * w->stride[2] - w->begin[2] + c * w->dilation[2];
        int64_t low, high;
        kernel_valid_range(shift, w->stride[2], w->in[2], n, &low, &high);
        if (low == high) continue;
        pool_integer_tap(w, row + shift + low * w->stride[2], w->stride[2], high - low, zero, part + low);
        if (++taps % (INTEGER_SUM_TERMS / 2) != 0) continue;
        for (int64_t j = 0; j < n; j++) sum[j] += part[j], part[j] = 0;
      }
    }
  }
}

/* How many elements count in the window at a position of an axis. */
static int64_t pool_integer_count(const kernel_pool *w, int axis, int64_t position) {
  const int padded = w->kind == INGOT_POOL_AVERAGE_PADDED;
  return pool_count(w, axis, position, padded ? w->begin[axis] : 0, padded ? w->end[axis] : 0);
}

static void pool_integer_block(const kernel_pool_integer *p, const pool_rows *rows, const int64_t place[2], int64_t first, int64_t w0,
                               int64_t n) {
  const kernel_pool *w = &p->window;
  int32_t v[QUANTIZED_ROOM] = {0};
  int64_t sum[QUANTIZED_BLOCK] = {0};
  pool_integer_taps(w, rows, w0, n, (int32_t)kernel_load_integer(p->x_zero, w->element, 0), v, sum);
  for (int64_t j = 0; j < n; j++) v[j] = (int32_t)quantized_saturated(sum[j] + v[j]);
  /* Neighbours of one count have one multiplier and shift. */
  const int64_t lines = pool_integer_count(w, 0, place[0]) * pool_integer_count(w, 1, place[1]);
  for (int64_t start = 0, end; start < n; start = end) {
    const int64_t count = pool_integer_count(w, 2, w0 + start);
    for (end = start + 1; end < n && pool_integer_count(w, 2, w0 + end) == count;) end++;
    rescale_block(&p->rescaling, v + start, end - start, kernel_most(lines * count, 1) - 1, 0, w->y, first + w0 + start);
  }
}

static void pool_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_pool_integer *p = arguments;
  const kernel_pool *w = &p->window;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    const int64_t place[2] = {item / w->out[1] % w->out[0], item % w->out[1]};
    const pool_rows rows = pool_rows_of(w, item / (w->out[0] * w->out[1]), place);
    const int64_t first = kernel_ring_row(&w->y_ring, w->out[1], item / w->out[1], place[1]) * w->out[2];
    if (w->kind == INGOT_POOL_MAX) {
      pool_largest_row(p, &rows, first);
      continue;
    }
    for (int64_t w0 = 0; w0 < w->out[2]; w0 += QUANTIZED_BLOCK)
      pool_integer_block(p, &rows, place, first, w0, kernel_least(QUANTIZED_BLOCK, w->out[2] - w0));
  }
}
