/* Rescaled integers, by themselves and behind integer products, against TOSA's and TFLite's own definitions. */
#include "rescaled.h"

#include <math.h>

const uint8_t quantized_elements[4] = {INGOT_I8, INGOT_U8, INGOT_I16, INGOT_I32};

int64_t least_of(uint8_t element) {
  return element == INGOT_I8 ? -128 : element == INGOT_U8 ? 0 : element == INGOT_I16 ? -32768 : INT32_MIN;
}
int64_t most_of(uint8_t element) {
  return element == INGOT_I8 ? 127 : element == INGOT_U8 ? 255 : element == INGOT_I16 ? 32767 : INT32_MAX;
}

/* gemmlowp's SaturatingRoundingDoublingHighMul and RoundingDivideByPOT, as TFLite uses them. */
static int64_t in_two_roundings(int64_t product, int64_t exponent) {
  const int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30), high = (product + nudge) / ((int64_t)1 << 31);
  const int64_t mask = ((int64_t)1 << exponent) - 1, remainder = high & mask, threshold = (mask >> 1) + (high < 0);
  return (high >> exponent) + (remainder > threshold);
}

int64_t rounded_quotient(int64_t product, int64_t shift, uint64_t rounding) {
  if (rounding == INGOT_RESCALE_TWO_ROUNDINGS && shift > 31) return in_two_roundings(product, shift - 31);
  const int64_t divisor = (int64_t)1 << shift;
  int64_t down = product / divisor, rest = product % divisor;
  if (rest < 0) down--, rest += divisor;
  const int64_t missing = divisor - rest;
  if (rest == missing && rounding == INGOT_RESCALE_HALF_EVEN) return down + (down & 1);
  return rest >= missing ? down + 1 : down;
}

double finished(const opcase *c, int64_t product, int64_t shift, const uint64_t *attributes) {
  const uint8_t element = c->expected.type.element;
  int64_t least = (int64_t)attributes[1], most = (int64_t)attributes[2];
  shift = shift < 0 ? 0 : shift > 62 ? 62 : shift;
  least = least > least_of(element) ? least : least_of(element), most = most < most_of(element) ? most : most_of(element);
  const int64_t y = rounded_quotient(product, shift, attributes[0]) + (int64_t)c->inputs[c->input_count - 1].values[0];
  return (double)(y < least ? least : y > most ? most : y);
}

double rescaled(const opcase *c, int64_t v, int64_t channel, const uint64_t *attributes) {
  const array *multiplier = &c->inputs[c->input_count - 3], *shift = &c->inputs[c->input_count - 2];
  if (multiplier->type.rank == 0) channel = 0;
  return finished(c, (int32_t)(uint32_t)v * (int64_t)multiplier->values[channel], (int64_t)shift->values[channel], attributes);
}

void add_parameters(opcase *c, uint64_t *seed, int channels, bool per_channel, bool usual, uint8_t element) {
  const builder_type type = per_channel ? type_of(INGOT_I32, 1, channels) : type_of(INGOT_I32, 0);
  builder_type small = type;
  small.element = INGOT_I8;
  c->inputs[c->input_count++] = array_random(type, seed, usual ? 0x1p30 : -0x1p31, 0x1p31 - 1);
  c->inputs[c->input_count++] = array_random(small, seed, usual ? 25 : -128, usual ? 45 : 127);
  c->inputs[c->input_count++] = array_random(type_of(element, 0), seed, (double)least_of(element), (double)most_of(element));
}

array any_integers(builder_type type, uint64_t *seed) {
  return array_random(type, seed, (double)least_of(type.element), (double)most_of(type.element));
}

void set_rescaling(uint64_t *attributes, int n) {
  attributes[0] = (uint64_t)(n % 3);
  attributes[1] = n % 5 == 0 ? 3 : (uint64_t)INT32_MIN, attributes[2] = n % 5 == 0 ? 90 : INT32_MAX;
}

