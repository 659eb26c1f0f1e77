/* Elementwise ops on quantized integers, against their definitions one element at a time. */
#include "rescaled.h"

#include <math.h>

/* Two roundings are defined of multipliers that stand for a scale. */
static uint64_t axis_attributes(opcase *c, int n, uint64_t axis) {
  c->attribute_count = 4;
  c->attributes[0] = axis;
  set_rescaling(c->attributes + 1, n);
  return axis;
}

/* Entry, or 128 times what lies between two of them, of one number. */
static int64_t looked_up(const array *table, uint8_t element, int64_t x) {
  if (element != INGOT_I16) return (int64_t)table->values[x - least_of(element)];
  const int64_t place = x + 32768, low = place / 128, rest = place % 128;
  return (int64_t)table->values[low] * (128 - rest) + (int64_t)table->values[low + 1] * rest;
}

static void lookups(void) {
  uint64_t seed = 37;
  for (int n = 0; n < 120; n++) {
    const uint8_t from = quantized_elements[n % 3], entry = from == INGOT_I16 ? INGOT_I16 : quantized_elements[n / 3 % 4];
    const uint8_t to = n % 5 == 0 ? entry : quantized_elements[n / 5 % 4];
    const int channels = n % 7 == 6 ? 600 : 1 + (int)random_below(&seed, 40), inner = n % 2 == 0 ? 1 : n % 3 == 0 ? 700 : 5;
    const builder_type type = type_of(from, 3, 2, channels, channels > 100 ? 1 : inner);
    opcase c = {.name = "lookup", .opcode = INGOT_OP_LOOKUP, .input_count = 2};
    c.inputs[0] = any_integers(type, &seed);
    c.inputs[1] = any_integers(type_of(entry, 1, from == INGOT_I16 ? 513 : 256), &seed);
    axis_attributes(&c, n % 5 == 0 ? 1 : n, 1);
    c.attributes[1] = n % 5 == 0 ? INGOT_RESCALE_HALF_UP : c.attributes[1];
    if (n % 5 != 0) add_parameters(&c, &seed, channels, n % 4 != 0, n % 8 != 7, to);
    builder_type result = type;
    result.element = to;
    c.expected = array_create(result);
    for (int64_t i = 0; i < type_count(type); i++) {
      const int64_t v = looked_up(&c.inputs[1], from, (int64_t)c.inputs[0].values[i]);
      if (n % 5 != 0) c.expected.values[i] = rescaled(&c, v, i / (int64_t)type.dims[2] % channels, c.attributes + 1);
      else c.expected.values[i] = from == INGOT_I16 ? floor((double)v / 128 + 0.5) : (double)v;
    }
    opcase_run(&c);
  }
}

/* Shapes of a and b that broadcast to y: both as it is, one of them without an axis, a row, a column, a number. */
#define PAIRS 7
static void pair_shapes(int n, int channels, int inner, uint8_t of_a, uint8_t of_b, builder_type *a, builder_type *b, builder_type *y) {
  *y = *a = type_of(of_a, 3, 2, channels, inner), *b = type_of(of_b, 3, 2, channels, inner);
  switch (n % PAIRS) {
    case 1: *b = type_of(of_b, 0); break;
    case 2: *b = type_of(of_b, 2, channels, 1); break;
    case 3: *a = type_of(of_a, 1, inner); break;
    case 4: *a = type_of(of_a, 3, 2, 1, inner), *b = type_of(of_b, 3, 1, channels, 1); break;
    case 5: *b = type_of(of_b, 3, 2, 1, 1); break;
    case 6: *a = type_of(of_a, 1, 1); break;
    default: break;
  }
}
static double of_pair(const array *x, const builder_type *y, int64_t index) {
  int64_t at = 0, stride = 1;
  for (int i = 1; i <= y->rank; i++) {
    const int64_t extent = (int64_t)y->dims[y->rank - i], place = index % extent;
    index /= extent;
    if (i > x->type.rank) continue;
    const int64_t own = (int64_t)x->type.dims[x->type.rank - i];
    at += own == 1 ? 0 : place * stride;
    stride *= own;
  }
  return x->values[at];
}

