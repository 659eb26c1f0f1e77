/* Convolution of one input channel for each output channel, of integers, over rows and columns. A strip of x is copied as int16,
 * padded and sorted by the remainders of its rows and columns by the strides, so that every tap reads consecutive numbers for
 * consecutive positions, through the ends of rows: what is computed of positions between the rows of y is left out at the end.
 * Taps whose columns lie side by side are multiplied in pairs: an int32 of a line holds two neighbours, so that the line gives the
 * products of every other position, and the line from its second element on those of the positions between. */

#define DEPTHWISE_STRIP_WORDS 16384
#define DEPTHWISE_RESULT_WORDS 8192
#define DEPTHWISE_MAX_STEPS 255 /* of one or two taps; sums of so many products of i16 and i8 fit an int32 */

typedef struct {
  int64_t rests[2];   /* remainders of rows and columns by the strides that taps reach */
  int64_t line;       /* elements from one row of x to the next of its remainder */
  int64_t plane;      /* elements of the rows and columns of one remainder each */
  int64_t rows;       /* of y in a strip */
  int64_t strip_rows; /* of x in a strip */
  int64_t words;      /* of a strip */
  int64_t sums;       /* of a strip, with those between rows */
} depthwise_integer_layout;

static depthwise_integer_layout depthwise_integer_layout_of(const kernel_conv_integer *p) {
  depthwise_integer_layout layout;
  const int64_t reach[2] = {(p->kernel[1] - 1) * p->dilation[1], (p->kernel[2] - 1) * p->dilation[2]};
  for (int axis = 0; axis < 2; axis++) layout.rests[axis] = kernel_least(p->stride[1 + axis], reach[axis] + 1);
  const int64_t planes = layout.rests[0] * layout.rests[1], above = reach[0] / p->stride[1];
  layout.line = kernel_most(1, p->out[2] + reach[1] / p->stride[2]);
  const int64_t rows = kernel_least(DEPTHWISE_STRIP_WORDS / layout.line / planes - above, DEPTHWISE_RESULT_WORDS / layout.line);
  layout.rows = kernel_most(1, kernel_least(p->out[1], rows));
  layout.strip_rows = (layout.rows - 1) * p->stride[1] + reach[0] + 1;
  layout.plane = (layout.rows + above) * layout.line + INTEGER_CHUNK;
  layout.words = kernel_ceil_divide(planes * layout.plane + 4 * LANES + 2 * INTEGER_CHUNK, 32) * 32;
  layout.sums = kernel_ceil_divide(layout.rows * layout.line + 2 * LANES, 16) * 16;
  return layout;
}

static kernel_work depthwise_integer_work(const void *arguments) {
  const kernel_conv_integer *p = arguments;
  const depthwise_integer_layout layout = depthwise_integer_layout_of(p);
  return (kernel_work){p->batch * p->outputs * kernel_ceil_divide(p->out[1], layout.rows),
                       (size_t)layout.words * sizeof(int16_t) + (size_t)layout.sums * 2 * sizeof(int32_t)};
}

/* A chunk of x[i * stride] as int16; of what lies at or beyond `end`, anything. */
KERNEL_INLINE integer_chunk depthwise_integer_chunk(const char *x, const char *end, const uint32_t element, const int64_t stride) {
  typedef int32_t wide_chunk __attribute__((vector_size(4 * INTEGER_CHUNK)));
  const int64_t bytes = kernel_element_bytes(element), reach = INTEGER_CHUNK * stride * bytes;
  int16_t words[INTEGER_CHUNK] = {0};
  char near_end[4 * INTEGER_CHUNK] = {0};
  integer_chunk chunk;
  if (stride > 2) {
    const int64_t n = kernel_least(INTEGER_CHUNK, kernel_ceil_divide((end - x) / bytes, stride));
    for (int64_t i = 0; i < n; i++) words[i] = (int16_t)kernel_load_integer(x, element, i * stride);
    memcpy(&chunk, words, sizeof chunk);
    return chunk;
  }
  if (end - x < reach) {
    memcpy(near_end, x, (size_t)(end - x));
    x = near_end;
  }
  if (stride == 1 && bytes == 2) {
    memcpy(&chunk, x, sizeof chunk);
  } else if (stride == 1) {
    integer_bytes small;
    memcpy(&small, x, sizeof small);
    chunk = __builtin_convertvector(small, integer_chunk);
    if (element == INGOT_U8) chunk &= 0xff;
  } else if (bytes == 1) {
    memcpy(&chunk, x, sizeof chunk);
    chunk = element == INGOT_I8 ? (chunk << 8) >> 8 : chunk & 0xff;
  } else {
    wide_chunk wide;
    memcpy(&wide, x, sizeof wide);
    chunk = __builtin_convertvector(wide, integer_chunk);
  }
  return chunk;
}

