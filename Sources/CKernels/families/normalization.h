/* Layer, RMS and group normalization: mean and variance of one contiguous stretch in two passes, then an affine map.
 * Lp: division by the norm along an axis. */

#define NORMALIZE_CHUNK 256

KERNEL_INLINE int64_t normalize_group(const kernel_normalize *p) {
  return kernel_most(1, kernel_least(64, 4096 / kernel_most(1, p->extent)));
}

static kernel_work normalize_work(const void *arguments) {
  const kernel_normalize *p = arguments;
  if (p->order != 0) return (kernel_work){p->outer * kernel_ceil_divide(p->inner, NORMALIZE_CHUNK), 0};
  return (kernel_work){kernel_ceil_divide(p->outer, normalize_group(p)), 0};
}

/* Sum of x, or of (x - mean)^2, over `extent` floats from `base`. */
static float normalize_sum(const kernel_normalize *p, int64_t base, float mean, const int squares) {
  float space[NORMALIZE_CHUNK];
  vf sum[2] = {v_set(0), v_set(0)};
  for (int64_t i = 0; i < p->extent; i += NORMALIZE_CHUNK) {
    const int64_t n = kernel_least(NORMALIZE_CHUNK, p->extent - i);
    const float *x = floats(p->x, p->x_element, base + i, n, space);
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) {
      const vf value = v_load(x + j) - mean;
      vf *part = &sum[j / LANES % 2];
      *part = squares ? v_fma(value, value, *part) : *part + value;
    }
    if (j < n) {
      float tail[LANES];
      for (int l = 0; l < LANES; l++) tail[l] = mean;
      memcpy(tail, x + j, (size_t)(n - j) * sizeof(float));
      const vf value = v_load(tail) - mean;
      sum[0] = squares ? v_fma(value, value, sum[0]) : sum[0] + value;
    }
  }
  return v_sum(sum[0] + sum[1]);
}

/* y = (x - mean) * factor * scale + bias for n floats from x[base]; scale and bias lie from `first`, one for each. */
static void normalize_map(const kernel_normalize *p, int64_t base, int64_t n, float mean, float factor, int64_t first) {
  float space[NORMALIZE_CHUNK], scales[NORMALIZE_CHUNK], biases[NORMALIZE_CHUNK], y[NORMALIZE_CHUNK];
  for (int64_t i = 0; i < n; i += NORMALIZE_CHUNK) {
    const int64_t count = kernel_least(NORMALIZE_CHUNK, n - i);
    const float *x = floats(p->x, p->x_element, base + i, count, space);
    const float *scale = p->scale == NULL ? NULL : floats(p->scale, p->scale_element, first + i, count, scales);
    const float *bias = p->bias == NULL ? NULL : floats(p->bias, p->bias_element, first + i, count, biases);
    float *target = p->y_element == INGOT_F32 ? (float *)p->y + base + i : y;
    int64_t j = 0;
    for (; j + LANES <= count; j += LANES) {
      vf value = (v_load(x + j) - mean) * factor;
      if (scale != NULL) value = value * v_load(scale + j);
      if (bias != NULL) value = value + v_load(bias + j);
      v_store(target + j, value);
    }
    for (; j < count; j++) {
      float value = (x[j] - mean) * factor;
      if (scale != NULL) value *= scale[j];
      if (bias != NULL) value += bias[j];
      target[j] = value;
    }
    if (target == y) narrow(y, count, kernel_at_mutable(p->y, p->y_element, base + i), p->y_element);
  }
}

/* The same with one scale and one bias, those of `channel`. */
static void normalize_map_channel(const kernel_normalize *p, int64_t base, int64_t n, float mean, float factor, int64_t channel) {
  float space[NORMALIZE_CHUNK], y[NORMALIZE_CHUNK];
  const float scale = p->scale == NULL ? 1 : one_float(p->scale, p->scale_element, channel);
  const float bias = p->bias == NULL ? 0 : one_float(p->bias, p->bias_element, channel);
  for (int64_t i = 0; i < n; i += NORMALIZE_CHUNK) {
    const int64_t count = kernel_least(NORMALIZE_CHUNK, n - i);
    const float *x = floats(p->x, p->x_element, base + i, count, space);
    float *target = p->y_element == INGOT_F32 ? (float *)p->y + base + i : y;
    scale_run(x, count, 1, -mean, target);
    scale_run(target, count, factor * scale, bias, target);
    if (target == y) narrow(y, count, kernel_at_mutable(p->y, p->y_element, base + i), p->y_element);
  }
}

