/* Every function of the elementwise program against math.h in double precision, and conversions between elements. */
#include "opcase.h"

#include "kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static double apply(uint32_t function, double a, double b, double c, double p0, double p1) {
  switch (function) {
    case INGOT_FN_NEG: return -a;
    case INGOT_FN_ABS: return fabs(a);
    case INGOT_FN_SIGN: return (a > 0) - (a < 0);
    case INGOT_FN_NOT: return a == 0;
    case INGOT_FN_RELU: return a > 0 ? a : 0;
    case INGOT_FN_CLIP: return fmin(fmax(a, p0), p1);
    case INGOT_FN_EXP: return exp(a);
    case INGOT_FN_LOG: return log(a);
    case INGOT_FN_SQRT: return sqrt(a);
    case INGOT_FN_RSQRT: return 1 / sqrt(a);
    case INGOT_FN_RECIPROCAL: return 1 / a;
    case INGOT_FN_FLOOR: return floor(a);
    case INGOT_FN_CEIL: return ceil(a);
    case INGOT_FN_ROUND: return rint(a);
    case INGOT_FN_TRUNC: return trunc(a);
    case INGOT_FN_SIN: return sin(a);
    case INGOT_FN_COS: return cos(a);
    case INGOT_FN_TAN: return tan(a);
    case INGOT_FN_ASIN: return asin(a);
    case INGOT_FN_ACOS: return acos(a);
    case INGOT_FN_ATAN: return atan(a);
    case INGOT_FN_SINH: return sinh(a);
    case INGOT_FN_COSH: return cosh(a);
    case INGOT_FN_TANH: return tanh(a);
    case INGOT_FN_ASINH: return asinh(a);
    case INGOT_FN_ACOSH: return acosh(a);
    case INGOT_FN_ATANH: return atanh(a);
    case INGOT_FN_ERF: return erf(a);
    case INGOT_FN_SIGMOID: return sigmoid(a);
    case INGOT_FN_SILU: return a * sigmoid(p0 * a);
    case INGOT_FN_GELU: return 0.5 * a * (1 + erf(a / sqrt(2)));
    case INGOT_FN_GELU_TANH: return 0.5 * a * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (a + 0.044715 * a * a * a)));
    case INGOT_FN_HARD_SIGMOID: return fmin(fmax(p0 * a + p1, 0), 1);
    case INGOT_FN_HARD_SWISH: return a * fmin(fmax(a / 6 + 0.5, 0), 1);
    case INGOT_FN_LEAKY_RELU: return a < 0 ? p0 * a : a;
    case INGOT_FN_ELU: return a < 0 ? p0 * expm1(a) : a;
    case INGOT_FN_SELU: return p1 * (a < 0 ? p0 * expm1(a) : a);
    case INGOT_FN_CELU: return fmax(0, a) + fmin(0, p0 * expm1(a / p0));
    case INGOT_FN_SOFTPLUS: return a > 0 ? a + log1p(exp(-a)) : log1p(exp(a));
    case INGOT_FN_SOFTSIGN: return a / (1 + fabs(a));
    case INGOT_FN_MISH: return a * tanh(apply(INGOT_FN_SOFTPLUS, a, 0, 0, 0, 0));
    case INGOT_FN_THRESHOLDED_RELU: return a > p0 ? a : 0;
    case INGOT_FN_SHRINK: return a < -p0 ? a + p1 : a > p0 ? a - p1 : 0;
    case INGOT_FN_IS_NAN: return isnan(a);
    case INGOT_FN_IS_INF: return (a == -INFINITY && p0 != 0) || (a == INFINITY && p1 != 0);
    case INGOT_FN_AFFINE: return p0 * a + p1;
    case INGOT_FN_TO_I8:
    case INGOT_FN_TO_U8:
    case INGOT_FN_TO_I16:
    case INGOT_FN_TO_I32:
    case INGOT_FN_TO_I64: return trunc(function == INGOT_FN_TO_U8 && a < 0 ? 0 : a);
    case INGOT_FN_TO_BOOL: return a != 0;
    case INGOT_FN_ADD: return a + b;
    case INGOT_FN_SUB: return a - b;
    case INGOT_FN_MUL: return a * b;
    case INGOT_FN_DIV: return a / b;
    case INGOT_FN_POW: return pow(a, b);
    case INGOT_FN_MAX: return fmax(a, b);
    case INGOT_FN_MIN: return fmin(a, b);
    case INGOT_FN_MOD: return a - b * floor(a / b);
    case INGOT_FN_FMOD: return fmod(a, b);
    case INGOT_FN_PRELU: return a < 0 ? a * b : a;
    case INGOT_FN_EQUAL: return a == b;
    case INGOT_FN_NOT_EQUAL: return a != b;
    case INGOT_FN_LESS: return a < b;
    case INGOT_FN_LESS_EQUAL: return a <= b;
    case INGOT_FN_GREATER: return a > b;
    case INGOT_FN_GREATER_EQUAL: return a >= b;
    case INGOT_FN_AND: return a != 0 && b != 0;
    case INGOT_FN_OR: return a != 0 || b != 0;
    case INGOT_FN_XOR: return (a != 0) != (b != 0);
    case INGOT_FN_BIT_AND: return (double)((int64_t)a & (int64_t)b);
    case INGOT_FN_BIT_OR: return (double)((int64_t)a | (int64_t)b);
    case INGOT_FN_BIT_XOR: return (double)((int64_t)a ^ (int64_t)b);
    case INGOT_FN_BIT_NOT: return (double)~(int64_t)a;
    case INGOT_FN_SHIFT_LEFT: return b < 0 || b >= 64 ? 0 : (double)((int64_t)a << (int64_t)b);
    case INGOT_FN_SHIFT_RIGHT: return b < 0 || b >= 64 ? 0 : (double)((uint64_t)a >> (int64_t)b);
    case INGOT_FN_ATAN2: return atan2(a, b);
    case INGOT_FN_SELECT: return a != 0 ? b : c;
    default: return a;
  }
}

