/* Softmax of integers in fixed point, as the bundle's format defines it: the largest, the sum of powers of two, then each over the
 * sum. Powers are computed twice rather than kept, but of 8 bits read from a table. */

#define SOFTMAX_INTEGER_ROWS 16

/* 2^-t of differences that are not negative, with 30 bits of fraction; t has 16. */
static void softmax_integer_powers(const kernel_softmax_integer *p, const int32_t *difference, int64_t n, int32_t *power) {
  const int32_t multiplier = *p->multiplier, most = 31 << 16;
  const int64_t shift = kernel_least(kernel_most(*p->shift, 0), 62);
  const int64_t bits = p->x_element == INGOT_I32 ? 31 : kernel_element_bytes(p->x_element) * 8;
  int32_t t[QUANTIZED_ROOM];
  if (bits <= shift) {
    for (int64_t i = 0; i < n; i += LANES) {
      const vi steps = quantized_shifted(rescaling_multiply(vi_load(difference + i), v_set_int(multiplier)), shift);
      vi_store(t + i, quantized_limited(steps, v_set_int(0), v_set_int(most)));
    }
  } else {
    for (int64_t i = 0; i < n; i++)
      t[i] = (int32_t)kernel_least(
          kernel_most(rescaled_value(difference[i], multiplier, shift, INGOT_RESCALE_HALF_UP), 0), most);
  }
  int64_t i = 0;
#if defined(KERNEL_USES_AVX512)
  for (; i + LANES <= n; i += LANES) {
    const __m512i steps = (__m512i)vi_load(t + i), low = _mm512_set1_epi32(255);
    const __m512i place = _mm512_and_si512(_mm512_srli_epi32(steps, 8), low), rest = _mm512_and_si512(steps, low);
    const vi high = (vi)_mm512_i32gather_epi32(place, kernel_exp2, 4), next = (vi)_mm512_i32gather_epi32(place, kernel_exp2 + 1, 4);
    const vi whole = high - (((high - next) * (vi)rest + 128) >> 8);
    vi_store(power + i, (vi)_mm512_srav_epi32((__m512i)whole, _mm512_srli_epi32(steps, 16)));
  }
#elif defined(KERNEL_USES_AVX2)
  for (; i + LANES <= n; i += LANES) {
    const __m256i steps = (__m256i)vi_load(t + i), low = _mm256_set1_epi32(255);
    const __m256i place = _mm256_and_si256(_mm256_srli_epi32(steps, 8), low), rest = _mm256_and_si256(steps, low);
    const vi high = (vi)_mm256_i32gather_epi32(kernel_exp2, place, 4), next = (vi)_mm256_i32gather_epi32(kernel_exp2 + 1, place, 4);
    const vi whole = high - (((high - next) * (vi)rest + 128) >> 8);
    vi_store(power + i, (vi)_mm256_srav_epi32((__m256i)whole, _mm256_srli_epi32(steps, 16)));
  }
#endif
  for (; i < n; i++) {
    const int32_t *entry = kernel_exp2 + (t[i] >> 8 & 255);
    power[i] = (entry[0] - (((entry[0] - entry[1]) * (t[i] & 255) + 128) >> 8)) >> (t[i] >> 16);
  }
}

/* n powers times the reciprocal of their sum. */
static void softmax_integer_finish(const kernel_softmax_integer *p, const int32_t *power, const int32_t *reciprocal, int64_t step, int64_t n,
                           int64_t first) {
  const int32_t zero = (int32_t)kernel_load_integer(p->zero, p->y_element, 0);
  const int64_t shift = p->y_element == INGOT_I16 ? 45 : 52;
  int32_t y[QUANTIZED_ROOM];
  for (int64_t i = 0; i < n; i += LANES) {
    const vi factor = step == 0 ? v_set_int(*reciprocal) : vi_load(reciprocal + i);
    const vi value = quantized_shifted(rescaling_multiply(vi_load(power + i), factor), shift) + zero;
    vi_store(y + i, quantized_limited(value, v_set_int(p->least), v_set_int(p->most)));
  }
  quantized_store(y, n, p->y, p->y_element, first);
}

/* Differences of n numbers to the largest: one for all, or one for each. Those of i32 may need 33 bits. */
static void softmax_integer_differences(const kernel_softmax_integer *p, const int32_t *largest, int64_t step, int64_t first, int64_t n,
                                int32_t *difference) {
  quantized_load(p->x, p->x_element, first, n, 1, 0, difference);
  if (p->x_element == INGOT_I32) {
    for (int64_t i = 0; i < n; i++)
      difference[i] = (int32_t)kernel_least((int64_t)largest[step * i] - difference[i], INT32_MAX);
    return;
  }
  for (int64_t i = 0; i < n; i += LANES) {
    const vi top = step == 0 ? v_set_int(*largest) : vi_load(largest + i);
    /* Lanes behind the last are 0, and must not be negative. */
    vi_store(difference + i, quantized_limited(top - vi_load(difference + i), v_set_int(0), v_set_int(INT32_MAX)));
  }
}

