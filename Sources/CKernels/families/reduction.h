/* Reductions over any set of axes. Where the last axis is reduced, sums run over vectors of one row; where it is
 * kept, over vectors of neighbouring results. */

#define REDUCE_CHUNK 256

KERNEL_INLINE float reduce_identity(int kind) {
  return kind == INGOT_REDUCE_MAX ? -INFINITY : kind == INGOT_REDUCE_MIN ? INFINITY : kind == INGOT_REDUCE_PROD ? 1.0f : 0.0f;
}
KERNEL_INLINE vf reduce_combine(const int kind, vf sum, vf x, vf shift) {
  switch (kind) {
    case INGOT_REDUCE_MAX: return v_max_nan(x, sum);
    case INGOT_REDUCE_MIN: return v_min_nan(x, sum);
    case INGOT_REDUCE_PROD: return sum * x;
    case INGOT_REDUCE_L1: return sum + v_abs(x);
    case INGOT_REDUCE_L2:
    case INGOT_REDUCE_SUM_SQUARE: return v_fma(x, x, sum);
    case INGOT_REDUCE_LOG_SUM_EXP: return sum + v_exp(x - shift);
    default: return sum + x;
  }
}
/* Of two partial results. */
KERNEL_INLINE float reduce_join(int kind, float a, float b) {
  switch (kind) {
    case INGOT_REDUCE_MAX: return a > b || a != a ? a : b;
    case INGOT_REDUCE_MIN: return a < b || a != a ? a : b;
    case INGOT_REDUCE_PROD: return a * b;
    default: return a + b;
  }
}
KERNEL_INLINE float reduce_finish(int kind, float sum, float shift, int64_t count) {
  switch (kind) {
    case INGOT_REDUCE_MEAN: return sum / (float)count;
    case INGOT_REDUCE_L2: return sqrtf(sum);
    case INGOT_REDUCE_LOG_SUM: return logf(sum);
    case INGOT_REDUCE_LOG_SUM_EXP: return isinf(shift) ? shift : logf(sum) + shift;
    default: return sum;
  }
}

KERNEL_INLINE void reduce_run_of(const int kind, const float *x, int64_t n, vf sum[4], vf shift) {
  int64_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    KERNEL_UNROLL
    for (int v = 0; v < 4; v++) sum[v] = reduce_combine(kind, sum[v], v_load(x + i + v * LANES), shift);
  }
  for (; i + LANES <= n; i += LANES) sum[0] = reduce_combine(kind, sum[0], v_load(x + i), shift);
  if (i < n) {
    float tail[LANES];
    for (int j = 0; j < LANES; j++) tail[j] = kind == INGOT_REDUCE_LOG_SUM_EXP ? -INFINITY : reduce_identity(kind);
    memcpy(tail, x + i, (size_t)(n - i) * sizeof(float));
    sum[0] = reduce_combine(kind, sum[0], v_load(tail), shift);
  }
}

KERNEL_INLINE void reduce_columns_of(const int kind, const float *x, int64_t n, float *sum, const float *shift) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    v_store(sum + i, reduce_combine(kind, v_load(sum + i), v_load(x + i), v_load(shift + i)));
  if (i < n) {
    float tail[LANES] = {0};
    memcpy(tail, x + i, (size_t)(n - i) * sizeof(float));
    v_store(sum + i, reduce_combine(kind, v_load(sum + i), v_load(tail), v_load(shift + i)));
  }
}

#define REDUCE_KINDS(X) X(SUM) X(MAX) X(MIN) X(PROD) X(L1) X(SUM_SQUARE) X(LOG_SUM_EXP)
/* Kinds that differ only at the end share a sum. */
KERNEL_INLINE int reduce_inner_kind(int kind) {
  switch (kind) {
    case INGOT_REDUCE_MEAN:
    case INGOT_REDUCE_LOG_SUM: return INGOT_REDUCE_SUM;
    case INGOT_REDUCE_L2: return INGOT_REDUCE_SUM_SQUARE;
    default: return kind;
  }
}
static void reduce_row(int kind, const float *x, int64_t n, vf sum[4], float shift) {
  switch (kind) {
#define REDUCE_CASE(name) \
  case INGOT_REDUCE_##name: reduce_run_of(INGOT_REDUCE_##name, x, n, sum, v_set(shift)); break;
    REDUCE_KINDS(REDUCE_CASE)
#undef REDUCE_CASE
    default: break;
  }
}
static void reduce_columns(int kind, const float *x, int64_t n, float *sum, const float *shift) {
  switch (kind) {
#define REDUCE_CASE(name) \
  case INGOT_REDUCE_##name: reduce_columns_of(INGOT_REDUCE_##name, x, n, sum, shift); break;
    REDUCE_KINDS(REDUCE_CASE)
#undef REDUCE_CASE
    default: break;
  }
}

