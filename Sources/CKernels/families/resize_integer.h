/* Resampling of integers: weights in 1 / 2048, sums exact, rounded once. */

#define RESIZE_INTEGER_BITS 11

/* Weights of an axis' taps, which sum to one unless all are 0. */
static void resize_integer_weights(const resize_taps *taps, int64_t weight[RESIZE_TAPS]) {
  const int64_t unit = 1 << RESIZE_INTEGER_BITS;
  int64_t rest = unit;
  int largest = 0, any = 0;
  for (int t = 0; t < taps->count; t++) {
    weight[t] = (int64_t)floor(taps->weight[t] * (double)unit + 0.5);
    rest -= weight[t];
    any |= taps->weight[t] != 0;
    if (weight[t] > weight[largest]) largest = t;
  }
  if (any) weight[largest] += rest;
}

/* The columns of a chunk, tap by tap. */
typedef struct {
  int count;
  int32_t index[RESIZE_TAPS][RESIZE_COLUMNS], weight[RESIZE_TAPS][RESIZE_COLUMNS];
} resize_integer_columns;

/* Rows of x that were resampled along the columns, found by their number modulo RESIZE_ROWS. */
typedef struct {
  int64_t row[RESIZE_ROWS];
  int32_t value[RESIZE_ROWS][RESIZE_COLUMNS];
} resize_integer_cache;

/* The rows of x, of one plane, that a row of y lies between. */
typedef struct {
  int count;
  int64_t row[RESIZE_TAPS * RESIZE_TAPS];
  int32_t weight[RESIZE_TAPS * RESIZE_TAPS];
} resize_integer_rows;

static resize_integer_rows resize_integer_rows_of(const kernel_resize *p, int64_t d, int64_t h) {
  const resize_taps depth = resize_taps_of(p, 0, d), height = resize_taps_of(p, 1, h);
  int64_t depth_weight[RESIZE_TAPS], height_weight[RESIZE_TAPS];
  resize_integer_weights(&depth, depth_weight);
  resize_integer_weights(&height, height_weight);
  resize_integer_rows rows = {0, {0}, {0}};
  for (int a = 0; a < depth.count; a++) {
    for (int b = 0; b < height.count; b++, rows.count++) {
      rows.row[rows.count] = depth.index[a] * p->in[1] + height.index[b];
      rows.weight[rows.count] = (int32_t)(depth_weight[a] * height_weight[b]);
    }
  }
  return rows;
}

static void resize_integer_columns_of(const kernel_resize *p, int64_t w0, int64_t n, resize_integer_columns *columns) {
  for (int64_t j = 0; j < n; j++) {
    const resize_taps taps = resize_taps_of(p, 2, w0 + j);
    int64_t weight[RESIZE_TAPS];
    resize_integer_weights(&taps, weight);
    columns->count = taps.count;
    for (int t = 0; t < taps.count; t++) columns->index[t][j] = (int32_t)taps.index[t], columns->weight[t][j] = (int32_t)weight[t];
  }
}

#define RESIZE_INTEGER_TAP(type)                                               \
  {                                                                            \
    const type *x = (const type *)p->x + start;                                 \
    if (t == 0) for (int64_t j = 0; j < n; j++) y[j] = weight[j] * x[index[j]]; \
    else for (int64_t j = 0; j < n; j++) y[j] += weight[j] * x[index[j]];      \
    break;                                                                     \
  }
static const int32_t *resize_integer_row(const kernel_resize *p, int64_t row, const resize_integer_columns *columns, int64_t n,
                                         resize_integer_cache *cache) {
  const int64_t slot = row % RESIZE_ROWS;
  int32_t *y = cache->value[slot];
  if (cache->row[slot] == row) return y;
  cache->row[slot] = row;
  const int64_t start = resize_start(p, row);
  for (int t = 0; t < columns->count; t++) {
    const int32_t *index = columns->index[t], *weight = columns->weight[t];
    switch (p->x_element) {
      case INGOT_I8: RESIZE_INTEGER_TAP(int8_t)
      case INGOT_U8: RESIZE_INTEGER_TAP(uint8_t)
      default: RESIZE_INTEGER_TAP(int16_t)
    }
  }
  return y;
}
#undef RESIZE_INTEGER_TAP

/* One row of y: the rows of x that it lies between, weighted; whole vectors. */
static void resize_integer_blend(const kernel_resize *p, int64_t plane, const resize_integer_rows *rows, const resize_integer_columns *columns,
                                 int64_t n, resize_integer_cache *cache, int32_t *y) {
  rescaling_products sum[RESIZE_COLUMNS / LANES];
  for (int64_t j = 0; j < n; j += LANES) sum[j / LANES] = (rescaling_products){{0}, {0}};
  for (int r = 0; r < rows->count; r++) {
    const int32_t *x = resize_integer_row(p, plane * p->in[0] * p->in[1] + rows->row[r], columns, n, cache);
    const vi weight = v_set_int(rows->weight[r]);
    for (int64_t j = 0; j < n; j += LANES) {
      const rescaling_products product = rescaling_multiply(vi_load(x + j), weight);
      sum[j / LANES].one += product.one, sum[j / LANES].other += product.other;
    }
  }
  const int bits = (int)kernel_element_bytes(p->x_element) * 8 - (p->x_element != INGOT_U8);
  const int32_t most = (1 << bits) - 1, least = p->x_element == INGOT_U8 ? 0 : -most - 1;
  for (int64_t j = 0; j < n; j += LANES) {
    const vi value = quantized_shifted(sum[j / LANES], 3 * RESIZE_INTEGER_BITS);
    vi_store(y + j, quantized_limited(value, v_set_int(least), v_set_int(most)));
  }
}

/* Items as those of floats. */
static kernel_work resize_integer_work(const void *arguments) { return resize_work(arguments); }

static void resize_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_resize *p = arguments;
  (void)scratch;
  const int64_t bands = kernel_ceil_divide(p->out[1], RESIZE_BAND), group = resize_group(p);
  resize_integer_columns columns;
  resize_integer_cache cache;
  resize_integer_rows rows[RESIZE_BAND];
  int32_t y[RESIZE_COLUMNS];
  memset(cache.value, 0, sizeof cache.value);
  for (int64_t w0 = 0; w0 < p->out[2]; w0 += RESIZE_COLUMNS) {
    const int64_t n = kernel_least(RESIZE_COLUMNS, p->out[2] - w0);
    resize_integer_columns_of(p, w0, n, &columns);
    for (int r = 0; r < RESIZE_ROWS; r++) cache.row[r] = -1;
    for (int64_t item = begin; item < end; item++) {
      const int64_t h0 = item % bands * RESIZE_BAND, d = item / bands % p->out[0], first = item / bands / p->out[0] * group;
      const int64_t count = kernel_least(RESIZE_BAND, p->out[1] - h0);
      for (int64_t h = 0; h < count; h++) rows[h] = resize_integer_rows_of(p, d, h0 + h);
      for (int64_t plane = first; plane < kernel_least(first + group, p->planes); plane++) {
        for (int64_t h = 0; h < count; h++) {
          resize_integer_blend(p, plane, &rows[h], &columns, n, &cache, y);
          quantized_store(y, n, p->y, p->y_element, resize_target(p, plane * p->out[0] + d, h0 + h) + w0);
        }
      }
    }
  }
}
