/* Transposed convolution. Output positions of one phase (the remainder of position + pad by the stride on each
 * axis) are reached by the same taps, so each phase is an ordinary convolution with those taps, computed as a matrix product
 * in blocks and scattered to its positions. */

typedef struct {
  const kernel_convolution *p;
  const void *x, *w; /* of the group */
  const transpose_phase *phase; /* of three axes */
} transpose_source;

static void transpose_pack(const void *context, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels) {
  const transpose_source *source = context;
  const kernel_convolution *p = source->p;
  const transpose_phase *phase = source->phase;
  const int64_t taps = phase[0].taps * phase[1].taps * phase[2].taps;
  for (int64_t n = 0; n < columns; n += PANEL) {
    int64_t place[3][PANEL];
    const int64_t valid = kernel_least(PANEL, columns - n);
    for (int64_t j = 0; j < valid; j++) {
      int64_t rest = n0 + n + j;
      for (int axis = 2; axis >= 0; axis--) {
        place[axis][j] = rest % phase[axis].count * p->stride[axis] + phase[axis].first + p->begin[axis];
        rest /= phase[axis].count;
      }
    }
    for (int64_t k = 0; k < depth; k++) {
      const int64_t channel = (k0 + k) / taps;
      int64_t rest = (k0 + k) % taps, shift[3];
      for (int axis = 2; axis >= 0; axis--) {
        shift[axis] = (phase[axis].tap + rest % phase[axis].taps * phase[axis].step) * p->dilation[axis];
        rest /= phase[axis].taps;
      }
      float *target = panels + n * depth + k * PANEL;
      for (int64_t j = 0; j < PANEL; j++) {
        target[j] = 0;
        if (j >= valid) continue;
        int64_t at[3];
        int inside = 1;
        for (int axis = 0; axis < 3; axis++) {
          const int64_t position = place[axis][j] - shift[axis];
          at[axis] = position / p->stride[axis];
          inside &= position >= 0 && at[axis] < p->in[axis];
        }
        if (!inside) continue;
        const int64_t row = kernel_ring_row(&p->x_ring, p->in[1], channel * p->in[0] + at[0], at[1]);
        target[j] = one_float(source->x, p->x_element, row * p->in[2] + at[2]);
      }
    }
  }
}

/* Rows of a: the taps of the phase, gathered from w [inputs, outputs, taps] for output channels [m0, m0 + rows). */
static void transpose_gather_taps(const transpose_source *source, int64_t outputs, int64_t m0, int64_t rows, int64_t k0,
                                  int64_t depth, float *a) {
  const kernel_convolution *p = source->p;
  const transpose_phase *phase = source->phase;
  const int64_t taps = phase[0].taps * phase[1].taps * phase[2].taps;
  const int64_t all = p->kernel[0] * p->kernel[1] * p->kernel[2];
  for (int64_t k = 0; k < depth; k++) {
    const int64_t channel = (k0 + k) / taps;
    int64_t rest = (k0 + k) % taps, tap = 0, weight = 1;
    for (int axis = 2; axis >= 0; axis--) {
      tap += (phase[axis].tap + rest % phase[axis].taps * phase[axis].step) * weight;
      weight *= p->kernel[axis];
      rest /= phase[axis].taps;
    }
    for (int64_t r = 0; r < rows; r++)
      a[r * depth + k] = one_float(source->w, p->w_element, (channel * outputs + m0 + r) * all + tap);
  }
}

#define TRANSPOSE_ROWS 48

static kernel_work conv_transpose_work(const void *arguments) {
  const kernel_convolution *p = arguments;
  int64_t items = p->batch * p->group * kernel_ceil_divide(p->outputs / p->group, TRANSPOSE_ROWS);
  for (int axis = 0; axis < 3; axis++) items *= kernel_least(p->stride[axis], p->out[axis]);
  return (kernel_work){items, gemm_scratch_bytes(0) + sizeof(float) * TRANSPOSE_ROWS * (DEPTH + BLOCK_COLUMNS)};
}