static void sums_and_products(bool sums) {
  uint64_t seed = sums ? 41 : 43;
  for (int n = 0; n < 126; n++) {
    const uint8_t of_a = quantized_elements[n % 3], of_b = quantized_elements[n / 3 % 3], to = quantized_elements[n / 9 % 4];
    const int channels = 1 + (int)random_below(&seed, 9), inner = n % 11 == 10 ? 5000 : n % 4 == 0 ? 1 : 1 + (int)random_below(&seed, 600);
    builder_type a, b, y;
    pair_shapes(n, channels, inner, of_a, of_b, &a, &b, &y);
    y.element = to;
    opcase c = {.name = sums ? "add_integer" : "mul_integer", .opcode = sums ? INGOT_OP_ADD_INTEGER : INGOT_OP_MUL_INTEGER};
    const uint64_t axis = axis_attributes(&c, n / 2, n % 5 == 4 ? 2 : 1);
    const int64_t extent = (int64_t)y.dims[axis];
    const bool usual = n % 6 != 5, symmetric = n % 2 == 0;
    const uint32_t b_at = sums ? 3 : 2;
    if (!usual && c.attributes[1] == INGOT_RESCALE_TWO_ROUNDINGS) c.attributes[1] = INGOT_RESCALE_HALF_EVEN;
    c.inputs[0] = any_integers(a, &seed), c.inputs[b_at] = any_integers(b, &seed);
    c.inputs[1] = any_integers(type_of(of_a, 0), &seed), c.inputs[b_at + 1] = any_integers(type_of(of_b, 0), &seed);
    if (symmetric) c.inputs[1].values[0] = c.inputs[b_at + 1].values[0] = 0;
    if (sums) {
      const double least = usual ? -0x1p30 : -0x1p31;
      c.inputs[2] = array_random(n % 3 == 0 ? type_of(INGOT_I32, 0) : type_of(INGOT_I32, 1, (int)extent), &seed, least, 0x1p31 - 1);
      c.inputs[5] = array_random(n % 4 == 0 ? type_of(INGOT_I32, 0) : type_of(INGOT_I32, 1, (int)extent), &seed, least, 0x1p31 - 1);
      c.inputs[6] = array_random(type_of(INGOT_I8, 0), &seed, usual ? 28 : -128, usual ? 36 : 127);
      c.inputs[7] = any_integers(type_of(to, 0), &seed);
      c.input_count = 8;
    } else {
      c.input_count = 4;
      add_parameters(&c, &seed, (int)extent, n % 3 != 0, usual, to);
    }
    c.expected = array_create(y);
    for (int64_t i = 0; i < type_count(y); i++) {
      const int64_t channel = axis == 2 ? i % extent : i / (int64_t)y.dims[2] % extent;
      const int64_t left = (int64_t)(of_pair(&c.inputs[0], &y, i) - c.inputs[1].values[0]);
      const int64_t right = (int64_t)(of_pair(&c.inputs[b_at], &y, i) - c.inputs[b_at + 1].values[0]);
      if (!sums) {
        const int64_t v = left * right;
        c.expected.values[i] = rescaled(&c, v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v, channel, c.attributes + 1);
        continue;
      }
      const int64_t sum = left * (int64_t)c.inputs[2].values[c.inputs[2].type.rank == 0 ? 0 : channel] +
                          right * (int64_t)c.inputs[5].values[c.inputs[5].type.rank == 0 ? 0 : channel];
      c.expected.values[i] = finished(&c, sum, (int64_t)c.inputs[6].values[0], c.attributes + 1);
    }
    opcase_run(&c);
  }
}

void test_quantized(void) {
  lookups();
  sums_and_products(true);
  sums_and_products(false);
}
