/* The largest integer of windows, or their sum rescaled. One row of y at a time: every tap updates the stretch of the row that it
 * reaches. */

static kernel_work pool_integer_work(const void *arguments) {
  const kernel_pool_integer *p = arguments;
  return (kernel_work){p->window.planes * p->window.out[0] * p->window.out[1], 0};
}

/* One tap for n positions of the row, `stride` elements apart. */
static void pool_integer_tap(const kernel_pool *w, int64_t first, int64_t stride, int64_t n, int32_t zero, int32_t *y) {
  int32_t v[QUANTIZED_ROOM];
  if (stride == 1) {
    quantized_load(w->x, w->element, first, n, 1, zero, v);
  } else {
    for (int64_t j = 0; j < n; j++) v[j] = (int32_t)kernel_load_integer(w->x, w->element, first + j * stride) - zero;
  }
  if (w->kind == INGOT_POOL_MAX) {
    for (int64_t j = 0; j < n; j++) y[j] = v[j] > y[j] ? v[j] : y[j];
  } else {
    for (int64_t j = 0; j < n; j++) y[j] += v[j];
  }
}

/* A block of a row. Sums of many taps leave 32 bits in time. */
static void pool_integer_taps(const kernel_pool *w, int64_t plane, const int64_t place[2], int64_t w0, int64_t n, int32_t zero,
                              int32_t *part, int64_t *sum) {
  int64_t origin[2], first[2], end[2], taps = 0;
  for (int axis = 0; axis < 2; axis++) {
    origin[axis] = place[axis] * w->stride[axis] - w->begin[axis];
    kernel_valid_range(origin[axis], w->dilation[axis], w->in[axis], w->kernel[axis], &first[axis], &end[axis]);
  }
  for (int64_t a = first[0]; a < end[0]; a++) {
    for (int64_t b = first[1]; b < end[1]; b++) {
      const int64_t depth = origin[0] + a * w->dilation[0], height = origin[1] + b * w->dilation[1];
      const int64_t row = ((plane * w->in[0] + depth) * w->in[1] + height) * w->in[2];
      for (int64_t c = 0; c < w->kernel[2]; c++) {
        const int64_t shift = w0 * w->stride[2] - w->begin[2] + c * w->dilation[2];
        int64_t low, high;
        kernel_valid_range(shift, w->stride[2], w->in[2], n, &low, &high);
        if (low == high) continue;
        pool_integer_tap(w, row + shift + low * w->stride[2], w->stride[2], high - low, zero, part + low);
        if (w->kind == INGOT_POOL_MAX || ++taps % (INTEGER_SUM_TERMS / 2) != 0) continue;
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

static void pool_integer_block(const kernel_pool_integer *p, int64_t plane, const int64_t place[2], int64_t w0, int64_t n) {
  const kernel_pool *w = &p->window;
  const int largest = w->kind == INGOT_POOL_MAX;
  const int64_t first = ((plane * w->out[0] + place[0]) * w->out[1] + place[1]) * w->out[2] + w0;
  const int32_t zero = largest ? 0 : (int32_t)kernel_load_integer(p->x_zero, w->element, 0);
  int32_t v[QUANTIZED_ROOM];
  int64_t sum[QUANTIZED_BLOCK] = {0};
  for (int64_t j = 0; j < n + LANES; j++) v[j] = largest ? p->least : 0;
  pool_integer_taps(w, plane, place, w0, n, zero, v, sum);
  if (largest) {
    quantized_store(v, n, w->y, w->element, first);
    return;
  }
  for (int64_t j = 0; j < n; j++) v[j] = (int32_t)quantized_saturated(sum[j] + v[j]);
  /* Neighbours of one count have one multiplier and shift. */
  const int64_t rows = pool_integer_count(w, 0, place[0]) * pool_integer_count(w, 1, place[1]);
  for (int64_t start = 0, end; start < n; start = end) {
    const int64_t count = pool_integer_count(w, 2, w0 + start);
    for (end = start + 1; end < n && pool_integer_count(w, 2, w0 + end) == count;) end++;
    rescale_block(&p->rescaling, v + start, end - start, kernel_most(rows * count, 1) - 1, 0, w->y, first + start);
  }
}

static void pool_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_pool_integer *p = arguments;
  const kernel_pool *w = &p->window;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    const int64_t plane = item / (w->out[0] * w->out[1]), place[2] = {item / w->out[1] % w->out[0], item % w->out[1]};
    for (int64_t w0 = 0; w0 < w->out[2]; w0 += QUANTIZED_BLOCK)
      pool_integer_block(p, plane, place, w0, kernel_least(QUANTIZED_BLOCK, w->out[2] - w0));
  }
}