/* What a strip's lines are filled with: numbers less `less`, and `padding` around them. */
typedef struct {
  const char *end; /* of x */
  integer_chunk less, padding, places;
} depthwise_integer_filling;

/* A line whose numbers [low, high) are x[i * stride]; whole chunks, which reach beyond it. */
KERNEL_INLINE void depthwise_integer_line(const depthwise_integer_filling *f, const char *x, const uint32_t element, const int64_t stride,
                                          int64_t low, int64_t high, int64_t line, int16_t *y) {
  const int64_t step = INTEGER_CHUNK * stride * kernel_element_bytes(element);
  int64_t i = 0;
  for (; i < low; i += INTEGER_CHUNK) memcpy(y + i, &f->padding, sizeof f->padding);
  for (i = low; i < high; i += INTEGER_CHUNK, x += step) {
    integer_chunk words = depthwise_integer_chunk(x, f->end, element, stride) - f->less;
    if (high - i < INTEGER_CHUNK) {
      const integer_chunk inside = f->places < (int16_t)(high - i);
      words = (inside & words) | (~inside & f->padding);
    }
    memcpy(y + i, &words, sizeof words);
  }
  for (; i < line; i += INTEGER_CHUNK) memcpy(y + i, &f->padding, sizeof f->padding);
}