static void rescales(void) {
  uint64_t seed = 23;
  for (int n = 0; n < 96; n++) {
    const uint8_t from = quantized_elements[n % 4], to = quantized_elements[n / 4 % 4];
    const int channels = n % 7 == 6 ? 9000 : 1 + (int)random_below(&seed, 40);
    const int inner = n % 2 == 0 ? 1 : n % 3 == 0 ? 700 : 5, outer = 1 + (int)random_below(&seed, 3);
    opcase c = {.name = "rescale", .opcode = INGOT_OP_RESCALE, .input_count = 2, .attribute_count = 4, .attributes = {1}};
    const builder_type type = type_of(from, 3, outer, channels, channels > 1000 ? 1 : inner);
    set_rescaling(c.attributes + 1, n);
    c.inputs[0] = any_integers(type, &seed);
    c.inputs[1] = any_integers(type_of(from, 0), &seed);
    add_parameters(&c, &seed, channels, n % 3 != 0, n % 8 != 7, to);
    /* Ties: halves and odd multiples of them. */
    if (n % 6 == 5) {
      for (int64_t i = 0; i < type_count(c.inputs[2].type); i++) c.inputs[2].values[i] = 1, c.inputs[3].values[i] = 1 + (double)(i % 3);
    }
    builder_type result = type;
    result.element = to;
    c.expected = array_create(result);
    for (int64_t i = 0; i < type_count(type); i++) {
      c.expected.values[i] = rescaled(&c, (int64_t)c.inputs[0].values[i] - (int64_t)c.inputs[1].values[0],
                                      i / (int64_t)type.dims[2] % channels, c.attributes + 1);
    }
    opcase_run(&c);
  }
}

/* Shifts on both sides of 32, multipliers on both sides of what vectors take, and values that leave 32 bits on the way. */
static void rescales_limits(void) {
  uint64_t seed = 37;
  const double multipliers[] = {0, 0x1p19, -0x1p19, 0x1p19 - 1, 1 - 0x1p19, 0x1p30, 0x1p31 - 1, -0x1p31, 3, -7};
  const double values[] = {-0x1p31, 0x1p31 - 1, 0, 1, -1, 0x1p16, -0x1p16, 0x1p29, 0x1p30 - 1, -0x1p30};
  for (int n = 0; n < 36; n++) {
    const uint8_t to = quantized_elements[n % 4];
    const int channels = 40, inner = n % 2 == 0 ? 1 : 37;
    opcase c = {.name = "rescale at its limits", .opcode = INGOT_OP_RESCALE, .input_count = 2, .attribute_count = 4, .attributes = {1}};
    const builder_type type = type_of(INGOT_I32, 3, 3, channels, inner);
    set_rescaling(c.attributes + 1, n);
    c.inputs[0] = any_integers(type, &seed);
    c.inputs[1] = array_create(type_of(INGOT_I32, 0));
    for (int64_t i = 0; i < type_count(type); i += 2) c.inputs[0].values[i] = values[random_below(&seed, 10)];
    for (int64_t i = 1; i < type_count(type); i += 4) c.inputs[0].values[i] = (double)random_below(&seed, 4000) - 2000;
    add_parameters(&c, &seed, channels, true, true, to);
    for (int i = 0; i < channels; i++) {
      /* With a multiplier of its own for each, or large ones alone, as scales give them. */
      if (n % 3 != 0) c.inputs[2].values[i] = multipliers[n % 3 == 1 ? random_below(&seed, 10) : 5 + random_below(&seed, 3)];
      /* Who rounds twice has positive multipliers. */
      if (c.attributes[1] == INGOT_RESCALE_TWO_ROUNDINGS) c.inputs[2].values[i] = fmin(fabs(c.inputs[2].values[i]), 0x1p31 - 1);
      c.inputs[3].values[i] = n % 3 == 1 ? i : 2 + i % 38;
    }
    builder_type result = type;
    result.element = to;
    c.expected = array_create(result);
    for (int64_t i = 0; i < type_count(type); i++)
      c.expected.values[i] = rescaled(&c, (int64_t)c.inputs[0].values[i], i / inner % channels, c.attributes + 1);
    opcase_run(&c);
  }
}

/* What follows the sums of an integer product; `values` become results. */
static void finish(opcase *c, const int64_t *sums, int64_t inner, int64_t channels, const uint64_t *attributes) {
  const array *bias = c->input_count % 3 == 2 ? &c->inputs[4] : NULL;
  for (int64_t i = 0; i < type_count(c->expected.type); i++) {
    const int64_t channel = i / inner % channels;
    const int64_t v = (int32_t)(uint32_t)(sums[i] + (bias != NULL ? (int64_t)bias->values[channel] : 0));
    c->expected.values[i] = c->input_count >= 7 ? rescaled(c, v, channel, attributes) : (double)v;
  }
}

