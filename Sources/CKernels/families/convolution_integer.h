/* Convolution of integers as the product of w [outputs, inputs * taps] with the windows of x, in blocks of integer_gemm.h. */

static integer_taps conv_integer_taps(const kernel_conv_integer *p) {
  integer_taps t;
  for (int axis = 0; axis < 3; axis++) {
    t.positions[axis] = p->out[axis], t.stride[axis] = p->stride[axis], t.taps[axis] = p->kernel[axis];
    t.first[axis] = -p->begin[axis], t.step[axis] = p->dilation[axis];
  }
  integer_finish_taps(&t);
  return t;
}

/* Whether all rows lie one behind the other. */
KERNEL_INLINE int conv_integer_is_whole(const kernel_ring *ring, const int64_t extents[3]) {
  return ring->rows == 0 || (extents[0] == 1 && ring->first + extents[1] <= ring->rows);
}

/* A kernel of one tap with stride 1 and no padding multiplies x as it lies: its axes are one. */
static integer_taps conv_integer_merged_taps(const kernel_conv_integer *p) {
  integer_taps t = conv_integer_taps(p);
  if (!conv_integer_is_whole(&p->x_ring, p->in) || !conv_integer_is_whole(&p->y_ring, p->out)) return t;
  for (int axis = 0; axis < 3; axis++)
    if (p->kernel[axis] != 1 || p->stride[axis] != 1 || p->begin[axis] != 0 || p->in[axis] != p->out[axis]) return t;
  t.positions[2] *= t.positions[0] * t.positions[1];
  t.positions[0] = t.positions[1] = 1;
  return t;
}

static int64_t conv_integer_block_rows(const kernel_conv_integer *p, const integer_blocks *b) {
  return integer_block_rows(p->outputs / p->group, p->batch * p->group * b->count);
}

static kernel_work conv_integer_work(const void *arguments) {
  const kernel_conv_integer *p = arguments;
  const integer_taps t = conv_integer_merged_taps(p);
  const integer_blocks b = integer_blocks_of(&t);
  const int64_t down = kernel_ceil_divide(p->outputs / p->group, conv_integer_block_rows(p, &b));
  return (kernel_work){p->batch * p->group * down * b.count,
                       integer_scratch_bytes() + integer_strip_bytes(&t, integer_form_of(p->w_element, p->x_element), p->x_element)};
}

/* Zero points of the outputs from `output` on. */
static const void *conv_integer_w_zeros(const kernel_conv_integer *p, int64_t output) {
  return kernel_at(p->w_zero, p->w_element, p->w_zero_per_output ? output : 0);
}

static const void *conv_integer_plain_line(const integer_product *g, int64_t k, void *buffer) {
  const integer_window *w = g->source;
  const void *line = kernel_at(w->x, w->element, k * w->in[2] + w->start[2]);
  if (g->columns % PANEL == 0 && g->columns % INTEGER_CHUNK == 0) return line;
  return memcpy(buffer, line, (size_t)(g->columns * kernel_element_bytes(w->element)));
}

static void conv_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_conv_integer *p = arguments;
  const integer_taps t = conv_integer_merged_taps(p);
  const integer_blocks b = integer_blocks_of(&t);
  const int64_t m = p->outputs / p->group, inputs = p->inputs / p->group, rows = conv_integer_block_rows(p, &b);
  const int64_t down = kernel_ceil_divide(m, rows), k = inputs * integer_all_taps(&t);
  const int64_t in_plane = p->in[0] * p->in[1] * p->in[2], out_plane = p->out[0] * p->out[1] * p->out[2];
  const int64_t in_pitch = p->in[0] * kernel_ring_pitch(&p->x_ring, p->in[1]) * p->in[2];
  const int64_t out_pitch = p->out[0] * kernel_ring_pitch(&p->y_ring, p->out[1]) * p->out[2];
  const int plain = t.positions[2] == in_plane && t.positions[2] == out_plane && integer_all_taps(&t) == 1 && t.stride[2] == 1 && t.low[2] == 0;
  integer_segment segments[INTEGER_BLOCK_COLUMNS];
  integer_tap_place places[INTEGER_TABLE_TAPS];
  const integer_tap_place *known = plain ? NULL : integer_tap_places_of(&t, places);
  for (int64_t item = begin; item < end; item++) {
    const int64_t part = item / (down * b.count), m0 = item / b.count % down * rows;
    const int64_t image = part / p->group, output = part % p->group * m;
    integer_window w = integer_window_of(&t, &b, item % b.count);
    const int64_t x = (image * p->inputs + part % p->group * inputs) * in_pitch;
    w.x = kernel_at(p->x, p->x_element, plain ? x + p->x_ring.first * p->in[2] : x);
    w.zero = p->x_zero, w.element = p->x_element, w.ring = p->x_ring, w.places = known;
    memcpy(w.in, p->in, sizeof w.in);
    if (plain) w.in[0] = w.in[1] = 1, w.in[2] = in_pitch;
    w.strips = (char *)scratch + integer_scratch_bytes();
    const integer_place y = {&p->y_ring, p->out[1], p->out[2], w.start[0], w.start[1], w.start[2], 1, 1};
    const int64_t count = integer_window_segments(&w, &y, segments);
    const integer_product g = {
        .k = k, .prepare = plain ? NULL : integer_prepare_window, .line = plain ? conv_integer_plain_line : integer_window_line,
        .source = &w, .a = kernel_at(p->w, p->w_element, output * k), .a_row = k, .a_zero = conv_integer_w_zeros(p, output),
        .b_zero = p->x_zero, .a_element = p->w_element, .b_element = p->x_element, .a_zero_per_row = p->w_zero_per_output,
        .columns = (w.rows - 1) * w.pitch + w.columns, .segments = segments, .segment_count = count,
        .y = kernel_at_mutable(p->y, p->rescaling.y_element, (image * p->outputs + output) * out_pitch), .y_row = out_pitch,
        .bias = p->bias, .rescaling = &p->rescaling, .channel = output, .channels_in_rows = 1};
    integer_block(&g, m0, kernel_least(m0 + rows, m), scratch);
  }
}
