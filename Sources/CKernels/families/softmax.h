/* exp(x - max) over its sum, along rows of neighbouring elements or along columns of vectors. */

#define SOFTMAX_CHUNK 256

KERNEL_INLINE int64_t softmax_group(const kernel_softmax *p) {
  return kernel_most(1, kernel_least(64, 4096 / p->extent));
}

static kernel_work softmax_work(const void *arguments) {
  const kernel_softmax *p = arguments;
  if (p->inner == 1) return (kernel_work){kernel_ceil_divide(p->outer, softmax_group(p)), 0};
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, SOFTMAX_CHUNK), 0};
}

/* y = exp(x - shift) for n floats; adds whole vectors to *sum. */
KERNEL_INLINE void softmax_exp(const float *x, int64_t n, float shift, float *y, vf *sum) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vf e = v_exp(v_load(x + i) - shift);
    v_store(y + i, e);
    *sum += e;
  }
  if (i < n) {
    float tail[LANES];
    for (int j = 0; j < LANES; j++) tail[j] = -INFINITY;
    memcpy(tail, x + i, (size_t)(n - i) * sizeof(float));
    const vf e = v_exp(v_load(tail) - shift);
    *sum += e;
    memcpy(y + i, &e, (size_t)(n - i) * sizeof(float));
  }
}

static void softmax_row(const kernel_softmax *p, int64_t base) {
  float space[SOFTMAX_CHUNK], result[SOFTMAX_CHUNK];
  vf most = v_set(-INFINITY);
  for (int64_t i = 0; i < p->extent; i += SOFTMAX_CHUNK) {
    const int64_t n = kernel_least(SOFTMAX_CHUNK, p->extent - i);
    const float *x = floats(p->x, p->x_element, base + i, n, space);
    int64_t j = 0;
    for (; j + LANES <= n; j += LANES) most = v_max_nan(v_load(x + j), most);
    for (; j < n; j++) most = v_max_nan(v_set(x[j]), most);
  }
  const float shift = v_max_lane(most);
  vf sum = v_set(0);
  const int direct = p->y_element == INGOT_F32 && !p->log;
  for (int64_t i = 0; i < p->extent; i += SOFTMAX_CHUNK) {
    const int64_t n = kernel_least(SOFTMAX_CHUNK, p->extent - i);
    const float *x = floats(p->x, p->x_element, base + i, n, space);
    softmax_exp(x, n, shift, direct ? (float *)p->y + base + i : result, &sum);
  }
  const float total = v_sum(sum), factor = 1.0f / total, offset = p->log ? logf(total) : 0;
  for (int64_t i = 0; i < p->extent; i += SOFTMAX_CHUNK) {
    const int64_t n = kernel_least(SOFTMAX_CHUNK, p->extent - i);
    if (direct) {
      float *y = (float *)p->y + base + i;
      scale_run(y, n, factor, 0, y);
      continue;
    }
    const float *x = floats(p->x, p->x_element, base + i, n, space);
    if (p->log) {
      for (int64_t j = 0; j < n; j++) result[j] = x[j] - shift - offset;
    } else {
      vf ignored = v_set(0);
      softmax_exp(x, n, shift, result, &ignored);
      scale_run(result, n, factor, 0, result);
    }
    narrow(result, n, kernel_at_mutable(p->y, p->y_element, base + i), p->y_element);
  }
}

static void softmax_columns(const kernel_softmax *p, int64_t base, int64_t n) {
  float most[SOFTMAX_CHUNK + LANES], sum[SOFTMAX_CHUNK + LANES], x[SOFTMAX_CHUNK + LANES] = {0};
  const int64_t padded = kernel_ceil_divide(n, LANES) * LANES;
  for (int64_t j = 0; j < padded; j++) most[j] = -INFINITY, sum[j] = 0;
  for (int pass = 0; pass < 3; pass++) {
    for (int64_t i = 0; i < p->extent; i++) {
      const int64_t at = base + i * p->inner;
      widen(kernel_at(p->x, p->x_element, at), p->x_element, n, x);
      for (int64_t j = 0; j < padded; j += LANES) {
        const vf value = v_load(x + j);
        if (pass == 0) {
          v_store(most + j, v_max_nan(value, v_load(most + j)));
          continue;
        }
        const vf shifted = value - v_load(most + j);
        if (pass == 1) v_store(sum + j, v_load(sum + j) + v_exp(shifted));
        else v_store(x + j, p->log ? shifted - v_load(sum + j) : v_exp(shifted) * v_load(sum + j));
      }
      if (pass == 2) narrow(x, n, kernel_at_mutable(p->y, p->y_element, at), p->y_element);
    }
    if (pass == 1) {
      for (int64_t j = 0; j < padded; j++) sum[j] = p->log ? logf(sum[j]) : 1.0f / sum[j];
    }
  }
}

static void softmax_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_softmax *p = arguments;
  (void)scratch;
  if (p->inner == 1) {
    const int64_t group = softmax_group(p);
    for (int64_t row = begin * group; row < kernel_least(end * group, p->outer); row++) softmax_row(p, row * p->extent);
    return;
  }
  const int64_t chunks = kernel_ceil_divide(p->inner, SOFTMAX_CHUNK);
  for (int64_t item = begin; item < end; item++) {
    const int64_t first = item % chunks * SOFTMAX_CHUNK;
    softmax_columns(p, item / chunks * p->extent * p->inner + first, kernel_least(SOFTMAX_CHUNK, p->inner - first));
  }
}