static void conv_transpose_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_convolution *p = arguments;
  const int64_t outputs = p->outputs / p->group, inputs = p->inputs / p->group;
  const int64_t in_plane = p->in[0] * p->in[1] * p->in[2], in_pitch = p->in[0] * kernel_ring_pitch(&p->x_ring, p->in[1]) * p->in[2];
  const int64_t out_pitch = p->out[0] * kernel_ring_pitch(&p->y_ring, p->out[1]) * p->out[2];
  const int64_t all = p->kernel[0] * p->kernel[1] * p->kernel[2];
  const int64_t down = kernel_ceil_divide(outputs, TRANSPOSE_ROWS);
  float *a = (float *)((char *)scratch + gemm_scratch_bytes(0));
  float *sums = a + TRANSPOSE_ROWS * DEPTH;
  for (int64_t item = begin; item < end; item++) {
    int64_t rest = item;
    transpose_phase phase[3];
    for (int axis = 2; axis >= 0; axis--) {
      const int64_t phases = kernel_least(p->stride[axis], p->out[axis]);
      phase[axis] = transpose_phase_of(p->stride[axis], p->dilation[axis], p->begin[axis], p->kernel[axis],
                                       p->out[axis], rest % phases);
      rest /= phases;
    }
    const int64_t m0 = rest % down * TRANSPOSE_ROWS, rows = kernel_least(TRANSPOSE_ROWS, outputs - m0);
    const int64_t group = rest / down % p->group, image = rest / down / p->group;
    const transpose_source source = {
        p, kernel_at(p->x, p->x_element, (image * p->inputs + group * inputs) * in_pitch),
        kernel_at(p->w, p->w_element, group * inputs * outputs * all), phase};
    const int64_t k = in_plane == 0 ? 0 : inputs * phase[0].taps * phase[1].taps * phase[2].taps;
    const int64_t n = phase[0].count * phase[1].count * phase[2].count;
    char *y = kernel_at_mutable(p->y, p->y_element, (image * p->outputs + group * outputs) * out_pitch);
    for (int64_t n0 = 0; n0 < n; n0 += BLOCK_COLUMNS) {
      const int64_t columns = kernel_least(BLOCK_COLUMNS, n - n0);
      memset(sums, 0, sizeof(float) * TRANSPOSE_ROWS * BLOCK_COLUMNS);
      for (int64_t k0 = 0; k0 < k; k0 += DEPTH) {
        const int64_t depth = kernel_least(DEPTH, k - k0);
        transpose_gather_taps(&source, outputs, m0, rows, k0, depth, a);
        float *panels = scratch;
        transpose_pack(&source, k0, depth, n0, columns, panels);
        for (int64_t m = 0; m < rows; m += TILE_ROWS) {
          const int tile_rows = (int)kernel_least(TILE_ROWS, rows - m);
          for (int64_t c = 0; c < columns; c += PANEL)
            gemm_tiles[tile_rows - 1][TILE_VECTORS - 1](depth, a + m * depth, depth, 1, panels + c * depth, PANEL,
                                                        sums + m * BLOCK_COLUMNS + c, BLOCK_COLUMNS, 1);
        }
      }
      for (int64_t r = 0; r < rows; r++) {
        float *row = sums + r * BLOCK_COLUMNS;
        const float bias = p->bias == NULL ? 0 : one_float(p->bias, p->bias_element, group * outputs + m0 + r);
        for (int64_t j = 0; j < BLOCK_COLUMNS; j += LANES) v_store(row + j, v_load(row + j) + bias);
        activate(&p->activation, row, BLOCK_COLUMNS);
        int64_t index[3] = {n0 / phase[2].count / phase[1].count, n0 / phase[2].count % phase[1].count, n0 % phase[2].count};
        for (int64_t j = 0; j < columns; j++) {
          const int64_t d = phase[0].first + index[0] * p->stride[0], h = phase[1].first + index[1] * p->stride[1];
          const int64_t w = phase[2].first + index[2] * p->stride[2];
          const int64_t at = kernel_ring_row(&p->y_ring, p->out[1], (m0 + r) * p->out[0] + d, h) * p->out[2] + w;
          narrow(row + j, 1, kernel_at_mutable(y, p->y_element, at), p->y_element);
          if (++index[2] == phase[2].count) {
            index[2] = 0;
            if (++index[1] == phase[1].count) index[1] = 0, index[0]++;
          }
        }
      }
    }
  }
}
