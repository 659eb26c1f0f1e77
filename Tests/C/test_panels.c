/* Products whose weights are stored in panels give the bits of those whose weights lie row by row. */
#include "opcase.h"

#include "run_kernel.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 300 * 900 };

typedef struct {
  float *weights, *packed, *other, *expected, *found;
  uint16_t *halves, *packed_halves;
  float bias[512];
} operands;

/* x [rows][depth] by strides, into panels of rows: element (i, k) of one with `width` rows at its start + k * width + i. */
static void pack(const void *x, size_t bytes, int64_t rows, int64_t depth, int64_t row_stride, int64_t depth_stride,
                 int64_t panel, void *y) {
  char *target = y;
  for (int64_t first = 0; first < rows; first += panel) {
    const int64_t width = rows - first < panel ? rows - first : panel;
    for (int64_t k = 0; k < depth; k++)
      for (int64_t i = 0; i < width; i++, target += bytes)
        memcpy(target, (const char *)x + ((first + i) * row_stride + k * depth_stride) * (int64_t)bytes, bytes);
  }
}

/* y = a * b, with the weights on either side, stored with k innermost or outermost. */
static void matmul_case(const kernel_table *table, operands *o, uint64_t *seed, uint8_t element) {
  const int64_t m = 1 + random_below(seed, 70), n = 1 + random_below(seed, 300), k = 1 + random_below(seed, 880);
  const int64_t panel = 1 + random_below(seed, random_below(seed, 2) ? 8 : 64) * (1 + random_below(seed, 3) / 2);
  const bool left = random_below(seed, 2), inner = random_below(seed, 2);
  const int64_t outer = left ? m : n;
  const void *weights = element == INGOT_F32 ? (const void *)o->weights : o->halves;
  void *packed = element == INGOT_F32 ? (void *)o->packed : o->packed_halves;
  const size_t bytes = element == INGOT_F32 ? 4 : 2;
  pack(weights, bytes, outer, k, inner ? k : 1, inner ? 1 : outer, panel, packed);
  kernel_matmul p = {.a = o->other, .b = o->other, .y = o->expected, .a_element = INGOT_F32, .b_element = INGOT_F32,
                     .bias = o->bias, .bias_element = INGOT_F32, .y_element = INGOT_F32, .m = m, .n = n, .k = k,
                     .a_row = k, .a_column = 1, .b_row = n, .b_column = 1};
  if (left) p.a = weights, p.a_element = element, p.a_row = inner ? k : 1, p.a_column = inner ? 1 : m;
  else p.b = weights, p.b_element = element, p.b_row = inner ? 1 : n, p.b_column = inner ? k : 1;
  /* A product of few rows with k innermost adds in another order. */
  if (!left && m <= 4 && inner) p.b_row = n, p.b_column = 1, pack(weights, bytes, n, k, 1, n, panel, packed);
  run_kernel(table, KERNEL_matmul, &p);
  p.y = o->found;
  if (left) p.a = packed, p.a_panel = panel;
  else p.b = packed, p.b_panel = panel;
  run_kernel(table, KERNEL_matmul, &p);
  check(memcmp(o->expected, o->found, (size_t)(m * n) * sizeof(float)) == 0,
        "%s matmul [%lld, %lld] x [%lld, %lld], %s in panels of %lld, element %u, differs", table->name, (long long)m,
        (long long)k, (long long)k, (long long)n, left ? "a" : "b", (long long)panel, element);
}

static void convolution_case(const kernel_table *table, operands *o, uint64_t *seed, uint8_t element) {
  const int64_t panel = 1 + random_below(seed, 16), group = 1 + random_below(seed, 3);
  const int64_t outputs = group == 1 ? 1 + random_below(seed, 50) : panel * (1 + random_below(seed, 3));
  const int64_t inputs = 1 + random_below(seed, 20), kernel = 1 + random_below(seed, 3), side = 3 + random_below(seed, 9);
  const int64_t out = side - kernel + 1, k = inputs * kernel * kernel;
  const void *weights = element == INGOT_F32 ? (const void *)o->weights : o->halves;
  void *packed = element == INGOT_F32 ? (void *)o->packed : o->packed_halves;
  pack(weights, element == INGOT_F32 ? 4 : 2, group * outputs, k, k, 1, panel, packed);
  kernel_convolution p = {.x = o->other, .w = weights, .bias = o->bias, .y = o->expected, .x_element = INGOT_F32,
                          .w_element = element, .bias_element = INGOT_F32, .y_element = INGOT_F32, .batch = 1,
                          .group = group, .inputs = group * inputs, .outputs = group * outputs, .in = {1, side, side},
                          .kernel = {1, kernel, kernel}, .out = {1, out, out}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  run_kernel(table, KERNEL_convolution, &p);
  p.w = packed, p.w_panel = panel, p.y = o->found;
  run_kernel(table, KERNEL_convolution, &p);
  check(memcmp(o->expected, o->found, (size_t)(group * outputs * out * out) * sizeof(float)) == 0,
        "%s convolution of %lld groups, %lld to %lld channels, in panels of %lld, element %u, differs", table->name,
        (long long)group, (long long)inputs, (long long)outputs, (long long)panel, element);
}

void test_panels(void) {
  operands o;
  o.weights = malloc(LARGEST * sizeof *o.weights), o.packed = malloc(LARGEST * sizeof *o.packed);
  o.other = malloc(LARGEST * sizeof *o.other), o.expected = malloc(LARGEST * sizeof *o.expected);
  o.found = malloc(LARGEST * sizeof *o.found);
  o.halves = malloc(LARGEST * sizeof *o.halves), o.packed_halves = malloc(LARGEST * sizeof *o.packed_halves);
  uint64_t seed = 7;
  for (int64_t i = 0; i < LARGEST; i++) {
    o.weights[i] = (float)random_between(&seed, -1, 1), o.other[i] = (float)random_between(&seed, -1, 1);
    o.halves[i] = kernel_float_to_half(o.weights[i]);
  }
  for (int64_t i = 0; i < 512; i++) o.bias[i] = (float)random_between(&seed, -1, 1);
  for (uint32_t isa = 0; isa < case_isa_count; isa++) {
    if (!isa_is_there(case_isas[isa])) continue;
    const kernel_table *table = kernel_select((uint32_t)case_isas[isa]);
    for (int i = 0; i < 60; i++) {
      matmul_case(table, &o, &seed, i % 2 ? INGOT_F32 : INGOT_F16);
      convolution_case(table, &o, &seed, i % 2 ? INGOT_F32 : INGOT_F16);
    }
  }
  free(o.weights), free(o.packed), free(o.other), free(o.expected), free(o.found), free(o.halves), free(o.packed_halves);
}
