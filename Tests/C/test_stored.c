/* Products whose weights are stored in few bits: numbers, and rules. */
#include "opcase.h"
#include "rules.h"

#include "run_kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 200000 };

typedef struct {
  uint8_t *q, *zero;
  uint16_t *halves;
  float *scale, *x, *y, *floats, *expected;
} operands;

/* Weights of rows of k numbers by scale: one for all, one a row or one a block. Fills what the numbers are, as floats. */
static kernel_storage by_scale(operands *o, uint64_t *seed, int64_t rows, int64_t k, uint8_t bits, bool is_signed) {
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
  return (kernel_storage){.bits = bits, .row_bytes = k * bits / 8, .scale = o->scale, .zero = o->zero, .scale_element = INGOT_F32,
                          .block = block, .row = row};
}

/* Likewise by palettes: one for all, or one for some rows. Rows may have bytes to spare. */
static kernel_storage by_palette(operands *o, uint64_t *seed, int64_t rows, int64_t k, uint8_t bits, int64_t spare) {
  const bool half = random_below(seed, 2);
  const int64_t shared = random_below(seed, 2) ? rows : 1 + random_below(seed, 5), row_bytes = (k * bits + 7) / 8 + spare;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < k; j++) {
      uint32_t q = 0;
      for (int64_t bit = 0; bit < bits; bit++) q |= (uint32_t)(o->q[i * row_bytes + (j * bits + bit) / 8] >> (j * bits + bit) % 8 & 1) << bit;
      const int64_t entry = (i / shared << bits) + q;
      o->floats[i * k + j] = half ? kernel_half_to_float(o->halves[entry]) : o->scale[entry];
    }
  }
  return (kernel_storage){.bits = bits, .row_bytes = row_bytes, .palette = half ? (void *)o->halves : o->scale,
                          .palette_element = half ? INGOT_F16 : INGOT_F32, .palette_rows = shared};
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

typedef struct {
  uint8_t bits;
  bool is_signed, has_palette;
} format;

static void matmul_case(const kernel_table *table, operands *o, uint64_t *seed, format f) {
  const int64_t even = f.bits == 4 && !f.has_palette ? 2 : 1, m = 1 + random_below(seed, random_below(seed, 2) ? 5 : 70), n = 1 + random_below(seed, 150);
  const int64_t k = (1 + random_below(seed, 450)) * even;
  const kernel_storage storage = f.has_palette ? by_palette(o, seed, n, k, f.bits, 0) : by_scale(o, seed, n, k, f.bits, f.is_signed);
  kernel_matmul p = {.a = o->x, .b = o->floats, .y = o->expected, .a_element = INGOT_F32, .b_element = INGOT_F32,
                     .bias = o->scale, .bias_element = INGOT_F32, .y_element = INGOT_F32, .m = m, .n = n, .k = k,
                     .a_row = k, .a_column = 1, .b_row = 1, .b_column = k};
  run_kernel(table, KERNEL_matmul, &p);
  p.b = o->q, p.b_element = f.is_signed ? INGOT_I8 : INGOT_U8, p.storage = storage, p.y = o->y;
  run_kernel(table, KERNEL_matmul, &p);
  compare(table, o, m * n, "matmul", f.bits, k);
}

