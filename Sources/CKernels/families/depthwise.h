/* Convolution of one input channel for each output channel, over rows and columns. A strip of x is copied, padded with
 * zeros and with its columns sorted by their remainder by the stride, so that every tap reads whole vectors. */

#define DEPTHWISE_STRIP_FLOATS 16384
#define DEPTHWISE_RESULT_FLOATS 8192

typedef struct {
  int64_t line;  /* floats of one remainder of one row of x */
  int64_t pitch; /* floats of one row of x */
  int64_t rows;  /* of y in a strip */
  int64_t strip_rows; /* of x in a strip */
} depthwise_layout;

static depthwise_layout depthwise_layout_of(const kernel_convolution *p) {
  depthwise_layout layout;
  const int64_t reach = (p->kernel[2] - 1) * p->dilation[2];
  const int64_t vectors = kernel_ceil_divide(p->out[2], LANES) * LANES;
  layout.line = vectors + reach / p->stride[2] + 1;
  layout.pitch = layout.line * p->stride[2];
  const int64_t window = (p->kernel[1] - 1) * p->dilation[1] + 1;
  const int64_t by_strip = (DEPTHWISE_STRIP_FLOATS / layout.pitch - window) / p->stride[1] + 1;
  const int64_t by_result = DEPTHWISE_RESULT_FLOATS / p->out[2];
  layout.rows = kernel_most(1, kernel_least(p->out[1], kernel_least(by_strip, by_result)));
  layout.strip_rows = (layout.rows - 1) * p->stride[1] + window;
  return layout;
}

static kernel_work depthwise_work(const void *arguments) {
  const kernel_convolution *p = arguments;
  const depthwise_layout layout = depthwise_layout_of(p);
  const int64_t floats_needed = layout.pitch * layout.strip_rows + layout.rows * p->out[2] + 2 * LANES;
  return (kernel_work){p->batch * p->outputs * kernel_ceil_divide(p->out[1], layout.rows),
                       (size_t)floats_needed * sizeof(float)};
}

/* Rows [h0, h0 + count) of a plane of x, counted from the top of the padding. */
static void depthwise_fill(const kernel_convolution *p, const depthwise_layout *layout, int64_t plane, int64_t h0, int64_t count,
                           float *strip) {
  const int64_t stride = p->stride[2], width = p->in[2];
  for (int64_t r = 0; r < count; r++) {
    float *row = strip + r * layout->pitch;
    const int64_t h = h0 + r - p->begin[1];
    if (h < 0 || h >= p->in[1]) {
      memset(row, 0, (size_t)layout->pitch * sizeof(float));
      continue;
    }
    for (int64_t remainder = 0; remainder < stride; remainder++) {
      float *line = row + remainder * layout->line;
      int64_t first, end;
      kernel_valid_range(remainder - p->begin[2], stride, width, layout->line, &first, &end);
      const int64_t start = kernel_ring_row(&p->x_ring, p->in[1], plane, h) * width + first * stride + remainder - p->begin[2];
      for (int64_t j = 0; j < first; j++) line[j] = 0;
      if (stride == 1) {
        if (end > first) widen(kernel_at(p->x, p->x_element, start), p->x_element, end - first, line + first);
      } else if (p->x_element == INGOT_F32 && stride == 2) {
        const float *x = (const float *)p->x + start;
        for (int64_t j = first; j < end; j++) line[j] = x[(j - first) * 2];
      } else {
        for (int64_t j = first; j < end; j++)
          line[j] = one_float(p->x, p->x_element, start + (j - first) * stride);
      }
      for (int64_t j = end; j < layout->line; j++) line[j] = 0;
    }
  }
}

/* One row of y into `result`, whole vectors. Taps are constants after inlining, or 0. */
KERNEL_INLINE void depthwise_row(const int fixed, const kernel_convolution *p, const float *top, int64_t line_pitch,
                                 const int64_t *offset, const float *taps, float bias, float *result) {
  const int64_t rows = fixed ? fixed : p->kernel[1], columns = fixed ? fixed : p->kernel[2];
  for (int64_t j = 0; j < p->out[2]; j += LANES) {
    vf sum = v_set(bias);
    for (int64_t r = 0; r < rows; r++) {
      const float *line = top + r * line_pitch + j;
      for (int64_t c = 0; c < columns; c++)
        sum = v_fma(v_set(taps[r * columns + c]), v_load(line + offset[c]), sum);
    }
    v_store(result + j, sum);
  }
}

