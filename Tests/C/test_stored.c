/* Products whose weights are stored in 8 or 4 bits: numbers, and rules. */
#include "opcase.h"
#include "rules.h"

#include "run_kernel.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 200000 };

typedef struct {
  uint8_t *q, *zero;
  float *scale, *x, *y, *floats, *expected;
} operands;

/* Steps of rows of k numbers: one for all, one a row or one a block. Fills what the numbers are, as floats. */
static kernel_steps steps_of(operands *o, uint64_t *seed, int64_t rows, int64_t k, uint8_t bits, bool is_signed) {
  const int64_t kind = random_below(seed, 3), even = bits == 4 ? 2 : 1, block = kind < 2 ? k : even * (1 + random_below(seed, 40));
  const int64_t row = kind == 0 ? 0 : (k + block - 1) / block;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < k; j++) {
      const int64_t at = i * k + j, step = i * row + j / block;
      const int q = bits == 4 ? o->q[at / 2] >> at % 2 * 4 & 15 : is_signed ? (int8_t)o->q[at] : o->q[at];
      const int zero = is_signed ? (int8_t)o->zero[step] : o->zero[step];
      o->floats[at] = (float)(q - zero) * o->scale[step];
    }
  }
  return (kernel_steps){o->scale, o->zero, INGOT_F32, bits, block, row};
}

static void compare(const kernel_table *table, const operands *o, int64_t count, const char *what, uint8_t bits, int64_t k) {
  double largest = 0, error = 0;
  for (int64_t i = 0; i < count; i++) {
    largest = fmax(largest, fabs((double)o->expected[i]));
    error = fmax(error, fabs((double)o->expected[i] - (double)o->y[i]));
  }
  check(error <= 1e-5 * largest, "%s: a %s of %lld numbers of %u bits is off by %g of %g", table->name, what, (long long)k, bits, error,
        largest);
}

static void matmul_case(const kernel_table *table, operands *o, uint64_t *seed, uint8_t bits, bool is_signed) {
  const int64_t m = 1 + random_below(seed, random_below(seed, 2) ? 5 : 70), n = 1 + random_below(seed, 150);
  const int64_t k = bits / 4 * (1 + random_below(seed, 450)) / (bits / 4) * (bits == 4 ? 2 : 1);
  const kernel_steps steps = steps_of(o, seed, n, k, bits, is_signed);
  kernel_matmul p = {.a = o->x, .b = o->floats, .y = o->expected, .a_element = INGOT_F32, .b_element = INGOT_F32,
                     .bias = o->scale, .bias_element = INGOT_F32, .y_element = INGOT_F32, .m = m, .n = n, .k = k,
                     .a_row = k, .a_column = 1, .b_row = 1, .b_column = k};
  run_kernel(table, KERNEL_matmul, &p);
  p.b = o->q, p.b_element = is_signed ? INGOT_I8 : INGOT_U8, p.steps = steps, p.y = o->y;
  run_kernel(table, KERNEL_matmul, &p);
  compare(table, o, m * n, "matmul", bits, k);
}

static void convolution_case(const kernel_table *table, operands *o, uint64_t *seed, uint8_t bits, bool is_signed) {
  const int64_t group = 1 + random_below(seed, 3), outputs = 1 + random_below(seed, 20), kernel = bits == 4 ? 1 : 1 + random_below(seed, 3);
  const int64_t inputs = (1 + random_below(seed, 60)) * (bits == 4 ? 2 : 1), out = 1 + random_below(seed, 12), side = out + kernel - 1;
  const int64_t k = inputs * kernel * kernel;
  const kernel_steps steps = steps_of(o, seed, group * outputs, k, bits, is_signed);
  kernel_convolution p = {.x = o->x, .w = o->floats, .y = o->expected, .x_element = INGOT_F32, .w_element = INGOT_F32,
                          .bias_element = INGOT_F32, .y_element = INGOT_F32, .batch = 1,
                          .group = group, .inputs = group * inputs, .outputs = group * outputs, .in = {1, side, side},
                          .kernel = {1, kernel, kernel}, .out = {1, out, out}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  run_kernel(table, KERNEL_convolution, &p);
  p.w = o->q, p.w_element = is_signed ? INGOT_I8 : INGOT_U8, p.steps = steps, p.y = o->y;
  run_kernel(table, KERNEL_convolution, &p);
  compare(table, o, group * outputs * out * out, "convolution", bits, k);
}

static void numbers(void) {
  operands o = {malloc(MOST), malloc(MOST), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4)};
  uint64_t seed = 11;
  for (int64_t i = 0; i < MOST; i++) {
    o.q[i] = (uint8_t)random_next(&seed), o.zero[i] = (uint8_t)random_below(&seed, 16);
    o.scale[i] = (float)random_between(&seed, 0.01, 0.1), o.x[i] = (float)random_between(&seed, -1, 1);
  }
  for (uint32_t isa = 0; isa < case_isa_count; isa++) {
    if (!isa_is_there(case_isas[isa])) continue;
    const kernel_table *table = kernel_select((uint32_t)case_isas[isa]);
    for (int i = 0; i < 90; i++) {
      matmul_case(table, &o, &seed, i % 3 == 0 ? 4 : 8, i % 3 == 1);
      convolution_case(table, &o, &seed, i % 3 == 0 ? 4 : 8, i % 3 == 1);
    }
  }
  free(o.q), free(o.zero), free(o.scale), free(o.x), free(o.y), free(o.floats), free(o.expected);
}

