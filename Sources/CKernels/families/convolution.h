/* Convolution as a matrix product: w [outputs, inputs * taps] times the windows of x, which are packed block by block.
 * A kernel of one tap with stride 1 and no padding multiplies x as it lies. */

typedef struct {
  const kernel_convolution *p;
  const void *x; /* first input channel of the group */
} convolution_source;

/* Columns of one block that lie in one row of y. */
typedef struct {
  int64_t first, columns; /* in the block */
  int64_t depth, row, column; /* in y */
} convolution_segment;

static int64_t convolution_segments(const kernel_convolution *p, int64_t n0, int64_t columns,
                                    convolution_segment *segments) {
  int64_t count = 0, column = n0 % p->out[2], row = n0 / p->out[2] % p->out[1], depth = n0 / (p->out[2] * p->out[1]);
  for (int64_t j = 0; j < columns;) {
    const int64_t length = kernel_least(p->out[2] - column, columns - j);
    segments[count++] = (convolution_segment){j, length, depth, row, column};
    j += length;
    column = 0;
    if (++row == p->out[1]) row = 0, depth++;
  }
  return count;
}

static void convolution_pack(const void *context, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels) {
  const convolution_source *source = context;
  const kernel_convolution *p = source->p;
  convolution_segment segments[BLOCK_COLUMNS];
  const int64_t count = convolution_segments(p, n0, columns, segments);
  const int64_t padded = kernel_ceil_divide(columns, PANEL) * PANEL;
  float line[BLOCK_COLUMNS] __attribute__((aligned(64)));
  memset(line, 0, sizeof line);

  int64_t tap[3] = {k0 / p->kernel[2] / p->kernel[1] % p->kernel[0], k0 / p->kernel[2] % p->kernel[1], k0 % p->kernel[2]};
  int64_t channel = k0 / (p->kernel[0] * p->kernel[1] * p->kernel[2]);
  for (int64_t k = 0; k < depth; k++) {
    const int64_t shift[3] = {tap[0] * p->dilation[0] - p->begin[0], tap[1] * p->dilation[1] - p->begin[1],
                              tap[2] * p->dilation[2] - p->begin[2]};
    int64_t first, end;
    kernel_valid_range(shift[2], p->stride[2], p->in[2], p->out[2], &first, &end);
    for (int64_t s = 0; s < count; s++) {
      const convolution_segment *segment = &segments[s];
      float *target = line + segment->first;
      const int64_t d = segment->depth * p->stride[0] + shift[0], h = segment->row * p->stride[1] + shift[1];
      const int64_t low = kernel_least(kernel_most(first - segment->column, 0), segment->columns);
      const int64_t high = kernel_most(kernel_least(end - segment->column, segment->columns), low);
      if (d < 0 || d >= p->in[0] || h < 0 || h >= p->in[1] || low == high) {
        for (int64_t j = 0; j < segment->columns; j++) target[j] = 0;
        continue;
      }
      const int64_t stride = p->stride[2], row = kernel_ring_row(&p->x_ring, p->in[1], channel * p->in[0] + d, h);
      const int64_t start = row * p->in[2] + (segment->column + low) * stride + shift[2];
      for (int64_t j = 0; j < low; j++) target[j] = 0;
      if (stride == 1) {
        widen(kernel_at(source->x, p->x_element, start), p->x_element, high - low, target + low);
      } else if (p->x_element == INGOT_F32) {
        const float *x = (const float *)source->x + start;
        for (int64_t j = low; j < high; j++) target[j] = x[(j - low) * stride];
      } else {
        for (int64_t j = low; j < high; j++) target[j] = one_float(source->x, p->x_element, start + (j - low) * stride);
      }
      for (int64_t j = high; j < segment->columns; j++) target[j] = 0;
    }
    for (int64_t n = 0; n < padded; n += PANEL) {
      float *target = panels + n * depth + k * PANEL;
      for (int v = 0; v < PANEL; v += LANES) v_store(target + v, v_load(line + n + v));
    }
    for (int axis = 2; axis >= 0; axis--) {
      if (++tap[axis] < p->kernel[axis]) break;
      tap[axis] = 0;
      if (axis == 0) channel++;
    }
  }
}

KERNEL_INLINE int convolution_is_plain(const kernel_convolution *p) {
  if (kernel_ring_run(&p->x_ring, 0, p->in[1]) != p->in[1]) return 0;
  for (int axis = 0; axis < 3; axis++) {
    if (p->kernel[axis] != 1 || p->stride[axis] != 1 || p->begin[axis] != 0 || p->in[axis] != p->out[axis]) return 0;
  }
  return 1;
}

static kernel_work convolution_work(const void *arguments) {
  const kernel_convolution *p = arguments;
  const int64_t m = p->outputs / p->group, n = p->out[0] * p->out[1] * p->out[2], count = p->batch * p->group;
  const int64_t rows = gemm_block_rows(m, n, count);
  return (kernel_work){count * kernel_ceil_divide(m, rows) * kernel_ceil_divide(n, BLOCK_COLUMNS), gemm_scratch_bytes(p->w_panel)};
}

static void convolution_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_convolution *p = arguments;
  const int64_t m = p->outputs / p->group, n = p->out[0] * p->out[1] * p->out[2];
  const int64_t inputs = p->inputs / p->group, plane = p->in[0] * kernel_ring_pitch(&p->x_ring, p->in[1]) * p->in[2];
  const int64_t y_plane = p->out[0] * kernel_ring_pitch(&p->y_ring, p->out[1]) * p->out[2], y_first = p->y_ring.first * p->out[2];
  const int64_t k = inputs * p->kernel[0] * p->kernel[1] * p->kernel[2];
  const int64_t rows = gemm_block_rows(m, n, p->batch * p->group);
  const int64_t across = kernel_ceil_divide(n, BLOCK_COLUMNS), down = kernel_ceil_divide(m, rows);
  const int plain = convolution_is_plain(p);
  for (int64_t item = begin; item < end; item++) {
    const int64_t image = item / (across * down) / p->group, group = item / (across * down) % p->group;
    const int64_t m0 = item / across % down * rows, n0 = item % across * BLOCK_COLUMNS;
    const void *x = kernel_at(p->x, p->x_element, (image * p->inputs + group * inputs) * plane);
    const convolution_source source = {p, x};
    const stored weights = {p->w, p->w_element, group * m, p->storage};
    const void *first = kernel_at(x, p->x_element, p->x_ring.first * p->in[2]);
    const matmul_b whole = {.b = first, .element = p->x_element, .row = plane, .column = 1};
    const gemm g = {.k = k, .a = kernel_at(p->w, p->w_element, group * m * k), .a_element = p->w_element, .a_row = k,
                    .a_column = 1, .a_panel = p->w_panel, .m = m,
                    .a_stored = p->storage.bits == 0 ? NULL : &weights, .pack = plain ? matmul_pack : convolution_pack,
                    .pack_source = plain ? (const void *)&whole : (const void *)&source,
                    .b = plain && p->x_element == INGOT_F32 ? first : NULL, .b_row = plane,
                    .y = kernel_at_mutable(p->y, p->y_element, (image * p->outputs + group * m) * y_plane + y_first),
                    .y_element = p->y_element, .y_row = y_plane,
                    .bias = p->bias == NULL ? NULL : kernel_at(p->bias, p->bias_element, group * m),
                    .bias_element = p->bias_element, .bias_per_row = 1, .activation = p->activation};
    gemm_block(&g, m0, kernel_least(m0 + rows, m), n0, kernel_least(n0 + BLOCK_COLUMNS, n), scratch);
  }
}
