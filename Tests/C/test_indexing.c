/* Ops that write or choose by index, against their definitions. */
#include "opcase.h"

#include <math.h>

static const uint8_t all_elements[9] = {INGOT_F32, INGOT_F16, INGOT_BF16, INGOT_I8, INGOT_U8, INGOT_I16, INGOT_I32, INGOT_I64, INGOT_BOOL};

static double combined(ingot_scatter_reduction reduction, double old, double update) {
  switch (reduction) {
    case INGOT_SCATTER_NONE: return update;
    case INGOT_SCATTER_ADD: return old + update;
    case INGOT_SCATTER_MUL: return old * update;
    case INGOT_SCATTER_MIN: return fmin(old, update);
    case INGOT_SCATTER_MAX: return fmax(old, update);
  }
  return NAN;
}

static void scatters(void) {
  uint64_t seed = 17;
  for (int n = 0; n < 60; n++) {
    const uint8_t element = all_elements[n % 9];
    const ingot_scatter_reduction reduction = element == INGOT_BOOL ? INGOT_SCATTER_NONE : (ingot_scatter_reduction)(n / 9 % 5);
    const int rows = 1 + (int)random_below(&seed, 9), columns = n % 10 == 9 ? 9000 : 1 + (int)random_below(&seed, 30);
    const int count = (int)random_below(&seed, 8);
    const bool pairs = n % 2 == 0;
    opcase c = {.name = "scatter", .opcode = INGOT_OP_SCATTER, .input_count = 3};
    CASE_ATTRIBUTES(&c, ingot_scatter_attributes, reduction);
    c.inputs[0] = array_random(type_of(element, 2, rows, columns), &seed, 0, 4);
    c.inputs[1] = array_create(pairs ? type_of(INGOT_I64, 2, count, 1) : type_of(INGOT_I32, 1, count));
    c.inputs[2] = array_random(pairs ? type_of(element, 3, count, 1, columns) : type_of(element, 2, count, columns), &seed, 0, 2);
    /* Small whole numbers, so that every sum and product is exact in every element. */
    for (int64_t i = 0; i < type_count(c.inputs[0].type); i++) c.inputs[0].values[i] = floor(c.inputs[0].values[i]);
    for (int64_t i = 0; i < type_count(c.inputs[2].type); i++) c.inputs[2].values[i] = floor(c.inputs[2].values[i]);
    c.expected = array_create(c.inputs[0].type);
    for (int64_t i = 0; i < type_count(c.expected.type); i++) c.expected.values[i] = c.inputs[0].values[i];
    for (int i = 0; i < count; i++) {
      const int64_t index = random_below(&seed, 2 * rows) - rows, row = index < 0 ? index + rows : index;
      c.inputs[1].values[i] = (double)index;
      for (int j = 0; j < columns; j++) {
        double *y = &c.expected.values[row * columns + j];
        *y = combined(reduction, *y, c.inputs[2].values[i * columns + j]);
      }
    }
    opcase_run(&c);
  }
}

void test_indexing(void) { scatters(); }
