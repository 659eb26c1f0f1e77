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

/* The rows of x that a row of y lies between. */
typedef struct {
  int count;
  int64_t row[RESIZE_TAPS * RESIZE_TAPS], weight[RESIZE_TAPS * RESIZE_TAPS];
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
      rows.weight[rows.count] = depth_weight[a] * height_weight[b];
    }
  }
  return rows;
}

static kernel_work resize_integer_work(const void *arguments) {
  const kernel_resize *p = arguments;
  return (kernel_work){p->out[0] * p->out[1], 0};
}

/* A stretch of columns of one row in all planes. */
static void resize_integer_columns(const kernel_resize *p, const resize_integer_rows *rows, int64_t item, int64_t w0, int64_t n) {
  int32_t index[RESIZE_COLUMNS][RESIZE_TAPS], y[RESIZE_COLUMNS];
  int64_t weight[RESIZE_COLUMNS][RESIZE_TAPS];
  int taps = 1;
  for (int64_t j = 0; j < n; j++) {
    const resize_taps column = resize_taps_of(p, 2, w0 + j);
    taps = column.count;
    for (int t = 0; t < taps; t++) index[j][t] = (int32_t)column.index[t];
    resize_integer_weights(&column, weight[j]);
  }
  const int64_t shift = 3 * RESIZE_INTEGER_BITS, half = (int64_t)1 << (shift - 1);
  const int64_t bits = kernel_element_bytes(p->x_element) * 8 - (p->x_element != INGOT_U8);
  const int64_t most = ((int64_t)1 << bits) - 1, least = p->x_element == INGOT_U8 ? 0 : -most - 1;
  for (int64_t plane = 0; plane < p->planes; plane++) {
    for (int64_t j = 0; j < n; j++) {
      int64_t sum = 0;
      for (int r = 0; r < rows->count; r++) {
        const int64_t start = (plane * p->in[0] * p->in[1] + rows->row[r]) * p->in[2];
        int64_t line = 0;
        for (int t = 0; t < taps; t++) line += kernel_load_integer(p->x, p->x_element, start + index[j][t]) * weight[j][t];
        sum += line * rows->weight[r];
      }
      y[j] = (int32_t)kernel_least(kernel_most((sum + half) >> shift, least), most);
    }
    quantized_store(y, n, p->y, p->y_element, (plane * p->out[0] * p->out[1] + item) * p->out[2] + w0);
  }
}

static void resize_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_resize *p = arguments;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    const resize_integer_rows rows = resize_integer_rows_of(p, item / p->out[1], item % p->out[1]);
    for (int64_t w0 = 0; w0 < p->out[2]; w0 += RESIZE_COLUMNS)
      resize_integer_columns(p, &rows, item, w0, kernel_least(RESIZE_COLUMNS, p->out[2] - w0));
  }
}
