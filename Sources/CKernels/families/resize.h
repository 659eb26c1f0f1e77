/* Resampling of planes: nearest, linear and cubic, separable, with ONNX's coordinate rules in double precision. */

#define RESIZE_COLUMNS 128
#define RESIZE_TAPS 4

/* Up to four source positions and their weights for one output position of an axis. */
typedef struct {
  int64_t index[RESIZE_TAPS];
  float weight[RESIZE_TAPS];
  int count;
} resize_taps;

static double resize_cubic(double t, double a) {
  t = fabs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

static int64_t resize_nearest(double x, int rounding) {
  switch (rounding) {
    case 0: return (int64_t)ceil(x - 0.5);
    case 1: return (int64_t)floor(x + 0.5);
    case 2: return (int64_t)floor(x);
    default: return (int64_t)ceil(x);
  }
}

static resize_taps resize_taps_of(const kernel_resize *p, int axis, int64_t position) {
  const int64_t in = p->in[axis], out = p->out[axis];
  double x;
  switch (p->coordinates) {
    case 0: x = ((double)position + 0.5) / p->scale[axis] - 0.5; break;
    case 1: x = (double)position / p->scale[axis]; break;
    case 2: x = out == 1 ? 0 : (double)position * (double)(in - 1) / (double)(out - 1); break;
    default: x = out == 1 ? 0 : ((double)position + 0.5) / p->scale[axis] - 0.5; break;
  }
  /* Farther outside nothing changes, and the conversions below stay in range. */
  x = fmin(fmax(x, -8), (double)in + 8);
  resize_taps taps = {{0}, {1}, 1};
  if (in == out && p->scale[axis] == 1) {
    taps.index[0] = position;
  } else if (p->mode == 0) {
    taps.index[0] = kernel_least(kernel_most(resize_nearest(x, p->rounding), 0), in - 1);
  } else {
    const int cubic = p->mode == 2;
    const int64_t base = (int64_t)floor(x) - cubic;
    const double fraction = x - floor(x);
    double weight[RESIZE_TAPS], total = 0;
    taps.count = cubic ? 4 : 2;
    for (int t = 0; t < taps.count; t++) {
      weight[t] = cubic ? resize_cubic(fraction + 1 - t, p->cubic) : t == 0 ? 1 - fraction : fraction;
      if (p->exclude_outside && (base + t < 0 || base + t >= in)) weight[t] = 0;
      taps.index[t] = kernel_least(kernel_most(base + t, 0), in - 1);
      total += weight[t];
    }
    for (int t = 0; t < taps.count; t++)
      taps.weight[t] = (float)(p->exclude_outside && total != 0 ? weight[t] / total : weight[t]);
  }
  return taps;
}

static kernel_work resize_work(const void *arguments) {
  const kernel_resize *p = arguments;
  return (kernel_work){p->planes * p->out[0] * kernel_ceil_divide(p->out[1], 16), 0};
}

static void resize_row(const kernel_resize *p, int64_t plane, const resize_taps *depth, const resize_taps *row,
                       const resize_taps *columns, int64_t n, float *y) {
  for (int64_t j = 0; j < n; j++) y[j] = 0;
  for (int a = 0; a < depth->count; a++) {
    for (int b = 0; b < row->count; b++) {
      const int64_t start = ((plane * p->in[0] + depth->index[a]) * p->in[1] + row->index[b]) * p->in[2];
      const float weight = depth->weight[a] * row->weight[b];
      for (int64_t j = 0; j < n; j++) {
        const resize_taps *column = &columns[j];
        float sum = 0;
        for (int t = 0; t < column->count; t++)
          sum += column->weight[t] * one_float(p->x, p->x_element, start + column->index[t]);
        y[j] += weight * sum;
      }
    }
  }
}

static void resize_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_resize *p = arguments;
  (void)scratch;
  const int64_t bands = kernel_ceil_divide(p->out[1], 16);
  resize_taps columns[RESIZE_COLUMNS];
  float y[RESIZE_COLUMNS];
  for (int64_t w0 = 0; w0 < p->out[2]; w0 += RESIZE_COLUMNS) {
    const int64_t n = kernel_least(RESIZE_COLUMNS, p->out[2] - w0);
    for (int64_t j = 0; j < n; j++) columns[j] = resize_taps_of(p, 2, w0 + j);
    for (int64_t item = begin; item < end; item++) {
      const int64_t h0 = item % bands * 16, d = item / bands % p->out[0], plane = item / bands / p->out[0];
      const resize_taps depth = resize_taps_of(p, 0, d);
      for (int64_t h = h0; h < kernel_least(h0 + 16, p->out[1]); h++) {
        const resize_taps row = resize_taps_of(p, 1, h);
        resize_row(p, plane, &depth, &row, columns, n, y);
        narrow(y, n, kernel_at_mutable(p->y, p->y_element, ((plane * p->out[0] + d) * p->out[1] + h) * p->out[2] + w0),
               p->y_element);
      }
    }
  }
}