static void set_step(opcase *c, uint32_t step, uint32_t domain, uint32_t function, uint32_t a, uint32_t b, uint32_t d, double p0,
                     double p1) {
  c->attribute_count = step * (uint32_t)(sizeof(ingot_step) / sizeof *c->attributes);
  if (domain == INGOT_F32) CASE_ATTRIBUTES(c, ingot_step, function, domain, a, b, d, {.real = p0}, {.real = p1});
  else CASE_ATTRIBUTES(c, ingot_step, function, domain, a, b, d, {.integer = (int64_t)p0}, {.integer = (int64_t)p1});
}

static void float_function(uint32_t function, const char *name, unsigned arity) {
  uint64_t seed = function;
  double low = -4, high = 4, p0 = 0.7, p1 = 1.3;
  switch (function) {
    case INGOT_FN_LOG:
    case INGOT_FN_SQRT:
    case INGOT_FN_RSQRT:
    case INGOT_FN_POW: low = 0.01; break;
    case INGOT_FN_ASIN:
    case INGOT_FN_ACOS:
    case INGOT_FN_ATANH: low = -0.99, high = 0.99; break;
    case INGOT_FN_ACOSH: low = 1, high = 9; break;
    case INGOT_FN_CLIP: p0 = -1; break;
    case INGOT_FN_RECIPROCAL:
    case INGOT_FN_DIV:
    case INGOT_FN_TAN: low = 0.5, high = 1.4; break;
    default: break;
  }
  opcase c = {.name = name, .opcode = INGOT_OP_ELEMENTWISE, .input_count = arity, .tolerance = 1e-6};
  const builder_type type = type_of(INGOT_F32, 2, 7, 83);
  c.expected = array_create(type_of((uint8_t)ingot_function_result(function, INGOT_F32), 2, 7, 83));
  for (unsigned i = 0; i < arity; i++) c.inputs[i] = array_random(type, &seed, low, high);
  for (int64_t i = 0; i < type_count(type); i++) {
    if (i % 5 == 0 && function >= INGOT_FN_EQUAL && function <= INGOT_FN_XOR) c.inputs[0].values[i] = c.inputs[1].values[i];
    if (i % 7 == 0 && function >= INGOT_FN_AND && function <= INGOT_FN_XOR) c.inputs[0].values[i] = 0;
    if (i % 3 == 0 && function == INGOT_FN_SELECT) c.inputs[0].values[i] = 0;
    const double b = arity > 1 ? c.inputs[1].values[i] : 0, d = arity > 2 ? c.inputs[2].values[i] : 0;
    c.expected.values[i] = apply(function, c.inputs[0].values[i], b, d, (float)p0, (float)p1);
  }
  set_step(&c, 0, INGOT_F32, function, 0, arity > 1 ? 1 : 0, arity > 2 ? 2 : 0, p0, p1);
  opcase_run(&c);
}