static int64_t extents_product(const int64_t *dims, uint32_t rank) {
  int64_t count = 1;
  for (uint32_t i = 0; i < rank; i++) count *= dims[i];
  return count;
}
static int64_t offset_of(int64_t index, const int64_t *dims, const int64_t *strides, uint32_t rank) {
  int64_t offset = 0;
  for (uint32_t i = rank; i-- > 0; index /= dims[i]) offset += index % dims[i] * strides[i];
  return offset;
}

KERNEL_INLINE int reduce_by_rows(const kernel_reduce *p) {
  return p->axes.reduced_rank > 0 && p->axes.reduced_stride[p->axes.reduced_rank - 1] == 1;
}
KERNEL_INLINE int reduce_is_integer(const kernel_reduce *p) {
  return p->x_element == INGOT_I32 || p->x_element == INGOT_I64;
}
/* Results of one item: as many as make an item worth handing out. */
static int64_t reduce_group(const kernel_reduce *p) {
  const int64_t reduced = kernel_most(1, extents_product(p->axes.reduced, p->axes.reduced_rank));
  return kernel_most(1, kernel_least(REDUCE_CHUNK, 16384 / reduced));
}

static kernel_work reduce_work(const void *arguments) {
  const kernel_reduce *p = arguments;
  if (reduce_is_integer(p) || reduce_by_rows(p)) {
    return (kernel_work){kernel_ceil_divide(extents_product(p->axes.kept, p->axes.kept_rank), reduce_group(p)), 0};
  }
  const int64_t inner = p->axes.kept_rank == 0 ? 1 : p->axes.kept[p->axes.kept_rank - 1];
  const int64_t outer = p->axes.kept_rank == 0 ? 1 : extents_product(p->axes.kept, p->axes.kept_rank - 1);
  return (kernel_work){outer * kernel_ceil_divide(inner, REDUCE_CHUNK), 0};
}

/* The sum over all reduced elements that belong to the result at x[base]. */
static float reduce_one(const kernel_reduce *p, int kind, int64_t base, float shift) {
  float space[REDUCE_CHUNK];
  vf sum[4];
  for (int v = 0; v < 4; v++) sum[v] = v_set(reduce_identity(kind));
  const uint32_t last = p->axes.reduced_rank - 1;
  const int64_t rows = extents_product(p->axes.reduced, p->axes.reduced_rank) == 0 ? 0 : extents_product(p->axes.reduced, last);
  for (int64_t row = 0; row < rows; row++) {
    const int64_t start = base + offset_of(row, p->axes.reduced, p->axes.reduced_stride, last);
    if (p->x_element == INGOT_F32) {
      reduce_row(kind, (const float *)p->x + start, p->axes.reduced[last], sum, shift);
      continue;
    }
    for (int64_t i = 0; i < p->axes.reduced[last]; i += REDUCE_CHUNK) {
      const int64_t n = kernel_least(REDUCE_CHUNK, p->axes.reduced[last] - i);
      reduce_row(kind, floats(p->x, p->x_element, start + i, n, space), n, sum, shift);
    }
  }
  float lane[4 * LANES];
  for (int v = 0; v < 4; v++) v_store(lane + v * LANES, sum[v]);
  for (int width = 2 * LANES; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] = reduce_join(kind, lane[i], lane[i + width]);
  return lane[0];
}

