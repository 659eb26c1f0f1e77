/* LSTM, GRU and RNN: one item runs all steps of a few sequences in one direction. */

#define RECURRENT_ROWS DOT_ROWS

/* Floats of one thread: bias and peepholes of the direction, widened weights, then for every sequence its states, its
 * gates, its products, and what the second product of a GRU reads. */
typedef struct {
  float *bias, *peepholes, *space;
  float *hidden[RECURRENT_ROWS], *cell[RECURRENT_ROWS], *gates[RECURRENT_ROWS], *product[RECURRENT_ROWS], *reset[RECURRENT_ROWS];
} recurrent_scratch;

KERNEL_INLINE int64_t recurrent_gate_count(const kernel_recurrent *p) { return p->kind == INGOT_RECURRENT_LSTM ? 4 : p->kind == INGOT_RECURRENT_GRU ? 3 : 1; }
KERNEL_INLINE int64_t recurrent_pitch(const kernel_recurrent *p) { return kernel_ceil_divide(p->hidden, 16) * 16; }

static kernel_work recurrent_work(const void *arguments) {
  const kernel_recurrent *p = arguments;
  const int64_t pitch = recurrent_pitch(p), gates = recurrent_gate_count(p);
  const int64_t floats_needed = pitch * (gates + 3 + 4) + RECURRENT_ROWS * pitch * (3 + 2 * gates);
  return (kernel_work){p->directions * kernel_ceil_divide(p->batch, RECURRENT_ROWS), sizeof(float) * (size_t)floats_needed};
}

static recurrent_scratch recurrent_layout(const kernel_recurrent *p, float *memory) {
  const int64_t pitch = recurrent_pitch(p), gates = recurrent_gate_count(p);
  recurrent_scratch s;
  s.bias = memory, memory += gates * pitch;
  s.peepholes = memory, memory += 3 * pitch;
  s.space = memory, memory += 4 * pitch;
  for (int r = 0; r < RECURRENT_ROWS; r++) {
    s.hidden[r] = memory, memory += pitch;
    s.cell[r] = memory, memory += pitch;
    s.reset[r] = memory, memory += pitch;
    s.gates[r] = memory, memory += gates * pitch;
    s.product[r] = memory, memory += gates * pitch;
  }
  return s;
}

/* product[r][gate] = state[r] · R + bias for `count` gates from `first` on. */
static void recurrent_multiply(const kernel_recurrent *p, const recurrent_scratch *s, int64_t direction, int rows, int64_t first,
                               int64_t count, float *const *state) {
  const int64_t pitch = recurrent_pitch(p), width = recurrent_gate_count(p) * p->hidden;
  const float *a[DOT_ROWS], *b[4];
  for (int r = 0; r < rows; r++) a[r] = state[r];
  for (int64_t gate = first; gate < first + count; gate++) {
    for (int64_t n = 0; n < p->hidden; n += 4) {
      const int columns = (int)kernel_least(4, p->hidden - n);
      vf sums[DOT_ROWS][4];
      for (int r = 0; r < DOT_ROWS; r++)
        for (int c = 0; c < 4; c++) sums[r][c] = v_set(0);
      for (int c = 0; c < 4; c++) {
        const int64_t row = direction * width + gate * p->hidden + n + c;
        b[c] = c < columns ? floats(p->r, p->r_element, row * p->hidden, p->hidden, s->space + c * pitch) : b[0];
      }
      switch (rows) {
        case 1: matmul_dot_stretch(1, p->hidden, a, b, sums); break;
        case 2: matmul_dot_stretch(2, p->hidden, a, b, sums); break;
        case 3: matmul_dot_stretch(3, p->hidden, a, b, sums); break;
        default: matmul_dot_stretch(4, p->hidden, a, b, sums); break;
      }
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++)
          s->product[r][gate * pitch + n + c] = v_sum(sums[r][c]) + s->bias[gate * pitch + n + c];
      }
    }
  }
}

KERNEL_INLINE void recurrent_add(float *x, const float *y, int64_t n) {
  for (int64_t i = 0; i < n; i += LANES) v_store(x + i, v_load(x + i) + v_load(y + i));
}
KERNEL_INLINE void recurrent_add_product(float *x, const float *a, const float *b, int64_t n) {
  for (int64_t i = 0; i < n; i += LANES) v_store(x + i, v_load(x + i) + v_load(a + i) * v_load(b + i));
}