static void integer_function(uint32_t function, const char *name, unsigned arity) {
  uint64_t seed = function;
  opcase c = {.name = name, .opcode = INGOT_OP_ELEMENTWISE, .input_count = arity};
  const builder_type type = type_of(INGOT_I64, 1, 301);
  c.expected = array_create(type_of((uint8_t)ingot_function_result(function, INGOT_I64), 1, 301));
  const bool shift = function == INGOT_FN_SHIFT_LEFT || function == INGOT_FN_SHIFT_RIGHT;
  for (unsigned i = 0; i < arity; i++) c.inputs[i] = array_random(type, &seed, shift ? 0 : -20, 20);
  for (int64_t i = 0; i < type_count(type); i++) {
    const double a = c.inputs[0].values[i], b = arity > 1 ? c.inputs[1].values[i] : 0;
    double expected = apply(function, a, b, arity > 2 ? c.inputs[2].values[i] : 0, 3, 5);
    if (function == INGOT_FN_TO_U8) expected = (uint8_t)(int64_t)a;
    if (function == INGOT_FN_DIV) expected = b == 0 ? 0 : trunc(a / b);
    if (function == INGOT_FN_MOD && b == 0) expected = 0;
    if (function == INGOT_FN_FMOD && b == 0) expected = 0;
    if (function == INGOT_FN_POW) {
      c.inputs[1].values[i] = fabs(b) / 4 - 1 < 0 ? -1 : trunc(fabs(b) / 4);
      expected = trunc(pow(a, c.inputs[1].values[i]));
      if (a == 0 && c.inputs[1].values[i] < 0) expected = 0;
    }
    c.expected.values[i] = expected;
  }
  set_step(&c, 0, INGOT_I64, function, 0, arity > 1 ? 1 : 0, arity > 2 ? 2 : 0, 3, 5);
  opcase_run(&c);
}

/* Largest error of the functions that have no math.h behind them, over their whole range. */
static void sweep(uint32_t function, const char *name, double low, double high, double limit) {
  for (uint32_t k = 0; k < case_isa_count; k++) {
    const kernel_table *table = kernel_select((uint32_t)case_isas[k]);
    if (!isa_is_there(case_isas[k])) continue;
    static float x[4096], y[4096];
    static char scratch[65536] __attribute__((aligned(64)));
    double worst = 0, where = 0;
    for (int i = 0; i < 4096; i++) x[i] = (float)(low + (high - low) * i / 4095);
    const kernel_step step = {.function = function, .domain = INGOT_F32, .result = INGOT_F32, .p0 = 1, .p1 = 1};
    kernel_elementwise p = {.x = {x}, .y = y, .x_element = {INGOT_F32}, .x_domain = {INGOT_F32}, .y_element = INGOT_F32, .inputs = 1,
                            .steps = 1, .rank = 1, .dims = {4096}, .strides = {{1}, {1}}, .step = {step}};
    kernel_find(table, KERNEL_elementwise).run(&p, 0, kernel_find(table, KERNEL_elementwise).work(&p).items, scratch);
    for (int i = 0; i < 4096; i++) {
      const double expected = apply(function, x[i], 0, 0, 1, 1);
      const double error = fabs(y[i] - expected) / fmax(fabs(expected), 1e-37);
      const bool small = fabs(y[i] - expected) <= 1e-37 + (function == INGOT_FN_GELU || function == INGOT_FN_GELU_TANH ? fmax(1e-6, 1e-7 * fabs(expected)) : 0);
      if (!small && !(error <= worst)) worst = error, where = x[i];
    }
    check(worst <= limit, "%s on %s is off by %g at %g, limit %g", name, table->name, worst, where, limit);
  }
}