static void reduce_integers(const kernel_reduce *p, int64_t result) {
  const int64_t base = offset_of(result, p->axes.kept, p->axes.kept_stride, p->axes.kept_rank);
  const int64_t count = extents_product(p->axes.reduced, p->axes.reduced_rank);
  const int wide = p->x_element == INGOT_I64;
  uint64_t sum = p->kind == INGOT_REDUCE_PROD ? 1 : 0;
  int64_t best = p->kind == INGOT_REDUCE_MAX ? (wide ? INT64_MIN : INT32_MIN) : (wide ? INT64_MAX : INT32_MAX);
  for (int64_t i = 0; i < count; i++) {
    const int64_t at = base + offset_of(i, p->axes.reduced, p->axes.reduced_stride, p->axes.reduced_rank);
    const int64_t x = wide ? ((const int64_t *)p->x)[at] : ((const int32_t *)p->x)[at];
    if (p->kind == INGOT_REDUCE_PROD) sum *= (uint64_t)x;
    else sum += (uint64_t)x;
    if (p->kind == INGOT_REDUCE_MAX ? x > best : x < best) best = x;
  }
  int64_t y = (int64_t)sum;
  if (p->kind == INGOT_REDUCE_MEAN) y = count == 0 ? 0 : y / count;
  if (p->kind == INGOT_REDUCE_MAX || p->kind == INGOT_REDUCE_MIN) y = best;
  if (p->y_element == INGOT_I64) ((int64_t *)p->y)[result] = y;
  else ((int32_t *)p->y)[result] = (int32_t)(uint32_t)(uint64_t)y;
}

static void reduce_column_item(const kernel_reduce *p, int64_t item) {
  const uint32_t outer_rank = p->axes.kept_rank == 0 ? 0 : p->axes.kept_rank - 1;
  const int64_t inner = p->axes.kept_rank == 0 ? 1 : p->axes.kept[outer_rank];
  const int64_t chunks = kernel_ceil_divide(inner, REDUCE_CHUNK);
  const int64_t outer = item / chunks, first = item % chunks * REDUCE_CHUNK;
  const int64_t n = kernel_least(REDUCE_CHUNK, inner - first);
  const int64_t base = offset_of(outer, p->axes.kept, p->axes.kept_stride, outer_rank) + first;
  const int64_t count = extents_product(p->axes.reduced, p->axes.reduced_rank);
  const int kind = reduce_inner_kind(p->kind);
  float sum[REDUCE_CHUNK + LANES], shift[REDUCE_CHUNK + LANES], space[REDUCE_CHUNK];
  for (int pass = kind == INGOT_REDUCE_LOG_SUM_EXP ? 0 : 1; pass < 2; pass++) {
    const int inner_kind = pass == 0 ? INGOT_REDUCE_MAX : kind;
    for (int j = 0; j < REDUCE_CHUNK + LANES; j++) {
      if (pass == 1) shift[j] = kind == INGOT_REDUCE_LOG_SUM_EXP ? sum[j] : 0;
      else shift[j] = 0;
      sum[j] = reduce_identity(inner_kind);
    }
    for (int64_t i = 0; i < count; i++) {
      const int64_t at = base + offset_of(i, p->axes.reduced, p->axes.reduced_stride, p->axes.reduced_rank);
      reduce_columns(inner_kind, floats(p->x, p->x_element, at, n, space), n, sum, shift);
    }
  }
  for (int64_t j = 0; j < n; j++) sum[j] = reduce_finish(p->kind, sum[j], shift[j], count);
  narrow(sum, n, kernel_at_mutable(p->y, p->y_element, outer * inner + first), p->y_element);
}

static void reduce_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_reduce *p = arguments;
  (void)scratch;
  if (!reduce_is_integer(p) && !reduce_by_rows(p)) {
    for (int64_t item = begin; item < end; item++) reduce_column_item(p, item);
    return;
  }
  const int64_t group = reduce_group(p), results = extents_product(p->axes.kept, p->axes.kept_rank);
  const int64_t count = extents_product(p->axes.reduced, p->axes.reduced_rank);
  const int kind = reduce_inner_kind(p->kind);
  for (int64_t result = begin * group; result < kernel_least(end * group, results); result++) {
    if (reduce_is_integer(p)) {
      reduce_integers(p, result);
      continue;
    }
    const int64_t base = offset_of(result, p->axes.kept, p->axes.kept_stride, p->axes.kept_rank);
    const float shift = kind == INGOT_REDUCE_LOG_SUM_EXP ? reduce_one(p, INGOT_REDUCE_MAX, base, 0) : 0;
    const float y = reduce_finish(p->kind, reduce_one(p, kind, base, shift), shift, count);
    narrow(&y, 1, kernel_at_mutable(p->y, p->y_element, result), p->y_element);
  }
}