KERNEL_INLINE void recurrent_activate(const kernel_recurrent *p, const kernel_activation *activation, float *x, int64_t n) {
  if (p->clip > 0) {
    const vf limit = v_set(p->clip);
    for (int64_t i = 0; i < n; i += LANES) v_store(x + i, v_min(limit, v_max(-limit, v_load(x + i))));
  }
  activate(activation, x, n);
}

static void recurrent_lstm(const kernel_recurrent *p, const recurrent_scratch *s, int r) {
  const int64_t pitch = recurrent_pitch(p);
  float *input = s->gates[r], *output = input + pitch, *forget = output + pitch, *new = forget + pitch;
  float *cell = s->cell[r], *hidden = s->hidden[r];
  recurrent_add(input, s->product[r], 4 * pitch);
  if (p->peepholes != NULL) {
    recurrent_add_product(input, s->peepholes, cell, pitch);
    recurrent_add_product(forget, s->peepholes + 2 * pitch, cell, pitch);
  }
  recurrent_activate(p, &p->f, input, pitch);
  if (p->input_forget) {
    for (int64_t i = 0; i < pitch; i++) forget[i] = 1.0f - input[i];
  } else {
    recurrent_activate(p, &p->f, forget, pitch);
  }
  recurrent_activate(p, &p->g, new, pitch);
  for (int64_t i = 0; i < pitch; i += LANES) {
    const vf kept = v_load(forget + i) * v_load(cell + i);
    v_store(cell + i, kept + v_load(input + i) * v_load(new + i));
  }
  if (p->peepholes != NULL) recurrent_add_product(output, s->peepholes + pitch, cell, pitch);
  recurrent_activate(p, &p->f, output, pitch);
  memcpy(hidden, cell, (size_t)pitch * sizeof(float));
  activate(&p->h_activation, hidden, pitch);
  for (int64_t i = 0; i < pitch; i += LANES) v_store(hidden + i, v_load(hidden + i) * v_load(output + i));
}

/* Update and reset gate; then reset holds r ⊙ H, the operand of the second product. */
static void recurrent_gru_gates(const kernel_recurrent *p, const recurrent_scratch *s, int r) {
  const int64_t pitch = recurrent_pitch(p);
  recurrent_add(s->gates[r], s->product[r], 2 * pitch);
  recurrent_activate(p, &p->f, s->gates[r], 2 * pitch);
  const float *reset = s->gates[r] + pitch;
  for (int64_t i = 0; i < pitch; i += LANES) v_store(s->reset[r] + i, v_load(reset + i) * v_load(s->hidden[r] + i));
}

static void recurrent_gru(const kernel_recurrent *p, const recurrent_scratch *s, int r) {
  const int64_t pitch = recurrent_pitch(p);
  float *update = s->gates[r], *reset = update + pitch, *new = reset + pitch, *hidden = s->hidden[r];
  const float *product = s->product[r] + 2 * pitch;
  if (p->linear_before_reset) recurrent_add_product(new, reset, product, pitch);
  else recurrent_add(new, product, pitch);
  recurrent_activate(p, &p->g, new, pitch);
  for (int64_t i = 0; i < pitch; i += LANES) {
    const vf z = v_load(update + i), fresh = (1.0f - z) * v_load(new + i);
    v_store(hidden + i, fresh + z * v_load(hidden + i));
  }
}

static void recurrent_rnn(const kernel_recurrent *p, const recurrent_scratch *s, int r) {
  const int64_t pitch = recurrent_pitch(p);
  recurrent_add(s->gates[r], s->product[r], pitch);
  recurrent_activate(p, &p->f, s->gates[r], pitch);
  memcpy(s->hidden[r], s->gates[r], (size_t)pitch * sizeof(float));
}

static int64_t recurrent_length(const kernel_recurrent *p, int64_t n) {
  if (p->lengths == NULL) return p->steps;
  return kernel_most(0, kernel_least(p->lengths[n], p->steps));
}