/* Loads into a register of either domain and stores from it. */
static void conversions(void) {
  const uint8_t elements[] = {INGOT_F32, INGOT_F16, INGOT_BF16, INGOT_I8, INGOT_U8, INGOT_I16, INGOT_I32, INGOT_I64, INGOT_BOOL};
  for (unsigned from = 0; from < 9; from++) {
    for (unsigned to = 0; to < 9; to++) {
      for (unsigned integer = 0; integer < 2; integer++) {
        uint64_t seed = from * 9 + to;
        opcase c = {.name = "conversion", .opcode = INGOT_OP_ELEMENTWISE, .input_count = 1};
        const bool negative = elements[from] != INGOT_U8 && elements[from] != INGOT_BOOL && elements[to] != INGOT_U8;
        c.inputs[0] = array_random(type_of(elements[from], 1, 77), &seed, negative ? -100 : 0, 100);
        c.expected = array_create(type_of(elements[to], 1, 77));
        for (int i = 0; i < 77; i++) {
          double value = c.inputs[0].values[i];
          if (integer || elements[to] >= INGOT_I8) value = elements[to] == INGOT_BOOL && !integer ? value : trunc(value);
          c.expected.values[i] = elements[to] == INGOT_BOOL ? value != 0 : value;
        }
        set_step(&c, 0, integer ? INGOT_I64 : INGOT_F32, INGOT_FN_IDENTITY, 0, 0, 0, 0, 0);
        opcase_run(&c);
      }
    }
  }
}

/* Floats out of an integer's range, stored, and converted by a step; NaN. */
static void saturation(void) {
  const double values[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 127.9, -128.9, 300, -1};
  const struct { uint8_t element; uint32_t function; double expected[9]; } rows[] = {
      {INGOT_I8, INGOT_FN_TO_I8, {0, 127, -128, 127, -128, 127, -128, 127, -1}},
      {INGOT_U8, INGOT_FN_TO_U8, {0, 255, 0, 255, 0, 127, 0, 255, 0}},
      {INGOT_I16, INGOT_FN_TO_I16, {0, INT16_MAX, INT16_MIN, INT16_MAX, INT16_MIN, 127, -128, 300, -1}},
      {INGOT_I32, INGOT_FN_TO_I32, {0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 127, -128, 300, -1}},
      {INGOT_BOOL, INGOT_FN_TO_BOOL, {1, 1, 1, 1, 1, 1, 1, 1, 1}},
  };
  for (unsigned r = 0; r < 5; r++) {
    for (unsigned steps = 1; steps <= 2; steps++) {
      opcase c = {.name = "saturation", .opcode = INGOT_OP_ELEMENTWISE, .input_count = 1};
      c.inputs[0] = array_create(type_of(INGOT_F32, 1, 9));
      c.expected = array_create(type_of(steps == 1 ? rows[r].element : INGOT_I64, 1, 9));
      memcpy(c.inputs[0].values, values, sizeof values);
      memcpy(c.expected.values, rows[r].expected, sizeof values);
      const uint32_t function = steps == 1 ? INGOT_FN_IDENTITY : rows[r].function;
      set_step(&c, 0, INGOT_F32, function, 0, 0, 0, 0, 0);
      if (steps == 2) set_step(&c, 1, ingot_function_result(function, INGOT_F32), INGOT_FN_IDENTITY, 1, 0, 0, 0, 0);
      opcase_run(&c);
    }
  }
}

