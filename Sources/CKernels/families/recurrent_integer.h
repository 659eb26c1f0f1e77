/* LSTM, GRU and RNN on integers: one item runs all steps of a few sequences in one direction. Exact, so that every instruction set gives
 * the same.
 *
 * What the weights multiply lies as the instructions want it, RECURRENT_INTEGER_SPAN at a time: bytes where there are products of four
 * of them, else widened. Where such instructions take the other factor as u8, it is moved by 128. */

#define RECURRENT_INTEGER_ROWS 4

#if INTEGER_HAS_NARROW && defined(KERNEL_USES_VNNI)
typedef uint8_t recurrent_integer_factor;
#define RECURRENT_INTEGER_OFFSET 128
#define RECURRENT_INTEGER_SPAN (4 * LANES)
#elif INTEGER_HAS_NARROW
typedef int8_t recurrent_integer_factor;
#define RECURRENT_INTEGER_OFFSET 0
#define RECURRENT_INTEGER_SPAN (4 * LANES)
#elif defined(KERNEL_USES_NEON)
typedef int8_t recurrent_integer_factor;
#define RECURRENT_INTEGER_OFFSET 0
#define RECURRENT_INTEGER_SPAN (2 * LANES)
#elif INTEGER_PAIRS
typedef int16_t recurrent_integer_factor;
#define RECURRENT_INTEGER_OFFSET 0
#define RECURRENT_INTEGER_SPAN (2 * LANES)
#else
typedef int8_t recurrent_integer_factor;
#define RECURRENT_INTEGER_OFFSET 0
#define RECURRENT_INTEGER_SPAN (4 * LANES)

/* The second and the first of neighbouring bytes, or int16, each in the place of both. */
typedef uint16_t recurrent_integer_words __attribute__((vector_size(4 * LANES)));
KERNEL_INLINE vs recurrent_integer_upper(recurrent_integer_words x) { return (vs)x >> 8; }
KERNEL_INLINE vs recurrent_integer_lower(recurrent_integer_words x) { return (vs)(x << 8) >> 8; }
KERNEL_INLINE vi recurrent_integer_pairs(vs x) { return ((vi)x >> 16) + ((vi)((vu)x << 16) >> 16); }
#endif

/* sum + the products of a span, wrapping. */
KERNEL_INLINE vi recurrent_integer_mac(vi sum, const recurrent_integer_factor *q, const int8_t *r) {
#if INTEGER_HAS_NARROW
  vi a, b;
  memcpy(&a, r, sizeof a);
  memcpy(&b, q, sizeof b);
  return integer_mac(INTEGER_NARROW, sum, b, a);
#elif defined(KERNEL_USES_AVX512)
  __m256i bytes;
  __m512i factors;
  memcpy(&bytes, r, sizeof bytes);
  memcpy(&factors, q, sizeof factors);
  return (vi)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16(_mm512_cvtepi8_epi16(bytes), factors));
#elif defined(KERNEL_USES_AVX2)
  __m128i bytes;
  __m256i factors;
  memcpy(&bytes, r, sizeof bytes);
  memcpy(&factors, q, sizeof factors);
  return (vi)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(bytes), factors));
#elif defined(KERNEL_USES_NEON)
  return (vi)vpadalq_s16((int32x4_t)sum, vmull_s8(vld1_s8(r), vld1_s8(q)));
#else
  /* A product of two bytes fits an int16. */
  recurrent_integer_words a, b;
  memcpy(&a, r, sizeof a);
  memcpy(&b, q, sizeof b);
  const vi upper = recurrent_integer_pairs(recurrent_integer_upper(a) * recurrent_integer_upper(b));
  const vi lower = recurrent_integer_pairs(recurrent_integer_lower(a) * recurrent_integer_lower(b));
  return (vi)((vu)sum + (vu)upper + (vu)lower);
#endif
}