static void recurrent_sequences(const kernel_recurrent *p, const recurrent_scratch *s, int64_t direction, int64_t n0, int rows) {
  const int64_t pitch = recurrent_pitch(p), gates = recurrent_gate_count(p), hidden = p->hidden;
  const int reverse = p->direction == INGOT_DIRECTION_REVERSE || direction == 1;
  const size_t bytes = (size_t)(hidden * kernel_element_bytes(p->element));
  int64_t longest = 0;
  for (int r = 0; r < rows; r++) longest = kernel_most(longest, recurrent_length(p, n0 + r));
  for (int64_t step = 0; step < longest; step++) {
    recurrent_multiply(p, s, direction, rows, 0, p->kind == INGOT_RECURRENT_GRU && !p->linear_before_reset ? 2 : gates, s->hidden);
    for (int pass = 0; pass < 2; pass++) {
      for (int r = 0; r < rows; r++) {
        const int64_t length = recurrent_length(p, n0 + r);
        if (step >= length) continue;
        const int64_t t = reverse ? length - 1 - step : step;
        if (pass == 0) {
          const int64_t base = ((t * p->batch + n0 + r) * p->directions + direction) * gates * hidden;
          for (int64_t gate = 0; gate < gates; gate++)
            widen(kernel_at(p->gates, p->element, base + gate * hidden), p->element, hidden, s->gates[r] + gate * pitch);
          if (p->kind == INGOT_RECURRENT_GRU) recurrent_gru_gates(p, s, r);
          continue;
        }
        if (p->kind == INGOT_RECURRENT_LSTM) recurrent_lstm(p, s, r);
        else if (p->kind == INGOT_RECURRENT_GRU) recurrent_gru(p, s, r);
        else recurrent_rnn(p, s, r);
        narrow(s->hidden[r], hidden,
               kernel_at_mutable(p->y, p->element, ((t * p->directions + direction) * p->batch + n0 + r) * hidden), p->element);
      }
      if (pass == 0 && p->kind == INGOT_RECURRENT_GRU && !p->linear_before_reset) recurrent_multiply(p, s, direction, rows, 2, 1, s->reset);
    }
  }
  for (int r = 0; r < rows; r++) {
    const int64_t at = (direction * p->batch + n0 + r) * hidden;
    narrow(s->hidden[r], hidden, kernel_at_mutable(p->h, p->element, at), p->element);
    if (p->kind == INGOT_RECURRENT_LSTM) narrow(s->cell[r], hidden, kernel_at_mutable(p->c, p->element, at), p->element);
    for (int64_t t = recurrent_length(p, n0 + r); t < p->steps; t++)
      memset(kernel_at_mutable(p->y, p->element, ((t * p->directions + direction) * p->batch + n0 + r) * hidden), 0, bytes);
  }
}

static void recurrent_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_recurrent *p = arguments;
  const int64_t pitch = recurrent_pitch(p), gates = recurrent_gate_count(p), hidden = p->hidden;
  const int64_t groups = kernel_ceil_divide(p->batch, RECURRENT_ROWS);
  const recurrent_scratch s = recurrent_layout(p, scratch);
  for (int64_t item = begin; item < end; item++) {
    const int64_t direction = item / groups, n0 = item % groups * RECURRENT_ROWS;
    const int rows = (int)kernel_least(RECURRENT_ROWS, p->batch - n0);
    /* Lanes beyond the hidden units compute on zeros and are never stored. */
    memset(scratch, 0, recurrent_work(p).scratch_bytes);
    for (int64_t gate = 0; gate < gates; gate++)
      widen(kernel_at(p->bias, p->bias_element, (direction * gates + gate) * hidden), p->bias_element, hidden, s.bias + gate * pitch);
    for (int64_t gate = 0; gate < 3 && p->peepholes != NULL; gate++)
      widen(kernel_at(p->peepholes, p->peephole_element, (direction * 3 + gate) * hidden), p->peephole_element, hidden,
            s.peepholes + gate * pitch);
    for (int r = 0; r < rows; r++) {
      const int64_t at = (direction * p->batch + n0 + r) * hidden;
      widen(kernel_at(p->h0, p->h0_element, at), p->h0_element, hidden, s.hidden[r]);
      if (p->kind == INGOT_RECURRENT_LSTM) widen(kernel_at(p->c0, p->c0_element, at), p->c0_element, hidden, s.cell[r]);
    }
    recurrent_sequences(p, &s, direction, n0, rows);
  }
}