/* Integers out of a narrower one's range, converted by a step. */
static void wrapping(void) {
  const double values[] = {0, 127, 128, -129, 255, 256, 32768, -32769, 4294967297.0, -2147483649.0};
  const struct { uint32_t function; double expected[10]; } rows[] = {
      {INGOT_FN_TO_I8, {0, 127, -128, 127, -1, 0, 0, -1, 1, -1}},
      {INGOT_FN_TO_U8, {0, 127, 128, 127, 255, 0, 0, 255, 1, 255}},
      {INGOT_FN_TO_I16, {0, 127, 128, -129, 255, 256, -32768, 32767, 1, -1}},
      {INGOT_FN_TO_I32, {0, 127, 128, -129, 255, 256, 32768, -32769, 1, 2147483647}},
      {INGOT_FN_TO_BOOL, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
  };
  for (unsigned r = 0; r < 5; r++) {
    opcase c = {.name = "wrapping", .opcode = INGOT_OP_ELEMENTWISE, .input_count = 1};
    c.inputs[0] = array_create(type_of(INGOT_I64, 1, 10));
    c.expected = array_create(type_of(INGOT_I64, 1, 10));
    memcpy(c.inputs[0].values, values, sizeof values);
    memcpy(c.expected.values, rows[r].expected, sizeof values);
    set_step(&c, 0, INGOT_I64, rows[r].function, 0, 0, 0, 0, 0);
    opcase_run(&c);
  }
}

/* Integers, then floats, then integers again, over several tiles: x % 7 * 0.3, toward zero, where x is no more than the other
 * input. Registers of both domains are read by later steps, and an input that no step reads is not loaded. */
static void domains(void) {
  uint64_t seed = 11;
  opcase c = {.name = "both domains", .opcode = INGOT_OP_ELEMENTWISE, .input_count = 4};
  c.inputs[0] = array_random(type_of(INGOT_I64, 2, 9, 613), &seed, -1000, 1000);
  c.inputs[1] = array_create(type_of(INGOT_I32, 0));
  c.inputs[1].values[0] = 7;
  c.inputs[2] = array_random(type_of(INGOT_I64, 1, 613), &seed, -500, 500);
  c.inputs[3] = array_random(type_of(INGOT_F32, 0), &seed, -1, 1);
  c.expected = array_create(type_of(INGOT_I16, 2, 9, 613));
  for (int64_t i = 0; i < 9 * 613; i++) {
    const int64_t x = (int64_t)c.inputs[0].values[i], most = (int64_t)c.inputs[2].values[i % 613], rest = (x % 7 + 7) % 7;
    c.expected.values[i] = (int64_t)((float)rest * 0.3f) * (x <= most);
  }
  set_step(&c, 0, INGOT_I64, INGOT_FN_MOD, 0, 1, 0, 0, 0);
  set_step(&c, 1, INGOT_I64, INGOT_FN_TO_F32, 4, 0, 0, 0, 0);
  set_step(&c, 2, INGOT_F32, INGOT_FN_AFFINE, 5, 0, 0, 0.3f, 0);
  set_step(&c, 3, INGOT_F32, INGOT_FN_TO_I64, 6, 0, 0, 0, 0);
  set_step(&c, 4, INGOT_I64, INGOT_FN_LESS_EQUAL, 0, 2, 0, 0, 0);
  set_step(&c, 5, INGOT_I64, INGOT_FN_MUL, 7, 8, 0, 0, 0);
  opcase_run(&c);
}

static void broadcasting(void) {
  uint64_t seed = 5;
  opcase c = {.name = "broadcast program", .opcode = INGOT_OP_ELEMENTWISE, .input_count = 4, .tolerance = 1e-6};
  c.inputs[0] = array_random(type_of(INGOT_F32, 4, 2, 3, 5, 7), &seed, -1, 1);
  c.inputs[1] = array_random(type_of(INGOT_F16, 3, 3, 1, 1), &seed, -1, 1);
  c.inputs[2] = array_random(type_of(INGOT_BF16, 2, 1, 7), &seed, -1, 1);
  c.inputs[3] = array_random(type_of(INGOT_I32, 0), &seed, 2, 9);
  c.expected = array_create(type_of(INGOT_F32, 4, 2, 3, 5, 7));
  for (int64_t i = 0; i < 210; i++) {
    const double x = c.inputs[0].values[i], s = c.inputs[1].values[i / 35 % 3], t = c.inputs[2].values[i % 7];
    c.expected.values[i] = tanh(x * s + t) * c.inputs[3].values[0];
  }
  set_step(&c, 0, INGOT_F32, INGOT_FN_MUL, 0, 1, 0, 0, 0);
  set_step(&c, 1, INGOT_F32, INGOT_FN_ADD, 4, 2, 0, 0, 0);
  set_step(&c, 2, INGOT_F32, INGOT_FN_TANH, 5, 0, 0, 0, 0);
  set_step(&c, 3, INGOT_F32, INGOT_FN_MUL, 6, 3, 0, 0, 0);
  opcase_run(&c);
}

void test_functions(void) {
#define FUNCTION_TEST(name, number, text, arity, parameters, domains)                         \
  if (ingot_function_result(number, INGOT_F32) != 0) float_function(number, text, arity);     \
  if (ingot_function_result(number, INGOT_I64) != 0) integer_function(number, text, arity);
  INGOT_ELEMENTWISE_FUNCTIONS(FUNCTION_TEST)
#undef FUNCTION_TEST
  sweep(INGOT_FN_EXP, "exp", -87, 88.7, 4e-7);
  sweep(INGOT_FN_LOG, "log", 1e-30, 4, 4e-7);
  sweep(INGOT_FN_LOG, "log", 1, 1e30, 4e-7);
  sweep(INGOT_FN_TANH, "tanh", -12, 12, 6e-7);
  sweep(INGOT_FN_TANH, "tanh", -0.01, 0.01, 6e-7);
  sweep(INGOT_FN_ERF, "erf", -5, 5, 6e-7);
  sweep(INGOT_FN_SIGMOID, "sigmoid", -80, 80, 6e-7);
  sweep(INGOT_FN_GELU, "gelu", -12, 12, 1e-6);
  sweep(INGOT_FN_GELU, "gelu", -1000, 1000, 1e-6);
  sweep(INGOT_FN_SOFTPLUS, "softplus", -20, 20, 1e-6);
  conversions();
  saturation();
  wrapping();
  domains();
  broadcasting();
}

/* Both sixteen-bit floats, all patterns, by their definition. */
void test_halves(void) {
  for (uint32_t bits = 0; bits < 65536; bits++) {
    const int exponent = (int)(bits >> 10 & 31);
    const double sign = bits >> 15 ? -1 : 1, fraction = (double)(bits & 1023);
    const double value = exponent == 31 ? (fraction == 0 ? sign * INFINITY : NAN)
                         : exponent == 0 ? sign * ldexp(fraction, -24)
                                         : sign * ldexp(1024 + fraction, exponent - 25);
    const float found = kernel_half_to_float((uint16_t)bits);
    if (!check(found == (float)value || (isnan(found) && isnan(value)), "half %04x", bits)) return;
    if (!isnan(value) && !check(kernel_float_to_half(found) == bits, "half %04x there and back", bits)) return;
    /* Halfway to the next value up: to even. */
    const float next = kernel_half_to_float((uint16_t)(bits + 1));
    if (isfinite(value) && isfinite(next)) {
      const uint16_t rounded = kernel_float_to_half((float)((value + (double)next) / 2));
      if (!check(rounded == (bits % 2 == 0 ? bits : bits + 1), "half after %04x", bits)) return;
    }
  }
  check(kernel_float_to_half(65519.0f) == 0x7bff && kernel_float_to_half(65520.0f) == 0x7c00, "largest half");
  check(kernel_float_to_bfloat(1.00390625f) == 0x3f80 && kernel_float_to_bfloat(1.01171875f) == 0x3f82, "bfloat ties");
  check(isnan(kernel_bfloat_to_float(kernel_float_to_bfloat(NAN))), "bfloat NaN");
}
