/* Resampling of planes: nearest, linear and cubic, separable, with ONNX's coordinate rules in double precision. */

#define RESIZE_COLUMNS 128
#define RESIZE_TAPS 4
#define RESIZE_ROWS 16
#define RESIZE_BAND 64

/* Up to four source positions and their weights for one output position of an axis. */
typedef struct {
  int64_t index[RESIZE_TAPS];
  double weight[RESIZE_TAPS];
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
    case INGOT_ROUNDING_ROUND_PREFER_FLOOR: return (int64_t)ceil(x - 0.5);
    case INGOT_ROUNDING_ROUND_PREFER_CEIL: return (int64_t)floor(x + 0.5);
    case INGOT_ROUNDING_FLOOR: return (int64_t)floor(x);
    default: return (int64_t)ceil(x);
  }
}

static resize_taps resize_taps_of(const kernel_resize *p, int axis, int64_t position) {
  const int64_t in = axis == 1 ? p->in_rows : p->in[axis], out = axis == 1 ? p->out_rows : p->out[axis];
  if (axis == 1) position += p->out_first;
  double x;
  switch (p->coordinates) {
    case INGOT_COORDINATES_HALF_PIXEL: x = ((double)position + 0.5) / p->scale[axis] - 0.5; break;
    case INGOT_COORDINATES_ASYMMETRIC: x = (double)position / p->scale[axis]; break;
    case INGOT_COORDINATES_ALIGN_CORNERS: x = out == 1 ? 0 : (double)position * (double)(in - 1) / (double)(out - 1); break;
    default: x = out == 1 ? 0 : ((double)position + 0.5) / p->scale[axis] - 0.5; break;
  }
  /* Farther outside nothing changes, and the conversions below stay in range. */
  x = fmin(fmax(x, -8), (double)in + 8);
  resize_taps taps = {{0}, {1}, 1};
  if (in == out && p->scale[axis] == 1) {
    taps.index[0] = position;
  } else if (p->mode == INGOT_INTERPOLATION_NEAREST) {
    taps.index[0] = kernel_least(kernel_most(resize_nearest(x, p->rounding), 0), in - 1);
  } else {
    const int cubic = p->mode == INGOT_INTERPOLATION_CUBIC;
    const int64_t base = (int64_t)floor(x) - cubic;
    const double fraction = x - floor(x);
    double weight[RESIZE_TAPS], total = 0;
    taps.count = cubic ? 4 : 2;
    for (int t = 0; t < taps.count; t++) {
      weight[t] = cubic ? resize_cubic(fraction - (t - 1), p->cubic) : t == 0 ? 1 - fraction : fraction;
      if (p->exclude_outside && (base + t < 0 || base + t >= in)) weight[t] = 0;
      taps.index[t] = kernel_least(kernel_most(base + t, 0), in - 1);
      total += weight[t];
    }
    for (int t = 0; t < taps.count; t++)
      taps.weight[t] = p->exclude_outside && total != 0 ? weight[t] / total : weight[t];
  }
  for (int t = 0; t < taps.count && axis == 1; t++)
    taps.index[t] = kernel_least(kernel_most(taps.index[t] - p->in_first, 0), p->in[1] - 1);
  return taps;
}

/* The columns of a chunk, tap by tap. */
typedef struct {
  int count;
  int32_t index[RESIZE_TAPS][RESIZE_COLUMNS];
  float weight[RESIZE_TAPS][RESIZE_COLUMNS];
} resize_columns;

/* Rows of x that were resampled along the columns, found by their number modulo RESIZE_ROWS. */
typedef struct {
  int64_t row[RESIZE_ROWS];
  float value[RESIZE_ROWS][RESIZE_COLUMNS];
} resize_cache;

/* Planes of one item: enough work to be worth its tables. */
static int64_t resize_group(const kernel_resize *p) {
  return kernel_most(1, 16384 / kernel_most(1, kernel_least(p->out[1], RESIZE_BAND) * p->out[2]));
}

static kernel_work resize_work(const void *arguments) {
  const kernel_resize *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->planes, resize_group(p)) * p->out[0] * kernel_ceil_divide(p->out[1], RESIZE_BAND), 0};
}

