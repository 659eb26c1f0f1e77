/* Ops on quantized integers other than products, against their definitions one element at a time. */
#include "rescaled.h"

#include <math.h>
#include <string.h>

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

static int64_t limited(int64_t v, int64_t least, int64_t most) { return v < least ? least : v > most ? most : v; }
/* Rounded down; b > 0. */
static int64_t down(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* The middle axis, or both others. */
static void reductions(void) {
  uint64_t seed = 47;
  for (int n = 0; n < 48; n++) {
    const uint8_t from = quantized_elements[n % 4], to = quantized_elements[n / 4 % 4];
    const int a = 1 + (int)random_below(&seed, 4), b = n % 7 == 6 ? 3000 : 1 + (int)random_below(&seed, 70), c_extent = n % 3 == 0 ? 1 : 1 + (int)random_below(&seed, 600);
    const uint64_t axes = n % 2 == 0 ? 2 : 5;
    opcase c = {.name = "reduce_integer", .opcode = INGOT_OP_REDUCE_INTEGER, .input_count = 2, .attribute_count = 4, .attributes = {axes}};
    set_rescaling(c.attributes + 1, n);
    c.inputs[0] = any_integers(type_of(from, 3, a, b, c_extent), &seed);
    c.inputs[1] = any_integers(type_of(from, 0), &seed);
    add_parameters(&c, &seed, 1, false, n % 8 != 7, to);
    c.expected = array_create(axes == 2 ? type_of(to, 2, a, c_extent) : type_of(to, 1, b));
    for (int64_t i = 0; i < type_count(c.expected.type); i++) {
      int64_t sum = 0;
      for (int64_t j = 0; j < (axes == 2 ? b : a * c_extent); j++) {
        const int64_t at = axes == 2 ? (i / c_extent * b + j) * c_extent + i % c_extent : (j / c_extent * b + i) * c_extent + j % c_extent;
        sum += (int64_t)(c.inputs[0].values[at] - c.inputs[1].values[0]);
      }
      c.expected.values[i] = rescaled(&c, limited(sum, INT32_MIN, INT32_MAX), 0, c.attributes + 1);
    }
    opcase_run(&c);
  }
}

/* Windows over rows of an image, or over columns of one whose rows have one element, and the largest of them. */
static void pools(void) {
  uint64_t seed = 53;
  for (int n = 0; n < 160; n++) {
    const bool largest = n % 4 == 3, upright = n % 5 == 4, long_reach = n % 9 == 8;
    const uint8_t from = quantized_elements[n % 3], to = largest ? from : quantized_elements[n / 3 % 4];
    const int height = upright ? 1 : 1 + (int)random_below(&seed, 6), width = n % 7 == 6 ? 1300 : 3 + (int)random_below(&seed, 40);
    const int64_t k = 1 + random_below(&seed, long_reach ? 40 : 3), stride = 1 + random_below(&seed, 3), dilation = 1 + random_below(&seed, long_reach ? 60 : 2), begin = random_below(&seed, 3), end = random_below(&seed, 3);
    const int64_t room = width + begin + end - dilation * (k - 1) - 1;
    if (room < 0) continue;
    const int out = (int)(room / stride + 1);
    const uint64_t kind = largest ? INGOT_POOL_MAX : n % 2 == 0 ? INGOT_POOL_AVERAGE : INGOT_POOL_AVERAGE_PADDED;
    opcase c = {.name = largest ? "pool of integers" : "pool_integer", .opcode = largest ? INGOT_OP_POOL : INGOT_OP_POOL_INTEGER, .input_count = largest ? 1 : 2, .attributes = {kind}};
    c.attribute_count = largest ? 1 : 4;
    if (!largest) set_rescaling(c.attributes + 1, n);
    if (!upright) CASE_ATTRIBUTES(&c, ingot_pool_window, .kernel = 1, .stride = 1, .dilation = 1);
    CASE_ATTRIBUTES(&c, ingot_pool_window, .kernel = k, .stride = stride, .dilation = dilation, .begin = begin, .end = end);
    if (upright) CASE_ATTRIBUTES(&c, ingot_pool_window, .kernel = 1, .stride = 1, .dilation = 1);
    c.inputs[0] = any_integers(upright ? type_of(from, 4, 2, 1, width, 1) : type_of(from, 4, 2, 1, height, width), &seed);
    if (!largest) {
      c.inputs[1] = any_integers(type_of(from, 0), &seed);
      add_parameters(&c, &seed, (int)k, true, n % 8 != 7, to);
    }
    c.expected = array_create(upright ? type_of(to, 4, 2, 1, out, 1) : type_of(to, 4, 2, 1, height, out));
    for (int64_t i = 0; i < type_count(c.expected.type); i++) {
      int64_t sum = 0, count = 0, most = least_of(from);
      for (int64_t tap = 0; tap < k; tap++) {
        const int64_t at = i % out * stride - begin + tap * dilation;
        count += kind == INGOT_POOL_AVERAGE_PADDED ? at >= -begin && at < width + end : at >= 0 && at < width;
        if (at < 0 || at >= width) continue;
        const double x = c.inputs[0].values[i / out * width + at];
        most = x > (double)most ? (int64_t)x : most;
        if (!largest) sum += (int64_t)(x - c.inputs[1].values[0]);
      }
      c.expected.values[i] = largest ? (double)most : rescaled(&c, limited(sum, INT32_MIN, INT32_MAX), count == 0 ? 0 : count - 1, c.attributes + 1);
    }
    opcase_run(&c);
  }
}

/* 2^-t with 30 bits of fraction. */
static int64_t power(int64_t t) {
  const int64_t j = t >> 8 & 255, high = (int64_t)round(0x1p30 * exp2(-(double)j / 256)), low = (int64_t)round(0x1p30 * exp2(-(double)(j + 1) / 256));
  return (high - ((high - low) * (t & 255) + 128) / 256) >> (t >> 16);
}

static void softmaxes(void) {
  uint64_t seed = 59;
  for (int n = 0; n < 48; n++) {
    const uint8_t from = quantized_elements[n % 4], to = quantized_elements[n / 4 % 3];
    const int outer = 1 + (int)random_below(&seed, 20), extent = n % 7 == 6 ? 900 : 1 + (int)random_below(&seed, 40), inner = n % 3 == 0 ? 1 : n % 3 == 1 ? 7 : 300;
    opcase c = {.name = "softmax_integer", .opcode = INGOT_OP_SOFTMAX_INTEGER, .input_count = 5, .attribute_count = 1, .attributes = {1}};
    c.inputs[0] = any_integers(type_of(from, 3, outer, extent, inner), &seed);
    c.inputs[1] = any_integers(type_of(from, 0), &seed);
    c.inputs[2] = array_random(type_of(INGOT_I32, 0), &seed, n % 6 == 5 ? -0x1p31 : 0x1p30, 0x1p31 - 1);
    const int usual = from == INGOT_I32 ? 32 : from == INGOT_I16 ? 25 : 18;
    c.inputs[3] = array_random(type_of(INGOT_I8, 0), &seed, n % 5 == 4 ? -128 : usual, n % 5 == 4 ? 127 : usual + 6);
    c.inputs[4] = any_integers(type_of(to, 0), &seed);
    builder_type type = c.inputs[0].type;
    type.element = to;
    c.expected = array_create(type);
    const int64_t multiplier = (int64_t)c.inputs[2].values[0], shift = limited((int64_t)c.inputs[3].values[0], 0, 62);
    const int b = to == INGOT_I16 ? 45 : 52;
    for (int64_t run = 0; run < outer * inner; run++) {
      const double *x = c.inputs[0].values + run / inner * extent * inner + run % inner;
      double top = x[0];
      for (int k = 1; k < extent; k++) top = fmax(top, x[k * inner]);
      int64_t sum = 0;
      for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < extent; k++) {
          const int64_t difference = limited((int64_t)(top - x[k * inner]), 0, INT32_MAX);
          const int64_t e = power(limited(rounded_quotient(difference * multiplier, shift, INGOT_RESCALE_HALF_UP), 0, 31 << 16));
          if (pass == 0) sum += e;
          else c.expected.values[x - c.inputs[0].values + k * inner] =
              (double)limited((int64_t)c.inputs[4].values[0] + ((e * (((int64_t)1 << 60) / sum) + ((int64_t)1 << (b - 1))) >> b), least_of(to), most_of(to));
        }
      }
    }
    opcase_run(&c);
  }
}