/* One input for each output has a kernel of its own. */
static void convolution_case(const kernel_table *table, operands *o, uint64_t *seed, format f, int called) {
  const int64_t even = f.bits == 4 && !f.has_palette ? 2 : 1;
  const int64_t group = 1 + random_below(seed, 3), outputs = 1 + random_below(seed, 20), kernel = even == 2 ? 1 : 1 + random_below(seed, 3);
  const int64_t inputs = called == KERNEL_depthwise ? 1 : (1 + random_below(seed, 60)) * even;
  const int64_t out = 1 + random_below(seed, 12), side = out + kernel - 1, k = inputs * kernel * kernel;
  const kernel_storage storage = f.has_palette ? by_palette(o, seed, group * outputs, k, f.bits, random_below(seed, 3))
                                               : by_scale(o, seed, group * outputs, k, f.bits, f.is_signed);
  kernel_convolution p = {.x = o->x, .w = o->floats, .y = o->expected, .x_element = INGOT_F32, .w_element = INGOT_F32,
                          .bias_element = INGOT_F32, .y_element = INGOT_F32, .batch = 1,
                          .group = group, .inputs = group * inputs, .outputs = group * outputs, .in = {1, side, side},
                          .kernel = {1, kernel, kernel}, .out = {1, out, out}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  run_kernel(table, called, &p);
  p.w = o->q, p.w_element = f.is_signed ? INGOT_I8 : INGOT_U8, p.storage = storage, p.y = o->y;
  run_kernel(table, called, &p);
  compare(table, o, group * outputs * out * out, "convolution", f.bits, k);
}

/* What rows stand for, to the bit; nothing behind the last byte is read. */
static void palette_case(const kernel_table *table, operands *o, uint64_t *seed, uint8_t bits) {
  const int64_t rows = 1 + random_below(seed, 20), extent = 1 + random_below(seed, 700);
  const kernel_storage storage = by_palette(o, seed, rows, extent, bits, 0);
  const size_t bytes = (size_t)(rows * storage.row_bytes);
  uint8_t *x = malloc(bytes);
  memcpy(x, o->q, bytes);
  const kernel_palette p = {.x = x, .y = o->y, .rows = rows, .extent = extent, .storage = storage};
  run_kernel(table, KERNEL_palette, &p);
  check(memcmp(o->y, o->floats, (size_t)(rows * extent) * sizeof(float)) == 0, "%s: %lld rows of %lld numbers of %u bits are others", table->name,
        (long long)rows, (long long)extent, bits);
  free(x);
}

static void numbers(void) {
  operands o = {malloc(MOST), malloc(MOST), malloc(MOST * 2), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4), malloc(MOST * 4)};
  uint64_t seed = 11;
  for (int64_t i = 0; i < MOST; i++) {
    o.q[i] = (uint8_t)random_next(&seed), o.zero[i] = (uint8_t)random_below(&seed, 16);
    o.scale[i] = (float)random_between(&seed, 0.01, 0.1), o.x[i] = (float)random_between(&seed, -1, 1);
    o.halves[i] = kernel_float_to_half(o.scale[i]);
  }
  static const format formats[] = {{4, false, false}, {8, false, false}, {8, true, false}, {2, false, true},
                                   {3, false, true},  {4, false, true},  {6, false, true}, {8, false, true}};
  for (uint32_t isa = 0; isa < case_isa_count; isa++) {
    if (!isa_is_there(case_isas[isa])) continue;
    const kernel_table *table = kernel_select((uint32_t)case_isas[isa]);
    for (int i = 0; i < 200; i++) {
      const format f = formats[i % 8];
      matmul_case(table, &o, &seed, f);
      convolution_case(table, &o, &seed, f, KERNEL_convolution);
      if (f.bits != 4 || f.has_palette) convolution_case(table, &o, &seed, f, KERNEL_depthwise);
      if (f.has_palette) palette_case(table, &o, &seed, f.bits);
    }
  }
  free(o.q), free(o.zero), free(o.halves), free(o.scale), free(o.x), free(o.y), free(o.floats), free(o.expected);
}

