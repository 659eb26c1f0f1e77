/* Normalization of integers in fixed point, as the bundle's format defines it. */

#define NORM_INTEGER_ELEMENTS 16384

static int64_t norm_integer_group(const kernel_norm_integer *p) {
  return kernel_most(1, NORM_INTEGER_ELEMENTS / kernel_most(1, p->extent));
}
static kernel_work norm_integer_work(const void *arguments) {
  const kernel_norm_integer *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->outer, norm_integer_group(p)), 0};
}

/* Sums of n integers less their zero point, and of their squares. */
static void norm_integer_sums(const kernel_norm_integer *p, int64_t base, int32_t zero, int64_t *sum, int64_t *squares) {
  *sum = *squares = 0;
  for (int64_t i = 0; i < p->extent; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, p->extent - i);
    int32_t v[QUANTIZED_ROOM];
    quantized_load(p->x, p->x_element, base + i, n, 1, zero, v);
    vi part = {0};
    rescaling_products squared = {{0}, {0}};
    for (int64_t j = 0; j < n; j += LANES) {
      const vi x = vi_load(v + j);
      const rescaling_products square = rescaling_multiply(x, x);
      part += x;
      squared.one += square.one, squared.other += square.other;
    }
    for (int lane = 0; lane < LANES; lane++) *sum += part[lane];
    for (int lane = 0; lane < LANES / 2; lane++) *squares += squared.one[lane] + squared.other[lane];
  }
}

/* Rounded down. */
static int64_t norm_integer_root(int64_t value) {
  int64_t root = (int64_t)sqrt((double)value);
  while (root * root > value) root--;
  while ((root + 1) * (root + 1) <= value) root++;
  return root;
}

/* (256 * a - mean) * factor / 2^shift has 16 bits of fraction. */
typedef struct {
  int32_t mean, factor;
  int64_t shift;
} norm_integer_map;

static norm_integer_map norm_integer_map_of(const kernel_norm_integer *p, int64_t sum, int64_t squares) {
  const int64_t n = p->extent, whole = kernel_floor_divide(sum, n), rest = sum - whole * n;
  const int centered = p->kind != INGOT_NORM_RMS;
  const int64_t spread = centered ? 256 * (squares - whole * (sum + rest)) - 256 * rest * rest / n : 256 * squares;
  const int64_t variance = kernel_most(spread / n + p->epsilon, 1);
  int doublings = 0;
  while (variance << (2 * doublings) < (int64_t)1 << 60) doublings++;
  const int64_t root = norm_integer_root(variance << (2 * doublings));
  return (norm_integer_map){centered ? (int32_t)kernel_floor_divide(512 * sum + n, 2 * n) : 0,
                            (int32_t)kernel_least(((int64_t)1 << 61) / root, INT32_MAX), 49 - doublings};
}

/* Adds with saturation. */
KERNEL_INLINE vi norm_integer_sum(vi a, vi b) {
  const vi sum = (vi)((vu)a + (vu)b), over = ((a ^ sum) & (b ^ sum)) >> 31;
  return (over & ((a >> 31) ^ INT32_MAX)) | (~over & sum);
}

/* n elements with the scales and biases from `channel` on, or of that one alone with a step of 0. */
static void norm_integer_row(const kernel_norm_integer *p, const norm_integer_map *map, int64_t first, int64_t n, int64_t channel,
                             int64_t step, int32_t zero) {
  int32_t v[QUANTIZED_ROOM], scale[QUANTIZED_ROOM], bias[QUANTIZED_ROOM];
  const vi factor = v_set_int(map->factor);
  for (int64_t i = 0; i < n; i += QUANTIZED_BLOCK) {
    const int64_t count = kernel_least(QUANTIZED_BLOCK, n - i);
    quantized_load(p->x, p->x_element, first + i, count, 1, zero, v);
    if (p->scale != NULL) quantized_load(p->scale, INGOT_I16, channel + step * i, count, step, 0, scale);
    if (p->bias != NULL) quantized_load(p->bias, INGOT_I32, channel + step * i, count, step, 0, bias);
    for (int64_t j = 0; j < count; j += LANES) {
      const vi deviation = vi_load(v + j) * 256 - map->mean;
      vi z = quantized_shifted(rescaling_multiply(deviation, factor), map->shift);
      if (p->scale != NULL) z = quantized_shifted(rescaling_multiply(z, vi_load(scale + j)), 15);
      if (p->bias != NULL) z = norm_integer_sum(z, vi_load(bias + j));
      vi_store(v + j, z);
    }
    rescale_block(&p->rescaling, v, count, 0, 0, p->y, first + i);
  }
}

static void norm_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_norm_integer *p = arguments;
  const int64_t group = norm_integer_group(p);
  const int32_t zero = (int32_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  (void)scratch;
  for (int64_t run = begin * group; run < kernel_least(end * group, p->outer); run++) {
    const int64_t base = run * p->extent;
    int64_t sum, squares;
    norm_integer_sums(p, base, zero, &sum, &squares);
    const norm_integer_map map = norm_integer_map_of(p, sum, squares);
    if (p->groups == 0) {
      norm_integer_row(p, &map, base, p->extent, 0, 1, zero);
      continue;
    }
    const int64_t channels = p->extent / p->inner, first = run % p->groups * channels;
    for (int64_t c = 0; c < channels; c++) norm_integer_row(p, &map, base + c * p->inner, p->inner, first + c, 0, zero);
  }
}