/* Where row `row` of x begins, counted through all planes. */
KERNEL_INLINE int64_t resize_start(const kernel_resize *p, int64_t row) {
  return kernel_ring_row(&p->x_ring, p->in[1], row / p->in[1], row % p->in[1]) * p->in[2];
}
/* Where row h of a slice of y begins. */
KERNEL_INLINE int64_t resize_target(const kernel_resize *p, int64_t slice, int64_t h) {
  return kernel_ring_row(&p->y_ring, p->out[1], slice, h) * p->out[2];
}

static const float *resize_row(const kernel_resize *p, int64_t row, const resize_columns *columns, int64_t n, resize_cache *cache) {
  const int64_t slot = row % RESIZE_ROWS;
  float *y = cache->value[slot];
  if (cache->row[slot] == row) return y;
  cache->row[slot] = row;
  const int64_t start = resize_start(p, row);
  for (int t = 0; t < columns->count; t++) {
    const int32_t *index = columns->index[t];
    const float *weight = columns->weight[t], *x = (const float *)p->x + start;
    if (p->x_element != INGOT_F32) {
      for (int64_t j = 0; j < n; j++) {
        const float product = weight[j] * one_float(p->x, p->x_element, start + index[j]);
        y[j] = t == 0 ? product : y[j] + product;
      }
    } else if (t == 0) {
      for (int64_t j = 0; j < n; j++) y[j] = weight[j] * x[index[j]];
    } else {
      for (int64_t j = 0; j < n; j++) y[j] += weight[j] * x[index[j]];
    }
  }
  return y;
}

/* One row of y: the rows of x that it lies between, weighted. */
static void resize_blend(const kernel_resize *p, int64_t plane, const resize_taps *depth, const resize_taps *height,
                         const resize_columns *columns, int64_t n, resize_cache *cache, float *y) {
  for (int a = 0; a < depth->count; a++) {
    for (int b = 0; b < height->count; b++) {
      const int64_t row = (plane * p->in[0] + depth->index[a]) * p->in[1] + height->index[b];
      const float *x = resize_row(p, row, columns, n, cache);
      const vf weight = v_set((float)depth->weight[a] * (float)height->weight[b]);
      for (int64_t j = 0; j < n; j += LANES) {
        const vf product = weight * v_load(x + j);
        v_store(y + j, a + b == 0 ? product : v_load(y + j) + product);
      }
    }
  }
}

static void resize_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_resize *p = arguments;
  (void)scratch;
  const int64_t bands = kernel_ceil_divide(p->out[1], RESIZE_BAND), group = resize_group(p);
  resize_columns columns;
  resize_cache cache;
  resize_taps heights[RESIZE_BAND];
  float y[RESIZE_COLUMNS];
  memset(cache.value, 0, sizeof cache.value);
  for (int64_t w0 = 0; w0 < p->out[2]; w0 += RESIZE_COLUMNS) {
    const int64_t n = kernel_least(RESIZE_COLUMNS, p->out[2] - w0);
    for (int64_t j = 0; j < n; j++) {
      const resize_taps taps = resize_taps_of(p, 2, w0 + j);
      columns.count = taps.count;
      for (int t = 0; t < taps.count; t++) {
        columns.index[t][j] = (int32_t)taps.index[t];
        columns.weight[t][j] = (float)taps.weight[t];
      }
    }
    for (int r = 0; r < RESIZE_ROWS; r++) cache.row[r] = -1;
    for (int64_t item = begin; item < end; item++) {
      const int64_t h0 = item % bands * RESIZE_BAND, d = item / bands % p->out[0], first = item / bands / p->out[0] * group;
      const int64_t rows = kernel_least(RESIZE_BAND, p->out[1] - h0);
      const resize_taps depth = resize_taps_of(p, 0, d);
      for (int64_t h = 0; h < rows; h++) heights[h] = resize_taps_of(p, 1, h0 + h);
      for (int64_t plane = first; plane < kernel_least(first + group, p->planes); plane++) {
        for (int64_t h = 0; h < rows; h++) {
          resize_blend(p, plane, &depth, &heights[h], &columns, n, &cache, y);
          const int64_t at = resize_target(p, plane * p->out[0] + d, h0 + h) + w0;
          narrow(y, n, kernel_at_mutable(p->y, p->y_element, at), p->y_element);
        }
      }
    }
  }
}