/* Breaks one thing of the product, which comes first, or of the convolution behind it. */
#define BROKEN_RULE(sample, text, ...) \
  do { \
    builder *b = sample; \
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
#define STORED_RULE(text, ...) BROKEN_RULE(sample_stored(), text, __VA_ARGS__)
#define PALETTE_RULE(text, ...) BROKEN_RULE(sample_palettes(), text, __VA_ARGS__)

static void rules(void) {
  char message[512];
  check(try_it(sample_stored(), message) == INGOT_OK, "the sample: %s", message);
  STORED_RULE("b in 4 bits has rank 2, expected [N, K]", product->transpose_b = 0);
  STORED_RULE("has blocks, scales or zero points, and no bits", conv->bits = 0);
  STORED_RULE("weights are stored in 5 bits, expected 8 or 4", conv->bits = 5);
  STORED_RULE("8 numbers of 8 bits take 4 bytes along axis 1, expected 8", product->bits = 8);
  STORED_RULE("bits is 9, expected 0 to 8", product->bits = 9);
  STORED_RULE("expected [4, 1]", product->block = 8);
  STORED_RULE("blocks of 3, expected even numbers", product->block = 3);
  STORED_RULE("expected [4]", product->block = 0);
  STORED_RULE("block is -2, expected 0", product->block = -2);
  STORED_RULE("the palette has rank 2", b->operands[b->instructions[0].first_operand + 5] = INGOT_NONE, product->block = 0);
  STORED_RULE("have neither scale nor palette", b->operands[b->instructions[0].first_operand + 4] = INGOT_NONE);
  STORED_RULE("have element i8", t[STORED_PRODUCT].element = INGOT_I8);
  STORED_RULE("elements of weights and zero points", t[STORED_PRODUCT + 2].element = INGOT_I8);
  STORED_RULE("expected f32, f16 or bf16", t[STORED_PRODUCT + 1].element = INGOT_I32);
  STORED_RULE("expected [4, 2]", t[STORED_PRODUCT + 1].dims[0] = 2, t[STORED_PRODUCT + 1].dims[1] = 4);
  STORED_RULE("a kernel of 6 taps, expected 1", conv->bits = 4, t[STORED_CONV].dims[1] = 1);
  STORED_RULE("expected [4]", t[STORED_CONV + 1].dims[0] = 3);
  STORED_RULE("have rank 1 and 0, expected the same", t[STORED_CONV + 2].rank = 0, t[STORED_CONV + 2].dims[0] = 0);
  check(try_it(sample_palettes(), message) == INGOT_OK, "the sample of palettes: %s", message);
  PALETTE_RULE("palettes for 1 bits, expected 2, 3, 4, 6 or 8", product->bits = 1, t[STORED_PRODUCT].dims[1] = 1);
  PALETTE_RULE("8 numbers of 4 bits take 3 bytes along axis 1, expected 4", product->bits = 4);
  PALETTE_RULE("expected [4, 8]", product->block = 1);
  PALETTE_RULE("expected [2, 8]", t[STORED_PRODUCT + 1].dims[1] = 4);
  PALETTE_RULE("the palette has rank 2", product->block = 0);
  PALETTE_RULE("has element i8, expected u8", t[STORED_PRODUCT].element = INGOT_I8);
  PALETTE_RULE("expected f32, f16 or bf16", t[STORED_PRODUCT + 1].element = INGOT_I32);
  PALETTE_RULE("2 numbers of 3 bits take 2 bytes along axis 1, expected 1", conv->bits = 3);
  PALETTE_RULE("the palette has rank 1 and first extent 32, expected [64]", t[STORED_PALETTE_CONV + 1].dims[0] = 32);
  RULE(INGOT_OP_PALETTE, "the result has element f16, expected f32", t[1].element = INGOT_F16);
  RULE(INGOT_OP_PALETTE, "palettes for 7 bits", HEAD(palette)->bits = 7);
  RULE(INGOT_OP_PALETTE, "bits is 9, expected 2 to 8", HEAD(palette)->bits = 9);
  RULE(INGOT_OP_PALETTE, "the result has extent 4 at axis 1, expected 5", t[0].dims[1] = 5, b->buffers[t[0].buffer].bytes = 1024);
  RULE(INGOT_OP_PALETTE, "the result has rank 3, expected 4", t[1].rank = 3, t[1].dims[3] = 0);
  RULE(INGOT_OP_PALETTE, "16 numbers of 3 bits take 7 bytes along axis 3, expected 6", t[0].dims[3] = 7, b->buffers[t[0].buffer].bytes = 1024);
  RULE(INGOT_OP_PALETTE, "expected [8]", t[STORED_PRODUCT].dims[0] = 4);
  RULE(INGOT_OP_PALETTE, "palettes have element u8, expected a float", t[STORED_PRODUCT].element = INGOT_U8);
  RULE(INGOT_OP_PALETTE, "expected [5, 8]", HEAD(palette)->block = 5);
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
