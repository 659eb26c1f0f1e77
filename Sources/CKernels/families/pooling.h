/* Largest or average element of windows. One row of y at a time: every tap updates the stretch of the row that it reaches. */

#define POOL_COLUMNS 512

static kernel_work pool_work(const void *arguments) {
  const kernel_pool *p = arguments;
  return (kernel_work){p->planes * p->out[0], 0};
}

/* How many taps of the window at `position` lie in [-low, extent + high). */
static int64_t pool_count(const kernel_pool *p, int axis, int64_t position, int64_t low, int64_t high) {
  const int64_t start = position * p->stride[axis] - p->begin[axis];
  int64_t first, end;
  kernel_valid_range(start + low, p->dilation[axis], p->in[axis] + low + high, p->kernel[axis], &first, &end);
  return end - first;
}

static void pool_row(const kernel_pool *p, int64_t plane, int64_t d, int64_t h, int64_t w0, int64_t count) {
  float sum[POOL_COLUMNS];
  const float start = p->kind == INGOT_POOL_MAX ? -INFINITY : 0;
  for (int64_t j = 0; j < count; j++) sum[j] = start;
  int64_t first[3], end[3];
  const int64_t origin[2] = {d * p->stride[0] - p->begin[0], h * p->stride[1] - p->begin[1]};
  for (int axis = 0; axis < 2; axis++)
    kernel_valid_range(origin[axis], p->dilation[axis], p->in[axis], p->kernel[axis], &first[axis], &end[axis]);
  /* Taps that reach any column of this stretch: the others are all padding. */
  first[2] = 0;
  const int64_t leftmost = w0 * p->stride[2] - p->begin[2];
  if (leftmost < 0) {
    const int64_t rightmost = leftmost + (count - 1) * p->stride[2];
    first[2] = rightmost >= 0 ? 0 : kernel_least(kernel_ceil_divide(-rightmost, p->dilation[2]), p->kernel[2]);
  }
  end[2] = leftmost >= p->in[2] ? 0 : kernel_least((p->in[2] - 1 - leftmost) / p->dilation[2] + 1, p->kernel[2]);
  for (int64_t a = first[0]; a < end[0]; a++) {
    for (int64_t b = first[1]; b < end[1]; b++) {
      const int64_t depth = plane * p->in[0] + origin[0] + a * p->dilation[0];
      const int64_t row = kernel_ring_row(&p->x_ring, p->in[1], depth, origin[1] + b * p->dilation[1]) * p->in[2];
      for (int64_t c = first[2]; c < end[2]; c++) {
        const int64_t shift = leftmost + c * p->dilation[2], stride = p->stride[2];
        int64_t low, high;
        kernel_valid_range(shift, stride, p->in[2], count, &low, &high);
        const int64_t base = row + shift;
        if (p->element == INGOT_F32) {
          const float *x = (const float *)p->x + base;
          int64_t j = low;
          if (stride == 1) {
            for (; j + LANES <= high; j += LANES) {
              const vf value = v_load(x + j), old = v_load(sum + j);
              v_store(sum + j, p->kind == INGOT_POOL_MAX ? v_max_nan(value, old) : old + value);
            }
          }
          if (p->kind == INGOT_POOL_MAX) {
            for (; j < high; j++) sum[j] = x[j * stride] > sum[j] || x[j * stride] != x[j * stride] ? x[j * stride] : sum[j];
          } else {
            for (; j < high; j++) sum[j] += x[j * stride];
          }
        } else {
          for (int64_t j = low; j < high; j++) {
            const float value = one_float(p->x, p->element, base + j * stride);
            if (p->kind != INGOT_POOL_MAX) sum[j] += value;
            else if (value > sum[j] || value != value) sum[j] = value;
          }
        }
      }
    }
  }
  if (p->kind != INGOT_POOL_MAX) {
    const int64_t pad = p->kind == INGOT_POOL_AVERAGE_PADDED;
    const int64_t area = pool_count(p, 0, d, pad * p->begin[0], pad * p->end[0]) *
                         pool_count(p, 1, h, pad * p->begin[1], pad * p->end[1]);
    for (int64_t j = 0; j < count; j++) {
      const int64_t taps = area * pool_count(p, 2, w0 + j, pad * p->begin[2], pad * p->end[2]);
      sum[j] = taps == 0 ? 0 : sum[j] / (float)taps;
    }
  }
  const int64_t y = kernel_ring_row(&p->y_ring, p->out[1], plane * p->out[0] + d, h) * p->out[2] + w0;
  narrow(sum, count, kernel_at_mutable(p->y, p->element, y), p->element);
}

static void pool_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_pool *p = arguments;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    for (int64_t h = 0; h < p->out[1]; h++) {
      for (int64_t w = 0; w < p->out[2]; w += POOL_COLUMNS)
        pool_row(p, item / p->out[0], item % p->out[0], h, w, kernel_least(POOL_COLUMNS, p->out[2] - w));
    }
  }
}
