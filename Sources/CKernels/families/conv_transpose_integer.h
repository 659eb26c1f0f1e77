/* Transposed convolution of integers. Output positions of one phase (the remainder of position + pad by the stride on each axis)
 * are reached by the same taps: each phase is a convolution with those, of stride 1, whose positions lie a stride apart in y. */

typedef struct {
  transpose_phase phase[3];
  integer_taps taps;
} transpose_integer_phase;

static int64_t transpose_integer_phases(const kernel_conv_integer *p) {
  int64_t count = 1;
  for (int axis = 0; axis < 3; axis++) count *= kernel_least(p->stride[axis], p->out[axis]);
  return count;
}

static transpose_integer_phase transpose_integer_phase_of(const kernel_conv_integer *p, int64_t index) {
  transpose_integer_phase result;
  integer_taps *t = &result.taps;
  for (int axis = 2; axis >= 0; axis--) {
    const int64_t phases = kernel_least(p->stride[axis], p->out[axis]);
    const transpose_phase phase = result.phase[axis] = transpose_phase_of(
        p->stride[axis], p->dilation[axis], p->begin[axis], p->kernel[axis], p->out[axis], index % phases);
    index /= phases;
    t->positions[axis] = phase.count, t->stride[axis] = 1, t->taps[axis] = phase.taps;
    t->first[axis] = (phase.first + p->begin[axis] - phase.tap * p->dilation[axis]) / p->stride[axis];
    t->step[axis] = -(phase.step * p->dilation[axis] / p->stride[axis]);
  }
  integer_finish_taps(t);
  return result;
}

static kernel_work conv_transpose_integer_work(const void *arguments) {
  const kernel_conv_integer *p = arguments;
  const int64_t phases = transpose_integer_phases(p);
  size_t strips = 0;
  for (int64_t i = 0; i < phases; i++) {
    const transpose_integer_phase phase = transpose_integer_phase_of(p, i);
    const size_t bytes = integer_strip_bytes(&phase.taps, integer_form_of(p->w_element, p->x_element), p->x_element);
    if (bytes > strips) strips = bytes;
  }
  return (kernel_work){p->batch * p->group * phases * kernel_ceil_divide(p->outputs / p->group, INTEGER_BLOCK_ROWS),
                       integer_scratch_bytes() + strips};
}

typedef struct {
  integer_window window; /* first: lines are a window's */
  const kernel_conv_integer *p;
  const transpose_phase *phase;
} transpose_integer_source;

/* The taps of a phase, gathered from w [inputs, outputs, taps] for one output. */
static void transpose_integer_row(const integer_product *g, int64_t m, int64_t k0, int64_t depth, void *buffer) {
  const transpose_integer_source *source = g->source;
  const kernel_conv_integer *p = source->p;
  const transpose_phase *phase = source->phase;
  const int64_t taps = phase[0].taps * phase[1].taps * phase[2].taps, outputs = p->outputs / p->group;
  for (int64_t k = 0; k < depth; k++) {
    int64_t rest = (k0 + k) % taps, tap = 0, weight = 1;
    for (int axis = 2; axis >= 0; axis--) {
      tap += (phase[axis].tap + rest % phase[axis].taps * phase[axis].step) * weight;
      weight *= p->kernel[axis];
      rest /= phase[axis].taps;
    }
    ((uint8_t *)buffer)[k] = ((const uint8_t *)g->a)[((k0 + k) / taps * outputs + m) * weight + tap];
  }
}

static void conv_transpose_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_conv_integer *p = arguments;
  const int64_t m = p->outputs / p->group, inputs = p->inputs / p->group, phases = transpose_integer_phases(p);
  const int64_t in_plane = p->in[0] * p->in[1] * p->in[2], in_pitch = p->in[0] * kernel_ring_pitch(&p->x_ring, p->in[1]) * p->in[2];
  const int64_t out_pitch = p->out[0] * kernel_ring_pitch(&p->y_ring, p->out[1]) * p->out[2];
  const int64_t all = p->kernel[0] * p->kernel[1] * p->kernel[2], down = kernel_ceil_divide(m, INTEGER_BLOCK_ROWS);
  integer_segment segments[INTEGER_BLOCK_COLUMNS];
  for (int64_t item = begin; item < end; item++) {
    const transpose_integer_phase phase = transpose_integer_phase_of(p, item % phases);
    const integer_taps *t = &phase.taps;
    const int64_t m0 = item / phases % down * INTEGER_BLOCK_ROWS, part = item / phases / down;
    const int64_t image = part / p->group, group = part % p->group;
    if (t->positions[0] * t->positions[1] * t->positions[2] == 0) continue;
    const integer_blocks b = integer_blocks_of(t);
    integer_tap_place places[INTEGER_TABLE_TAPS];
    const integer_tap_place *known = integer_tap_places_of(t, places);
    for (int64_t block = 0; block < b.count; block++) {
      transpose_integer_source source = {.window = integer_window_of(t, &b, block), .p = p, .phase = phase.phase};
      integer_window *w = &source.window;
      w->x = kernel_at(p->x, p->x_element, (image * p->inputs + group * inputs) * in_pitch);
      w->zero = p->x_zero, w->element = p->x_element, w->ring = p->x_ring, w->places = known, w->strips = (char *)scratch + integer_scratch_bytes();
      memcpy(w->in, p->in, sizeof w->in);
      int64_t at[3];
      for (int axis = 0; axis < 3; axis++) at[axis] = phase.phase[axis].first + w->start[axis] * p->stride[axis];
      const integer_place y = {&p->y_ring, p->out[1], p->out[2], at[0], at[1], at[2], p->stride[1], p->stride[2]};
      const int64_t count = integer_window_segments(w, &y, segments);
      const integer_product g = {
          .k = in_plane == 0 ? 0 : inputs * integer_all_taps(t), .row = transpose_integer_row, .prepare = integer_prepare_window,
          .line = integer_window_line, .source = &source, .a = kernel_at(p->w, p->w_element, group * inputs * m * all),
          .a_zero = conv_integer_w_zeros(p, group * m), .b_zero = p->x_zero, .a_element = p->w_element,
          .b_element = p->x_element, .a_zero_per_row = p->w_zero_per_output,
          .columns = (w->rows - 1) * w->pitch + w->columns, .segments = segments, .segment_count = count,
          .y = kernel_at_mutable(p->y, p->rescaling.y_element, (image * p->outputs + group * m) * out_pitch),
          .y_row = out_pitch, .bias = p->bias, .rescaling = &p->rescaling, .channel = group * m, .channels_in_rows = 1};
      integer_block(&g, m0, kernel_least(m0 + INTEGER_BLOCK_ROWS, m), scratch);
    }
  }
}