static void normalize_stretch(const kernel_normalize *p, int64_t index) {
  const int64_t base = index * p->extent;
  const float count = (float)p->extent;
  const float mean = p->kind == INGOT_NORM_RMS ? 0 : normalize_sum(p, base, 0, 0) / count;
  const float variance = normalize_sum(p, base, mean, 1) / count;
  const float factor = 1.0f / sqrtf(variance + (float)p->epsilon);
  if (p->groups == 0) {
    normalize_map(p, base, p->extent, mean, factor, 0);
    return;
  }
  const int64_t channels = p->extent / p->inner, first = index % p->groups * channels;
  for (int64_t c = 0; c < channels; c++) 
    normalize_map_channel(p, base + c * p->inner, p->inner, mean, factor, first + c);
}

static void normalize_norm(const kernel_normalize *p, int64_t base, int64_t n) {
  float x[NORMALIZE_CHUNK + LANES] = {0}, norm[NORMALIZE_CHUNK + LANES];
  const int64_t padded = kernel_ceil_divide(n, LANES) * LANES;
  for (int64_t j = 0; j < padded; j++) norm[j] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < p->extent; i++) {
      const int64_t at = base + i * p->inner;
      widen(kernel_at(p->x, p->x_element, at), p->x_element, n, x);
      for (int64_t j = 0; j < padded; j += LANES) {
        const vf value = v_load(x + j), sum = v_load(norm + j);
        if (pass == 0) v_store(norm + j, p->order == 2 ? v_fma(value, value, sum) : sum + v_abs(value));
        else v_store(x + j, v_select(sum == 0.0f, v_set(0), value / sum));
      }
      if (pass == 1) narrow(x, n, kernel_at_mutable(p->y, p->y_element, at), p->y_element);
    }
    if (pass == 0 && p->order == 2) {
      for (int64_t j = 0; j < padded; j++) norm[j] = sqrtf(norm[j]);
    }
  }
}

/* The axis is the last one. */
static void normalize_norm_row(const kernel_normalize *p, int64_t base) {
  float space[NORMALIZE_CHUNK];
  vf sum = v_set(0);
  for (int64_t i = 0; i < p->extent; i += LANES) {
    float lanes[LANES] = {0};
    const int64_t n = kernel_least(LANES, p->extent - i);
    memcpy(lanes, floats(p->x, p->x_element, base + i, n, space), (size_t)n * sizeof(float));
    const vf value = v_load(lanes);
    sum = p->order == 2 ? v_fma(value, value, sum) : sum + v_abs(value);
  }
  const float total = v_sum(sum), norm = p->order == 2 ? sqrtf(total) : total;
  for (int64_t i = 0; i < p->extent; i += NORMALIZE_CHUNK) {
    const int64_t n = kernel_least(NORMALIZE_CHUNK, p->extent - i);
    const float *x = floats(p->x, p->x_element, base + i, n, space);
    for (int64_t j = 0; j < n; j++) space[j] = norm == 0 ? 0 : x[j] / norm;
    narrow(space, n, kernel_at_mutable(p->y, p->y_element, base + i), p->y_element);
  }
}

static void normalize_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_normalize *p = arguments;
  (void)scratch;
  if (p->order != 0) {
    const int64_t chunks = kernel_ceil_divide(p->inner, NORMALIZE_CHUNK);
    for (int64_t item = begin; item < end; item++) {
      const int64_t first = item % chunks * NORMALIZE_CHUNK, base = item / chunks * p->extent * p->inner + first;
      if (p->inner == 1) normalize_norm_row(p, base);
      else normalize_norm(p, base, kernel_least(NORMALIZE_CHUNK, p->inner - first));
    }
    return;
  }
  const int64_t group = normalize_group(p);
  for (int64_t i = begin * group; i < kernel_least(end * group, p->outer); i++) normalize_stretch(p, i);
}
