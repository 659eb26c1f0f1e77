/* Sums and products of integers that broadcast, rescaled: the result in its order, a run along the last axis at a time. */

static kernel_work pair_integer_work(const kernel_pair_integer *p) {
  return (kernel_work){kernel_ceil_divide(extents_product(p->dims, p->rank), QUANTIZED_CHUNK), 0};
}
static kernel_work add_integer_work(const void *arguments) { return pair_integer_work(arguments); }
static kernel_work mul_integer_work(const void *arguments) { return pair_integer_work(arguments); }

/* Neighbouring elements of the result, at most a block: where each input and it begin, and whether inputs go on. */
typedef struct {
  int64_t n;
  int64_t at[5], step[4]; /* the last: in the result */
} pair_part;

/* a and b less their zero points; gives the power of two that their product is at most. */
KERNEL_INLINE int64_t pair_load(const kernel_pair_integer *p, const pair_part *part, int32_t *a, int32_t *b) {
  const int32_t a_zero = (int32_t)kernel_load_integer(p->a_zero, p->x_element[0], 0);
  const int32_t b_zero = (int32_t)kernel_load_integer(p->b_zero, p->x_element[1], 0);
  quantized_load(p->x[0], p->x_element[0], part->at[0], part->n, part->step[0], a_zero, a);
  quantized_load(p->x[1], p->x_element[1], part->at[1], part->n, part->step[1], b_zero, b);
  const int64_t bits = quantized_bits(p->x_element[0]) + quantized_bits(p->x_element[1]);
  return bits == 32 && a_zero == 0 && b_zero == 0 ? 30 : bits;
}

/* A sum whose result may not fit 32 bits, or is rounded otherwise. */
static void add_block_exact(const kernel_pair_integer *p, int64_t n, const int32_t *a, const int32_t *b, const int32_t *of_a,
                            const int32_t *of_b, int32_t *y) {
  const kernel_rescaling *r = &p->rescaling;
  const int64_t zero = kernel_load_integer(r->zero, r->y_element, 0), shift = rescaling_shift(r, 0);
  for (int64_t i = 0; i < n; i++) {
    const int64_t sum = (int64_t)a[i] * of_a[i] + (int64_t)b[i] * of_b[i];
    y[i] = (int32_t)kernel_least(kernel_most(rescaled_product(sum, sum < 0, shift, r->rounding) + zero, r->least), r->most);
  }
}

static void add_block(const kernel_pair_integer *p, const pair_part *part) {
  const kernel_rescaling *r = &p->rescaling;
  int32_t a[QUANTIZED_ROOM], b[QUANTIZED_ROOM], of_a[QUANTIZED_ROOM], of_b[QUANTIZED_ROOM], y[QUANTIZED_ROOM];
  pair_load(p, part, a, b);
  quantized_load(p->x[2], INGOT_I32, part->at[2], part->n, part->step[2], 0, of_a);
  quantized_load(p->x[3], INGOT_I32, part->at[3], part->n, part->step[3], 0, of_b);
  const int64_t shift = rescaling_shift(r, 0);
  const int64_t bits = kernel_most(quantized_bits(p->x_element[0]), quantized_bits(p->x_element[1]));
  if (r->rounding != INGOT_RESCALE_HALF_UP || r->y_element == INGOT_I32 || bits + 32 - shift > 30) {
    add_block_exact(p, part->n, a, b, of_a, of_b, y);
  } else {
    const int32_t zero = (int32_t)kernel_load_integer(r->zero, r->y_element, 0);
    const vi least = v_set_int((int32_t)r->least), most = v_set_int((int32_t)r->most);
    for (int64_t i = 0; i < part->n; i += LANES) {
      const rescaling_products left = rescaling_multiply(vi_load(a + i), vi_load(of_a + i));
      const rescaling_products right = rescaling_multiply(vi_load(b + i), vi_load(of_b + i));
      const rescaling_products sum = {left.one + right.one, left.other + right.other};
      vi_store(y + i, quantized_limited(quantized_shifted(sum, shift) + zero, least, most));
    }
  }
  quantized_store(y, part->n, p->y, r->y_element, part->at[4]);
}

static void mul_block(const kernel_pair_integer *p, const pair_part *part) {
  int32_t a[QUANTIZED_ROOM], b[QUANTIZED_ROOM], v[QUANTIZED_ROOM];
  const int64_t bits = pair_load(p, part, a, b);
  if (bits < 32) {
    for (int64_t i = 0; i < part->n; i += LANES) vi_store(v + i, vi_load(a + i) * vi_load(b + i));
  } else {
    for (int64_t i = 0; i < part->n; i++)
      v[i] = (int32_t)kernel_least(kernel_most((int64_t)a[i] * b[i], INT32_MIN), INT32_MAX);
    for (int64_t i = part->n; i % LANES != 0; i++) v[i] = 0;
  }
  kernel_rescaling r = p->rescaling;
  r.multiplier = (const int32_t *)p->x[2] + part->at[2];
  r.shift = (const int8_t *)p->x[3] + part->at[3];
  r.per_channel = part->step[2] != 0;
  rescale_block(&r, v, part->n, 0, part->step[2], p->y, part->at[4]);
}

KERNEL_INLINE void pair_integer_run(const kernel_pair_integer *p, int64_t begin, int64_t end,
                                    void (*block)(const kernel_pair_integer *, const pair_part *)) {
  const uint32_t outer = p->rank == 0 ? 0 : p->rank - 1;
  const int64_t length = p->rank == 0 ? 1 : p->dims[outer], count = extents_product(p->dims, p->rank);
  const int64_t limit = kernel_least(end * QUANTIZED_CHUNK, count);
  for (int64_t first = begin * QUANTIZED_CHUNK; first < limit;) {
    const int64_t row = first / length, column = first % length;
    const int64_t stop = kernel_least(limit, first + length - column);
    pair_part part = {.at = {[4] = column}};
    for (int k = 0; k < 4; k++) {
      part.step[k] = p->rank == 0 ? 0 : p->strides[k][outer];
      part.at[k] = part.step[k] * column;
    }
    for (int64_t axis = outer, rest = row; axis-- > 0; rest /= p->dims[axis])
      for (int k = 0; k < 5; k++) part.at[k] += rest % p->dims[axis] * p->strides[k][axis];
    for (; first < stop; first += part.n) {
      part.n = kernel_least(QUANTIZED_BLOCK, stop - first);
      block(p, &part);
      for (int k = 0; k < 4; k++) part.at[k] += part.step[k] * part.n;
      part.at[4] += part.n;
    }
  }
}
static void add_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  pair_integer_run(arguments, begin, end, add_block);
}
static void mul_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  (void)scratch;
  pair_integer_run(arguments, begin, end, mul_block);
}
