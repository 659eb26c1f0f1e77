/* Recurrent layers on integers against their definition, one number at a time. */
#include "rescaled.h"

#include <string.h>

static int64_t shorted(int64_t x) { return x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x; }
static int64_t fraction(int64_t a, int64_t b) { return shorted(rounded_quotient(a * b, 15, INGOT_RESCALE_HALF_UP)); }

/* Inputs of a case, by name. */
typedef struct {
  const array *gates, *r, *bias, *multiplier, *shift, *h0, *c0, *tables, *q, *peepholes, *lengths; /* q, peepholes: the first of three */
} operands;

static int64_t scaled(int64_t v, const array *multiplier, const array *shift, int64_t row) {
  int64_t s = (int64_t)shift->values[row];
  s = s < 0 ? 0 : s > 62 ? 62 : s;
  return rounded_quotient(v * (int64_t)multiplier->values[row], s, INGOT_RESCALE_HALF_UP);
}

static int64_t looked_up(const operands *o, int table, int64_t x, int64_t shift) {
  const int64_t place = shorted(shorted(x) * ((int64_t)1 << shift)) + 32768, low = place / 128, rest = place % 128;
  const double *entries = o->tables->values + table * 513;
  return rounded_quotient((int64_t)entries[low] * (128 - rest) + (int64_t)entries[low + 1] * rest, 7, INGOT_RESCALE_HALF_UP);
}

static int64_t narrowed(const operands *o, int64_t state) {
  const int64_t q = scaled(state, o->q, o->q + 1, 0) + (int64_t)o->q[2].values[0];
  return q < -128 ? -128 : q > 127 ? 127 : q;
}

/* What a row of the weights makes of n numbers. */
static int64_t product(const operands *o, int64_t row, const int64_t *q, int n) {
  uint32_t sum = (uint32_t)(int64_t)o->bias->values[row];
  for (int k = 0; k < n; k++) sum += (uint32_t)((int64_t)o->r->values[row * n + k] * q[k]);
  return shorted(scaled((int32_t)sum, o->multiplier, o->shift, row));
}

static int64_t seen(const operands *o, int64_t place, int64_t cell) {
  if (o->peepholes == NULL) return 0;
  return shorted(scaled((int64_t)o->peepholes->values[place] * cell, o->peepholes + 1, o->peepholes + 2, 0));
}

#define MOST 80

/* One step of a sequence: `x` are its gates' inputs, `base` the first row of the direction. */
static void step(const operands *o, const ingot_recurrent_integer_attributes *a, const double *x, int64_t d, int n, int64_t *h, int64_t *c) {
  const int gates = a->kind == INGOT_RECURRENT_LSTM ? 4 : a->kind == INGOT_RECURRENT_GRU ? 3 : 1;
  const int64_t base = d * gates * n, half = 3 * n * d, e = a->cell_exponent;
  int64_t q[MOST], old[MOST], reset[MOST], update[MOST];
  for (int i = 0; i < n; i++) q[i] = narrowed(o, h[i]), old[i] = h[i];
#define SUM(gate, i) ((int64_t)x[(gate) * n + (i)] + product(o, base + (gate) * n + (i), q, n))
#define F(v) looked_up(o, 0, v, a->gate_shift)
  for (int i = 0; i < n; i++) {
    if (a->kind == INGOT_RECURRENT_RNN) {
      h[i] = F(SUM(0, i));
    } else if (a->kind == INGOT_RECURRENT_GRU) {
      update[i] = F(SUM(0, i)), reset[i] = F(SUM(1, i));
    } else {
      const int64_t input = F(SUM(0, i) + seen(o, half + i, c[i]));
      const int64_t forget = a->input_forget ? 32768 - input : F(SUM(2, i) + seen(o, half + 2 * n + i, c[i]));
      const int64_t fresh = looked_up(o, 1, SUM(3, i), a->gate_shift);
      c[i] = shorted(rounded_quotient(forget * c[i] * ((int64_t)1 << e) + input * fresh, 15 + e, INGOT_RESCALE_HALF_UP));
      h[i] = fraction(F(SUM(1, i) + seen(o, half + n + i, c[i])), looked_up(o, 2, c[i], a->cell_shift));
    }
  }
  if (a->kind != INGOT_RECURRENT_GRU) return;
  for (int i = 0; i < n && !a->linear_before_reset; i++) q[i] = narrowed(o, fraction(reset[i], old[i]));
  for (int i = 0; i < n; i++) {
    const int64_t p = product(o, base + 2 * n + i, q, n), given = (int64_t)x[2 * n + i];
    const int64_t fresh = looked_up(o, 1, given + (a->linear_before_reset ? fraction(reset[i], p) : p), a->gate_shift);
    h[i] = shorted(rounded_quotient((32768 - update[i]) * fresh + update[i] * old[i], 15, INGOT_RESCALE_HALF_UP));
  }
#undef SUM
#undef F
}