static depthwise_integer_filling depthwise_integer_filling_of(const kernel_conv_integer *p) {
  const int16_t zero = (int16_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  const int is_long = p->x_element == INGOT_I16;
  depthwise_integer_filling f = {.end = kernel_at(p->x, p->x_element, p->batch * p->inputs * kernel_ring_pitch(&p->x_ring, p->in[1]) * p->in[2])};
  int16_t places[INTEGER_CHUNK];
  for (int i = 0; i < INTEGER_CHUNK; i++) places[i] = (int16_t)i;
  memcpy(&f.places, places, sizeof places);
  f.less = (integer_chunk){0} + (int16_t)(is_long ? 0 : zero), f.padding = (integer_chunk){0} + (int16_t)(is_long ? zero : 0);
  return f;
}

/* Rows [h0, h0 + count) of x, counted from the top of the padding. Element and stride are known where it is inlined, or not. */
KERNEL_INLINE void depthwise_integer_fill_of(const kernel_conv_integer *p, const depthwise_integer_layout *layout,
                                             const depthwise_integer_filling *f, const uint32_t element, const int64_t stride, int64_t plane,
                                             int64_t h0, int64_t count, int16_t *strip) {
  const int64_t bytes = kernel_element_bytes(element), row_bytes = p->in[2] * bytes, pitch = kernel_ring_pitch(&p->x_ring, p->in[1]);
  for (int64_t column_rest = 0; column_rest < layout->rests[1]; column_rest++) {
    int64_t first, end;
    kernel_valid_range(column_rest - p->begin[2], stride, p->in[2], layout->line, &first, &end);
    const char *x = kernel_at(p->x, element, first < end ? plane * pitch * p->in[2] + first * stride + column_rest - p->begin[2] : 0);
    for (int64_t row_rest = 0; row_rest < layout->rests[0]; row_rest++) {
      int16_t *y = strip + (row_rest * layout->rests[1] + column_rest) * layout->plane;
      for (int64_t r = row_rest; r < count; r += p->stride[1], y += layout->line) {
        const int64_t h = h0 + r - p->begin[1];
        const int64_t place = kernel_ring_place(&p->x_ring, pitch, h) * row_bytes;
        if (h >= 0 && h < p->in[1] && first < end) depthwise_integer_line(f, x + place, element, stride, first, end, layout->line, y);
        else depthwise_integer_line(f, x, element, stride, layout->line, layout->line, layout->line, y);
      }
    }
  }
}
static void depthwise_integer_fill(const kernel_conv_integer *p, const depthwise_integer_layout *layout, const depthwise_integer_filling *f,
                                   int64_t plane, int64_t h0, int64_t count, int16_t *strip) {
#define FILL(element, stride) depthwise_integer_fill_of(p, layout, f, element, stride, plane, h0, count, strip)
  const int64_t stride = p->stride[2];
  if (stride > 2) FILL(p->x_element, stride);
  else if (p->x_element == INGOT_I8 && stride == 1) FILL(INGOT_I8, 1);
  else if (p->x_element == INGOT_I8) FILL(INGOT_I8, 2);
  else if (p->x_element == INGOT_U8 && stride == 1) FILL(INGOT_U8, 1);
  else if (p->x_element == INGOT_U8) FILL(INGOT_U8, 2);
  else if (stride == 1) FILL(INGOT_I16, 1);
  else FILL(INGOT_I16, 2);
#undef FILL
}

/* The products of one step: taps `tap` and, unless negative, `next`, of which the former reads the strip from `offset` on. */
typedef struct {
  int64_t offset;
  int tap, next;
} depthwise_integer_step;

/* Steps over all taps; the columns of a row of taps follow one another by remainder. */
static int depthwise_integer_steps(const kernel_conv_integer *p, const depthwise_integer_layout *layout, depthwise_integer_step *steps) {
  int count = 0;
  const int64_t stride = p->stride[2], dilation = p->dilation[2];
  for (int64_t row = 0; row < p->kernel[1]; row++) {
    const int64_t down = row * p->dilation[1];
    for (int64_t remainder = 0; remainder < layout->rests[1]; remainder++) {
      const int64_t start = (down % p->stride[1] * layout->rests[1] + remainder) * layout->plane + down / p->stride[1] * layout->line;
      for (int64_t c = 0; c < p->kernel[2]; c++) {
        if (c * dilation % stride != remainder) continue;
        const int64_t offset = start + c * dilation / stride, tap = row * p->kernel[2] + c;
        depthwise_integer_step *last = count == 0 ? NULL : &steps[count - 1];
        if (last != NULL && last->next < 0 && last->offset + 1 == offset && last->tap >= row * p->kernel[2]) last->next = (int)tap;
        else steps[count++] = (depthwise_integer_step){offset, (int)tap, -1};
      }
    }
  }
  return count;
}

/* sum + the products of LANES positions with one or two taps. */
KERNEL_INLINE vi depthwise_integer_mac(vi sum, const int16_t *x, vi factor) {
  vi both;
#if INTEGER_PAIRS
  memcpy(&both, x, sizeof both);
#elif defined(KERNEL_USES_NEON)
  both = (vi)vcombine_s16(vld1_s16(x), vld1_s16(x + 1));
#else
  vs_half halves[2];
  memcpy(&halves[0], x, sizeof halves[0]);
  memcpy(&halves[1], x + 1, sizeof halves[1]);
  memcpy(&both, halves, sizeof both);
#endif
  return integer_mac(INTEGER_WIDE, sum, both, factor);
}

/* Sums of 2 * LANES positions in order. */
KERNEL_INLINE void depthwise_integer_store(vi one, vi other, int32_t *y) {
#if INTEGER_PAIRS && LANES == 16
  const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  vi_store(y, (vi)_mm512_permutex2var_epi32((__m512i)one, low, (__m512i)other));
  vi_store(y + LANES, (vi)_mm512_permutex2var_epi32((__m512i)one, high, (__m512i)other));
#elif INTEGER_PAIRS
  const __m256i low = _mm256_unpacklo_epi32((__m256i)one, (__m256i)other), high = _mm256_unpackhi_epi32((__m256i)one, (__m256i)other);
  vi_store(y, (vi)_mm256_permute2x128_si256(low, high, 0x20));
  vi_store(y + LANES, (vi)_mm256_permute2x128_si256(low, high, 0x31));
#else
  vi_store(y, one);
  vi_store(y + LANES, other);
#endif
}

/* Positions one behind the other, whole vectors. The count is a constant after inlining, or 0. */
KERNEL_INLINE void depthwise_integer_positions(const int fixed, int count, const int16_t *top, const int64_t *offset,
                                               const int32_t *factors, int64_t n, int32_t *y) {
  const int64_t between = INTEGER_PAIRS ? 1 : LANES;
  for (int64_t j = 0; j < n; j += 2 * LANES) {
    vi one = {0}, other = {0};
    KERNEL_UNROLL
    for (int s = 0; s < fixed; s++) {
      one = depthwise_integer_mac(one, top + offset[s] + j, v_set_int(factors[s]));
      other = depthwise_integer_mac(other, top + offset[s] + j + between, v_set_int(factors[s]));
    }
    for (int s = fixed; s < count; s++) {
      one = depthwise_integer_mac(one, top + offset[s] + j, v_set_int(factors[s]));
      other = depthwise_integer_mac(other, top + offset[s] + j + between, v_set_int(factors[s]));
    }
    depthwise_integer_store(one, other, y + j);
  }
}

/* The factors of a channel's steps; their sum. */
static int64_t depthwise_integer_factors(const kernel_conv_integer *p, int64_t channel, const depthwise_integer_step *steps, int count,
                                         int32_t *factors) {
  const int64_t taps = p->kernel[1] * p->kernel[2];
  const int64_t zero = kernel_load_integer(p->w_zero, p->w_element, p->w_zero_per_output ? channel : 0);
  int64_t sum = 0;
  for (int s = 0; s < count; s++) {
    int16_t pair[2] = {(int16_t)(kernel_load_integer(p->w, p->w_element, channel * taps + steps[s].tap) - zero), 0};
    if (steps[s].next >= 0) pair[1] = (int16_t)(kernel_load_integer(p->w, p->w_element, channel * taps + steps[s].next) - zero);
    memcpy(&factors[s], pair, sizeof factors[s]);
    sum += pair[0] + pair[1];
  }
  return sum;
}

/* sums + term, limited to int32. */
static void depthwise_integer_add_limited(int32_t *sums, int64_t n, int64_t term) {
  if (term != (int32_t)term) {
    for (int64_t i = 0; i < n; i++) sums[i] = (int32_t)kernel_most(kernel_least(sums[i] + term, INT32_MAX), INT32_MIN);
    return;
  }
  const vi terms = v_set_int((int32_t)term);
  for (int64_t i = 0; i < n; i += LANES) {
    const vi x = vi_load(sums + i), sum = (vi)((vu)x + (vu)terms), beyond = ((x ^ sum) & (terms ^ sum)) >> 31;
    vi_store(sums + i, (beyond & ((x >> 31) ^ INT32_MAX)) | (~beyond & sum));
  }
}

/* n sums of one channel, to all of which `term` is added, as elements of y; whole vectors of sums may change. */
static void depthwise_integer_finish(const kernel_conv_integer *p, int64_t channel, int64_t term, int32_t *sums, int64_t n, void *y) {
  const int is_long = p->x_element == INGOT_I16;
  if (is_long) depthwise_integer_add_limited(sums, n, term);
  const int32_t rest = is_long ? 0 : (int32_t)(uint32_t)term;
#if RESCALING_VECTORS
  rescaling_vector vector;
  const int64_t own = p->rescaling.per_channel ? channel : 0;
  const int way = p->rescaling.multiplier == NULL ? RESCALING_SCALAR : rescaling_prepare(&p->rescaling, n, own, 0, &vector);
  if (way != RESCALING_SCALAR) {
    rescale_prepared(&p->rescaling, &vector, way, rest, sums, n, 0, y, 0);
    return;
  }
#endif
  for (int64_t i = 0; i < n && rest != 0; i++) sums[i] = (int32_t)((uint32_t)sums[i] + (uint32_t)rest);
  if (p->rescaling.multiplier == NULL) {
    memcpy(y, sums, (size_t)n * sizeof *sums);
    return;
  }
  for (int64_t i = 0; i < n; i += RESCALING_BLOCK)
    rescale_block(&p->rescaling, sums + i, kernel_least(RESCALING_BLOCK, n - i), channel, 0, y, i);
}

/* Rows of `bytes` to where they follow one another, in order: copies reach into the next row of either. */
static void depthwise_integer_close(const char *x, int64_t pitch, int64_t rows, int64_t bytes, char *y) {
  const char *end = y + rows * bytes;
  for (int64_t r = 0; r < rows; r++, x += pitch, y += bytes) {
    int64_t i = 0;
    for (; i < bytes && end - (y + i) >= 16; i += 16) memcpy(y + i, x + i, 16);
    if (i < bytes) memcpy(y + i, x + i, (size_t)(bytes - i));
  }
}

static void depthwise_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_conv_integer *p = arguments;
  const depthwise_integer_layout layout = depthwise_integer_layout_of(p);
  const depthwise_integer_filling filling = depthwise_integer_filling_of(p);
  const int64_t strips = kernel_ceil_divide(p->out[1], layout.rows), multiplier = p->outputs / p->group;
  const int64_t bytes = kernel_element_bytes(p->rescaling.y_element), height = (p->kernel[1] - 1) * p->dilation[1] + 1;
  int16_t *strip = scratch;
  int32_t *sums = (int32_t *)(void *)(strip + layout.words);
  char *results = (char *)(sums + layout.sums);
  depthwise_integer_step steps[DEPTHWISE_MAX_STEPS];
  const int count = depthwise_integer_steps(p, &layout, steps);
  int64_t offset[DEPTHWISE_MAX_STEPS];
  int32_t factors[DEPTHWISE_MAX_STEPS];
  for (int s = 0; s < count; s++) offset[s] = steps[s].offset;
  const int64_t kept = p->x_element == INGOT_I16 ? kernel_load_integer(p->x_zero, p->x_element, 0) : 0;
  for (int64_t item = begin; item < end; item++) {
    const int64_t channel = item / strips % p->outputs, image = item / strips / p->outputs;
    const int64_t row0 = item % strips * layout.rows, rows = kernel_least(layout.rows, p->out[1] - row0);
    depthwise_integer_fill(p, &layout, &filling, image * p->inputs + channel / multiplier, row0 * p->stride[1],
                           (rows - 1) * p->stride[1] + height, strip);
    const int64_t sum = depthwise_integer_factors(p, channel, steps, count, factors), n = (rows - 1) * layout.line + p->out[2];
    switch (count) {
      case 6: depthwise_integer_positions(6, 6, strip, offset, factors, n, sums); break;
      case 15: depthwise_integer_positions(15, 15, strip, offset, factors, n, sums); break;
      default: depthwise_integer_positions(0, count, strip, offset, factors, n, sums); break;
    }
    depthwise_integer_finish(p, channel, (p->bias == NULL ? 0 : p->bias[channel]) - kept * sum, sums, n, results);
    for (int64_t r = 0, run; r < rows; r += run) {
      run = kernel_ring_run(&p->y_ring, row0 + r, rows - r);
      const int64_t y = kernel_ring_row(&p->y_ring, p->out[1], image * p->outputs + channel, row0 + r) * p->out[2];
      depthwise_integer_close(results + r * layout.line * bytes, layout.line * bytes, run, p->out[2] * bytes, (char *)p->y + y * bytes);
    }
  }
}