/* Breaks one thing of the product in 4 bits, which comes first, or of the convolution in 8 bits behind it. */
#define STORED_RULE(text, ...) \
  do { \
    builder *b = sample_stored(); \
    ingot_matmul_attributes *product = (void *)b->attributes; \
    ingot_conv_attributes *conv = (void *)(b->attributes + b->instructions[1].first_attribute); \
    ingot_tensor *t = b->tensors; \
    (void)product, (void)conv, (void)t; \
    __VA_ARGS__; \
    char message[512]; \
    const ingot_status status = try_it(b, message); \
    check(status == INGOT_ERROR_INVALID && strstr(message, text) != NULL, "line %d: status %d, '%s', expected '%s'", __LINE__, status, \
          message, text); \
  } while (0)

static void rules(void) {
  char message[512];
  check(try_it(sample_stored(), message) == INGOT_OK, "the sample: %s", message);
  STORED_RULE("b in 4 bits has rank 2, expected [N, K]", product->transpose_b = 0);
  STORED_RULE("has blocks, scales or zero points, and no bits", conv->bits = 0);
  STORED_RULE("weights are stored in 5 bits, expected 8 or 4", conv->bits = 5);
  STORED_RULE("inner extents are 8 and 4", product->bits = 8);
  STORED_RULE("bits is 9, expected 0 to 8", product->bits = 9);
  STORED_RULE("expected [4, 1]", product->block = 8);
  STORED_RULE("blocks of 3, expected even numbers", product->block = 3);
  STORED_RULE("expected [4]", product->block = 0);
  STORED_RULE("block is -2, expected 0", product->block = -2);
  STORED_RULE("have no scale or zero point", b->operands[b->instructions[0].first_operand + 5] = INGOT_NONE);
  STORED_RULE("have element i8", t[STORED_PRODUCT].element = INGOT_I8);
  STORED_RULE("elements of weights and zero points", t[STORED_PRODUCT + 2].element = INGOT_I8);
  STORED_RULE("expected f32, f16 or bf16", t[STORED_PRODUCT + 1].element = INGOT_I32);
  STORED_RULE("expected [4, 2]", t[STORED_PRODUCT + 1].dims[0] = 2, t[STORED_PRODUCT + 1].dims[1] = 4);
  STORED_RULE("a kernel of 6 taps, expected 1", conv->bits = 4, t[STORED_CONV].dims[1] = 1);
  STORED_RULE("expected [4]", t[STORED_CONV + 1].dims[0] = 3);
  STORED_RULE("have rank 1 and 0, expected the same", t[STORED_CONV + 2].rank = 0, t[STORED_CONV + 2].dims[0] = 0);
  RULE(INGOT_OP_CONV_TRANSPOSE, "weights are in 8 bits, expected floats", HEAD(conv)->bits = 8);
  RULE(INGOT_OP_UNPACK, "numbers of 3 bits", HEAD(unpack)->bits = 3);
  RULE(INGOT_OP_UNPACK, "expected u8", t[1].element = INGOT_I8);
  RULE(INGOT_OP_UNPACK, "extent 12 at axis 3, expected 24", HEAD(unpack)->bits = 2);
  RULE(INGOT_OP_UNPACK, "extent 4 at axis 1, expected 8", HEAD(unpack)->axis = 1);
}

void test_stored(void) {
  numbers();
  rules();
}