KERNEL_INLINE int32_t recurrent_integer_total(vi x) {
#if defined(KERNEL_USES_AVX512)
  return _mm512_reduce_add_epi32((__m512i)x);
#elif defined(KERNEL_USES_AVX2)
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128((__m256i)x), _mm256_extracti128_si256((__m256i)x, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
#elif defined(KERNEL_USES_NEON)
  return vaddvq_s32((int32x4_t)x);
#else
  uint32_t total = 0;
  for (int i = 0; i < LANES; i++) total += (uint32_t)x[i];
  return (int32_t)total;
#endif
}

/* Numbers of one thread. Of the direction: what is added to the sums, and what they are rescaled with. Of every sequence: states, what
 * the weights multiply, their sums, what these add to a step's inputs, those, and its gates. Of one step of one sequence: spare rows. */
typedef struct {
  int32_t *bias, *spare[3];
  int16_t *places;
#if RESCALING_VECTORS
  rescaling_vector *vectors;
  int way;
#endif
  int32_t *sums[RECURRENT_INTEGER_ROWS], *gates[RECURRENT_INTEGER_ROWS];
  int16_t *hidden[RECURRENT_INTEGER_ROWS], *cell[RECURRENT_INTEGER_ROWS], *product[RECURRENT_INTEGER_ROWS], *inputs[RECURRENT_INTEGER_ROWS];
  recurrent_integer_factor *factors[RECURRENT_INTEGER_ROWS];
  int8_t *narrow;
} recurrent_integer_space;

KERNEL_INLINE int64_t recurrent_integer_gates(const kernel_recurrent_integer *p) {
  return p->kind == INGOT_RECURRENT_LSTM ? 4 : p->kind == INGOT_RECURRENT_GRU ? 3 : 1;
}
/* Numbers of a state, and of all gates, with room for vectors that begin anywhere among them. */
KERNEL_INLINE int64_t recurrent_integer_pitch(const kernel_recurrent_integer *p) { return kernel_ceil_divide(p->hidden, 64) * 64 + 64; }
KERNEL_INLINE int64_t recurrent_integer_wide_pitch(const kernel_recurrent_integer *p) {
  return kernel_ceil_divide(recurrent_integer_gates(p) * p->hidden, 64) * 64 + 64;
}

static size_t recurrent_integer_carve(const kernel_recurrent_integer *p, void *scratch, recurrent_integer_space *space) {
  const size_t pitch = (size_t)recurrent_integer_pitch(p), wide = (size_t)recurrent_integer_wide_pitch(p);
  char *at = scratch;
#define CARVE(member, type, count) space->member = (type *)(void *)at, at += ((count) * sizeof(type) + 63) / 64 * 64
  CARVE(bias, int32_t, wide);
  for (int i = 0; i < 3; i++) CARVE(spare[i], int32_t, pitch);
  CARVE(places, int16_t, wide);
#if RESCALING_VECTORS
  CARVE(vectors, rescaling_vector, wide / LANES);
#endif
  for (int r = 0; r < RECURRENT_INTEGER_ROWS; r++) {
    CARVE(sums[r], int32_t, wide);
    CARVE(gates[r], int32_t, wide);
    CARVE(hidden[r], int16_t, pitch);
    CARVE(cell[r], int16_t, pitch);
    CARVE(product[r], int16_t, wide);
    CARVE(inputs[r], int16_t, wide);
    CARVE(factors[r], recurrent_integer_factor, pitch);
  }
  CARVE(narrow, int8_t, pitch);
#undef CARVE
  return (size_t)(at - (char *)scratch);
}

static kernel_work recurrent_integer_work(const void *arguments) {
  const kernel_recurrent_integer *p = arguments;
  recurrent_integer_space space;
  return (kernel_work){p->directions * kernel_ceil_divide(p->batch, RECURRENT_INTEGER_ROWS),
                       recurrent_integer_carve(p, (void *)(uintptr_t)64, &space)};
}

/* Values to integers of one or two bytes, with one rescaling for all. */
static void recurrent_integer_rescale(const kernel_rescaling *r, const int32_t *v, int64_t n, void *y) {
  for (int64_t i = 0; i < n; i += RESCALING_BLOCK) rescale_block(r, v + i, kernel_least(RESCALING_BLOCK, n - i), 0, 0, y, i);
}

/* The sums of neighbouring rows of the direction's weights to i16. */
static void recurrent_integer_rescale_rows(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction,
                                           int64_t first, int64_t n, int r) {
#if RESCALING_VECTORS
  if (s->way != RESCALING_SCALAR && first % LANES == 0) {
    rescale_prepared(&p->rows, s->vectors + first / LANES, s->way, 0, s->sums[r] + first, n, 1, s->product[r], first);
    return;
  }
#endif
  const int64_t channel = direction * recurrent_integer_gates(p) * p->hidden + first;
  for (int64_t i = 0; i < n; i += RESCALING_BLOCK)
    rescale_block(&p->rows, s->sums[r] + first + i, kernel_least(RESCALING_BLOCK, n - i), channel + i, 1, s->product[r], first + i);
}

KERNEL_INLINE void recurrent_integer_dot(const int rows, int64_t hidden, recurrent_integer_factor *const *q, const int8_t *const r[4],
                                         vi sums[RECURRENT_INTEGER_ROWS][4]) {
  int64_t k = 0;
  for (; k + RECURRENT_INTEGER_SPAN <= hidden; k += RECURRENT_INTEGER_SPAN) {
    KERNEL_UNROLL
    for (int c = 0; c < 4; c++) {
      KERNEL_UNROLL
      for (int i = 0; i < rows; i++) sums[i][c] = recurrent_integer_mac(sums[i][c], q[i] + k, r[c] + k);
    }
  }
  if (k == hidden) return;
  int8_t tail[RECURRENT_INTEGER_SPAN] = {0};
  KERNEL_UNROLL
  for (int c = 0; c < 4; c++) {
    memcpy(tail, r[c] + k, (size_t)(hidden - k));
    KERNEL_UNROLL
    for (int i = 0; i < rows; i++) sums[i][c] = recurrent_integer_mac(sums[i][c], q[i] + k, tail);
  }
}

/* The sums of `rows` sequences for rows [first, first + n) of the direction's weights. */
static void recurrent_integer_multiply(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction, int rows,
                                       int64_t first, int64_t n) {
  const int64_t hidden = p->hidden;
  const int8_t *weights = p->r + direction * recurrent_integer_gates(p) * hidden * hidden;
  for (int64_t j = first; j < first + n; j += 4) {
    const int8_t *r[4];
    vi sums[RECURRENT_INTEGER_ROWS][4];
    for (int c = 0; c < 4; c++) {
      r[c] = weights + kernel_least(j + c, first + n - 1) * hidden;
      for (int i = 0; i < RECURRENT_INTEGER_ROWS; i++) sums[i][c] = v_set_int(0);
    }
    switch (rows) {
      case 1: recurrent_integer_dot(1, hidden, s->factors, r, sums); break;
      case 2: recurrent_integer_dot(2, hidden, s->factors, r, sums); break;
      case 3: recurrent_integer_dot(3, hidden, s->factors, r, sums); break;
      default: recurrent_integer_dot(4, hidden, s->factors, r, sums); break;
    }
    for (int i = 0; i < rows; i++) {
      for (int c = 0; c < 4 && j + c < first + n; c++)
        s->sums[i][j + c] = (int32_t)((uint32_t)recurrent_integer_total(sums[i][c]) + (uint32_t)s->bias[j + c]);
    }
  }
}

static void recurrent_integer_product(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction, int rows,
                                      int64_t first, int64_t n) {
  recurrent_integer_multiply(p, s, direction, rows, first, n);
  for (int r = 0; r < rows; r++) recurrent_integer_rescale_rows(p, s, direction, first, n, r);
}

/* What the weights multiply of a state. */
static void recurrent_integer_narrow(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int r, const int32_t *state) {
  recurrent_integer_rescale(&p->narrowing, state, p->hidden, s->narrow);
  for (int64_t i = 0; i < p->hidden; i++) s->factors[r][i] = (recurrent_integer_factor)(s->narrow[i] + RECURRENT_INTEGER_OFFSET);
}

KERNEL_INLINE vi recurrent_integer_limited(vi x) { return quantized_limited(x, v_set_int(INT16_MIN), v_set_int(INT16_MAX)); }
KERNEL_INLINE void recurrent_integer_store(vi x, int16_t *y) {
  const vs_half small = __builtin_convertvector(x, vs_half);
  memcpy(y, &small, sizeof small);
}

/* y = a function's table read at x * 2^shift; x and y may be the same. */
static void recurrent_integer_read(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int table, int64_t shift,
                                   const int32_t *x, int64_t n, int32_t *y) {
  const int64_t whole = kernel_ceil_divide(n, LANES) * LANES;
  for (int64_t i = 0; i < n; i += LANES)
    recurrent_integer_store(recurrent_integer_limited((vi)((vu)recurrent_integer_limited(vi_load(x + i)) << (uint32_t)shift)), s->places + i);
  table_between(p->tables + table * 513, s->places, whole, y);
  for (int64_t i = 0; i < n; i += LANES) vi_store(y + i, (vi_load(y + i) + 64) >> 7);
}

/* y = the inputs of the first gates + what the product gave them. */
static void recurrent_integer_sum(const recurrent_integer_space *s, int r, int64_t n, int32_t *y) {
  for (int64_t i = 0; i < n; i += LANES)
    vi_store(y + i, quantized_widened_i16(s->inputs[r] + i) + quantized_widened_i16(s->product[r] + i));
}

/* x += peephole * cell */
static void recurrent_integer_see(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction, int peephole,
                                  const int16_t *cell, int32_t *x) {
  const int64_t n = p->hidden;
  if (p->peepholes == NULL) return;
  const int16_t *weights = p->peepholes + (direction * 3 + peephole) * n;
  int32_t *v = s->spare[2];
  for (int64_t i = 0; i < n; i++) v[i] = (int32_t)weights[i] * cell[i];
  recurrent_integer_rescale(&p->of_peepholes, v, n, s->places);
  for (int64_t i = 0; i < n; i++) x[i] += s->places[i];
}

/* y = a * b / 2^15 of i16. */
KERNEL_INLINE vi recurrent_integer_fraction(vi a, vi b) { return recurrent_integer_limited((a * b + (1 << 14)) >> 15); }

/* (a * b + c * d) / 2^shift for a shift of 15 and more. */
KERNEL_INLINE vi recurrent_integer_mix(vi a, vi b, vi c, vi d, int64_t shift) {
  const rescaling_products one = rescaling_multiply(a, b), other = rescaling_multiply(c, d);
  return quantized_shifted((rescaling_products){one.one + other.one, one.other + other.other}, shift);
}

static void recurrent_integer_lstm(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction, int r) {
  const int64_t n = p->hidden, exponent = p->cell_exponent;
  int32_t *const raw = s->gates[r], *const forget = s->spare[0], *const input = s->spare[1], *const fresh = s->spare[2];
  int16_t *cell = s->cell[r];
  recurrent_integer_sum(s, r, 4 * n, raw);
  recurrent_integer_see(p, s, direction, 0, cell, raw);
  if (!p->input_forget) recurrent_integer_see(p, s, direction, 2, cell, raw + 2 * n);
  recurrent_integer_read(p, s, 0, p->gate_shift, raw, n, input);
  if (!p->input_forget) recurrent_integer_read(p, s, 0, p->gate_shift, raw + 2 * n, n, forget);
  for (int64_t i = 0; i < n && p->input_forget; i += LANES) vi_store(forget + i, 32768 - vi_load(input + i));
  recurrent_integer_read(p, s, 1, p->gate_shift, raw + 3 * n, n, fresh);
  for (int64_t i = 0; i < n; i += LANES) {
    const vi kept = (vi)((vu)vi_load(forget + i) << (uint32_t)exponent);
    recurrent_integer_store(recurrent_integer_limited(recurrent_integer_mix(kept, quantized_widened_i16(cell + i), vi_load(input + i),
                                                                            vi_load(fresh + i), 15 + exponent)), cell + i);
  }
  recurrent_integer_see(p, s, direction, 1, cell, raw + n);
  recurrent_integer_read(p, s, 0, p->gate_shift, raw + n, n, input);
  for (int64_t i = 0; i < n; i += LANES) vi_store(fresh + i, quantized_widened_i16(cell + i));
  recurrent_integer_read(p, s, 2, p->cell_shift, fresh, n, fresh);
  for (int64_t i = 0; i < n; i += LANES) vi_store(fresh + i, recurrent_integer_fraction(vi_load(input + i), vi_load(fresh + i)));
}

/* Update and reset gate, and what the second product reads. */
static void recurrent_integer_gru_gates(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int r) {
  const int64_t n = p->hidden;
  recurrent_integer_sum(s, r, 2 * n, s->gates[r]);
  recurrent_integer_read(p, s, 0, p->gate_shift, s->gates[r], 2 * n, s->gates[r]);
  if (p->linear_before_reset) return;
  for (int64_t i = 0; i < n; i += LANES)
    vi_store(s->spare[0] + i, recurrent_integer_fraction(vi_load(s->gates[r] + n + i), quantized_widened_i16(s->hidden[r] + i)));
  recurrent_integer_narrow(p, s, r, s->spare[0]);
}

static void recurrent_integer_gru(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int r) {
  const int64_t n = p->hidden;
  const int16_t *inputs = s->inputs[r] + 2 * n, *product = s->product[r] + 2 * n;
  int32_t *const fresh = s->spare[2];
  for (int64_t i = 0; i < n; i += LANES) {
    vi h = quantized_widened_i16(product + i);
    if (p->linear_before_reset) h = recurrent_integer_fraction(vi_load(s->gates[r] + n + i), h);
    vi_store(fresh + i, quantized_widened_i16(inputs + i) + h);
  }
  recurrent_integer_read(p, s, 1, p->gate_shift, fresh, n, fresh);
  for (int64_t i = 0; i < n; i += LANES) {
    const vi z = vi_load(s->gates[r] + i), old = quantized_widened_i16(s->hidden[r] + i);
    vi_store(fresh + i, recurrent_integer_limited(recurrent_integer_mix(32768 - z, vi_load(fresh + i), z, old, 15)));
  }
}

static void recurrent_integer_rnn(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int r) {
  recurrent_integer_sum(s, r, p->hidden, s->spare[2]);
  recurrent_integer_read(p, s, 0, p->gate_shift, s->spare[2], p->hidden, s->spare[2]);
}

/* The new hidden state of a sequence, in spare[2], to where it belongs. */
static void recurrent_integer_finish(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int r, int16_t *y) {
  for (int64_t i = 0; i < p->hidden; i += LANES) recurrent_integer_store(vi_load(s->spare[2] + i), s->hidden[r] + i);
  memcpy(y, s->hidden[r], (size_t)p->hidden * sizeof *y);
  recurrent_integer_narrow(p, s, r, s->spare[2]);
}

static int64_t recurrent_integer_length(const kernel_recurrent_integer *p, int64_t n) {
  if (p->lengths == NULL) return p->steps;
  return kernel_most(0, kernel_least(p->lengths[n], p->steps));
}

static void recurrent_integer_sequences(const kernel_recurrent_integer *p, const recurrent_integer_space *s, int64_t direction, int64_t n0,
                                        int rows) {
  const int64_t hidden = p->hidden, width = recurrent_integer_gates(p) * hidden;
  const int reverse = p->direction == INGOT_DIRECTION_REVERSE || direction == 1;
  const int twice = p->kind == INGOT_RECURRENT_GRU && !p->linear_before_reset;
  int64_t longest = 0;
  for (int r = 0; r < rows; r++) longest = kernel_most(longest, recurrent_integer_length(p, n0 + r));
  for (int64_t step = 0; step < longest; step++) {
    recurrent_integer_product(p, s, direction, rows, 0, twice ? 2 * hidden : width);
    for (int pass = 0; pass < 2; pass++) {
      for (int r = 0; r < rows; r++) {
        const int64_t length = recurrent_integer_length(p, n0 + r);
        if (step >= length) continue;
        const int64_t t = reverse ? length - 1 - step : step;
        if (pass == 0) {
          memcpy(s->inputs[r], p->gates + ((t * p->batch + n0 + r) * p->directions + direction) * width, (size_t)width * sizeof(int16_t));
          if (p->kind == INGOT_RECURRENT_GRU) recurrent_integer_gru_gates(p, s, r);
          continue;
        }
        if (p->kind == INGOT_RECURRENT_LSTM) recurrent_integer_lstm(p, s, direction, r);
        else if (p->kind == INGOT_RECURRENT_GRU) recurrent_integer_gru(p, s, r);
        else recurrent_integer_rnn(p, s, r);
        recurrent_integer_finish(p, s, r, p->y + ((t * p->directions + direction) * p->batch + n0 + r) * hidden);
      }
      if (pass == 0 && twice) recurrent_integer_product(p, s, direction, rows, 2 * hidden, hidden);
    }
  }
  for (int r = 0; r < rows; r++) {
    const int64_t at = (direction * p->batch + n0 + r) * hidden;
    const size_t bytes = (size_t)hidden * sizeof(int16_t);
    memcpy(p->h + at, s->hidden[r], bytes);
    if (p->kind == INGOT_RECURRENT_LSTM) memcpy(p->c + at, s->cell[r], bytes);
    for (int64_t t = recurrent_integer_length(p, n0 + r); t < p->steps; t++)
      memset(p->y + ((t * p->directions + direction) * p->batch + n0 + r) * hidden, 0, bytes);
  }
}

/* The direction's bias, less what comes of the offset, and what its sums are rescaled with. */
static void recurrent_integer_prepare(const kernel_recurrent_integer *p, recurrent_integer_space *s, int64_t direction) {
  const int64_t width = recurrent_integer_gates(p) * p->hidden, first = direction * width;
#if RECURRENT_INTEGER_OFFSET > 0
  memset(s->factors[0], RECURRENT_INTEGER_OFFSET, (size_t)p->hidden);
  recurrent_integer_multiply(p, s, direction, 1, 0, width);
#endif
  for (int64_t j = 0; j < width; j++) s->bias[j] = (int32_t)((uint32_t)p->bias[first + j] - (uint32_t)s->sums[0][j]);
#if RESCALING_VECTORS
  s->way = rescaling_prepare(&p->rows, width, first, 1, s->vectors);
#endif
}

static void recurrent_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_recurrent_integer *p = arguments;
  const int64_t hidden = p->hidden, groups = kernel_ceil_divide(p->batch, RECURRENT_INTEGER_ROWS);
  const size_t bytes = (size_t)hidden * sizeof(int16_t);
  recurrent_integer_space s;
  const size_t room = recurrent_integer_carve(p, scratch, &s);
  for (int64_t item = begin; item < end; item++) {
    const int64_t direction = item / groups, n0 = item % groups * RECURRENT_INTEGER_ROWS;
    const int rows = (int)kernel_least(RECURRENT_INTEGER_ROWS, p->batch - n0);
    /* Lanes beyond the hidden units compute on some numbers and are never read. */
    memset(scratch, 0, room);
    recurrent_integer_prepare(p, &s, direction);
    for (int r = 0; r < rows; r++) {
      const int64_t at = (direction * p->batch + n0 + r) * hidden;
      memcpy(s.hidden[r], p->h0 + at, bytes);
      if (p->kind == INGOT_RECURRENT_LSTM) memcpy(s.cell[r], p->c0 + at, bytes);
      for (int64_t i = 0; i < hidden; i++) s.spare[2][i] = s.hidden[r][i];
      recurrent_integer_narrow(p, &s, r, s.spare[2]);
    }
    recurrent_integer_sequences(p, &s, direction, n0, rows);
  }
}