static void norms(void) {
  uint64_t seed = 61;
  for (int n = 0; n < 60; n++) {
    const uint8_t from = quantized_elements[n % 3], to = quantized_elements[n / 3 % 4];
    const bool rms = n % 3 == 1, groups = n % 3 == 2;
    const int channels = 2 * (1 + (int)random_below(&seed, 8)), inner = groups ? 1 + (int)random_below(&seed, 300) : n % 7 == 6 ? 3000 : 1 + (int)random_below(&seed, 90);
    opcase c = {.name = "norm_integer", .opcode = INGOT_OP_NORM_INTEGER, .input_count = 2, .attribute_count = 7};
    const double epsilon = n % 4 == 0 ? 0 : n % 4 == 1 ? 1e30 : 3.3 * n;
    const ingot_norm_integer_attributes attributes = {.kind = rms, .axis = groups ? 0 : 2, .groups = groups ? 2 : 0, .epsilon = epsilon};
    memcpy(c.attributes, &attributes, sizeof attributes);
    set_rescaling(c.attributes + 4, n);
    const int span = n % 5 == 4 ? 3 : 40000;
    c.inputs[0] = array_random(type_of(from, 3, 3, channels, inner), &seed, fmax((double)least_of(from), -span), fmin((double)most_of(from), span));
    c.inputs[1] = any_integers(type_of(from, 0), &seed);
    if (n % 4 > 0) c.inputs[c.input_count++] = any_integers(type_of(INGOT_I16, 1, groups ? channels : inner), &seed);
    if (n % 4 > 1) c.inputs[c.input_count++] = array_random(type_of(INGOT_I32, 1, groups ? channels : inner), &seed, n % 8 == 7 ? -0x1p31 : -1e5, n % 8 == 7 ? 0x1p31 - 1 : 1e5);
    const int given = (int)c.input_count;
    add_parameters(&c, &seed, 1, false, n % 9 != 8, to);
    builder_type type = c.inputs[0].type;
    type.element = to;
    c.expected = array_create(type);
    const int64_t extent = groups ? channels / 2 * inner : inner;
    for (int64_t base = 0; base < type_count(type); base += extent) {
      int64_t sum = 0, squares = 0;
      for (int64_t i = 0; i < extent; i++) {
        const int64_t a = (int64_t)(c.inputs[0].values[base + i] - c.inputs[1].values[0]);
        sum += a, squares += a * a;
      }
      const int64_t m = down(sum, extent), r = sum - m * extent;
      const int64_t w = rms ? 256 * squares : 256 * (squares - m * (sum + r)) - 256 * r * r / extent;
      int64_t d = w / extent + (int64_t)fmin(round(256 * epsilon), 0x1p40), t = 0;
      for (d = d < 1 ? 1 : d; d < (int64_t)1 << 60; d *= 4) t++;
      int64_t root = 0;
      for (int64_t bit = (int64_t)1 << 31; bit > 0; bit /= 2) root += (root + bit) * (root + bit) <= d ? bit : 0;
      const int64_t factor = limited(((int64_t)1 << 61) / root, 0, INT32_MAX);
      for (int64_t i = 0; i < extent; i++) {
        const int64_t a = (int64_t)(c.inputs[0].values[base + i] - c.inputs[1].values[0]), channel = groups ? (base + i) / inner % channels : i;
        int64_t v = rounded_quotient((256 * a - (rms ? 0 : down(512 * sum + extent, 2 * extent))) * factor, 49 - t, INGOT_RESCALE_HALF_UP);
        if (given > 2) v = rounded_quotient(v * (int64_t)c.inputs[2].values[channel], 15, INGOT_RESCALE_HALF_UP);
        if (given > 3) v = limited(v + (int64_t)c.inputs[3].values[channel], INT32_MIN, INT32_MAX);
        c.expected.values[base + i] = rescaled(&c, v, 0, c.attributes + 4);
      }
    }
    opcase_run(&c);
  }
}

void test_quantized(void) {
  lookups();
  sums_and_products(true);
  sums_and_products(false);
  reductions();
  pools();
  softmaxes();
  norms();
}
