/* Sums and averages of integers, rescaled, and their largest in windows. */

/* Integers of at most 16 bits whose sum fits 32. */
#define INTEGER_SUM_TERMS 32768

/* The sum of n neighbouring integers. */
static int64_t integer_sum(const void *x, uint32_t element, int64_t first, int64_t n) {
  int64_t sum = 0;
  if (element == INGOT_I32) {
    for (int64_t i = 0; i < n; i++) sum += ((const int32_t *)x)[first + i];
    return sum;
  }
  for (int64_t i = 0; i < n; i += INTEGER_SUM_TERMS) {
    const int64_t end = kernel_least(n, i + INTEGER_SUM_TERMS);
    vi part = v_set_int(0);
    for (int64_t j = i; j < end; j += QUANTIZED_BLOCK) {
      int32_t v[QUANTIZED_ROOM];
      const int64_t count = kernel_least(QUANTIZED_BLOCK, end - j);
      quantized_load(x, element, first + j, count, 1, 0, v);
      for (int64_t k = 0; k < count; k += LANES) part = part + vi_load(v + k);
    }
    for (int lane = 0; lane < LANES; lane++) sum += part[lane];
  }
  return sum;
}

static int64_t reduce_integer_inner(const kernel_reduce_integer *p) {
  const uint32_t last = p->axes.kept_rank - 1;
  return p->axes.kept_rank > 0 && p->axes.kept_stride[last] == 1 ? p->axes.kept[last] : 1;
}

static kernel_work reduce_integer_work(const void *arguments) {
  const kernel_reduce_integer *p = arguments;
  const int64_t inner = reduce_integer_inner(p), results = extents_product(p->axes.kept, p->axes.kept_rank);
  return (kernel_work){results / kernel_most(inner, 1) * kernel_ceil_divide(inner, QUANTIZED_BLOCK), 0};
}

static int64_t quantized_saturated(int64_t sum) { return kernel_least(kernel_most(sum, INT32_MIN), INT32_MAX); }

/* One result: rows of neighbouring elements, or elements one by one. */
static int64_t reduce_one_integer(const kernel_reduce_integer *p, int64_t base) {
  const uint32_t last = p->axes.reduced_rank == 0 ? 0 : p->axes.reduced_rank - 1;
  const int rows = p->axes.reduced_rank > 0 && p->axes.reduced_stride[last] == 1;
  const int64_t n = rows ? p->axes.reduced[last] : 1;
  const uint32_t rank = rows ? last : p->axes.reduced_rank;
  const int64_t count = extents_product(p->axes.reduced, rank);
  int64_t sum = 0;
  for (int64_t i = 0; i < count; i++)
    sum += integer_sum(p->x, p->x_element, base + offset_of(i, p->axes.reduced, p->axes.reduced_stride, rank), n);
  return sum;
}

static void reduce_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_reduce_integer *p = arguments;
  (void)scratch;
  const int64_t inner = reduce_integer_inner(p), chunks = kernel_ceil_divide(inner, QUANTIZED_BLOCK);
  const int64_t terms = extents_product(p->axes.reduced, p->axes.reduced_rank);
  const int64_t zeros = terms * kernel_load_integer(p->x_zero, p->x_element, 0);
  for (int64_t item = begin; item < end; item++) {
    const int64_t start = item % chunks * QUANTIZED_BLOCK, n = kernel_least(QUANTIZED_BLOCK, inner - start);
    const int64_t first = item / chunks * inner + start, base = offset_of(first, p->axes.kept, p->axes.kept_stride, p->axes.kept_rank);
    int32_t v[QUANTIZED_ROOM];
    if (n == 1) {
      v[0] = (int32_t)quantized_saturated(reduce_one_integer(p, base) - zeros);
    } else {
      int64_t sum[QUANTIZED_BLOCK];
      for (int64_t j = 0; j < n; j++) sum[j] = -zeros;
      for (int64_t i = 0; i < terms; i++) {
        quantized_load(p->x, p->x_element, base + offset_of(i, p->axes.reduced, p->axes.reduced_stride, p->axes.reduced_rank), n, 1, 0, v);
        for (int64_t j = 0; j < n; j++) sum[j] += v[j];
      }
      for (int64_t j = 0; j < n; j++) v[j] = (int32_t)quantized_saturated(sum[j]);
    }
    for (int64_t j = n; j % LANES != 0; j++) v[j] = 0;
    rescale_block(&p->rescaling, v, n, 0, 0, p->y, first);
  }
}