static void add_epilogue(opcase *c, uint64_t *seed, int n, int channels, uint8_t element, uint64_t *attributes) {
  attributes[0] = INGOT_RESCALE_HALF_UP, attributes[1] = (uint64_t)INT32_MIN, attributes[2] = INT32_MAX;
  if (n % 2 == 0) c->inputs[c->input_count++] = any_integers(type_of(INGOT_I32, 1, channels), seed);
  if (n % 4 == 3) return;
  set_rescaling(attributes, n);
  add_parameters(c, seed, channels, n % 3 == 0, n % 8 != 7, element);
}

static void products(void) {
  uint64_t seed = 29;
  static int64_t sums[4096];
  for (int n = 0; n < 48; n++) {
    const uint8_t element = n % 4 == 3 ? INGOT_I32 : quantized_elements[n / 4 % 4];
    const int rows = 1 + (int)random_below(&seed, 12), inner = (int)random_below(&seed, 60), columns = n % 5 == 4 ? 300 : 1 + (int)random_below(&seed, 20);
    opcase c = {.name = "matmul_integer with epilogue", .opcode = INGOT_OP_MATMUL_INTEGER, .input_count = 4, .attribute_count = 3};
    c.inputs[0] = any_integers(type_of(INGOT_U8, 2, rows, inner), &seed);
    c.inputs[1] = any_integers(type_of(INGOT_I8, 2, inner, columns), &seed);
    c.inputs[2] = any_integers(n % 3 == 0 ? type_of(INGOT_U8, 1, rows) : type_of(INGOT_U8, 0), &seed);
    c.inputs[3] = any_integers(type_of(INGOT_I8, 1, columns), &seed);
    add_epilogue(&c, &seed, n, columns, element, c.attributes);
    c.expected = array_create(type_of(element, 2, rows, columns));
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++)
          sum += (c.inputs[0].values[i * inner + k] - c.inputs[2].values[n % 3 == 0 ? i : 0]) *
                 (c.inputs[1].values[k * columns + j] - c.inputs[3].values[j]);
        sums[i * columns + j] = (int64_t)sum;
      }
    }
    finish(&c, sums, 1, columns, c.attributes);
    opcase_run(&c);
  }
}

static void convolutions(void) {
  uint64_t seed = 31;
  static int64_t sums[4096];
  for (int n = 0; n < 48; n++) {
    const uint8_t element = n % 4 == 3 ? INGOT_I32 : quantized_elements[n / 4 % 4];
    const int inputs = 1 + (int)random_below(&seed, 4), outputs = 1 + (int)random_below(&seed, 4), width = n % 5 == 4 ? 400 : 9;
    opcase c = {.name = "conv_integer with epilogue", .opcode = INGOT_OP_CONV_INTEGER, .input_count = 4, .attribute_count = 8,
                .attributes = {1, 0, 0, 0, 1, 1, 1, 1}};
    c.inputs[0] = any_integers(type_of(INGOT_I8, 3, 2, inputs, width), &seed);
    c.inputs[1] = any_integers(type_of(INGOT_I8, 3, outputs, inputs, 3), &seed);
    c.inputs[2] = any_integers(type_of(INGOT_I8, 0), &seed);
    c.inputs[3] = any_integers(type_of(INGOT_I8, 0), &seed);
    add_epilogue(&c, &seed, n, outputs, element, c.attributes + 1);
    c.expected = array_create(type_of(element, 3, 2, outputs, width));
    for (int i = 0; i < 2 * outputs * width; i++) {
      const int batch = i / (outputs * width), output = i / width % outputs, place = i % width;
      double sum = 0;
      for (int k = 0; k < inputs * 3; k++) {
        const int position = place + k % 3 - 1;
        if (position < 0 || position >= width) continue;
        sum += (c.inputs[0].values[(batch * inputs + k / 3) * width + position] - c.inputs[2].values[0]) *
               (c.inputs[1].values[output * inputs * 3 + k] - c.inputs[3].values[0]);
      }
      sums[i] = (int64_t)sum;
    }
    finish(&c, sums, width, outputs, c.attributes + 1);
    opcase_run(&c);
  }
}

void test_rescale(void) {
  rescales();
  rescales_limits();
  products();
  convolutions();
}