/* Three by three, four rows of lines at most in flight: the taps stay in registers along the row. */
KERNEL_INLINE void depthwise_row_3(const kernel_convolution *p, const float *top, int64_t line_pitch,
                                   const int64_t *offset, const float *taps, float bias, float *result) {
  vf tap[9];
  KERNEL_UNROLL
  for (int t = 0; t < 9; t++) tap[t] = v_set(taps[t]);
  const float *a = top + offset[0], *b = top + offset[1], *c = top + offset[2];
  const int64_t second = line_pitch, third = 2 * line_pitch;
  for (int64_t j = 0; j < p->out[2]; j += LANES) {
    vf sum = v_set(bias);
    sum = v_fma(tap[0], v_load(a + j), sum);
    sum = v_fma(tap[1], v_load(b + j), sum);
    sum = v_fma(tap[2], v_load(c + j), sum);
    vf other = tap[3] * v_load(a + second + j);
    other = v_fma(tap[4], v_load(b + second + j), other);
    other = v_fma(tap[5], v_load(c + second + j), other);
    sum = v_fma(tap[6], v_load(a + third + j), sum);
    sum = v_fma(tap[7], v_load(b + third + j), sum);
    sum = v_fma(tap[8], v_load(c + third + j), sum);
    v_store(result + j, sum + other);
  }
}

#define DEPTHWISE_MAX_TAPS 1024

static void depthwise_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_convolution *p = arguments;
  const depthwise_layout layout = depthwise_layout_of(p);
  const int64_t strips = kernel_ceil_divide(p->out[1], layout.rows);
  const int64_t taps = p->kernel[1] * p->kernel[2], multiplier = p->outputs / p->group;
  const stored rows_of_w = {p->w, p->w_element, 0, p->storage};
  float *strip = scratch, *result = strip + layout.pitch * layout.strip_rows;
  int64_t offset[DEPTHWISE_MAX_TAPS];
  float weights[DEPTHWISE_MAX_TAPS];
  for (int64_t c = 0; c < p->kernel[2]; c++) {
    const int64_t reach = c * p->dilation[2];
    offset[c] = reach % p->stride[2] * layout.line + reach / p->stride[2];
  }
  const int64_t line_pitch = p->dilation[1] * layout.pitch;
  for (int64_t item = begin; item < end; item++) {
    const int64_t channel = item / strips % p->outputs, image = item / strips / p->outputs;
    const int64_t row0 = item % strips * layout.rows, rows = kernel_least(layout.rows, p->out[1] - row0);
    const int64_t plane = image * p->inputs + channel / multiplier;
    depthwise_fill(p, &layout, plane, row0 * p->stride[1],
                   (rows - 1) * p->stride[1] + (p->kernel[1] - 1) * p->dilation[1] + 1, strip);
    if (p->storage.bits != 0) stored_widen(&rows_of_w, channel, 0, taps, weights);
    else widen(kernel_at(p->w, p->w_element, channel * taps), p->w_element, taps, weights);
    const float bias = p->bias == NULL ? 0 : one_float(p->bias, p->bias_element, channel);
    for (int64_t r = 0; r < rows; r++) {
      const float *top = strip + r * p->stride[1] * layout.pitch;
      float *target = result + r * p->out[2];
      if (p->kernel[1] == 3 && p->kernel[2] == 3) {
        depthwise_row_3(p, top, line_pitch, offset, weights, bias, target);
      } else if (p->kernel[1] == 5 && p->kernel[2] == 5) {
        depthwise_row(5, p, top, line_pitch, offset, weights, bias, target);
      } else if (p->kernel[1] == 7 && p->kernel[2] == 7) {
        depthwise_row(7, p, top, line_pitch, offset, weights, bias, target);
      } else {
        depthwise_row(0, p, top, line_pitch, offset, weights, bias, target);
      }
    }
    const int64_t count = rows * p->out[2];
    activate(&p->activation, result, kernel_ceil_divide(count, LANES) * LANES);
    const int64_t y = kernel_ring_row(&p->y_ring, p->out[1], image * p->outputs + channel, row0) * p->out[2];
    narrow(result, count, kernel_at_mutable(p->y, p->y_element, y), p->y_element);
  }
}
