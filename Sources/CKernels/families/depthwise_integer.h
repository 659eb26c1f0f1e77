/* Convolution of one input channel for each output channel, of integers, over rows and columns. A strip of x is copied as int16,
 * padded and with its columns sorted by their remainder by the stride. Taps whose columns lie side by side there are multiplied
 * in pairs: an int32 of a line holds two neighbours, so that the line gives the products of every other position, and the line
 * from its second element on those of the positions between. */

#define DEPTHWISE_STRIP_WORDS 16384
#define DEPTHWISE_RESULT_WORDS 8192
#define DEPTHWISE_MAX_STRIDE 64
#define DEPTHWISE_MAX_STEPS 255 /* of one or two taps; sums of so many products of i16 and i8 fit an int32 */

typedef struct {
  int64_t line;       /* elements of one remainder of one row of x */
  int64_t pitch;      /* elements of one row of x */
  int64_t rows;       /* of y in a strip */
  int64_t strip_rows; /* of x in a strip */
} depthwise_integer_layout;

static depthwise_integer_layout depthwise_integer_layout_of(const kernel_conv_integer *p) {
  depthwise_integer_layout layout;
  const int64_t reach = (p->kernel[2] - 1) * p->dilation[2];
  layout.line = kernel_ceil_divide(p->out[2], 2 * LANES) * 2 * LANES + reach / p->stride[2] + 2;
  layout.pitch = layout.line * p->stride[2];
  const int64_t window = (p->kernel[1] - 1) * p->dilation[1] + 1;
  const int64_t by_strip = (DEPTHWISE_STRIP_WORDS / layout.pitch - window) / p->stride[1] + 1;
  layout.rows = kernel_most(1, kernel_least(p->out[1], kernel_least(by_strip, DEPTHWISE_RESULT_WORDS / p->out[2])));
  layout.strip_rows = (layout.rows - 1) * p->stride[1] + window;
  return layout;
}

static kernel_work depthwise_integer_work(const void *arguments) {
  const kernel_conv_integer *p = arguments;
  const depthwise_integer_layout layout = depthwise_integer_layout_of(p);
  const int64_t strip = kernel_ceil_divide(layout.pitch * layout.strip_rows, 32) * 32 + 2 * LANES;
  return (kernel_work){p->batch * p->outputs * kernel_ceil_divide(p->out[1], layout.rows),
                       (size_t)strip * sizeof(int16_t) + (size_t)(layout.rows * p->out[2] + 2 * LANES) * sizeof(int32_t)};
}

/* y[i] = x[i * stride] less the zero point, as int16; whole chunks of y where x, which ends at `end`, has as many. */
static void depthwise_integer_widen(const char *x, const char *end, uint32_t element, int64_t stride, int64_t n, int16_t zero, int16_t *y) {
  const int64_t bytes = kernel_element_bytes(element), chunk = INTEGER_CHUNK * stride * bytes;
  int64_t i = 0;
  if (stride == 1) {
    for (; i < n && end - (x + i * bytes) >= chunk; i += INTEGER_CHUNK) integer_widen(x + i * bytes, element, INTEGER_CHUNK, zero, y + i);
  } else if (stride == 2 && bytes == 1) {
    for (; i < n && end - (x + 2 * i) >= chunk; i += INTEGER_CHUNK) {
      integer_chunk words;
      memcpy(&words, x + 2 * i, sizeof words);
      words = (element == INGOT_I8 ? (words << 8) >> 8 : words & 0xff) - zero;
      memcpy(y + i, &words, sizeof words);
    }
  }
  for (; i < n; i++) y[i] = (int16_t)(kernel_load_integer(x, element, i * stride) - zero);
}

/* Whole chunks. */
KERNEL_INLINE void depthwise_integer_pad(int16_t value, int64_t n, int16_t *y) {
  const integer_chunk words = (integer_chunk){0} + value;
  for (int64_t i = 0; i < n; i += INTEGER_CHUNK) memcpy(y + i, &words, sizeof words);
}