static int32_t softmax_integer_largest(const int32_t *x, int64_t n, int32_t largest) {
  vi most = v_set_int(largest);
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) most = quantized_larger(most, vi_load(x + i));
  for (int lane = 0; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
  for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/* Of numbers that are not negative. */
static int64_t softmax_integer_sum(const int32_t *x, int64_t n) {
  vl sum = {0};
  int64_t total = 0, i = 0;
  for (; i + LANES <= n; i += LANES) sum += ((vl)vi_load(x + i) & 0xffffffff) + ((vl)vi_load(x + i) >> 32);
  for (int lane = 0; lane < LANES / 2; lane++) total += sum[lane];
  for (; i < n; i++) total += x[i];
  return total;
}

static void softmax_integer_row(const kernel_softmax_integer *p, int64_t base) {
  int32_t v[QUANTIZED_ROOM], power[QUANTIZED_ROOM];
  int32_t largest = INT32_MIN;
  for (int64_t i = 0; i < p->extent; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, p->extent - i);
    quantized_load(p->x, p->x_element, base + i, n, 1, 0, v);
    largest = softmax_integer_largest(v, n, largest);
  }
  int64_t sum = 0;
  for (int64_t i = 0; i < p->extent; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, p->extent - i);
    softmax_integer_differences(p, &largest, 0, base + i, n, v);
    softmax_integer_powers(p, v, n, power);
    sum += softmax_integer_sum(power, n);
  }
  const int32_t reciprocal = (int32_t)(((int64_t)1 << 60) / sum);
  for (int64_t i = 0; i < p->extent; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, p->extent - i);
    if (p->extent > QUANTIZED_BLOCK) {
      softmax_integer_differences(p, &largest, 0, base + i, n, v);
      softmax_integer_powers(p, v, n, power);
    }
    softmax_integer_finish(p, power, &reciprocal, 0, n, base + i);
  }
}

/* n neighbouring columns, at most a block. */
static void softmax_integer_columns(const kernel_softmax_integer *p, int64_t base, int64_t n) {
  int32_t v[QUANTIZED_ROOM], power[QUANTIZED_ROOM], largest[QUANTIZED_ROOM], reciprocal[QUANTIZED_ROOM];
  int64_t sum[QUANTIZED_BLOCK] = {0};
  for (int64_t j = 0; j < n + LANES; j++) largest[j] = INT32_MIN, reciprocal[j] = 0;
  for (int64_t k = 0; k < p->extent; k++) {
    quantized_load(p->x, p->x_element, base + k * p->inner, n, 1, 0, v);
    for (int64_t j = 0; j < n; j += LANES) vi_store(largest + j, quantized_larger(vi_load(largest + j), vi_load(v + j)));
  }
  for (int64_t k = 0; k < p->extent; k++) {
    softmax_integer_differences(p, largest, 1, base + k * p->inner, n, v);
    softmax_integer_powers(p, v, n, power);
    for (int64_t j = 0; j < n; j++) sum[j] += power[j];
  }
  for (int64_t j = 0; j < n; j++) reciprocal[j] = (int32_t)(((int64_t)1 << 60) / sum[j]);
  for (int64_t k = 0; k < p->extent; k++) {
    softmax_integer_differences(p, largest, 1, base + k * p->inner, n, v);
    softmax_integer_powers(p, v, n, power);
    softmax_integer_finish(p, power, reciprocal, 1, n, base + k * p->inner);
  }
}

static kernel_work softmax_integer_work(const void *arguments) {
  const kernel_softmax_integer *p = arguments;
  const int64_t items = p->inner == 1 ? kernel_ceil_divide(p->outer, SOFTMAX_INTEGER_ROWS)
                                      : p->outer * kernel_ceil_divide(p->inner, QUANTIZED_BLOCK);
  return (kernel_work){items, 0};
}

static void softmax_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_softmax_integer *p = arguments;
  (void)scratch;
  const int64_t chunks = kernel_ceil_divide(p->inner, QUANTIZED_BLOCK);
  if (p->inner == 1) {
    for (int64_t row = begin * SOFTMAX_INTEGER_ROWS; row < kernel_least(end * SOFTMAX_INTEGER_ROWS, p->outer); row++)
      softmax_integer_row(p, row * p->extent);
    return;
  }
  for (int64_t item = begin; item < end; item++) {
    const int64_t first = item % chunks * QUANTIZED_BLOCK;
    softmax_integer_columns(p, item / chunks * p->extent * p->inner + first, kernel_least(QUANTIZED_BLOCK, p->inner - first));
  }
}