static void define(opcase *c, const operands *o, const ingot_recurrent_integer_attributes *a) {
  const builder_type *type = &c->expected.type;
  const int64_t steps = (int64_t)type->dims[0], directions = (int64_t)type->dims[1], batch = (int64_t)type->dims[2];
  const int n = (int)type->dims[3];
  const int64_t width = (int64_t)o->gates->type.dims[2] / directions;
  for (int64_t d = 0; d < directions; d++) {
    for (int64_t s = 0; s < batch; s++) {
      int64_t h[MOST], cell[MOST] = {0}, length = steps;
      for (int i = 0; i < n; i++) {
        h[i] = (int64_t)o->h0->values[(d * batch + s) * n + i];
        if (o->c0 != NULL) cell[i] = (int64_t)o->c0->values[(d * batch + s) * n + i];
      }
      if (o->lengths != NULL) length = (int64_t)o->lengths->values[s];
      length = length < 0 ? 0 : length > steps ? steps : length;
      for (int64_t k = 0; k < length; k++) {
        const int64_t t = a->direction == INGOT_DIRECTION_REVERSE || d == 1 ? length - 1 - k : k;
        step(o, a, o->gates->values + ((t * batch + s) * directions + d) * width, d, n, h, cell);
        for (int i = 0; i < n; i++) c->expected.values[((t * directions + d) * batch + s) * n + i] = (double)h[i];
      }
    }
  }
}

static const array *input(opcase *c, builder_type type, uint64_t *seed, bool usual, double low, double high) {
  array *x = &c->inputs[c->input_count++];
  *x = usual ? array_random(type, seed, low, high) : any_integers(type, seed);
  return x;
}

void test_recurrent(void) {
  uint64_t seed = 59;
  for (int n = 0; n < 90; n++) {
    ingot_recurrent_integer_attributes a = {.kind = n % 3, .direction = n / 3 % 3, .linear_before_reset = n % 4 == 0,
                                            .gate_shift = n % 5 == 4 ? 15 : n % 5, .cell_exponent = n % 7 == 6 ? 15 : n % 7,
                                            .cell_shift = n % 4 == 3 ? 15 : n % 4};
    const bool lstm = a.kind == INGOT_RECURRENT_LSTM, usual = n % 10 != 9;
    a.input_forget = lstm && n % 2 == 1, a.peepholes = lstm && n % 4 > 1, a.lengths = n % 5 > 2;
    const int gates = lstm ? 4 : a.kind == INGOT_RECURRENT_GRU ? 3 : 1, tables = lstm ? 3 : a.kind == INGOT_RECURRENT_GRU ? 2 : 1;
    const int steps = 1 + (int)random_below(&seed, 4), batch = 1 + (int)random_below(&seed, 6), hidden = 1 + (int)random_below(&seed, MOST);
    const int directions = a.direction == INGOT_DIRECTION_BIDIRECTIONAL ? 2 : 1, width = gates * hidden;
    opcase c = {.name = "recurrent_integer", .opcode = INGOT_OP_RECURRENT_INTEGER};
    const builder_type state = type_of(INGOT_I16, 3, directions, batch, hidden), one = type_of(INGOT_I32, 0), byte = type_of(INGOT_I8, 0);
    operands o = {0};
    o.gates = input(&c, type_of(INGOT_I16, 3, steps, batch, directions * width), &seed, usual, -12000, 12000);
    o.r = input(&c, type_of(INGOT_I8, 3, directions, width, hidden), &seed, false, 0, 0);
    o.bias = input(&c, type_of(INGOT_I32, 2, directions, width), &seed, usual, -9000, 9000);
    o.multiplier = input(&c, type_of(INGOT_I32, 2, directions, width), &seed, usual, 0x1p30, 0x1p31 - 1);
    o.shift = input(&c, type_of(INGOT_I8, 2, directions, width), &seed, usual, n % 6 == 5 ? 30 : 32, 36);
    o.h0 = input(&c, state, &seed, false, 0, 0);
    if (lstm) o.c0 = input(&c, state, &seed, false, 0, 0);
    o.tables = input(&c, type_of(INGOT_I16, 2, tables, 513), &seed, false, 0, 0);
    o.q = input(&c, one, &seed, usual, 0x1p30, 0x1p31 - 1);
    input(&c, byte, &seed, usual, 38, 39);
    input(&c, byte, &seed, usual, -30, 30);
    if (a.peepholes) {
      o.peepholes = input(&c, type_of(INGOT_I16, 2, directions, 3 * hidden), &seed, false, 0, 0);
      input(&c, one, &seed, usual, 0x1p30, 0x1p31 - 1);
      input(&c, byte, &seed, usual, 44, 47);
    }
    if (a.lengths) o.lengths = input(&c, type_of(INGOT_I32, 1, batch), &seed, true, -1, steps + 1);
    opcase_attributes(&c, &a, sizeof a);
    c.others[c.other_count++] = state;
    if (lstm) c.others[c.other_count++] = state;
    c.expected = array_create(type_of(INGOT_I16, 4, steps, directions, batch, hidden));
    define(&c, &o, &a);
    opcase_run(&c);
  }
}