/* Rows [h0, h0 + count) of x, counted from the top of the padding. Each line may reach into the next, which follows. */
static void depthwise_integer_fill(const kernel_conv_integer *p, const depthwise_integer_layout *layout, int64_t plane, int64_t h0, int64_t count,
                                   int16_t *strip) {
  const int64_t stride = p->stride[2], size = p->in[1] * p->in[2];
  const int16_t zero = (int16_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  const int16_t padding = p->x_element == INGOT_I16 ? zero : 0, less = p->x_element == INGOT_I16 ? 0 : zero;
  const char *x_end = kernel_at(p->x, p->x_element, p->batch * p->inputs * size);
  int64_t first[DEPTHWISE_MAX_STRIDE], end[DEPTHWISE_MAX_STRIDE];
  for (int64_t remainder = 0; remainder < stride; remainder++)
    kernel_valid_range(remainder - p->begin[2], stride, p->in[2], layout->line, &first[remainder], &end[remainder]);
  for (int64_t r = 0; r < count; r++) {
    const int64_t h = h0 + r - p->begin[1];
    for (int64_t remainder = 0; remainder < stride; remainder++) {
      int16_t *line = strip + r * layout->pitch + remainder * layout->line;
      const int64_t low = first[remainder], high = h >= 0 && h < p->in[1] ? end[remainder] : low;
      depthwise_integer_pad(padding, low, line);
      if (high > low) {
        const char *x = kernel_at(p->x, p->x_element, plane * size + h * p->in[2] + low * stride + remainder - p->begin[2]);
        depthwise_integer_widen(x, x_end, p->x_element, stride, high - low, less, line + low);
      }
      depthwise_integer_pad(padding, layout->line - high, line + high);
    }
  }
}

/* The products of one step: taps `tap` and, unless negative, `next`, of which the former reads the line at `offset`. */
typedef struct {
  int64_t offset;
  int tap, next;
} depthwise_integer_step;

/* Steps over all taps; the columns of a row of taps follow one another by remainder. */
static int depthwise_integer_steps(const kernel_conv_integer *p, const depthwise_integer_layout *layout, depthwise_integer_step *steps) {
  int count = 0;
  const int64_t stride = p->stride[2], dilation = p->dilation[2];
  for (int64_t row = 0; row < p->kernel[1]; row++) {
    const int64_t top = row * p->dilation[1] * layout->pitch;
    for (int64_t remainder = 0; remainder < stride; remainder++) {
      for (int64_t c = 0; c < p->kernel[2]; c++) {
        if (c * dilation % stride != remainder) continue;
        const int64_t offset = top + remainder * layout->line + c * dilation / stride, tap = row * p->kernel[2] + c;
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

/* One row of y, whole vectors. The count is a constant after inlining, or 0. */
KERNEL_INLINE void depthwise_integer_row(const int fixed, int count, const int16_t *top, const int64_t *offset, const int32_t *factors, int64_t n,
                                         int32_t *y) {
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

/* Rows of y from a strip, one behind the other. */
static void depthwise_integer_rows(const kernel_conv_integer *p, const depthwise_integer_layout *layout, int64_t rows, const int16_t *strip,
                                   int count, const int64_t *offset, const int32_t *factors, int32_t *y) {
  for (int64_t r = 0; r < rows; r++) {
    const int16_t *top = strip + r * p->stride[1] * layout->pitch;
    int32_t *row = y + r * p->out[2];
    switch (count) {
      case 6: depthwise_integer_row(6, 6, top, offset, factors, p->out[2], row); break;
      case 15: depthwise_integer_row(15, 15, top, offset, factors, p->out[2], row); break;
      default: depthwise_integer_row(0, count, top, offset, factors, p->out[2], row); break;
    }
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

/* Results of n sums of one channel, to all of which `term` is added. */
static void depthwise_integer_finish(const kernel_conv_integer *p, int64_t channel, int64_t term, int32_t *sums, int64_t n, int64_t first) {
  const int is_long = p->x_element == INGOT_I16;
  for (int64_t i = 0; i < n && is_long; i++) sums[i] = (int32_t)kernel_most(kernel_least(sums[i] + term, INT32_MAX), INT32_MIN);
  const int32_t rest = is_long ? 0 : (int32_t)(uint32_t)term;
#if RESCALING_VECTORS
  rescaling_vector vector;
  const int64_t own = p->rescaling.per_channel ? channel : 0;
  const int way = p->rescaling.multiplier == NULL ? RESCALING_SCALAR : rescaling_prepare(&p->rescaling, n, own, 0, &vector);
  if (way != RESCALING_SCALAR) {
    rescale_prepared(&p->rescaling, &vector, way, rest, sums, n, 0, p->y, first);
    return;
  }
#endif
  for (int64_t i = 0; i < n && rest != 0; i++) sums[i] = (int32_t)((uint32_t)sums[i] + (uint32_t)rest);
  if (p->rescaling.multiplier == NULL) {
    memcpy((int32_t *)p->y + first, sums, (size_t)n * sizeof *sums);
    return;
  }
  for (int64_t i = 0; i < n; i += RESCALING_BLOCK)
    rescale_block(&p->rescaling, sums + i, kernel_least(RESCALING_BLOCK, n - i), channel, 0, p->y, first + i);
}

static void depthwise_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_conv_integer *p = arguments;
  const depthwise_integer_layout layout = depthwise_integer_layout_of(p);
  const int64_t strips = kernel_ceil_divide(p->out[1], layout.rows), multiplier = p->outputs / p->group;
  int16_t *strip = scratch;
  int32_t *sums = (int32_t *)(void *)(strip + kernel_ceil_divide(layout.pitch * layout.strip_rows, 32) * 32 + 2 * LANES);
  depthwise_integer_step steps[DEPTHWISE_MAX_STEPS];
  const int count = depthwise_integer_steps(p, &layout, steps);
  int64_t offset[DEPTHWISE_MAX_STEPS];
  int32_t factors[DEPTHWISE_MAX_STEPS];
  for (int s = 0; s < count; s++) offset[s] = steps[s].offset;
  const int64_t kept = p->x_element == INGOT_I16 ? kernel_load_integer(p->x_zero, p->x_element, 0) : 0;
  for (int64_t item = begin; item < end; item++) {
    const int64_t channel = item / strips % p->outputs, image = item / strips / p->outputs;
    const int64_t row0 = item % strips * layout.rows, rows = kernel_least(layout.rows, p->out[1] - row0);
    const int64_t plane = image * p->inputs + channel / multiplier;
    depthwise_integer_fill(p, &layout, plane, row0 * p->stride[1],
                           (rows - 1) * p->stride[1] + (p->kernel[1] - 1) * p->dilation[1] + 1, strip);
    const int64_t sum = depthwise_integer_factors(p, channel, steps, count, factors);
    depthwise_integer_rows(p, &layout, rows, strip, count, offset, factors, sums);
    depthwise_integer_finish(p, channel, (p->bias == NULL ? 0 : p->bias[channel]) - kept * sum, sums, rows * p->out[2],
                             ((image * p->outputs + channel) * p->out[1] + row0) * p->out[2]);
  }
}
